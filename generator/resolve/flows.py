"""Flows: a resolved deployment as a flow matrix, one flow per permission and peer."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain

from generator.model import (
    Catalogue,
    Flow,
    Identity,
    Line,
    Matrix,
    Party,
    PartyKind,
    Peer,
    Permission,
    QuotaUse,
    Release,
    Resolved,
    ResolvedGroup,
    RowKey,
    RowSource,
)
from generator.resolve.permissions import granted, not_filled_in, open_to_everybody
from generator.resolve.quota import usage


def row_sources(
    release: Release, catalogue: Catalogue, supplements: Iterable[str]
) -> Mapping[RowKey, RowSource]:
    """Where the rows of a release and of supplements are documented."""
    found = {
        (role, direction, row.id): RowSource(row, release.document_of(role))
        for role, group in release.rules.items()
        for direction, _, table in group.tables()
        for row in table
    }
    for name in supplements:
        supplement = catalogue.supplements[name]
        for role, direction, table in supplement.tables(release.id):
            for row in table:
                found.setdefault((role, direction, row.id), RowSource(row, supplement.source))
    return found


def matrix(resolved: Resolved) -> Matrix:
    """What a deployment permits, and what it will once somebody fills in what is left open."""
    in_force = tuple(granted(resolved))
    everybody = {p.identity for p in open_to_everybody(in_force)}
    lines = _lines(resolved)
    order: dict[tuple[object, ...], int] = {}
    for group in resolved.groups:
        for p in group.permissions:
            order.setdefault(_place(p), len(order))
    permissions = sorted(chain(in_force, not_filled_in(resolved)), key=lambda p: order[_place(p)])
    titles = _titles(resolved)
    flows = tuple(
        _flow(p, lines.get(p.identity, ()), p.identity in everybody, resolved.rows, titles)
        for p in permissions
    )
    return Matrix(
        name=resolved.name,
        release=resolved.release,
        product=resolved.product,
        documents=resolved.documents,
        topology=resolved.topology,
        outbound=resolved.outbound,
        parties=_parties(flows, resolved.groups, titles),
        flows=flows,
        quota=resolved.quota,
        usage=tuple(
            QuotaUse(each.group, each.direction, each.rules, bool(each.unknown), each.filled_in)
            for each in usage(resolved)
        ),
    )


def _place(p: Permission) -> tuple[object, ...]:
    return p.group, p.direction, p.endpoint, p.rows


def _lines(resolved: Resolved) -> Mapping[Identity, tuple[Line, ...]]:
    """By permission in force, every line that permits it: EC2 takes what they share once."""
    inputs = {i.id: i for i in resolved.inputs}
    found: dict[Identity, list[Line]] = defaultdict(list)
    for group in resolved.groups:
        for direction, table in group.tables:
            for line in table:
                if line.group:
                    peers: tuple[Peer, ...] = (Peer("group", line.group, line.group),)
                else:
                    peers = next(filter(None, (inputs[name].peers for name in line.inputs)), ())
                for peer in peers:
                    p = Permission(group.role, direction, line.traffic, peer).to(peer)
                    found[p.identity].append(line)
    return {identity: tuple(lines) for identity, lines in found.items()}


def _flow(
    p: Permission,
    lines: Iterable[Line],
    everybody: bool,
    documented: Mapping[RowKey, RowSource],
    titles: Mapping[str, str],
) -> Flow:
    rows = tuple(dict.fromkeys([*p.rows, *(row for line in lines for row in line.rows)]))
    endpoints = dict.fromkeys([p.endpoint, *(line.endpoint for line in lines)])
    found = (documented.get((p.group, p.direction, row)) for row in rows)
    sources = [each for each in found if each]
    rules = [each.rule for each in sources]
    needed_always = not rules or any(not rule.features for rule in rules)
    title = " and ".join(dict.fromkeys(titles.get(name, name) for name in endpoints))
    own, other = titles[p.group], _label(p.peer, title, titles)
    source, destination = (other, own) if p.direction == "inbound" else (own, other)
    id_ = _id(p)
    purposes = [rule.purpose for rule in rules] or [p.description]
    is_input = p.peer.kind == "input"
    protocol, ports = written(p)
    return Flow(
        id=id_,
        pair=_pair(p) or id_,
        group=p.group,
        direction=p.direction,
        party=_party(p),
        endpoint=p.endpoint,
        endpoint_title=title,
        peer="" if is_input else str(p.peer),
        peer_name="" if is_input or p.peer.name == p.peer.value else p.peer.name,
        source=source,
        destination=destination,
        protocol=protocol,
        ports=ports,
        service="; ".join(dict.fromkeys(services(sources))),
        purpose="; ".join(dict.fromkeys(purposes)),
        rows=rows,
        documents=tuple(dict.fromkeys(each.document for each in sources)),
        ha_only=bool(rules) and all(rule.ha_only for rule in rules),
        features=()
        if needed_always
        else tuple(dict.fromkeys(name for rule in rules for name in rule.features)),
        everybody=everybody,
        filled_in=not is_input,
        parameter=p.parameter,
    )


def _titles(resolved: Resolved) -> Mapping[str, str]:
    """What people call groups and endpoints. A group of the deployment is called as itself."""
    return {**resolved.titles, **{group.role: group.title for group in resolved.groups}}


def _label(peer: Peer, endpoint: str, titles: Mapping[str, str]) -> str:
    if peer.kind == "input":
        return endpoint
    return titles.get(peer.value, peer.value) if peer.kind == "group" else peer.named


def _party(p: Permission) -> str:
    return f"group-{p.peer.value}" if p.peer.kind == "group" else f"endpoint-{p.endpoint}"


def _id(p: Permission) -> str:
    """Every sign of an address is a hyphen, which only its digits surround."""
    kinds = {"group": "group-", "input": "endpoint-"}
    peer = kinds.get(p.peer.kind, "") + re.sub(r"[^A-Za-z0-9]", "-", p.peer.value)
    return f"{p.group}_{p.direction}_{p.traffic.slug}_{peer}"


def _pair(p: Permission) -> str | None:
    """The connection between two groups, whichever end permits it."""
    if p.peer.kind != "group":
        return None
    ends = (p.group, p.peer.value) if p.direction == "outbound" else (p.peer.value, p.group)
    return f"{ends[0]}_to_{ends[1]}_{p.traffic.slug}"


def written(p: Permission) -> tuple[str, str]:
    """The protocol and the ports in their own columns: `TCP` and `443`, `all` and `all`."""
    text = str(p.traffic)
    if text == "all traffic":
        return "all", "all"
    if text.startswith("protocol "):
        return text.removeprefix("protocol "), "all"
    first, _, second = text.partition(" ")
    return (second, "all") if first == "all" else (first, second)


def services(sources: Iterable[RowSource]) -> Iterator[str]:
    """The documented services; where a table has none, the application of its Protocol cell."""
    for source in sources:
        rule = source.rule
        application = rule.protocol
        named = any(application.casefold() in str(t).casefold() for t in rule.traffic)
        if rule.service:
            yield rule.service
        elif len(rule.traffic) == 1 and not named:
            yield application


def _parties(
    flows: Iterable[Flow], groups: Iterable[ResolvedGroup], titles: Mapping[str, str]
) -> tuple[Party, ...]:
    found = {
        f"group-{group.role}": Party(f"group-{group.role}", group.role, group.title, "group")
        for group in groups
    }
    for flow in flows:
        party = found.get(flow.party)
        if party is None or (flow.everybody and party.kind == "endpoint"):
            name = flow.party.partition("-")[2]
            kind: PartyKind = "everybody" if flow.everybody else "endpoint"
            found[flow.party] = Party(flow.party, name, titles.get(name, name), kind)
    return tuple(found.values())
