"""What an audit expects of each group: permissions of a deployment, or rows of a release."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from generator.compare.matching import Role
from generator.model import (
    Catalogue,
    Deployment,
    Direction,
    Mode,
    Peer,
    Permission,
    Release,
    Rule,
    SupplementRule,
    Topology,
    Traffic,
)
from generator.resolve import granted, resolve, select_rows

Key = tuple[str, Direction, str]
"""A role, a direction and the id of a row."""


class OpenLine(NamedTuple):
    """Traffic with an endpoint that the deployment leaves to whoever deploys."""

    permission: Permission
    """Its peer is the input."""
    defaults: tuple[Permission, ...] = ()
    """What is in force while nobody fills it in."""


class Expected(NamedTuple):
    """What there should be."""

    source: str
    """The deployment, or the release."""
    roles: tuple[Role, ...]
    optional: bool
    """Whether a group may be absent."""
    permissions: Mapping[str, tuple[tuple[Permission, ...], ...]]
    """By role, the permissions to look for; of several alternatives, one is enough."""
    open: Mapping[str, tuple[OpenLine, ...]]
    """By role, what the peers are not known of."""
    rows: Mapping[Key, Rule]
    reasons: Mapping[Key, str]
    """What does not work without a row, for those of which more than the purpose is known."""
    whoever: bool = False
    """Whether any peer will do."""

    def features(self, permission: Permission) -> tuple[str, ...]:
        """The features that need a permission; none if it is always needed."""
        rows = [self.rows.get(key) for key in _keys(permission)]
        if not all(row and row.features for row in rows):
            return ()
        return tuple(dict.fromkeys(name for row in rows if row for name in row.features))

    def reason(self, permission: Permission) -> str:
        """What more is known than the purposes of its rows."""
        found = (self.reasons.get(key) for key in _keys(permission))
        return "; ".join(dict.fromkeys(filter(None, found)))


def _keys(permission: Permission) -> Iterator[Key]:
    return ((permission.group, permission.direction, row) for row in permission.rows)


def of_deployed(deployment: Deployment, release: Release, catalogue: Catalogue) -> Expected:
    """The permissions of a deployment, with its peers."""
    resolved = resolve(deployment, release, catalogue)
    concrete: dict[str, list[Permission]] = {group.role: [] for group in resolved.groups}
    defaults: dict[object, list[Permission]] = {}
    for permission in granted(resolved):
        if permission.parameter:
            defaults.setdefault(_line(permission), []).append(permission)
        else:
            concrete[permission.group].append(permission)
    open_ = {
        group.role: tuple(
            OpenLine(p, tuple(defaults.get(_line(p), ())))
            for p in group.permissions
            if p.peer.kind == "input"
        )
        for group in resolved.groups
    }
    rows: dict[Key, Rule] = {}
    for group in resolved.groups:
        for direction, _ in group.tables:
            for row in select_rows(deployment, release, catalogue, group.role, direction):
                rows.setdefault((group.role, direction, row.id), row)
    return Expected(
        source=deployment.name,
        roles=tuple(Role(g.role, g.output, g.name) for g in resolved.groups),
        optional=False,
        permissions={role: (tuple(found),) for role, found in concrete.items()},
        open=open_,
        rows=rows,
        reasons=dict(_reasons(deployment, release, catalogue, rows)),
    )


def _line(permission: Permission) -> tuple[object, ...]:
    """The traffic of an endpoint; the default of one that is left open is an IPv4 network."""
    name = permission.parameter or permission.peer.value
    return permission.group, permission.direction, permission.traffic, name


def _reasons(
    deployment: Deployment, release: Release, catalogue: Catalogue, rows: Mapping[Key, Rule]
) -> Iterator[tuple[Key, str]]:
    for name in deployment.supplements:
        supplement = catalogue.supplements[name]
        for role, direction, table in supplement.tables(release.id):
            yield from (((role, direction, row.id), supplement.reason) for row in table)
    for (role, direction, name), row in rows.items():
        for need in release.rules[role].needs if direction == "outbound" else ():
            ends = {*need.endpoints, need.group}
            is_met = ends & {*row.endpoints} and {*need.permissions} & {*row.traffic}
            if is_met and not isinstance(row, SupplementRule):
                yield (role, direction, name), f"without it, {need.reason}"


def of_documented(
    release: Release, catalogue: Catalogue, topology: Topology, outbound: Mode | None
) -> Expected:
    """Every row of a release, whoever is at the other end.

    Without `outbound`, the documented outbound tables are alternatives.
    """
    roles = [
        role for role in release.rules if topology == "ha" or not catalogue.groups[role].ha_only
    ]
    endpoints = catalogue.of(release.info).endpoints
    own = frozenset(name for name, each in endpoints.items() if each.default.own_group)
    rows: dict[Key, Rule] = {}
    permissions = {}
    for role in roles:
        tables = [
            (direction, mode, [r for r in table if topology == "ha" or not r.ha_only])
            for direction, mode, table in release.rules[role].tables()
        ]
        for direction, _, table in tables:
            rows |= {(role, direction, row.id): row for row in table}
        modes = dict.fromkeys(mode for _, mode, _ in tables if mode and outbound in (None, mode))
        permissions[role] = tuple(
            tuple(
                found
                for direction, each, table in tables
                if each in (None, mode)
                for found in _documented(role, direction, table, own)
            )
            for mode in modes or [None]
        )
    return Expected(
        source=f"release {release.id}",
        roles=tuple(Role(role, catalogue.groups[role].output) for role in roles),
        optional=True,
        permissions=permissions,
        open={},
        rows=rows,
        reasons={},
        whoever=True,
    )


def _documented(
    role: str, direction: Direction, table: Iterable[Rule], own: frozenset[str]
) -> Iterator[Permission]:
    """The permissions of a table; the rows of one traffic are one permission.

    Its peer is the group itself where all of its endpoints are, and an input otherwise.
    """
    alike: dict[tuple[Traffic, bool], list[Rule]] = {}
    for row in table:
        for traffic in row.traffic:
            alike.setdefault((traffic, own.issuperset(row.endpoints)), []).append(row)
    for (traffic, is_own), rows in alike.items():
        endpoints = " or ".join(dict.fromkeys(e for row in rows for e in row.endpoints))
        peer = Peer("group", role, role) if is_own else Peer("input", endpoints, endpoints)
        purposes = "; ".join(dict.fromkeys(row.purpose for row in rows))
        ids = tuple(row.id for row in rows)
        yield Permission(role, direction, traffic, peer, purposes, endpoints, ids)
