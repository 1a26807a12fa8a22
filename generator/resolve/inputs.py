"""Inputs: the endpoints that whoever deploys an output can fill in."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping

from generator.light import NamedTuple
from generator.model import (
    EVERYWHERE,
    Catalogue,
    Deployment,
    Direction,
    Input,
    ResolvedGroup,
    snake,
)
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
    known = {name for name, _ in users}
    found = []
    for name, user in users:
        endpoint, of_role = catalogue.endpoints[user.endpoint], bound[user.role]
        fallbacks = chain(user.endpoint, of_role)
        title, before, after = endpoint.title, "", ""
        if any(peer.value in EVERYWHERE.values() for peer in of_role[user.endpoint].peers):
            after = " The default is the whole internet."
        apart = {} if name != user.endpoint else _apart(fallbacks, deployment, used)
        if name != user.endpoint:
            title, before = f"{title}, {user.role} only", f"For {user.role} only. "
        found.append(
            Input(
                id=name,
                title=title,
                help=f"{before}{endpoint.full_help}{after}{_not_for(apart, known)}",
                parameter_help=f"{before}{endpoint.help}{after}{_not_for(apart)}",
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
) -> Mapping[str, str]:
    """The groups that an input does not reach, and the input of what each has bound instead."""
    return {
        role: f"{bound[0]}-of-{role}"
        for role, endpoints in used.items()
        if fallbacks[0] in endpoints
        and (bound := [name for name in fallbacks if deployment.key(name, role) != name])
    }


def _not_for(apart: Mapping[str, str], variables: Container[str] = ()) -> str:
    """Who decides for groups that an input does not reach: a variable, if there is one for it."""
    roles: dict[str, list[str]] = {}
    for role, name in apart.items():
        decider = snake(name) if name in variables else "the deployment file"
        roles.setdefault(decider, []).append(role)
    told = (
        f" Not for {' and '.join(of)}, where {decider} decides." for decider, of in roles.items()
    )
    return "".join(told)
