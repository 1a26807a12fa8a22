"""The flow matrix as a table for a terminal."""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Iterable, Iterator, Sequence

from generator.model import Flow, Matrix

_COLUMNS = ("from / to", "endpoint", "traffic", "purpose", "row", "notes")
_LEAST = 12
"""How narrow a column may become."""


def matrix_table(matrix: Matrix, flows: Sequence[Flow], width: int) -> str:
    """The flows in a table per group and direction, none of whose lines is wider than `width`.

    Long cells continue on the next line. Only where a terminal is very narrow is a line wider.
    """
    parts = [
        f"{matrix.name}: {matrix.product}, {matrix.topology}, {matrix.outbound} outbound",
    ]
    for group in matrix.groups:
        for direction in ("inbound", "outbound"):
            found = [f for f in flows if (f.group, f.direction) == (group.name, direction)]
            if found:
                parts += ["", f"{group.name} ({group.title}), {direction}", ""]
                parts += _table([_cells(flow) for flow in found], width)
    return "\n".join(parts) + "\n"


def _cells(flow: Flow) -> tuple[str, ...]:
    other = flow.source if flow.direction == "inbound" else flow.destination
    endpoint = "" if flow.endpoint_title == other else flow.endpoint_title
    notes = "; ".join(flow.notes)
    return other, endpoint, flow.traffic, flow.purpose, ", ".join(flow.rows), notes


def _table(rows: list[tuple[str, ...]], width: int) -> Iterator[str]:
    widths = _widths(rows, width)
    rule = tuple("-" * each for each in widths)
    for row in (_COLUMNS, rule, *rows):
        cells = [_wrapped(cell, each) for cell, each in zip(row, widths, strict=True)]
        for i in range(max(map(len, cells))):
            parts = (cell[i] if i < len(cell) else "" for cell in cells)
            yield "  ".join(_padded(p, w) for p, w in zip(parts, widths, strict=True)).rstrip()


def _widths(rows: Iterable[tuple[str, ...]], width: int) -> list[int]:
    """The columns as wide as they need to be, the widest ones cut until all of them fit."""
    widths = [max(map(_shown_width, column)) for column in zip(_COLUMNS, *rows, strict=True)]
    room = width - 2 * (len(widths) - 1)
    while sum(widths) > room and max(widths) > _LEAST:
        widths[widths.index(max(widths))] -= 1
    return widths


def _wrapped(text: str, width: int) -> list[str]:
    """The lines of a cell; a word that is too long is broken, after a hyphen if it has one."""
    lines = textwrap.wrap(text, width) or [""]
    if all(_shown_width(line) <= width for line in lines):
        return lines
    found, line = [], ""
    for character in text:  # wide ones take two columns, which textwrap does not know
        if _shown_width(line + character) > width:
            found.append(line)
            line = ""
        line += character
    return [*found, line]


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _shown_width(text))


def _shown_width(text: str) -> int:
    """The columns that a terminal takes for a text."""
    return sum(
        0 if unicodedata.combining(c) else 1 + (unicodedata.east_asian_width(c) in "WF")
        for c in text
    )
