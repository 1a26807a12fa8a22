"""Explain: the rules about a port, a group or an endpoint."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from generator.errors import FieldError, UsageError
from generator.model import (
    ALL_TRAFFIC,
    ICMP,
    Catalogue,
    Release,
    Rule,
    SupplementRule,
    Traffic,
)
from generator.show.history import History, history
from generator.show.releases import titled

_PROTOCOL, _RANGE = "(?P<protocol>tcp|udp|icmp|icmpv6)", r"(?P<first>\d+)(?:[-–](?P<last>\d+))?"
_WAYS = (f"{_PROTOCOL}(?:[/ ]{_RANGE})?", f"{_RANGE}(?:[/ ]{_PROTOCOL})?")
_PORTS = [re.compile(way, re.ASCII | re.IGNORECASE) for way in _WAYS]


class Reason(NamedTuple):
    """A rule that matches what is asked for."""

    release: str
    document: str
    group: str
    table: str
    rule: Rule
    falls_back: tuple[str, ...] = ()
    """The endpoints of the rule that default to the one asked for."""
    history: History = History()
    """Since which release the rule is documented, and what changed later."""


class Ports(NamedTuple):
    """A range of ports, or all of them, of one protocol, or of both TCP and UDP."""

    protocol: str | None
    first: int | None
    last: int | None

    def meet(self, traffic: Traffic) -> bool:
        """Whether the traffic and these ports overlap."""
        if traffic.ip_protocol == ALL_TRAFFIC:
            return True
        if self.protocol != traffic.ip_protocol and (self.protocol or traffic.ip_protocol in ICMP):
            return False
        if self.first is None or self.last is None or traffic.ip_protocol in ICMP:
            return True
        assert traffic.from_port is not None
        assert traffic.to_port is not None
        return self.first <= traffic.to_port and traffic.from_port <= self.last


def ports(what: str, releases: Iterable[Release] = ()) -> list[Ports]:
    """The ports named by `443`, `udp/53`, `53/udp`, `18600-18699`, `icmp`, or by a protocol such as
    `ssh` that a row of the releases names; empty for other names.

    Raises UsageError for ports that do not exist.
    """
    match = next((found for way in _PORTS if (found := way.fullmatch(what))), None)
    if not match:
        return _of_application(what, releases)
    protocol = match["protocol"].lower() if match["protocol"] else None
    if match["first"] is None:
        return [Ports(protocol, None, None)]
    first, last = int(match["first"]), int(match["last"] or match["first"])
    try:
        Traffic(protocol or "tcp", first, last)
    except FieldError as error:
        raise UsageError(str(error)) from None
    return [Ports(protocol, first, last)]


def _of_application(name: str, releases: Iterable[Release]) -> list[Ports]:
    """The ports of the rows whose Protocol cell is the name, in upper or lower case."""
    found = {
        Ports(traffic.ip_protocol, traffic.from_port, traffic.to_port)
        for release in releases
        for group in release.rules.values()
        for *_, rules in group.tables()
        for rule in rules
        if rule.protocol.casefold() == name.casefold()
        for traffic in rule.traffic
    }
    return sorted(found)


def reasons(
    what: str, releases: Sequence[Release], catalogue: Catalogue, known: Sequence[Release]
) -> Iterator[Reason]:
    """The documented rules about a port, a group or an endpoint, then those of the supplements.

    Each row is listed once, as the last of `releases` that has it documents it. The history of a
    row is that in `known`; both are in order, oldest first.
    """
    asked = ports(what, releases)

    def concerns(role: str, rule: Rule) -> bool:
        if asked:
            return any(each.meet(traffic) for each in asked for traffic in rule.traffic)
        return what == role or what in rule.endpoints

    last: dict[tuple[str, str, str], Reason] = {}
    for release in releases:
        defaults = catalogue.of(release.info)
        for role, group in release.rules.items():
            document = titled(release.document_of(role), release.date_of(role))
            for direction, mode, rules in group.tables():
                table = f"{direction} {mode}" if mode else direction
                for rule in rules:
                    falls_back = tuple(e for e in rule.endpoints if what in defaults.chain(e)[1:])
                    if concerns(role, rule) or falls_back:
                        past = history(known, role, direction, mode, rule.id)
                        reason = Reason(release.id, document, role, table, rule, falls_back, past)
                        last.pop((role, table, rule.id), None)
                        last[role, table, rule.id] = reason
    yield from last.values()
    for name, supplement in catalogue.supplements.items():
        document = f"{supplement.source} ({supplement.evidence}). {supplement.reason}"
        needed = dict.fromkeys(
            (role, direction, rule)
            for release in releases
            for role, direction, rules in supplement.tables(release.id)
            if role in release.rules
            for rule in rules
        )
        for role, direction, rule in needed:
            falls_back = tuple(e for e in rule.endpoints if what in catalogue.chain(e)[1:])
            if concerns(role, rule) or falls_back or name == what:
                yield Reason(f"supplement {name}", document, role, direction, rule, falls_back)


def explain(found: Iterable[Reason]) -> str:
    """The rules as text, by release, each with its group, traffic, purpose and note."""
    lines: list[str] = []
    before = ""
    for each in found:
        heading = f"{each.release}: {each.document}"
        if heading != before:
            lines += ["", heading] if lines else [heading]
            before = heading
        rule = each.rule
        traffic = " and ".join(map(str, rule.traffic))
        way = "from" if each.table.startswith("inbound") else "to"
        who = " and ".join(rule.endpoints)
        row = f"{rule.id}, since {each.history.since}" if each.history.since else rule.id
        lines.append(f"  {each.group} {each.table}: {traffic} {way} {who} (row {row})")
        lines.append(f"    {rule.purpose}")
        if each.falls_back:
            lines.append(f"    by default of {' and '.join(each.falls_back)}")
        if each.history.changes:
            lines.append(f"    changes: {each.history.changes}")
        if isinstance(rule, SupplementRule) and rule.releases:
            lines.append(f"    only for {' and '.join(rule.releases)}")
        if rule.features:
            lines.append(f"    serves: {', '.join(rule.features)}")
        if rule.note:
            lines.append(f"    note: {' '.join(rule.note.split())}")
    return "".join(f"{line}\n" for line in lines)
