"""Connections: traffic between two groups takes a rule at both ends."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from itertools import product

from generator.model import (
    Between,
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
from generator.resolve.lines import describe, lines, permissions
from generator.resolve.permissions import open_to_everybody
from generator.resolve.rows import select_rows

NOT_IN_TABLES = "Not in the tables: "
OTHER: Mapping[Direction, Direction] = {"inbound": "outbound", "outbound": "inbound"}


class Connections:
    """What permissions let the groups of a deployment exchange."""

    def __init__(self, permissions: Iterable[Permission], between: Between) -> None:
        """`between` has what counts besides."""
        self._permissions = [*permissions]
        self._between = between
        everybody = open_to_everybody(self._permissions)
        self._everybody = {p.identity for p in everybody if p.peer.kind == "cidr_ipv4"}

    def permit(self, group: str, direction: Direction, other: str, traffic: Traffic) -> bool:
        """Whether a group has a rule for traffic with another one.

        Its peer is that group, or every IPv4 address: whether the addresses of a group are in a
        network is not known.
        """
        internal = self._between.internal
        found = [t for i in internal if {group, other} <= {*i.groups} for t in i.traffic]
        for p in self._permissions:
            if (p.group, p.direction) == (group, direction) and (
                (p.peer.kind, p.peer.value) == ("group", other) or p.identity in self._everybody
            ):
                found.append(p.traffic)
        return any(each.covers(traffic) for each in found)

    def one_way(self) -> list[Permission]:
        """The permissions for a group of the deployment that has no rule for the same traffic.

        Where everything may go out, the connections are those of the advanced table. One whose
        other end the deployment closes is meant to be.
        """
        return [
            p
            for p in (*self._permissions, *self._between.wanted)
            if p.peer.kind == "group"
            and not self.permit(p.peer.value, OTHER[p.direction], p.group, p.traffic)
            and not self._is_closed(p.peer.value, OTHER[p.direction], p.traffic)
        ]

    def _is_closed(self, group: str, direction: Direction, traffic: Traffic) -> bool:
        closed = (t for g, d, t in self._between.closed if (g, d) == (group, direction))
        return any(each.covers(traffic) for each in closed)


def between(
    deployment: Deployment,
    release: Release,
    catalogue: Catalogue,
    bound: Mapping[str, Mapping[str, Bound]],
) -> Between:
    """What counts for connections besides the permissions of the groups themselves."""
    traffic = partial(_traffic, deployment, release, catalogue)
    advanced = replace(deployment, outbound="advanced")
    wanted = []
    for role, of_role in bound.items() if deployment.outbound == "basic" else ():
        rows = select_rows(advanced, release, catalogue, role, "outbound")
        table = lines(rows, of_role, compact=False)
        for p in permissions(role, "outbound", table, of_role):
            if p.peer.kind == "group" and any(
                t.covers(p.traffic) for t in traffic(p.peer.value, "inbound")
            ):
                wanted.append(p)
    closed = [
        (role, direction, traffic)
        for role, direction in product(bound, OTHER)
        for row in select_rows(deployment, release, catalogue, role, direction)
        if all(deployment.peers(deployment.key(name, role)) == () for name in row.endpoints)
        for traffic in row.traffic
    ]
    return Between(tuple(_internal(deployment, release, catalogue)), tuple(wanted), tuple(closed))


def _internal(deployment: Deployment, release: Release, catalogue: Catalogue) -> Iterator[Internal]:
    """What the groups that the product always makes permit among the groups that they accompany."""
    traffic = partial(_traffic, deployment, release, catalogue)
    for role, group in catalogue.groups.items():
        there = role in release.info.groups and (deployment.topology == "ha" or not group.ha_only)
        if group.accompanies and there:
            both = traffic(role, "inbound") & traffic(role, "outbound")
            yield Internal(group.accompanies, tuple(both))


def _traffic(
    deployment: Deployment,
    release: Release,
    catalogue: Catalogue,
    role: str,
    direction: Direction,
) -> set[Traffic]:
    """The traffic of a group's rows, whoever is at the other end."""
    rows = select_rows(deployment, release, catalogue, role, direction)
    return {traffic for row in rows for traffic in row.traffic}


def connect(
    groups: tuple[ResolvedGroup, ...],
    bound: Mapping[str, Mapping[str, Bound]],
    release: Release,
    unused: frozenset[str],
    between: Between,
) -> tuple[ResolvedGroup, ...]:
    """The groups with the rules that connections between them lack, after the documented ones.

    Only what the deployment binds counts: the defaults are up to whoever deploys.
    """
    certain = [p for group in groups for p in _certain(group, bound[group.role])]
    before = Connections(certain, between)
    added = [
        p
        for p in _needed(groups, release, unused)
        if not before.permit(p.group, p.direction, p.peer.value, p.traffic)
    ]
    documented = {p.identity: p for p in between.wanted}
    ends = map(_counterpart, Connections([*certain, *added], between).one_way())
    added += (documented.get(p.identity, p) for p in ends)
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
                text = describe([f"{NOT_IN_TABLES}{need.reason}"])
                for traffic in need.permissions:
                    yield Permission(role, "outbound", traffic, peer, text, need.group)


def _counterpart(p: Permission) -> Permission:
    """The same at the other end."""
    text = p.description.removeprefix(NOT_IN_TABLES)
    text = describe([f"Counterpart of the {p.direction} rule of {p.group}: {text}"])
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
