"""Explain: why a port is open, what a group is for, where an endpoint is used."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from generator.errors import FieldError, UsageError
from generator.model import ALL_TRAFFIC, ICMP, Catalogue, Release, Rule, Traffic

_PORTS = re.compile(
    r"(?:(?P<protocol>tcp|udp|icmp|icmpv6)(?:[/ ]|$))?(?:(?P<first>\d+)(?:[-–](?P<last>\d+))?)?",
    re.ASCII | re.IGNORECASE,
)


class Reason(NamedTuple):
    """A rule that has to do with what is asked for."""

    release: str
    document: str
    group: str
    table: str
    rule: Rule
    falls_back: tuple[str, ...] = ()
    """The endpoints of the rule that come to the one asked for where nothing is bound to them."""


class Ports(NamedTuple):
    """What a user asks for: a range of ports, or all of them, of a protocol, or of tcp and udp."""

    protocol: str | None
    first: int | None
    last: int | None

    def meet(self, traffic: Traffic) -> bool:
        """Whether some of the traffic is asked for."""
        if traffic.ip_protocol == ALL_TRAFFIC:
            return True
        if self.protocol != traffic.ip_protocol and (self.protocol or traffic.ip_protocol in ICMP):
            return False
        if self.first is None or self.last is None or traffic.ip_protocol in ICMP:
            return True
        assert traffic.from_port is not None
        assert traffic.to_port is not None
        return self.first <= traffic.to_port and traffic.from_port <= self.last


def ports(what: str) -> Ports | None:
    """The ports that are named by `443`, `udp/53`, `18600-18699` or `icmp`; None for other names.

    Raises UsageError for ports that do not exist.
    """
    match = _PORTS.fullmatch(what) if what else None
    if not match:
        return None
    protocol = match["protocol"].lower() if match["protocol"] else None
    if match["first"] is None:
        return Ports(protocol, None, None)
    first, last = int(match["first"]), int(match["last"] or match["first"])
    try:
        Traffic(protocol or "tcp", first, last)
    except FieldError as error:
        raise UsageError(str(error)) from None
    return Ports(protocol, first, last)


def reasons(what: str, releases: Iterable[Release], catalogue: Catalogue) -> Iterator[Reason]:
    """The documented rules about a port, a group or an endpoint, and then the supplements."""
    asked = ports(what)

    def concerns(role: str, rule: Rule) -> bool:
        if asked:
            return any(map(asked.meet, rule.traffic))
        return what == role or what in rule.endpoints

    for release in releases:
        known = catalogue.of(release.info)
        for role, group in release.rules.items():
            for direction, mode, rules in group.tables():
                table = f"{direction} {mode}" if mode else direction
                for rule in rules:
                    falls_back = tuple(e for e in rule.endpoints if what in known.chain(e)[1:])
                    if concerns(role, rule) or falls_back:
                        document = release.document_of(role)
                        yield Reason(release.id, document, role, table, rule, falls_back)
    for name, supplement in catalogue.supplements.items():
        for role, added in supplement.groups.items():
            for direction, rules in (("inbound", added.inbound), ("outbound", added.outbound)):
                for rule in rules:
                    if concerns(role, rule):
                        document = (
                            f"{supplement.source} ({supplement.evidence}). {supplement.reason}"
                        )
                        yield Reason(f"supplement {name}", document, role, direction, rule)


def explain(found: Iterable[Reason]) -> str:
    """The rules, release by release, each with its group, its cells and its note."""
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
        lines.append(f"  {each.group} {each.table}: {traffic} {way} {who} (row {rule.id})")
        lines.append(f"    {rule.purpose}")
        if each.falls_back:
            lines.append(f"    where nothing is bound to {' and '.join(each.falls_back)}")
        if rule.features:
            lines.append(f"    serves: {', '.join(rule.features)}")
        if rule.note:
            lines.append(f"    note: {' '.join(rule.note.split())}")
    return "".join(f"{line}\n" for line in lines)
