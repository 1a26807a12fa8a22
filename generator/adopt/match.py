"""Match: which of the groups that were read has which role of a deployment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from generator.compare import Role
from generator.compare import match_groups as matching
from generator.errors import UsageError, choices, unknown
from generator.model import Observation, ObservedGroup, Resolved


class Matches(NamedTuple):
    """The groups that were read, by role, and those that have none."""

    by_role: Mapping[str, ObservedGroup]
    absent: tuple[str, ...]
    """The roles that no group has."""
    others: tuple[ObservedGroup, ...]
    """The groups without a role."""


def match_groups(found: Observation, resolved: Resolved, given: Mapping[str, str]) -> Matches:
    """The groups by role: as `given`, by our outputs, or by name.

    Groups that something else owns have the ids that the deployment says. Raises UsageError for
    what is given and is not there, and for a role that several groups could have.
    """
    roles = [group.role for group in resolved.groups]
    for role, key in given.items():
        if role not in roles:
            raise UsageError(f"--group {role}={key}: {unknown('group', role, roles)}")
    wanted = [Role(group.role, group.output, group.name) for group in resolved.groups]
    result = matching(found, wanted, roles, {**given, **resolved.existing})
    for role, key in result.ids.items():
        if role not in resolved.existing:
            raise UsageError(f"--group {role}={key}: no source describes the group {key}")
    for role, groups in result.ambiguous.items():
        names = choices(f"--group {role}={group.id or group.key}" for group in groups)
        raise UsageError(f"several groups could be the group {role}: use {names}")
    by_role = {role: result.groups[role] for role in roles if role in result.groups}
    absent = tuple(role for role in roles if role not in by_role)
    return Matches(by_role, absent, result.others)
