"""Explain: why a port is open, what a group is for, where an endpoint is used."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from generator.model import Catalogue, Release, Rule

_PORT = re.compile(r"(?:(tcp|udp|icmp|icmpv6)[/ ]?)?([0-9]{1,5})?", re.IGNORECASE)


class Reason(NamedTuple):
    """A rule that has to do with what is asked for."""

    release: str
    document: str
    group: str
    table: str
    rule: Rule


def is_port(what: str) -> bool:
    """Whether it names a port or a protocol: `443`, `udp/53`, `icmp`."""
    return bool(what) and bool(_PORT.fullmatch(what))


def reasons(what: str, releases: Iterable[Release], catalogue: Catalogue) -> Iterator[Reason]:
    """The documented rules about a port, a group or an endpoint, and then the supplements."""
    for release in releases:
        for role, group in release.rules.items():
            for direction, mode, rules in group.tables():
                table = f"{direction} {mode}" if mode else direction
                for rule in rules:
                    if _concerns(what, role, rule):
                        document = group.document or release.info.document
                        yield Reason(release.id, document, role, table, rule)
    for name, supplement in catalogue.supplements.items():
        for role, added in supplement.groups.items():
            for direction, rules in (("inbound", added.inbound), ("outbound", added.outbound)):
                for rule in rules:
                    if _concerns(what, role, rule):
                        document = (
                            f"{supplement.source} ({supplement.evidence}). {supplement.reason}"
                        )
                        yield Reason(f"supplement {name}", document, role, direction, rule)


def _concerns(what: str, role: str, rule: Rule) -> bool:
    if not is_port(what):
        return what == role or what in rule.endpoints
    match = _PORT.fullmatch(what)
    assert match
    protocol, port = (match[1] or "").lower(), match[2]
    return any(
        (not protocol or traffic.ip_protocol in (protocol, "-1"))
        and (not port or _includes(traffic.ip_protocol, traffic.from_port, traffic.to_port, port))
        for traffic in rule.traffic
    )


def _includes(protocol: str, first: int | None, last: int | None, port: str) -> bool:
    if protocol == "-1":
        return True
    if protocol not in ("tcp", "udp") or first is None or last is None:
        return False
    return first <= int(port) <= last


def as_text(found: Iterable[Reason]) -> str:
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
        if rule.features:
            lines.append(f"    serves: {', '.join(rule.features)}")
        if rule.note:
            lines.append(f"    note: {' '.join(rule.note.split())}")
    return "".join(f"{line}\n" for line in lines)
