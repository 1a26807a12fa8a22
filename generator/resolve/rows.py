"""Chosen: which groups and rules of a release a deployment uses."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from generator.model import (
    Catalogue,
    Deployment,
    Direction,
    Dropped,
    Release,
    Rule,
)


def generated_roles(
    deployment: Deployment, release: Release, catalogue: Catalogue
) -> tuple[str, ...]:
    """The roles of the groups to generate, in document order."""
    if deployment.groups is not None:
        return tuple(role for role in release.info.groups if role in deployment.groups)
    return tuple(
        role
        for role in release.info.groups
        if not catalogue.groups[role].created_by_product
        and (deployment.topology == "ha" or not catalogue.groups[role].ha_only)
    )


def documented_rows(
    deployment: Deployment, release: Release, role: str, direction: Direction
) -> Iterator[Rule]:
    """The rows of a group that a deployment uses, by outbound mode and topology, in order."""
    for table_direction, mode, rules in release.rules[role].tables():
        if table_direction == direction and mode in (None, deployment.outbound):
            yield from (r for r in rules if deployment.topology == "ha" or not r.ha_only)


def dropped(
    deployment: Deployment, release: Release, roles: tuple[str, ...]
) -> tuple[Dropped, ...]:
    """The features that a deployment does without, in alphabetical order."""
    directions: tuple[Direction, ...] = ("inbound", "outbound")
    rows = [
        row
        for role, direction in product(roles, directions)
        for row in documented_rows(deployment, release, role, direction)
        if is_dropped(row, deployment)
    ]
    return tuple(
        Dropped(name, sum(name in row.features for row in rows))
        for name in sorted(deployment.unused)
    )


def is_dropped(rule: Rule, deployment: Deployment) -> bool:
    """Whether a rule serves nothing but features that the deployment does without."""
    return bool(rule.features) and deployment.unused.issuperset(rule.features)


def select_rows(
    deployment: Deployment,
    release: Release,
    catalogue: Catalogue,
    role: str,
    direction: Direction,
) -> Iterator[Rule]:
    """The rules of a group: its rows that are not dropped, and those of supplements."""
    for row in documented_rows(deployment, release, role, direction):
        if not is_dropped(row, deployment):
            yield row
    for name in deployment.supplements:
        for table in catalogue.supplements[name].tables(release.id):
            if table[:2] == (role, direction):
                yield from (rule for rule in table[2] if not is_dropped(rule, deployment))


def used_endpoints(
    deployment: Deployment, release: Release, catalogue: Catalogue, role: str
) -> frozenset[str]:
    """The endpoints of a group's rules, and those that they default to."""
    directions: tuple[Direction, ...] = ("inbound", "outbound")
    return frozenset(
        name
        for direction in directions
        for rule in select_rows(deployment, release, catalogue, role, direction)
        for endpoint in rule.endpoints
        for name in catalogue.chain(endpoint)
    )
