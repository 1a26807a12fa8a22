"""Ids of rules: every tool imports a rule by its own id."""

from __future__ import annotations

from generator.adopt.pairs import Adoption
from generator.errors import UsageError


def require_rule_ids(adopted: Adoption) -> None:
    """Raises UsageError if the id of a rule that is to be imported is not known."""
    unknown = {permission.group for permission, rule in adopted.kept if not rule.id}
    if unknown:
        ids = ",".join(g.id or "" for role, g in adopted.groups.items() if role in unknown)
        raise UsageError(
            "a rule is imported by its id, which is not in what was read: add the JSON of "
            f"`aws ec2 describe-security-group-rules --filters Name=group-id,Values={ids}`"
        )
