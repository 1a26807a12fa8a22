"""Checks of a deployment's bindings: endpoints, the groups that they are bound for, and peers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from generator.errors import KEY, KeyPath, choices, shown, suggestion, unknown
from generator.model import PEER_NAME, Catalogue, Deployment


def check_bindings(
    deployment: Deployment,
    documented: Sequence[str],
    roles: Sequence[str],
    catalogue: Catalogue,
    used: Callable[[str], frozenset[str]],
) -> Iterator[tuple[KeyPath, str]]:
    """The place and the sentence of each mistake under `endpoints`.

    `documented` are the groups of the release, `roles` those of the deployment, and `used` has the
    endpoints that a group's rules can have.
    """
    for key in deployment.endpoints or {}:
        first, slash, rest = key.partition("/")
        role, endpoint = (first, rest) if slash else ("", first)
        message = None
        if slash:
            message = _bad_role(role, key, documented, roles)
        if not message and endpoint not in catalogue.endpoints:
            message = unknown("endpoint", endpoint, list(catalogue.endpoints))
        if not message and slash and endpoint not in used(role):
            message = _not_used(role, endpoint, roles, catalogue, used)
        if message:
            yield ("endpoints", key, KEY), message
        else:
            yield from _peer_mistakes(key, deployment, roles)


def _bad_role(role: str, key: str, documented: Sequence[str], roles: Sequence[str]) -> str | None:
    if role not in documented:
        return unknown("group", role, documented)
    if role not in roles:
        return f"group {role} is not in this deployment: use {choices(roles)}, or remove {key}"
    return None


def _not_used(
    role: str,
    endpoint: str,
    roles: Sequence[str],
    catalogue: Catalogue,
    used: Callable[[str], frozenset[str]],
) -> str:
    """What is right, where no rule of a group has an endpoint: a group that has, or another one."""
    others = [f"{other}/{endpoint}" for other in roles if endpoint in used(other)]
    if others:
        right = f"use {choices([*others, endpoint])}"
    else:
        right = suggestion(endpoint, [e for e in catalogue.endpoints if e in used(role)])
    return f"group {role} has no rule for {endpoint}: {right}"


def _peer_mistakes(
    key: str, deployment: Deployment, roles: Sequence[str]
) -> Iterator[tuple[KeyPath, str]]:
    bound = (deployment.endpoints or {})[key]
    places: list[str | int] = list(bound) if isinstance(bound, Mapping) else [*range(len(bound))]
    for place, peer in zip(places, deployment.peers(key) or (), strict=True):
        path = ("endpoints", key, place)
        if peer.kind == "group" and peer.value not in roles:
            message = f"group {shown(peer.value)} is not in this deployment"
            yield path, f"{message}: {suggestion(peer.value, roles)}"
        if isinstance(place, str) and not PEER_NAME.fullmatch(place):
            rule = "use up to 63 letters, digits and . _ -, beginning with a letter"
            yield (*path, KEY), f"invalid peer name {shown(place)}: {rule}"
