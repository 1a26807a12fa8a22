"""Inputs: the endpoints that whoever deploys an output can fill in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from generator.model import Catalogue, Deployment, Direction, Input, ResolvedGroup
from generator.resolve.bindings import Bound, chain, is_open


class _User(NamedTuple):
    """The endpoint behind an input, and the first line that looks it up."""

    endpoint: str
    role: str
    direction: Direction


def inputs(
    groups: Iterable[ResolvedGroup],
    bound: Mapping[str, Mapping[str, Bound]],
    deployment: Deployment,
    catalogue: Catalogue,
    used: Mapping[str, frozenset[str]],
) -> tuple[Input, ...]:
    """The inputs that the lines refer to, in the order of the catalogue.

    `used` has the endpoints of each group's rows, and those that they default to. What is bound for
    one group comes after what is bound for all.
    """
    order = {name: i for i, name in enumerate(catalogue.endpoints)}
    users = sorted(
        _users(groups).items(), key=lambda u: (order[u[1].endpoint], u[0] != u[1].endpoint)
    )
    found = []
    for name, user in users:
        endpoint, of_role = catalogue.endpoints[user.endpoint], bound[user.role]
        fallbacks = chain(user.endpoint, of_role)
        title, before, after = endpoint.title, "", ""
        if name != user.endpoint:
            title, before = f"{title}, {user.role} only", f"For {user.role} only. "
        elif apart := _apart(fallbacks, deployment, used):
            after = f" Not for {' and '.join(apart)}, where the deployment file decides."
        found.append(
            Input(
                id=name,
                title=title,
                help=f"{before}{endpoint.full_help}{after}",
                parameter_help=f"{before}{endpoint.help}{after}",
                direction=user.direction,
                peers=of_role[user.endpoint].peers,
                chain=(name, *fallbacks[1:]),
                is_open=is_open(user.endpoint, of_role),
                unfiltered=endpoint.unfiltered,
            )
        )
    return tuple(found)


def _users(groups: Iterable[ResolvedGroup]) -> Mapping[str, _User]:
    """By input, who uses it. The last key of a chain is that of the last input."""
    users: dict[str, _User] = {}
    for group in groups:
        for direction, table in group.tables:
            for line in table:
                if not line.group:
                    for name, key in zip(reversed(line.inputs), reversed(line.chain), strict=False):
                        endpoint = key.rpartition("/")[2]
                        users.setdefault(name, _User(endpoint, group.role, direction))
    return users


def _apart(
    fallbacks: tuple[str, ...], deployment: Deployment, used: Mapping[str, frozenset[str]]
) -> list[str]:
    """The groups that an input does not reach, because they have a binding of their own."""
    return [
        role
        for role, endpoints in used.items()
        if fallbacks[0] in endpoints
        and any(deployment.key(name, role) != name for name in fallbacks)
    ]
