"""Marked: the result of a comparison or an audit as flows, for people to look at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import NamedTuple

from generator.compare.audit_result import Audited, problems
from generator.compare.deviations import GroupAudit
from generator.compare.rows import State
from generator.model import (
    Comparison,
    Flow,
    Identity,
    Mark,
    Party,
    PartyKind,
    Permission,
    RowKey,
    RowSource,
    Rule,
)
from generator.resolve import open_to_everybody, services, written

Titles = Mapping[str, str]
"""What people call groups and endpoints, by role and id."""


class _Entry(NamedTuple):
    """A permission of either side."""

    permission: Permission
    mark: Mark
    rules: tuple[Rule, ...]
    """Its documented rows, as far as they are known."""


def marked_changes(
    old: State, new: State, titles: Titles, whoever: bool, notices: Iterable[str] = ()
) -> Comparison:
    """What is added and removed. With `whoever`, no side says who the peers are."""
    before, after = ({p.identity: p for p in side.permissions} for side in (old, new))
    entries = [
        # What was read from elsewhere has no rows: those of the other side are shown.
        _Entry(after[key], "", tuple(_rules(after[key], new)))
        if key in after and not p.rows
        else _Entry(p, "" if key in after else "removed", tuple(_rules(p, old)))
        for key, p in before.items()
    ]
    for key, p in after.items():
        if key not in before:
            entries.append(_Entry(p, "added", tuple(_rules(p, new))))
    return Comparison(
        f"{old.name} → {new.name}",
        (("Old", old.name), ("New", new.name)),
        ("added", "removed"),
        "unchanged",
        *_drawn(entries, (before.values(), after.values()), titles, whoever),
        tuple(notices),
    )


def marked_audit(found: Audited, titles: Titles) -> Comparison:
    """What is missing and superfluous, among what is there. Accepted deviations have no mark."""
    expected = found.expected
    asked: dict[Identity, Permission] = {}
    for p in chain.from_iterable(chain.from_iterable(expected.permissions.values())):
        asked.setdefault(p.identity, p)
    lines = [line.permission for several in expected.open.values() for line in several]
    if expected.whoever:
        lines = [*asked.values()]
    entries = []
    for group in found.accepted.groups:
        extras = {d.permission.identity for d in group.deviations if not d.is_lack}
        for p in group.there:
            same = asked.get(p.identity) or _line(p, lines, group, expected.whoever)
            mark: Mark = "superfluous" if p.identity in extras else ""
            if same and not mark:
                p = p._replace(endpoint=same.endpoint, rows=same.rows, description=same.description)
            entries.append(_Entry(p, mark, ()))
        lacks = (d.permission for d in group.deviations if d.is_lack)
        entries += [_Entry(p, "missing", ()) for p in {p.identity: p for p in lacks}.values()]
    rows = expected.rows
    entries = [
        e._replace(rules=tuple(rows[key] for key in _keys(e.permission) if key in rows))
        for e in entries
    ]
    accepted = len(found.accepted.deviations)
    deviations = "1 accepted deviation has" if accepted == 1 else f"{accepted} accepted ones have"
    return Comparison(
        f"{expected.source}: audit",
        (("Expected", expected.source), ("Found in", ", ".join(found.sources))),
        ("missing", "superfluous"),
        "as expected",
        *_drawn(entries, ([e.permission for e in entries],), titles, False),
        (
            *(f"{each.severity}: {each.whole}" for each in problems(found)),
            *([f"note: {deviations} no mark"] if accepted else []),
        ),
    )


def _line(
    p: Permission, lines: Iterable[Permission], group: GroupAudit, whoever: bool
) -> Permission | None:
    """What asks for a permission that is there, of what does not say who the peer is."""
    bound = {o.endpoint for o in group.opened if str(p.peer) in o.peers}
    for line in lines:
        alike = (line.group, line.direction, line.traffic) == (p.group, p.direction, p.traffic)
        if alike and (whoever or line.peer.value in bound):
            return line
    return None


def _keys(p: Permission) -> Iterator[RowKey]:
    return ((p.group, p.direction, row) for row in p.rows)


def _rules(p: Permission, side: State) -> Iterator[Rule]:
    """The rows of a permission; a release's has the rows with its traffic and endpoint."""
    role, _, mode = p.group.partition(" ")
    if p.rows:
        found = (side.rows.get(((p.group, p.direction), row)) for row in p.rows)
        yield from filter(None, found)
        return
    tables = {(role, f"{p.direction} {mode}" if mode else p.direction)}
    for (table, _), rule in side.rows.items():
        if table in tables and p.endpoint in rule.endpoints and p.traffic in rule.traffic:
            yield rule


