"""Filters of the templates: texts that mean exactly what they say, identifiers, and tables."""

from __future__ import annotations

import binascii
import hashlib
import re
from collections.abc import Iterable, Sequence
from functools import cache
from typing import TYPE_CHECKING

from generator.model import (
    Clash,
    Comparison,
    Matrix,
    Permission,
    markdown,
    no_formula,
    pascal,
    snake,
)
from generator.render.header import encoded

if TYPE_CHECKING:
    from generator.render.picture import Picture

__all__ = [
    "aligned",
    "all_empty",
    "any_of",
    "comment",
    "csp",
    "csv_row",
    "equalities",
    "hcl",
    "hcl_map",
    "html",
    "lanes",
    "logical_id",
    "markdown",
    "mermaid",
    "pascal",
    "size",
    "snake",
    "table",
    "yaml",
]

_PLAIN = re.compile(r"[A-Za-z]([A-Za-z0-9 _./()&,;+=-]*[A-Za-z0-9_./()])?")
_REFERENCES = str.maketrans({each: f"&#{ord(each)};" for each in "&<>\"'"})  # of HTML
_YAML_WORDS = {"y", "n", "yes", "no", "on", "off", "true", "false", "null"}


def hcl(value: str | int | None) -> str:
    """An HCL literal; a string means exactly its text: no interpolation, no directives."""
    if not isinstance(value, str):
        return "null" if value is None else str(value)
    text = value.replace("\\", "\\\\").replace('"', '\\"')
    text = text.replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")
    text = text.replace("${", "$${").replace("%{", "%%{")
    return '"' + re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff]", _escape, text) + '"'


def hcl_map(entries: Iterable[Sequence[str | int]]) -> str:
    """Keys and values as lines of an HCL map; a third text that is not the key is a comment.

    `terraform fmt` aligns lines up to a comment or a blank line. How wide it takes a text for is
    certain for ASCII only.
    """
    entries = list(entries)
    plain = all(str(key).isascii() for key, *_ in entries)
    runs: list[tuple[str, list[tuple[str, str]]]] = []
    for key, value, *names in entries:
        comment = "".join(f"# {name}" for name in names if name != key)
        if comment or not plain or not runs:
            runs.append((comment, []))
        runs[-1][1].append((hcl(key), hcl(value)))
    return "\n".join(f"{comment}\n{_aligned(run)}" for comment, run in runs).lstrip()


def aligned(text: str) -> str:
    """Lines such as `key = value`, with the signs below each other, as `terraform fmt` has them."""
    pairs = [line.split(" = ", 1) for line in text.splitlines()]
    return f"{_aligned(pairs)}\n" if pairs else ""


def _aligned(pairs: Sequence[Sequence[str]]) -> str:
    width = max(len(key) for key, _ in pairs)
    return "\n".join(f"{key:{width}} = {value}" for key, value in pairs)


@cache
def yaml(text: str) -> str:
    """A YAML scalar that means exactly this text, whatever it looks like; for block context."""
    if _PLAIN.fullmatch(text) and text.casefold() not in _YAML_WORDS:
        return text
    if "\\" in text and text.isascii() and text.isprintable() and "'" not in text:
        return f"'{text}'"
    text = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff]", _escape, text) + '"'


def _escape(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04x}"


def html(text: object) -> str:
    """A text in HTML or SVG, between tags or in a quoted attribute; it means exactly that text.

    HTML has no form for most control characters, not even a reference.
    """
    return re.sub(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", "\ufffd", str(text)).translate(_REFERENCES)


def comment(text: str) -> str:
    """A text in an HTML comment, which `-->` and `--!>` end."""
    return re.sub(r"--(!?)>", r"--\1&gt;", text)


def csp(text: str) -> str:
    """The source of a Content Security Policy for an inline script or style with this text."""
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{binascii.b2a_base64(digest, newline=False).decode()}'"


def lanes(matrix: Matrix | Comparison) -> Picture:
    """The picture of a flow matrix, or of a comparison."""
    from generator.render.lanes import lanes  # which only one format needs

    return lanes(matrix)


def size(content: str | bytes) -> int:
    """How many bytes a file with the content has."""
    return len(encoded(content))


def logical_id(permission: Permission) -> str:
    """The CloudFormation logical id of a permission, from its identity alone.

    `ManagerIngressTcp22From10x0x0x0m8`; an endpoint left open has its own name there.
    """
    side, way = ("Ingress", "From") if permission.direction == "inbound" else ("Egress", "To")
    peer = pascal(permission.peer.value)
    if permission.peer.kind == "group":
        peer += "SecurityGroup"
    return f"{pascal(permission.group)}{side}{pascal(permission.traffic.slug)}{way}{peer}"


def all_empty(names: Iterable[str]) -> str:
    """The CloudFormation condition that every one of some parameters is empty."""
    empty = [f'!Equals [!Ref {name}, ""]' for name in names]
    return f"!And [{', '.join(empty)}]" if len(empty) > 1 else empty[0]


def equalities(clash: Clash) -> list[str]:
    """The CloudFormation conditions that a parameter has the value of each of some others."""
    others = [f"!Ref {pascal(n)}" for n in clash.others] if clash.are_inputs else clash.others
    return [f"!Equals [!Ref {pascal(clash.input)}, {other}]" for other in others]


def any_of(conditions: list[str], indent: str) -> str:
    """One CloudFormation condition for any of several, as a block; Fn::Or takes two to ten."""
    if len(conditions) == 1:
        return conditions[0].replace("\n  ", "\n")
    if len(conditions) > 10:
        deeper = [c.replace("\n", "\n  ") for c in conditions]
        batches = [deeper[i : i + 10] for i in range(0, len(deeper), 10)]
        conditions = [any_of(batch, indent + "  ") for batch in batches]
    return "!Or" + "".join(f"\n{indent}- {condition}" for condition in conditions)


def csv_row(cells: Iterable[object], for_spreadsheets: bool = True) -> str:
    """A line of comma-separated values (RFC 4180), without its end.

    A cell that a spreadsheet would take for a formula has an apostrophe in front. Workbooks need
    none, because there every cell is text.
    """
    return ",".join(_csv_cell(cell, for_spreadsheets) for cell in cells)


def _csv_cell(cell: object, for_spreadsheets: bool) -> str:
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    text = no_formula(str(cell)) if for_spreadsheets else str(cell)
    return '"' + text.replace('"', '""') + '"' if re.search('[",\r\n]', text) else text


def mermaid(text: str) -> str:
    """A quoted label of a Mermaid diagram; signs that could mean something are entity codes.

    Mermaid writes these as `#35;`, with decimal numbers ("Entity codes to escape characters").
    """
    line = " ".join(text.split())
    return '"' + re.sub(r"[^\w .,/()-]", lambda match: f"#{ord(match[0])};", line) + '"'


def table(text: str) -> str:
    """A Markdown table of its lines, the first of which is its head, with columns of even width."""
    cells = [[cell.strip() for cell in line[2:-2].split(" | ")] for line in text.splitlines()]
    widths = [max(3, *map(len, column)) for column in zip(*cells, strict=True)]
    cells.insert(1, ["-" * width for width in widths])
    return "".join(
        f"| {' | '.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))} |\n"
        for row in cells
    )
