"""Permissions: what is in force while whoever deploys the output fills nothing in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from generator.model import EVERYWHERE, Permission, Resolved, are_everybody


def granted(resolved: Resolved) -> Iterator[Permission]:
    """Every permission, in document order, while each input has its default value."""
    inputs = {i.id: i for i in resolved.inputs}
    for group in resolved.groups:
        seen = set()
        for permission in group.permissions:
            concrete: Iterable[Permission] = (permission,)
            if permission.peer.kind == "input":
                parameter = inputs[permission.peer.value]
                peers = next(filter(None, (inputs[name].peers for name in parameter.chain)), ())
                concrete = map(permission._replace(parameter=parameter.id).to, peers)
            for found in concrete:
                if found.identity not in seen:
                    seen.add(found.identity)
                    yield found


def not_filled_in(resolved: Resolved) -> Iterator[Permission]:
    """The permissions that are not in force until whoever deploys fills their input in."""
    inputs = {i.id: i for i in resolved.inputs}
    for group in resolved.groups:
        for p in group.permissions:
            if p.peer.kind == "input" and not any(
                inputs[n].peers for n in inputs[p.peer.value].chain
            ):
                yield p._replace(parameter=p.peer.value)


def open_to_everybody(permissions: Iterable[Permission]) -> tuple[Permission, ...]:
    """Those whose networks, taken together with others of the same traffic, are all there are.

    `0.0.0.0/1` and `128.0.0.0/1` are the whole internet as much as `0.0.0.0/0` is.
    """
    alike: dict[tuple[object, ...], list[Permission]] = defaultdict(list)
    for p in permissions:
        if p.peer.kind in EVERYWHERE:
            alike[p.group, p.direction, p.traffic, p.peer.kind].append(p)
    return tuple(p for same in alike.values() for p in _everybody(same))


def _everybody(same: list[Permission]) -> list[Permission]:
    """The permission for everybody, or all of them if together they permit as much."""
    whole = EVERYWHERE[same[0].peer.kind]
    one = [p for p in same if p.peer.value == whole]
    if one or len(same) == 1:
        return one
    return same if are_everybody(p.peer for p in same) else []
