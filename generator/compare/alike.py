"""Changes in proportion: rules that change for one reason share a line.

The network of one endpoint can be in dozens of rules. Those for the same peers are told together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from generator.compare.permissions import Pair
from generator.model import Permission

FEW = 5
"""As many rules are listed one by one, because each of them says more."""
NAMES = 3
"""As many names stand in a line; of more, their number."""


def sentence(permission: Permission) -> str:
    """A permission as a person says it: `manager inbound TCP 22 from 10.0.0.0/8 (bastion)`."""
    return f"{permission.group} {permission.direction} {permission.traffic} {_who(permission)}"


def _who(permission: Permission) -> str:
    way = "from" if permission.direction == "inbound" else "to"
    left_open = permission.peer.kind == "input" and permission.parameter
    return f"{way} {permission.peer.named}" + (" (left open)" if left_open else "")


def alike(permissions: Iterable[Permission], verbose: bool) -> list[list[Permission]]:
    """The permissions for the same peer in the same direction; each alone if they are few."""
    every = list(permissions)
    reasons: dict[object, list[Permission]] = {}
    for p in every:
        reasons.setdefault(_reason(p), []).append(p)
    many = {} if verbose else {key: same for key, same in reasons.items() if len(same) > FEW}
    grouped = {id(p) for same in many.values() for p in same[1:]}
    firsts = {id(same[0]): same for same in many.values()}
    return [firsts.get(id(p), [p]) for p in every if id(p) not in grouped]


def _reason(p: Permission) -> tuple[object, ...]:
    """What permissions have in common that change together."""
    if p.peer.kind == "input":
        return (p.direction, p.peer, p.endpoint or p.identity)
    return (p.direction, p.peer)


def endpoint_of(p: Permission) -> str:
    """The endpoint of a permission, unless its peer says the same."""
    says_it = p.peer.kind == "input" and p.peer.value.startswith(p.endpoint)
    return "" if says_it else p.endpoint


def together(same: list[Permission]) -> str:
    """Permissions for one peer: how many, for which endpoints, and in which groups."""
    first = same[0]
    endpoints = _listed(dict.fromkeys(filter(None, map(endpoint_of, same))))
    who = _who(first) + (f", {endpoints}" if endpoints else "")
    groups: dict[str, list[str]] = {}
    for p in same:
        groups.setdefault(p.group, []).append(str(p.traffic))
    counts = (f"{group} {len(each)} ({_listed(each)})" for group, each in groups.items())
    return f"{len(same)} rules {first.direction} {who}: {', '.join(counts)}"


def renamings(pairs: Iterable[Pair], verbose: bool) -> Iterator[str]:
    """A line for each pair, or for those of one peer with the same other names."""
    by_name: dict[str, list[Permission]] = {}
    for old, new in pairs:
        by_name.setdefault(_other_names(old, new), []).append(new)
    for names, permissions in by_name.items():
        for same in alike(permissions, verbose):
            told = sentence(same[0]) if len(same) == 1 else together(same)
            yield f"{told}: {names}"


def _other_names(old: Permission, new: Permission) -> str:
    """What has another name on both sides of a pair."""
    return ", ".join(
        f"{what} {before} is now {after}"
        for what, before, after in (
            ("endpoint", old.endpoint, new.endpoint),
            ("peer", old.peer.name, new.peer.name),
        )
        if before != after
    )


def _listed(names: Iterable[str]) -> str:
    every = list(names)
    more = len(every) - NAMES
    return ", ".join(every[:NAMES]) + (f" and {more} more" if more > 0 else "")
