"""Endpoints that a deployment leaves open: what the groups have for them.

An open endpoint is one parameter: what it is bound to, it is in all of its rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from generator.compare.deviations import Deviation, Opened
from generator.compare.expected import OpenLine
from generator.compare.regions import Region, covered, region
from generator.model import Direction, Peer, Permission, Place

Lines = list[tuple[OpenLine, tuple[Region, ...]]]
"""Each with what it may open, whoever its peer is."""
Rules = dict[Permission, tuple[Region, Place]]
"""The permissions that are there."""
Having = dict[Peer, list[Permission]]
"""By peer, the lines of an endpoint that permit it."""


def open_lines(
    lines: Lines, asked: Mapping[Permission, Region], there: Rules, place: Place
) -> tuple[tuple[Deviation, ...], tuple[Opened, ...]]:
    """What open endpoints lack, and what they are bound to."""
    directions: tuple[Direction, ...] = ("inbound", "outbound")
    deviations: list[Deviation] = []
    found: list[Opened] = []
    for direction in directions:
        rules = [(p, r) for p, (r, _) in there.items() if p.direction == direction]
        certain = [r for p, r in asked.items() if p.direction == direction]
        free = [(p, r) for p, r in rules if not covered(r, certain)]
        endpoints: dict[str, Lines] = {}
        for line in lines:
            if line[0].permission.direction == direction:
                endpoints.setdefault(line[0].permission.peer.value, []).append(line)
        every = [r for _, r in rules]
        having = {name: _having(of, free, every) for name, of in endpoints.items()}
        bound = {
            name: [peer for peer, has in having[name].items() if len(has) == len(of)]
            for name, of in endpoints.items()
        }
        partly = dict(_partly(endpoints, having, bound, free))
        for name, of in endpoints.items():
            deviations += _uneven(of, having[name], partly.get(name, ()), free, place)
            peers = [*bound[name], *partly.get(name, ())]
            if not peers:
                deviations += _missing(of, every, place)
            found.append(Opened(name, direction, tuple(dict.fromkeys(map(str, peers)))))
    return tuple(deviations), tuple(found)


def _having(of: Lines, free: Iterable[tuple[Permission, Region]], every: list[Region]) -> Having:
    """By peer of a rule that may be for the endpoint, the lines that permit all of it."""
    candidates = dict.fromkeys(
        p.peer for p, r in free for _, wanted in of if any(w.meets(r) for w in wanted)
    )
    found: Having = {}
    for peer in candidates:
        wanted = [line.permission for line, _ in of]
        found[peer] = [w for w in wanted if covered(region(w.to(peer)), every)]
    return found


def _partly(
    endpoints: Mapping[str, Lines],
    having: Mapping[str, Having],
    bound: Mapping[str, list[Peer]],
    free: Iterable[tuple[Permission, Region]],
) -> Iterator[tuple[str, tuple[Peer, ...]]]:
    """By endpoint, the peers in some of its rows that no endpoint has in all of its rows.

    Of the endpoints that share the traffic, it is that of which the fewest rows lack the peer.
    """
    found: dict[str, dict[Peer, None]] = {}
    for p, r in free:
        near = [
            name
            for name, of in endpoints.items()
            if any(w.meets(r) for _, wanted in of for w in wanted)
        ]
        if near and not any(p.peer in bound[name] for name in near):
            closest = min(near, key=lambda name: len(endpoints[name]) - len(having[name][p.peer]))
            found.setdefault(closest, {})[p.peer] = None
    yield from ((name, tuple(peers)) for name, peers in found.items())


def _uneven(
    of: Lines,
    having: Having,
    peers: Iterable[Peer],
    free: Iterable[tuple[Permission, Region]],
    place: Place,
) -> Iterator[Deviation]:
    """The rows that lack a peer which the endpoint has in others, or have it for a part only."""
    for peer in peers:
        has = having[peer]
        for line, _ in of:
            if line.permission in has:
                continue
            lacks = line.permission.to(peer)
            wanted = region(lacks)
            part = tuple(p for p, r in free if p.peer == peer and r.meets(wanted))
            if part:
                yield Deviation("narrower", lacks, part, place)
            else:
                yield Deviation("uneven", lacks, tuple(w.to(peer) for w in has), place)


def _missing(of: Lines, every: list[Region], place: Place) -> Iterator[Deviation]:
    """The documented defaults of an endpoint for which there is no rule at all."""
    for line, _ in of:
        for default in line.defaults:
            if not covered(region(default), every):
                yield Deviation("missing", default, (), place)
