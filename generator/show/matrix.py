"""The flow matrix as a table for a terminal."""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from generator.model import Flow, Matrix

LineKind = Literal["title", "head", "flow", "open", "empty"]
"""A title, the head of a table, or a flow: `open` to the internet, `empty` if not filled in yet."""
Line = tuple[LineKind, str]

_WIDE = 120
"""The width from which on everything about a flow is in columns."""
_COLUMNS = ("from / to", "endpoint", "traffic", "purpose", "row", "notes")
_FEW_COLUMNS = ("from / to", "traffic", "row")
_INDENT = "    "
_LEAST = 8
"""How narrow a column may become."""


def matrix_table(matrix: Matrix, flows: Sequence[Flow], width: int | None) -> Iterator[Line]:
    """The lines of a table per group and direction, each with its kind.

    No line is wider than `width`, unless a terminal is very narrow: long cells continue on the
    next line, and on a narrow terminal, the purpose and the notes are below the columns. Without
    a width, every flow is one line.
    """
    title = f"{matrix.name}: {matrix.product}, {matrix.topology}, {matrix.outbound} outbound"
    yield from _titles(title, width)
    for group in matrix.groups:
        for direction in ("inbound", "outbound"):
            found = [f for f in flows if (f.group, f.direction) == (group.name, direction)]
            if found:
                yield "flow", ""
                yield from _titles(f"{group.name} ({group.title}), {direction}", width)
                yield "flow", ""
                yield from _table(found, matrix.sources, width)
    if not flows:
        yield "flow", "no flows"
    yield "flow", ""
    for number, source in enumerate(matrix.sources, 1):
        numbered = f"[{number}] {source}" if matrix.sources[1:] else f"documented in: {source}"
        yield from (("flow", line) for line in _wrapped(numbered, width or len(numbered)))


def _titles(text: str, width: int | None) -> Iterator[Line]:
    for line in _wrapped(text, width or len(text)):
        yield "title", line


def _table(flows: Iterable[Flow], sources: tuple[str, ...], width: int | None) -> Iterator[Line]:
    is_wide = width is None or width >= _WIDE
    columns = _COLUMNS if is_wide else _FEW_COLUMNS
    rows = [(flow, (_cells if is_wide else _few_cells)(flow, sources)) for flow in flows]
    widths = _widths([columns, *(cells for _, cells in rows)], width)
    for head in (columns, tuple("-" * each for each in widths)):
        yield from (("head", line) for line in _beside(head, widths))
    for flow, cells in rows:
        kind = _kind(flow)
        yield from ((kind, line) for line in _beside(cells, widths))
        if width and not is_wide:
            yield from ((kind, line) for line in _below(flow, width))


def _kind(flow: Flow) -> LineKind:
    return "open" if flow.open_to_internet else "flow" if flow.filled_in else "empty"


def _cells(flow: Flow, sources: tuple[str, ...]) -> tuple[str, ...]:
    notes = "; ".join(flow.notes)
    return *_other(flow), flow.traffic, flow.purpose, _rows(flow, sources), notes


def _few_cells(flow: Flow, sources: tuple[str, ...]) -> tuple[str, ...]:
    return _other(flow)[0], flow.traffic, _rows(flow, sources)


def _rows(flow: Flow, sources: tuple[str, ...]) -> str:
    """The ids of its rows and, if there are several, the numbers of the documents with them."""
    numbers = [f" [{sources.index(each) + 1}]" for each in flow.documents if sources[1:]]
    return ", ".join(flow.rows) + "".join(numbers)


def _below(flow: Flow, width: int) -> Iterator[str]:
    """What the few columns leave out."""
    purpose = ": ".join(filter(None, (_other(flow)[1], flow.purpose)))
    for text in filter(None, (purpose, "; ".join(flow.notes))):
        room = max(width - len(_INDENT), _LEAST)
        yield from (_INDENT + line for line in _wrapped(text, room))


def _other(flow: Flow) -> tuple[str, str]:
    """Who is at the other end, and its endpoint, unless that is the same."""
    other = flow.source if flow.direction == "inbound" else flow.destination
    return other, "" if flow.endpoint_title == other else flow.endpoint_title


def _widths(rows: Iterable[tuple[str, ...]], width: int | None) -> list[int]:
    """The columns as wide as they need to be, the widest ones cut until all of them fit."""
    widths = [max(map(_shown_width, column)) for column in zip(*rows, strict=True)]
    room = width - 2 * (len(widths) - 1) if width else sum(widths)
    while sum(widths) > room and max(widths) > _LEAST:
        widths[widths.index(max(widths))] -= 1
    return widths


def _beside(cells: tuple[str, ...], widths: Sequence[int]) -> Iterator[str]:
    """The lines of a row."""
    texts = [_wrapped(cell, each) for cell, each in zip(cells, widths, strict=True)]
    for i in range(max(map(len, texts))):
        parts = (lines[i] if i < len(lines) else "" for lines in texts)
        yield "  ".join(_padded(p, w) for p, w in zip(parts, widths, strict=True)).rstrip()


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
