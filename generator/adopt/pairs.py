"""Pairs: the permissions of a deployment and the rules that were read, by what EC2 compares."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from generator.adopt.match import Matches
from generator.errors import FieldError, UsageError
from generator.model import Observation, Observed, ObservedGroup, Permission, Resolved
from generator.resolve import granted

# Resources of the AWS provider that have a group, or a rule of it.
_ADDRESS = re.compile(r"(module\.\S+\.)?aws_(vpc_)?security_group(_\w+)?\.\S+")


class Adoption(NamedTuple):
    """What taking over the groups of a deployment keeps, adds and leaves."""

    groups: Mapping[str, ObservedGroup]
    """By role, the groups that exist, and also those that something else keeps."""
    kept: tuple[tuple[Permission, Observed], ...]
    """The permissions that are there already, each with its rule."""
    missing: tuple[Permission, ...]
    """The permissions of these groups that are not there."""
    extra: tuple[tuple[str, Observed], ...]
    """The rules, each with the role of its group, that the deployment does not have."""
    managed: tuple[str, ...] = ()
    """The addresses of resources that have these groups or rules in a Terraform state."""


def adoption(found: Observation, resolved: Resolved, matches: Matches) -> Adoption:
    """Pair permissions with rules. Raises UsageError for a group without an id or a name,
    and for groups of several VPCs.
    """
    groups = matches.by_role
    for role, group in groups.items():
        if role not in resolved.existing:
            _check(role, group)
    vpcs = dict.fromkeys(group.vpc for group in groups.values() if group.vpc)
    if len(vpcs) > 1:
        raise UsageError(
            f"the groups are in several VPCs, {' and '.join(vpcs)}, but those of a deployment are "
            "in one: name the right ones with --group"
        )
    ids = {role: group.id or "" for role, group in groups.items()}
    known = {group.key: group.id or group.key for group in found.groups}
    by_id = {group_id: role for role, group_id in ids.items()}
    roles = {key: by_id[group_id] for key, group_id in known.items() if group_id in by_id}
    there: dict[object, Observed] = {}
    extra = []
    for rule in found.rules:
        if rule.group in roles:
            identity = _identity_of(rule, roles[rule.group], known)
            if identity is None:
                extra.append((roles[rule.group], rule))
            elif identity not in there or (rule.id and not there[identity].id):
                there[identity] = rule  # several descriptions of one rule: only some have its id
    kept, missing = [], []
    for permission in granted(resolved):
        if permission.group in groups:
            existing = there.pop(_identity(permission, ids), None)
            if existing:
                kept.append((permission, existing))
            else:
                missing.append(permission)
    extra += [(roles[rule.group], rule) for rule in there.values()]
    places = [group.place for group in found.groups if group.key in roles]
    places += [rule.place for rule in found.rules if rule.group in roles]
    managed = dict.fromkeys(p.what for p in places if _ADDRESS.fullmatch(p.what))
    return Adoption(groups, tuple(kept), tuple(missing), tuple(extra), tuple(managed))


def _check(role: str, group: ObservedGroup) -> None:
    what = f"the group {role} ({group.key})"
    if not group.id:
        raise UsageError(
            f"{what} has no id in what was read: use the JSON of `aws ec2 describe-security-groups`"
        )
    if group.name is None or group.description is None:
        raise UsageError(
            f"the name and the description of {what} are not in what was read: add the JSON of "
            f"`aws ec2 describe-security-groups --group-ids {group.id}`"
        )


def _identity(permission: Permission, ids: Mapping[str, str]) -> object:
    """What EC2 compares: it has ids where a deployment has roles."""
    kind, value = permission.peer.kind, permission.peer.value
    if kind == "group":
        kind, value = "security_group", ids.get(value, value)
    return permission.group, permission.direction, permission.traffic, kind, value


def _identity_of(rule: Observed, role: str, ids: Mapping[str, str]) -> object:
    """The same of a rule that was read; None for one that is not known well enough."""
    try:
        read = rule.permission()
    except FieldError:
        return None
    return _identity(read._replace(group=role), ids)
