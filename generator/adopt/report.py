"""Report: what becomes of groups that are taken over, for people."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from generator.adopt.match import Matches
from generator.adopt.pairs import Adoption
from generator.errors import FieldError
from generator.model import Observed, Resolved


def report(
    adopted: Adoption, matches: Matches, resolved: Resolved, file: str, module: str
) -> Iterator[str]:
    """What becomes of the groups and rules, and what to do next."""
    for role, group in adopted.groups.items():
        kept = sum(p.group == role for p, _ in adopted.kept)
        missing = sum(p.group == role for p in adopted.missing)
        extra = sum(name == role for name, _ in adopted.extra)
        yield (
            f"{role}: {group.id} ({group.name}) in {group.vpc or 'an unknown VPC'}, rules: "
            f"{kept} kept, {missing} to add, {extra} not in the deployment"
        )
    for role in matches.absent:
        yield f"{role}: no group found, so it is created. If there is one, use --group {role}=<id>"
    for group in matches.others:
        yield f"{group.id or group.key} ({group.name}) has no role in this deployment"
    yield from _renamed(adopted, resolved, file)
    yield from _managed(adopted, module)
    yield from _extra(adopted)


def _renamed(adopted: Adoption, resolved: Resolved, file: str) -> Iterator[str]:
    """What the deployment file needs, so that no name or description replaces a group."""
    groups = {group.role: group for group in resolved.groups}
    before = [group.role for group in resolved.groups if group.adopted]
    needed = [
        role
        for role, group in adopted.groups.items()
        if role not in resolved.existing
        and (group.name, group.description) != (groups[role].name, groups[role].description)
    ]
    if not set(needed) <= set(before):
        roles = ", ".join(g for g in groups if g in {*needed, *before})
        yield (
            f"Before you import anything, write `adopted: [{roles}]` into {file}, and generate it: "
            "with the names and descriptions of its own, the module would REPLACE these groups"
        )


def _managed(adopted: Adoption, module: str) -> Iterator[str]:
    """The commands that take the groups and rules from the resources that have them now."""
    ours = f"{module}." if module else ""
    others = [a for a in adopted.managed if not (ours and a.startswith(ours))]
    if others:
        yield (
            "These resources of a Terraform state have the groups and rules now. Remove them from "
            "the configuration, and before the next plan from the state, which destroys nothing:"
        )
    for address in others:
        yield f"  terraform state rm {shlex.quote(address)}"


def _extra(adopted: Adoption) -> Iterator[str]:
    """The rules that the deployment does not have, with the commands that revoke them."""
    if adopted.extra:
        yield "These rules are not in the deployment, and nothing removes them but you:"
    for role, rule in adopted.extra:
        side = "ingress" if rule.direction == "inbound" else "egress"
        group_id = adopted.groups[role].id
        yield f"  {role} {_sentence(rule)}"
        if rule.id:
            yield (
                f"    aws ec2 revoke-security-group-{side} --group-id {group_id} "
                f"--security-group-rule-ids {rule.id}"
            )


def _sentence(rule: Observed) -> str:
    to = "from" if rule.direction == "inbound" else "to"
    try:
        traffic = str(rule.permission().traffic)
    except FieldError:
        traffic = f"protocol {rule.ip_protocol or 'unknown'}, ports not known"
    told = f": {rule.description}" if rule.description else ""
    return f"{rule.direction} {traffic} {to} {rule.peer}{told}"
