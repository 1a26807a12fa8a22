"""Match: which of the groups that were read has which role of a deployment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from generator.errors import UsageError, choices, unknown
from generator.model import Observation, ObservedGroup, Resolved, pascal


class Matches(NamedTuple):
    """The groups that were read, by role, and those that have none."""

    by_role: Mapping[str, ObservedGroup]
    absent: tuple[str, ...]
    """The roles that no group has."""
    others: tuple[ObservedGroup, ...]
    """The groups without a role."""


def match_groups(found: Observation, resolved: Resolved, given: Mapping[str, str]) -> Matches:
    """The groups by role: as `given`, a group id for a role; or by our outputs; or by name.

    Groups that something else owns have the ids that the deployment says.

    A name, or a Name tag, ends in the role. Raises UsageError for what is given and is not there,
    and for a role that several groups could have.
    """
    roles = [group.role for group in resolved.groups]
    there = {group.id for group in found.groups}
    existing = {role: key for role, key in resolved.existing.items() if key in there}
    given = {**given, **existing}
    by_role = {role: _given(role, key, found, roles) for role, key in given.items()}
    left = [group for group in found.groups if group not in by_role.values()]
    outputs = {
        name: g.role
        for g in resolved.groups
        for name in (g.output, pascal(snake_to_slug(g.output)))
    }
    candidates: dict[str, list[ObservedGroup]] = {}
    for group in left:
        role = outputs.get(group.output or "") or _named(group, roles)
        if role and role not in by_role and role not in resolved.existing:
            candidates.setdefault(role, []).append(group)
    for role, groups in candidates.items():
        if len({group.id or group.key for group in groups}) > 1:
            names = choices(f"--group {role}={group.id or group.key}" for group in groups)
            raise UsageError(f"several groups could be the group {role}: use {names}")
        by_role[role] = groups[0]
    return Matches(
        {role: by_role[role] for role in roles if role in by_role},
        tuple(role for role in roles if role not in by_role),
        tuple(group for group in left if group not in by_role.values()),
    )


def snake_to_slug(name: str) -> str:
    """An output's name as `pascal` takes it."""
    return name.replace("_", "-")


def _given(role: str, key: str, found: Observation, roles: list[str]) -> ObservedGroup:
    if role not in roles:
        raise UsageError(f"--group {role}={key}: {unknown('group', role, roles)}")
    for group in found.groups:
        if key in (group.id, group.key):
            return group
    raise UsageError(f"--group {role}={key}: there is no group {key} in what was read")


def _named(group: ObservedGroup, roles: list[str]) -> str | None:
    """The longest role in which a group's name or Name tag ends."""
    names = [name.lower() for name in (group.name, group.tags.get("Name")) if name]
    ending = [r for r in roles if any(n == r or n.endswith(f"-{r}") for n in names)]
    return max(ending, key=len, default=None)
