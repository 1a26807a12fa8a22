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
from generator.model import (
    ALL_TRAFFIC,
    Observation,
    ObservedGroup,
    Peer,
    Permission,
    Place,
    Traffic,
)

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
    there, unknown = _read(role, group, expected, read, names)
    lines = [(line, for_anybody(line.permission.traffic)) for line in expected.open.get(role, ())]
    wanted = [
        [names.of(p, is_read=False) for p in alternative]
        for alternative in expected.permissions[role]
    ]
    found = _compared(_closest(wanted, there), lines, there, expected, group.place)
    return found._replace(role=role, unknown=tuple(unknown), there=tuple(there))


def _read(
    role: str, group: ObservedGroup, expected: Expected, read: Observation, names: _Names
) -> tuple[Rules, list[Unknown]]:
    """The permissions of a group, each once, and the rules that are none."""
    unknown = []
    found: dict[object, tuple[Permission, Place]] = {}
    for rule in read.rules:
        if rule.group != group.key:
            continue
        try:
            permission = names.of(rule.permission()._replace(group=role), is_read=True)
        except FieldError as error:
            unknown.append(Unknown(rule.place, str(error)))
            continue
        place = rule.place._replace(what="") if rule.place.what == group.key else rule.place
        before = found.get(permission.identity)
        if not before or (place.what and not before[1].what):  # the one with the id of the rule
            found[permission.identity] = permission, place
    there = {p: (_opens(p, expected), at) for p, at in found.values() if not _is_nowhere(p)}
    return there, unknown


def _is_nowhere(permission: Permission) -> bool:
    is_outbound = permission.direction == "outbound"
    return is_outbound and (permission.traffic, permission.peer.value) == NOWHERE


def _opens(permission: Permission, expected: Expected) -> Region:
    """What a permission that is there opens; only its own group is told from other peers, if any
    peer will do."""
    if not expected.whoever:
        return region(permission)
    traffic = permission.traffic
    if traffic.ip_protocol == "icmpv6":  # documents call both ICMP
        traffic = replace(traffic, ip_protocol="icmp")
    if (permission.peer.kind, permission.peer.value) == ("group", permission.group):
        return region(permission._replace(traffic=traffic))
    return Region(traffic, ANYBODY)


def _asked(permission: Permission) -> Region:
    """What is asked for; of an input, for anybody."""
    is_input = permission.peer.kind == "input"
    return Region(permission.traffic, ANYBODY) if is_input else region(permission)


def _compared(
    wanted: list[Permission], lines: Lines, there: Rules, expected: Expected, place: Place
) -> GroupAudit:
    asked = {p: _asked(p) for p in wanted}
    uneven, opened = open_lines(lines, asked, there, place)
    lacks = [
        each._replace(
            features=expected.features(each.permission), reason=expected.reason(each.permission)
        )
        for each in (*_lacks(asked, there, expected.whoever, place), *uneven)
    ]
    if expected.whoever:
        asked = {p: Region(p.traffic, ANYBODY) for p in wanted}
    extras = [*_extras(asked, lines, there)]
    deviations = sorted((*lacks, *extras), key=lambda each: each.permission.direction)
    return GroupAudit("", len(there) - len(extras), tuple(deviations), opened)


def _closest(alternatives: Iterable[list[Permission]], there: Rules) -> list[Permission]:
    """The alternative of which most is there just as it is asked for, or else the shortest."""
    written = {(p.direction, r) for p, (r, _) in there.items()}

    def fits(wanted: list[Permission]) -> tuple[int, int]:
        return sum((p.direction, _asked(p)) in written for p in wanted), -len(wanted)

    return max(alternatives, key=fits)


def _lacks(
    asked: Mapping[Permission, Region], there: Rules, whoever: bool, place: Place
) -> Iterator[Deviation]:
    identities = {p.identity for p in there}
    for p, wanted in asked.items():
        if p.identity in identities:
            continue
        rules = {o: r for o, (r, _) in there.items() if o.direction == p.direction}
        if not covered(wanted, rules.values()):
            # A rule for the group itself is no part of one for others, and the other way round.
            alike = {o: r for o, r in rules.items() if not whoever or r.kind == wanted.kind}
            part = tuple(o for o, r in alike.items() if r.meets(wanted))
            yield Deviation("narrower" if part else "missing", p, part, place)


def _extras(asked: Mapping[Permission, Region], lines: Lines, there: Rules) -> Iterator[Deviation]:
    identities = {p.identity for p in asked}
    every = [(p, r) for p, r in asked.items()]
    every += [(line.permission, r) for line, regions in lines for r in regions]
    for p, (opens, place) in there.items():
        if p.identity in identities:
            continue
        same_way = [(w, r) for w, r in every if w.direction == p.direction]
        if not covered(opens, [r for _, r in same_way]):
            inside = dict.fromkeys(w for w, r in same_way if _holds(opens, r))
            yield Deviation("wider" if inside else "too-much", p, tuple(inside), place)


def _holds(opens: Region, wanted: Region) -> bool:
    """Whether all that is wanted is part of what is open; of an open endpoint, for this peer."""
    if wanted.kind == ANYBODY:
        return opens.traffic.covers(wanted.traffic)
    return opens.contains(wanted)
