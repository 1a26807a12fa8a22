"""Connections: traffic between two groups takes a rule at both ends."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from generator.model import (
    Catalogue,
    Deployment,
    Direction,
    Internal,
    Line,
    Peer,
    Permission,
    Release,
    ResolvedGroup,
    Traffic,
)
from generator.resolve.bindings import Bound, chain
from generator.resolve.lines import describe, permissions
from generator.resolve.permissions import open_to_everybody
from generator.resolve.rows import select_rows

OTHER: Mapping[Direction, Direction] = {"inbound": "outbound", "outbound": "inbound"}


class Connections:
    """What permissions let the groups of a deployment exchange."""

    def __init__(self, permissions: Iterable[Permission], internal: Iterable[Internal]) -> None:
        """`internal` counts for the groups that it accompanies."""
        self._permissions = [*permissions]
        self._internal = internal
        everybody = open_to_everybody(self._permissions)
        self._everybody = {p.identity for p in everybody if p.peer.kind == "cidr_ipv4"}

    def permit(self, group: str, direction: Direction, other: str, traffic: Traffic) -> bool:
        """Whether a group has a rule for traffic with another one.

        Its peer is that group, or every IPv4 address: whether the addresses of a group are in a
        network is not known.
        """
        found = [t for i in self._internal if {group, other} <= {*i.groups} for t in i.traffic]
        for p in self._permissions:
            if (p.group, p.direction) == (group, direction) and (
                (p.peer.kind, p.peer.value) == ("group", other) or p.identity in self._everybody
            ):
                found.append(p.traffic)
        return any(each.covers(traffic) for each in found)

    def one_way(self) -> list[Permission]:
        """The permissions for a group of the deployment that has no rule for the same traffic."""
        return [
            p
            for p in self._permissions
            if p.peer.kind == "group"
            and not self.permit(p.peer.value, OTHER[p.direction], p.group, p.traffic)
        ]


def internal(
    deployment: Deployment, release: Release, catalogue: Catalogue
) -> tuple[Internal, ...]:
    """What the groups that the product always makes permit among the groups that they accompany."""

    def permitted(role: str, direction: Direction) -> set[Traffic]:
        rows = select_rows(deployment, release, catalogue, role, direction)
        return {traffic for row in rows for traffic in row.traffic}

    return tuple(
        Internal(group.accompanies, tuple(permitted(role, "inbound") & permitted(role, "outbound")))
        for role, group in catalogue.groups.items()
        if role in release.info.groups
        and group.accompanies
        and (deployment.topology == "ha" or not group.ha_only)
    )


def connect(
    groups: tuple[ResolvedGroup, ...],
    bound: Mapping[str, Mapping[str, Bound]],
    release: Release,
    unused: frozenset[str],
    internal: tuple[Internal, ...],
) -> tuple[ResolvedGroup, ...]:
    """The groups with the rules that connections between them lack, after the documented ones.

    Only what the deployment binds counts: the defaults are up to whoever deploys.
    """
    certain = [p for group in groups for p in _certain(group, bound[group.role])]
    before = Connections(certain, internal)
    added = [
        p
        for p in _needed(groups, release, unused)
        if not before.permit(p.group, p.direction, p.peer.value, p.traffic)
    ]
    added += map(_counterpart, Connections([*certain, *added], internal).one_way())
    present = {p.identity for group in groups for p in group.permissions}
    distinct = {p.identity: p for p in reversed(added) if p.identity not in present}
    added = [p for p in added if distinct.get(p.identity) is p]
    return tuple(_with(group, [p for p in added if p.group == group.role]) for group in groups)


def _certain(group: ResolvedGroup, bound: Mapping[str, Bound]) -> Iterator[Permission]:
    for direction, table in group.tables:
        written = (line for line in table if bound[chain(line.endpoint, bound)[-1]].is_certain)
        yield from permissions(group.role, direction, written, bound)


def _needed(
    groups: Iterable[ResolvedGroup], release: Release, unused: frozenset[str]
) -> Iterator[Permission]:
    """What groups need of others, and no table says."""
    roles = [group.role for group in groups]
    for role in roles:
        for need in release.rules[role].needs:
            if need.group in roles and not need.is_idle(unused):
                peer = Peer("group", need.group, need.group)
                text = describe([f"Not in the tables: {need.reason}"])
                for traffic in need.permissions:
                    yield Permission(role, "outbound", traffic, peer, text, need.group)


def _counterpart(p: Permission) -> Permission:
    """The same at the other end."""
    text = describe([f"Counterpart of the {p.direction} rule of {p.group}: {p.description}"])
    peer = Peer("group", p.group, p.group)
    return Permission(p.peer.value, OTHER[p.direction], p.traffic, peer, text, p.group)


def _with(group: ResolvedGroup, added: list[Permission]) -> ResolvedGroup:
    lines: dict[Direction, tuple[Line, ...]] = {
        direction: tuple(
            Line(p.endpoint, (), p.peer.value, p.traffic, p.description, p.rows)
            for p in added
            if p.direction == direction
        )
        for direction in OTHER
    }
    return group._replace(
        ingress=group.ingress + lines["inbound"],
        egress=group.egress + lines["outbound"],
        permissions=tuple(sorted((*group.permissions, *added), key=lambda p: p.direction)),
    )
