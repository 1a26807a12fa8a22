"""The table of readings in rule_data/README.md: every row whose meaning took a decision, and why.

A `note` says so in the rule data, of a row or of a release. Rows of a group with the same note
share a line. `transcripts.py` writes the table.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from generator.load import RuleData, shipped
from generator.model import markdown

README = "rule_data/README.md"
WHOLE_RELEASE = "whole release"
SHOWN = 2
"""How many rows of a line are named; if there are more, the others are counted."""
_MARKED = re.compile(r"(?<=^<!-- readings -->\n).*?(?=^<!-- /readings -->$)", re.M | re.S)


class Reading(NamedTuple):
    """A note, where it is said, and of which rows: their ids, or none for a whole release."""

    group: str
    rows: tuple[str, ...]
    releases: tuple[str, ...]
    note: str


def readings(data: RuleData) -> list[Reading]:
    """The notes of all releases, by group; those of a row are together, oldest first."""
    found: dict[tuple[str, str], tuple[dict[str, None], dict[str, None]]] = {}
    order: dict[tuple[str, str], int] = {}
    for release in data.history():
        for note in release.info.notes:
            found.setdefault((WHOLE_RELEASE, note), ({}, {}))[1][release.id] = None
        for role, group in release.rules.items():
            for rule in (rule for *_, table in group.tables() for rule in table):
                order.setdefault((role, rule.id), len(order))
                if rule.note:
                    key = role, " ".join(rule.note.split())
                    rows, said_in = found.setdefault(key, ({}, {}))
                    rows[rule.id] = said_in[release.id] = None
    every = [
        Reading(role, tuple(rows), tuple(said_in), note)
        for (role, note), (rows, said_in) in found.items()
    ]
    return sorted(every, key=lambda each: order[each.group, each.rows[0]] if each.rows else -1)


def table(data: RuleData) -> str:
    """The readings as Markdown, one table for each group."""
    parts = []
    for group in (WHOLE_RELEASE, *data.catalogue.groups):
        documented = [r.id for r in data.history() if group in (WHOLE_RELEASE, *r.rules)]
        lines = [line(each, documented) for each in readings(data) if each.group == group]
        if lines:
            head = f"| `{group}` | releases | reading |\n" if group != WHOLE_RELEASE else ""
            head = head or f"| {group} | releases | reading |\n"
            parts.append(f"{head}| --- | --- | --- |\n{''.join(lines)}")
    return "\n" + "\n".join(parts) + "\n"


def line(reading: Reading, documented: Sequence[str]) -> str:
    """One reading as a line of the table; `documented` are the releases with its group."""
    rows = listed(f"`{row}`" for row in reading.rows)
    return f"| {rows} | {span(reading.releases, documented)} | {markdown(reading.note)} |\n"


def listed(rows: Iterable[str]) -> str:
    """The first rows, and how many more there are."""
    named = list(rows)
    more = len(named) - SHOWN
    return ", ".join(named) if more <= 1 else f"{', '.join(named[:SHOWN])} and {more} more"


def span(releases: Sequence[str], documented: Sequence[str]) -> str:
    """The releases, as a range if they follow one another."""
    if len(documented) > 1 and list(releases) == list(documented):
        return "all"
    start = documented.index(releases[0])
    if len(releases) > 2 and list(releases) == list(documented[start : start + len(releases)]):
        return f"`{releases[0]}` to `{releases[-1]}`"
    return ", ".join(f"`{release}`" for release in releases)


def refresh(text: str) -> str:
    """A README with the table that the rule data makes, if it has one."""
    return _MARKED.sub(lambda _: table(RuleData(shipped("rule_data"))), text)