def _drawn(
    entries: Iterable[_Entry],
    sides: Iterable[Iterable[Permission]],
    titles: Titles,
    whoever: bool,
) -> tuple[tuple[Party, ...], tuple[Flow, ...]]:
    """The parties and the flows, group by group and endpoint by endpoint."""
    entries = list(entries)
    groups = [*dict.fromkeys(e.permission.group for e in entries)]
    everybody = {p.identity for side in sides for p in open_to_everybody(side)}
    order: dict[tuple[str, ...], int] = {}
    for p, *_ in entries:
        order.setdefault((p.group, p.direction, _other(p)[1]), len(order))

    def place(entry: _Entry) -> tuple[int, bool, int]:
        p = entry.permission
        is_outbound = p.direction == "outbound"
        return groups.index(p.group), is_outbound, order[p.group, p.direction, _other(p)[1]]

    parties: dict[tuple[str, str], Party] = {}
    for number, name in enumerate(groups, 1):
        parties["group", name] = Party(f"group-{number}", name, _title(name, titles), "group")
    for p, *_ in entries:
        kind: PartyKind = "everybody" if p.identity in everybody else "endpoint"
        number, name = len(parties) + 1, _other(p)[1]
        party = Party(f"endpoint-{number}", name, _title(name, titles), kind)
        parties.setdefault(_other(p), party)
        if kind == "everybody":
            parties[_other(p)] = parties[_other(p)]._replace(kind=kind)
    flows = (
        _flow(f"flow-{number}", entry, parties, titles, everybody, whoever)
        for number, entry in enumerate(sorted(entries, key=place), 1)
    )
    return tuple(parties.values()), tuple(flows)


def _other(p: Permission) -> tuple[str, str]:
    """Who is at the other end: a kind and a name."""
    if p.peer.kind == "group":
        return "group", p.peer.value
    return "endpoint", p.endpoint or str(p.peer)


def _title(name: str, titles: Titles) -> str:
    """A title; the outbound tables of a release are alternatives: `<role> <mode>`."""
    role, _, mode = name.partition(" ")
    if name not in titles and role in titles and mode in ("basic", "advanced"):
        return f"{titles[role]}, {mode} outbound"
    return titles.get(name, name)


def _flow(
    id_: str,
    entry: _Entry,
    parties: Mapping[tuple[str, str], Party],
    titles: Titles,
    everybody: set[Identity],
    whoever: bool,
) -> Flow:
    p, mark, rules = entry
    party = parties[_other(p)]
    own = parties["group", p.group].title
    is_input = p.peer.kind == "input"
    peer = "" if is_input else str(p.peer)
    if is_input and whoever:  # such as the default of a release
        peer = p.peer.value.removeprefix(p.endpoint).strip(" ()")
    other = party.title if is_input or party.kind == "group" else p.peer.named
    source, destination = (other, own) if p.direction == "inbound" else (own, other)
    ends = (p.group, p.peer.value) if p.direction == "outbound" else (p.peer.value, p.group)
    protocol, ports = written(p)
    endpoint = p.endpoint or party.name
    return Flow(
        id=id_,
        pair=" ".join((*ends, p.traffic.slug)) if p.peer.kind == "group" else id_,
        group=p.group,
        direction=p.direction,
        party=party.id,
        endpoint=endpoint,
        endpoint_title=_title(endpoint, titles),
        peer=peer,
        peer_name="" if is_input or p.peer.name == p.peer.value else p.peer.name,
        source=source,
        destination=destination,
        protocol=protocol,
        ports=ports,
        service="; ".join(dict.fromkeys(services(RowSource(rule, "") for rule in rules))),
        purpose="; ".join(dict.fromkeys([r.purpose for r in rules] or [p.description])),
        rows=p.rows or tuple(dict.fromkeys(rule.id for rule in rules)),
        documents=(),
        ha_only=bool(rules) and all(rule.ha_only for rule in rules),
        features=()
        if not all(rule.features for rule in rules)
        else tuple(dict.fromkeys(name for rule in rules for name in rule.features)),
        everybody=p.identity in everybody,
        filled_in=whoever or not is_input,
        parameter=p.parameter,
        mark=mark,
    )
