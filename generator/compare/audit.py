"""Audit: what groups that exist lack, and what they have too much, by what there should be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from generator.compare.deviations import Deviation, GroupAudit, Unknown
from generator.compare.expected import Expected
from generator.compare.matching import Matching
from generator.compare.open_lines import Lines, Rules, open_lines
from generator.compare.regions import ANYBODY, Region, covered, for_anybody, region
from generator.errors import FieldError
from generator.model import ALL_TRAFFIC, Observation, Peer, Permission, Place, Traffic

# The rule that the CloudFormation template has in place of the default one for everything.
NOWHERE = (Traffic(ALL_TRAFFIC), "127.0.0.1/32")


def audit(expected: Expected, found: Observation, matching: Matching) -> tuple[GroupAudit, ...]:
    """What deviates in each group that has a role, in the order of the roles."""
    names = _Names(found, matching)
    return tuple(
        _group(role.role, expected, found, matching, names)
        for role in expected.roles
        if role.role in matching.groups
    )


class _Names:
    """Groups as peers: by role if they have one, so that both sides call them the same."""

    def __init__(self, found: Observation, matching: Matching) -> None:
        self._roles: dict[str, str] = {}
        for role, group in matching.groups.items():
            self._roles |= {name: role for name in (group.key, group.id) if name}
        self._roles |= {id_.rpartition("/")[2]: role for role, id_ in matching.ids.items()}
        self._ids = {group.key: group.id or group.key for group in found.groups}

    def of(self, permission: Permission, is_read: bool) -> Permission:
        """The permission with a role or an id as its peer. What is read has keys for groups."""
        peer = permission.peer
        if peer.kind == "security_group" or (peer.kind == "group" and is_read):
            if role := self._roles.get(peer.value):
                return permission._replace(peer=Peer("group", role, role))
            value = self._ids.get(peer.value, peer.value)
            return permission._replace(peer=replace(peer, kind="security_group", value=value))
        return permission


def _group(
    role: str, expected: Expected, read: Observation, matching: Matching, names: _Names
) -> GroupAudit:
    group = matching.groups[role]
    unknown = []
    there: Rules = {}
    for rule in read.rules:
        if rule.group != group.key:
            continue
        try:
            permission = names.of(rule.permission()._replace(group=role), is_read=True)
        except FieldError as error:
            unknown.append(Unknown(rule.place, str(error)))
            continue
        if not _is_nowhere(permission):
            place = rule.place._replace(what="") if rule.place.what == group.key else rule.place
            there.setdefault(permission, (_opens(permission, expected.whoever), place))
    lines = [(line, for_anybody(line.permission.traffic)) for line in expected.open.get(role, ())]
    wanted = [
        [names.of(p, is_read=False) for p in alternative]
        for alternative in expected.permissions[role]
    ]
    found = _compared(_closest(wanted, there), lines, there, expected, group.place)
    return found._replace(role=role, unknown=tuple(unknown))


def _is_nowhere(permission: Permission) -> bool:
    is_outbound = permission.direction == "outbound"
    return is_outbound and (permission.traffic, permission.peer.value) == NOWHERE


def _opens(permission: Permission, whoever: bool) -> Region:
    """What a permission that is there opens."""
    if not whoever:
        return region(permission)
    traffic = permission.traffic
    if traffic.ip_protocol == "icmpv6":  # documents call both ICMP
        traffic = replace(traffic, ip_protocol="icmp")
    return Region(traffic, ANYBODY)


def _compared(
    wanted: list[Permission], lines: Lines, there: Rules, expected: Expected, place: Place
) -> GroupAudit:
    asked = {p: Region(p.traffic, ANYBODY) if p.peer.kind == "input" else region(p) for p in wanted}
    uneven, opened = open_lines(lines, asked, there, place)
    lacks = [
        each._replace(
            features=expected.features(each.permission), reason=expected.reason(each.permission)
        )
        for each in (*_lacks(asked, there, place), *uneven)
    ]
    extras = [*_extras(asked, lines, there)]
    deviations = sorted((*lacks, *extras), key=lambda each: each.permission.direction)
    return GroupAudit("", len(there) - len(extras), tuple(deviations), opened)


def _closest(alternatives: Iterable[list[Permission]], there: Rules) -> list[Permission]:
    """The alternative with most of its traffic written as it is there, or else the shortest."""
    written = {(p.direction, r.traffic) for p, (r, _) in there.items()}
    return max(
        alternatives,
        key=lambda wanted: (sum((p.direction, p.traffic) in written for p in wanted), -len(wanted)),
    )


def _lacks(asked: Mapping[Permission, Region], there: Rules, place: Place) -> Iterator[Deviation]:
    identities = {p.identity for p in there}
    for p, wanted in asked.items():
        if p.identity in identities:
            continue
        near = {
            o: r for o, (r, _) in there.items() if o.direction == p.direction and r.meets(wanted)
        }
        if not covered(wanted, near.values()):
            yield Deviation("narrower" if near else "missing", p, tuple(near), place)


def _extras(asked: Mapping[Permission, Region], lines: Lines, there: Rules) -> Iterator[Deviation]:
    identities = {p.identity for p in asked}
    every = [(p, r) for p, r in asked.items()]
    every += [(line.permission, r) for line, regions in lines for r in regions]
    for p, (opens, place) in there.items():
        if p.identity in identities:
            continue
        near = [(w, r) for w, r in every if w.direction == p.direction and r.meets(opens)]
        if not covered(opens, [r for _, r in near]):
            inside = dict.fromkeys(w for w, r in near if _holds(opens, r))
            yield Deviation("wider" if inside else "too-much", p, tuple(inside), place)


def _holds(opens: Region, wanted: Region) -> bool:
    """Whether all that is wanted is part of what is open; of an open endpoint, for this peer."""
    if wanted.kind == ANYBODY:
        return opens.traffic.covers(wanted.traffic)
    return opens.contains(wanted)
