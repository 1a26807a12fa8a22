"""Lines: rows with the same traffic for the same endpoint become one line of a group's table."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from functools import cache

from generator.model import EVERYWHERE, NOT_EC2_TEXT, Direction, Line, Permission, Rule, Traffic
from generator.resolve.bindings import Bound, chain, peers_of

MAX_DESCRIPTION = 255


def lines(rows: Iterable[Rule], bound: Mapping[str, Bound], compact: bool) -> tuple[Line, ...]:
    """One line per endpoint and traffic, in document order: rows that AWS cannot tell apart."""
    merged: dict[tuple[str, Traffic], list[Rule]] = {}
    for row in rows:
        for endpoint in row.endpoints:
            for traffic in row.traffic:
                if endpoint in bound:
                    merged.setdefault((endpoint, traffic), []).append(row)
    if compact:
        merged = join_ports(merged)
    return tuple(
        Line(
            endpoint,
            tuple(bound[name].key for name in chain(endpoint, bound)),
            bound[endpoint].group,
            traffic,
            describe(row.purpose for row in sources),
            tuple(row.id for row in sources),
        )
        for (endpoint, traffic), sources in merged.items()
    )


def permissions(
    role: str, direction: Direction, table: Iterable[Line], bound: Mapping[str, Bound]
) -> Iterator[Permission]:
    """What a table permits, peer by peer; a permission that two lines give is the first one's.

    So is the fallback that two inputs share. Where everybody is bound for the same traffic, an
    input adds nothing, and its default would be a second rule for everybody.
    """
    each = [(line, peer) for line in table for peer in peers_of(line.endpoint, bound)]
    everybody = {line.traffic: peer for line, peer in each if peer.value == EVERYWHERE["cidr_ipv4"]}
    seen = set()
    consulted: set[tuple[Traffic, str]] = set()
    for line, peer in each:
        names = chain(line.endpoint, bound) if peer.kind == "input" else ()
        if names and line.traffic in everybody:
            peer = everybody[line.traffic]
            if peer.value not in (default.value for default in bound[names[-1]].peers):
                continue
        found = Permission(
            role, direction, line.traffic, peer, line.description, line.endpoint, line.rows
        ).to(peer)
        if peer.kind == "input":
            inputs = {(line.traffic, name) for name in names}
            found = found._replace(alone=not consulted.isdisjoint(inputs))
            consulted |= inputs
        if found.identity not in seen:
            seen.add(found.identity)
            yield found


def join_ports(
    rows: Mapping[tuple[str, Traffic], list[Rule]],
) -> dict[tuple[str, Traffic], list[Rule]]:
    """Join the port ranges of an endpoint and protocol that touch or overlap, and their rows."""
    joined: dict[tuple[str, Traffic], list[Rule]] = {}
    for (endpoint, traffic), sources in sorted(
        rows.items(), key=lambda item: item[0][1].first_port
    ):
        for (other, before), _ in list(joined.items()):
            if other == endpoint and (both := before.joined_with(traffic)):
                sources = joined.pop((other, before)) + sources
                traffic = both
        joined[endpoint, traffic] = sources
    order = {row.id: i for i, row in enumerate(r for group in rows.values() for r in group)}
    return dict(sorted(joined.items(), key=lambda item: min(order[row.id] for row in item[1])))


def describe(purposes: Iterable[str]) -> str:
    """Join the purposes of merged rows into a description that EC2 accepts, without repetition.

    EC2 takes 255 characters of a small set (IpRange.Description): typographic characters become
    their plain neighbours, contractions are written out, and the rest is left out.
    """
    distinct: dict[str, str] = {}
    for purpose in purposes:
        legal = _legal(purpose)
        distinct.setdefault(legal.casefold(), legal)
    text = "; ".join(filter(None, distinct.values()))
    if len(text) > MAX_DESCRIPTION:
        text = text[: MAX_DESCRIPTION - 3].rsplit(" ", 1)[0].rstrip(" ,;.") + "..."
    return text


@cache
def _legal(text: str) -> str:
    text = text.replace("’", "'").replace("–", "-").replace("—", "-")
    text = re.sub(r"\b(ca)n't\b", r"\1nnot", text, flags=re.IGNORECASE)
    text = re.sub(r"\b(w)on't\b", r"\1ill not", text, flags=re.IGNORECASE)
    text = re.sub(r"n't\b", " not", text, flags=re.IGNORECASE)
    text = unicodedata.normalize("NFKD", text)
    return " ".join(NOT_EC2_TEXT.sub("", " ".join(text.split())).split())
