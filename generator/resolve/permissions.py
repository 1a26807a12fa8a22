"""Usage: the permissions that a resolved deployment comes to, counted as EC2 counts them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from generator.errors import ResolveError
from generator.model import Direction, Entry, Peer, Resolved, Traffic
from generator.resolve.bindings import for_peer

EVERYWHERE = "0.0.0.0/0"
THE_INTERNET = (EVERYWHERE, "::/0")


class Granted(NamedTuple):
    """One permission as EC2 stores it, with the endpoint that it comes from."""

    role: str
    direction: Direction
    traffic: Traffic
    peer: Peer
    endpoint: str
    description: str
    rows: tuple[str, ...]
    """The ids of the documented rows that it comes from."""


class Usage(NamedTuple):
    """How many rules a direction of a group takes in its fuller address family."""

    role: str
    direction: Direction
    rules: int
    by_endpoint: tuple[tuple[str, int], ...]
    """The endpoints with the rules that they take, the largest first."""


def granted(resolved: Resolved) -> Iterator[Granted]:
    """Every permission that is in force while each input has its default value."""
    defaults = {i.id: (*i.peers, *(Peer("group", g, g) for g in i.groups)) for i in resolved.inputs}
    for group in resolved.groups:
        for direction, permissions in group.tables:
            for permission in permissions:
                for entry in permission.entries:
                    for peer in _peers(entry, defaults):
                        yield Granted(
                            group.role,
                            direction,
                            for_peer(entry.traffic, peer),
                            peer,
                            permission.endpoint,
                            permission.description,
                            permission.rows,
                        )


def _peers(entry: Entry, defaults: Mapping[str, tuple[Peer, ...]]) -> tuple[Peer, ...]:
    """The peers of an entry while each input has its default value."""
    if any(defaults[name] for name in entry.unless):
        return ()
    given = (defaults[name] for name in entry.inputs if defaults[name])
    peers = (entry.peer,) if entry.peer else next(given, ())
    permitted = {p.value for name in entry.unlike_inputs for p in defaults[name]}
    return tuple(p for p in peers if p.value not in permitted.union(entry.unlike_values))


def usage(resolved: Resolved) -> tuple[Usage, ...]:
    """The rules per group and direction. Groups and prefix lists count in both address families."""
    rules = list(granted(resolved))
    return tuple(
        max(
            (
                _count(group.role, direction, [r for r in rules if r.peer.kind != other])
                for other in ("cidr_ipv6", "cidr_ipv4")
            ),
            key=lambda family: family.rules,
        )
        for group in resolved.groups
        for direction, _ in group.tables
    )


def _count(role: str, direction: Direction, rules: list[Granted]) -> Usage:
    by_endpoint: Counter[str] = Counter()
    for rule in rules:
        if (rule.role, rule.direction) == (role, direction):
            by_endpoint[rule.endpoint] += rule.peer.entries
    return Usage(role, direction, by_endpoint.total(), tuple(by_endpoint.most_common()))


def check_quota(resolved: Resolved) -> None:
    """Raise ResolveError for groups that take more rules than the deployment's quota."""
    lines = []
    for each in usage(resolved):
        if each.rules > resolved.quota:
            biggest = ", ".join(f"{name} ({count})" for name, count in each.by_endpoint[:3])
            compact = "" if resolved.compact else "write compact: true; "
            lines.append(
                f"{resolved.name}: the group {each.role} needs {each.rules} {each.direction} "
                f"rules, but the quota is {resolved.quota}; the most are for {biggest}. Bind "
                f"fewer or wider networks there, or a security group; {compact}or have AWS raise "
                "the quota, and write quota: N"
            )
    if lines:
        raise ResolveError("\n".join(lines))


def summary(resolved: Resolved) -> str:
    """What a person wants to know of a deployment: rules and quota, what is open, and to whom."""
    lines = [
        f"{resolved.name}: {resolved.product}, {resolved.topology}, {resolved.outbound} outbound"
    ]
    counts = {(each.role, each.direction): each.rules for each in usage(resolved)}
    width = max(len(group.role) for group in resolved.groups)
    for group in resolved.groups:
        inbound, outbound = (counts[group.role, d] for d, _ in group.tables)
        lines.append(
            f"  {group.role:{width}}  {inbound:3} inbound, {outbound:3} outbound "
            f"of {resolved.quota} rules each"
        )
    if resolved.dropped:
        lines.append(f"  without: {', '.join(map(str, resolved.dropped))}")
    if resolved.left_open:
        names = ", ".join(i.id for i in resolved.left_open)
        lines.append(f"  left open, so nothing is permitted: {names}")
    exposed = Counter(
        rule.role
        for rule in granted(resolved)
        if rule.direction == "inbound" and rule.peer.value in THE_INTERNET
    )
    if exposed:
        groups = ", ".join(
            f"{role} ({count} {'rule' if count == 1 else 'rules'})"
            for role, count in exposed.items()
        )
        lines.append(f"  open to the internet: {groups}")
    return "\n".join(lines)
