"""Which of the groups that were read has which role."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from generator.model import ObservedGroup, pascal


def roles_of(groups: Iterable[ObservedGroup], outputs: Mapping[str, str]) -> dict[str, str]:
    """The role of each group, by its key; `outputs` has the name of each role's output.

    A group has a role if that output has its id, else if its name or `Name` tag ends in the role.
    Of several that could have one role, none has it.
    """
    by_output = {name: role for role, out in outputs.items() for name in (out, pascal(out))}
    groups = list(groups)
    found = _unique({g.key: by_output.get(g.output or "") for g in groups})
    taken = set(found.values())
    by_name = {g.key: _ends(g, outputs) for g in groups if g.key not in found}
    named = _unique({key: None if role in taken else role for key, role in by_name.items()})
    return {**found, **named}


def _ends(group: ObservedGroup, roles: Iterable[str]) -> str | None:
    """The longest role that a name of the group ends in, as a word."""
    names = [name.lower() for name in (group.name, group.tags.get("Name")) if name]
    ends = [r for r in roles for n in names if re.search(rf"(?<![a-z0-9]){re.escape(r)}$", n)]
    return max(ends, key=len, default=None)


def _unique(found: Mapping[str, str | None]) -> dict[str, str]:
    roles = list(found.values())
    return {key: role for key, role in found.items() if role and roles.count(role) == 1}
