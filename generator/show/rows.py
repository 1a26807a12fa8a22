"""The documented rows of releases as plain records, in several output formats."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from generator.model import Catalogue, Release, Rule, SupplementRule, Traffic, markdown, no_formula

Row = dict[str, Any]
_CELLS = ("service", "protocol", "port", "source", "destination", "purpose")


def documented_rows(release: Release, roles: Sequence[str] = ()) -> list[Row]:
    """One record for each documented row, in document order; only those of `roles`, if given."""
    return [
        _record(release.id, role, direction, mode, rule)
        for role, group in release.rules.items()
        if not roles or role in roles
        for direction, mode, table in group.tables()
        for rule in table
    ]


def supplement_rows(
    catalogue: Catalogue, roles: Sequence[str] = (), releases: Sequence[str] = ()
) -> list[Row]:
    """The same for each rule of the supplements, or of those that one of `releases` needs.

    Their release is `supplement <name>`, with the releases that need the rule, if not all do.
    """
    return [
        _record(f"supplement {name}{_only(rule)}", role, direction, None, rule)
        for name, supplement in catalogue.supplements.items()
        for role, added in supplement.groups.items()
        if not roles or role in roles
        for direction, table in (("inbound", added.inbound), ("outbound", added.outbound))
        for rule in table
        if not (releases and rule.releases) or set(releases) & set(rule.releases)
    ]


def _only(rule: SupplementRule) -> str:
    return f" ({', '.join(rule.releases)})" if rule.releases else ""


def _record(release: str, role: str, direction: str, mode: str | None, rule: Rule) -> Row:
    return {
        "release": release,
        "group": role,
        "direction": direction,
        "mode": mode,
        "id": rule.id,
        **{cell: getattr(rule, cell) for cell in _CELLS},
        "endpoints": list(rule.endpoints),
        "ha_only": rule.ha_only,
        "note": rule.note,
        "permissions": [asdict(traffic) for traffic in rule.traffic],
    }


def as_json(records: Iterable[Row]) -> str:
    """A JSON list, one object per row."""
    return json.dumps(list(records), indent=2, ensure_ascii=False) + "\n"


def as_csv(records: Iterable[Row]) -> str:
    """Comma-separated values with a header; lists are separated by semicolons.

    A cell that a spreadsheet would take for a formula has an apostrophe in front.
    """
    out = io.StringIO()
    records = list(records)
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(records[0] if records else ())
    writer.writerows([no_formula(_flat(value)) for value in record.values()] for record in records)
    return out.getvalue()


def as_markdown(records: Iterable[Row]) -> str:
    """One Markdown table per documented table, with the columns that the document has."""
    parts = []
    for heading, columns, table in _tables(records):
        parts.append(f"## {heading}\n")
        parts.append(_markdown_row(columns) + _markdown_row(["---"] * len(columns)))
        parts.append("".join(_markdown_row(row) for row in table) + "\n")
    return "\n".join(parts).rstrip("\n") + "\n" if parts else ""


def as_table(records: Iterable[Row]) -> str:
    """Aligned columns under a heading per documented table, for a terminal."""
    lines: list[str] = []
    for heading, columns, table in _tables(records):
        widths = [max(map(len, column)) for column in zip(columns, *table, strict=True)]
        lines += ["", heading, ""]
        for row in [columns, ["-" * width for width in widths], *table]:
            cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            lines.append("  ".join(cells).rstrip())
    return "\n".join(lines[1:]) + "\n" if lines else ""


ROW_FORMATS = {"table": as_table, "json": as_json, "csv": as_csv, "markdown": as_markdown}


def _tables(records: Iterable[Row]) -> Iterable[tuple[str, list[str], list[list[str]]]]:
    """Heading, columns and cells for each documented table, without empty columns."""
    grouped: dict[str, list[Row]] = {}
    for record in records:
        words = (record["release"], record["group"], record["mode"], record["direction"])
        grouped.setdefault(" ".join(word for word in words if word), []).append(record)
    for heading, table in grouped.items():
        shown = [c for c in _CELLS if any(record[c] is not None for record in table)]
        columns = [c.capitalize() for c in shown[:-1]] + ["Endpoints", "Permissions", "Purpose"]
        cells = [
            [_flat(record[c]) for c in (*shown[:-1], "endpoints", "permissions", "purpose")]
            for record in table
        ]
        yield heading, columns, cells


def _flat(value: Any) -> str:
    if isinstance(value, list):
        parts = (str(Traffic(**v)) if isinstance(v, dict) else str(v) for v in value)
        return "; ".join(parts)
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def _markdown_row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(markdown(cell) for cell in cells) + " |\n"
