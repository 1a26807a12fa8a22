"""What was read from elsewhere, beside a deployment, a release or something else that was read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from ipaddress import ip_network
from typing import NamedTuple

from generator.compare.matching import Role, match_groups
from generator.compare.rows import State
from generator.errors import FieldError, InputError, Mistake, UsageError, choices
from generator.model import Observation, Observed, ObservedGroup, Peer, Permission

ANYONE = Peer("input", "any peer", "any peer")
"""The peer of what a release documents, which does not say who it is."""


_EVIDENCE: tuple[Callable[[ObservedGroup], str | None], ...] = (
    lambda group: group.id,
    lambda group: group.name,
    lambda group: group.tags.get("Name"),
    lambda group: (group.output or "").replace("_", "").lower(),  # snake_case or PascalCase
    lambda group: group.key,
)
"""What shows that a group is the same one as another, the surest first."""


class Beside(NamedTuple):
    """What was read, and what it is compared with, in words that both have."""

    observed: State
    other: State
    unmatched: tuple[ObservedGroup, ...] = ()
    """The groups that have no role, and are not compared."""
    absent: tuple[str, ...] = ()
    """The roles that no group has."""


def beside_deployment(
    name: str, found: Observation, other: State, outputs: Mapping[str, str]
) -> Beside:
    """What was read, with the roles of a deployment for groups, and the names of its peers.

    `outputs` has the name of each role's output. Nobody is at the other end of what a deployment
    leaves open, until somebody fills it in. Raises UsageError if no group has a role.
    """
    roles = _roles(name, found, outputs)
    deployed = [p._replace(parameter="") for p in other.permissions if p.peer.kind != "input"]
    known = {p.identity: p for p in deployed}
    left_open = {
        (p.group, p.direction, p.traffic): p.endpoint
        for p in other.permissions
        if p.peer.kind == "input"
    }

    def named(p: Permission) -> Permission:
        same = known.get(p.identity)
        if same:
            return p._replace(peer=same.peer, endpoint=same.endpoint)
        return p._replace(endpoint=left_open.get((p.group, p.direction, p.traffic), ""))

    permissions = tuple(map(named, _permissions(found, _in_roles(found, roles))))
    return Beside(
        State(name, {}, permissions, {}),
        State(other.name, {}, tuple(deployed), {}),
        tuple(g for g in found.groups if g.key not in roles),
        tuple(role for role in outputs if role not in roles.values()),
    )


def beside_release(
    name: str, found: Observation, other: State, outputs: Mapping[str, str]
) -> Beside:
    """What was read beside the rows of a release, whoever the peers are.

    The outbound tables of a group are alternatives: the one counts that documents more of what was
    read. Raises UsageError if no group has a role.
    """
    roles = _roles(name, found, outputs)
    read = _anyone(_permissions(found, _in_roles(found, roles)))
    documented = [
        p
        for role in roles.values()
        for table in _closest(role, _anyone(other.permissions), read)
        for p in table
    ]
    known = {p.identity: p.endpoint for p in documented}
    named = (p._replace(endpoint=known.get(p.identity, "")) for p in read)
    return Beside(
        State(name, {}, tuple(named), {}),
        State(other.name, {}, tuple(documented), {}),
        tuple(g for g in found.groups if g.key not in roles),
    )


def beside_each_other(
    old: str, before: Observation, new: str, after: Observation
) -> tuple[State, State]:
    """Two sources. Groups are the same by their id, else by name, else by what tells them apart."""
    names = _labels(before.groups, after.groups)
    ids = {
        group.id: label
        for groups, labels in zip((before.groups, after.groups), names, strict=True)
        for group in groups
        if group.id and (label := labels[group.key])
    }

    def state(name: str, found: Observation, labels: Mapping[str, str]) -> State:
        def label(rule: Observed) -> Observed:
            kind, peer = rule.peer_kind, rule.peer
            if kind == "group":
                peer = labels.get(peer, peer)
            elif kind == "security_group" and peer in ids:
                kind, peer = "group", ids[peer]
            group = labels.get(rule.group, rule.group)
            return rule._replace(group=group, peer_kind=kind, peer=peer)

        return State(name, {}, tuple(_permissions(found, label)), {})

    return state(old, before, names[0]), state(new, after, names[1])


def _roles(name: str, found: Observation, outputs: Mapping[str, str]) -> dict[str, str]:
    wanted = [Role(role, output) for role, output in outputs.items()]
    groups = match_groups(found, wanted, outputs, {}).groups
    roles = {group.key: role for role, group in groups.items()}
    if not roles:
        raise UsageError(
            f"{name} has no group for {choices(outputs)}: a group is recognized by an output of "
            "the generated formats, or by a name or Name tag that ends in the role"
        )
    return roles


def _in_roles(
    found: Observation, roles: Mapping[str, str]
) -> Callable[[Observed], Observed | None]:
    """A rule with roles for groups; None if its own group has none."""
    ids = {group.key: group.id or group.key for group in found.groups}

    def labelled(rule: Observed) -> Observed | None:
        if rule.group not in roles:
            return None
        if rule.peer_kind == "group" and rule.peer in roles:
            rule = rule._replace(peer=roles[rule.peer])
        elif rule.peer_kind == "group":
            rule = rule._replace(peer_kind="security_group", peer=ids.get(rule.peer, rule.peer))
        return rule._replace(group=roles[rule.group])

    return labelled


def _permissions(
    found: Observation, labelled: Callable[[Observed], Observed | None]
) -> list[Permission]:
    """The permissions in force, each identity once. Raises InputError for rules that are none."""
    mistakes: list[Mistake] = []
    permissions: dict[object, Permission] = {}
    for rule in filter(None, map(labelled, found.rules)):
        try:
            permission = rule.permission()
        except FieldError as error:
            what = f"{rule.place.what}: " if rule.place.what else ""
            mistakes.append(Mistake(rule.place.file, rule.place.line, 0, f"{what}{error}"))
            continue
        if not _leads_nowhere(permission):
            permissions.setdefault(permission.identity, permission)
    if mistakes:
        raise InputError(mistakes)
    return list(permissions.values())


def _leads_nowhere(permission: Permission) -> bool:
    """Whether it permits nothing: traffic to a loopback address never leaves its host."""
    if permission.direction != "outbound" or not permission.peer.kind.startswith("cidr"):
        return False
    return ip_network(permission.peer.value).is_loopback


def _anyone(permissions: Iterable[Permission]) -> list[Permission]:
    """The same for whoever it may be."""
    found: dict[object, Permission] = {}
    for p in permissions:
        if p.traffic.ip_protocol == "icmpv6":
            p = p._replace(traffic=replace(p.traffic, ip_protocol="icmp"))
        p = p._replace(peer=ANYONE)
        found.setdefault(p.identity, p)
    return list(found.values())


def _closest(
    role: str, documented: list[Permission], read: list[Permission]
) -> Iterator[list[Permission]]:
    """The tables of a role: those without a mode, and the outbound one that documents most."""
    tables: dict[str, list[Permission]] = {}
    for p in documented:
        group, _, mode = p.group.partition(" ")
        if group == role:
            tables.setdefault(mode, []).append(p._replace(group=role))
    yield tables.pop("", [])
    outbound = {p.identity for p in read if p.group == role and p.direction == "outbound"}
    if tables:

        def distance(table: list[Permission]) -> tuple[int, int]:
            documented = {p.identity for p in table}
            return len(outbound - documented), len(documented - outbound)

        yield min(tables.values(), key=distance)


def _labels(
    before: Iterable[ObservedGroup], after: Iterable[ObservedGroup]
) -> tuple[dict[str, str], dict[str, str]]:
    """What to call the groups of both sides, by their keys: the same has the same name."""
    old, new = list(before), list(after)
    pairs: dict[str, str] = {}
    for value in _EVIDENCE:
        left = [g for g in old if g.key not in pairs.values()]
        right = [g for g in new if g.key not in pairs]
        then, now = (Counter(map(value, side)) for side in (left, right))
        keys = {value(g): g.key for g in left}
        for group in right:
            shared = value(group)
            if shared and then[shared] == now[shared] == 1:
                pairs[group.key] = keys[shared]
    unpaired = (g for g in new if g.key not in pairs)
    uses = Counter(map(_name, [*old, *unpaired]))

    def called(group: ObservedGroup) -> str:
        return _name(group) if uses[_name(group)] == 1 else group.key

    labels = {group.key: called(group) for group in old}
    return labels, {
        group.key: labels[pairs[group.key]] if group.key in pairs else called(group)
        for group in new
    }


def _name(group: ObservedGroup) -> str:
    return group.name or group.tags.get("Name") or group.key
