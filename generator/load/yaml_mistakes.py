"""What is wrong with a text that is not YAML, in sentences of ours.

The library says where it gave up and what it was reading there. Its own sentences differ between
its versions and between its two loaders, so the text at that place decides the message.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from generator.errors import Mistake

TOO_DEEP = "the YAML is nested too deeply"
# What is invalid, not what is valid: to compile so large a set takes milliseconds.
_INVALID = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_QUOTED = re.compile(r"""'(?:[^']|'')*'|"(?:[^"\\]|\\.)*\"""", re.DOTALL)
_ALIAS = re.compile(r"\*[\w-]+")
_ESCAPE = re.compile(r"\\(?:u[^\W_]{0,4}|U[^\W_]{0,8}|x[^\W_]{0,2}|.?)", re.DOTALL)
_KEY = re.compile(r"[\w./ -]+")
_CLOSED_BY = {"[": ("]", "list"), "{": ("}", "mapping")}


class Trouble(NamedTuple):
    """Where the library gave up, and where what it was reading begins: indices into the text."""

    text: str
    at: int
    start: int | None


def invalid_character(text: str, file: str) -> Mistake | None:
    """The first character that no YAML text may hold, or that is a line break to YAML alone."""
    found = _INVALID.search(text)
    if not found:
        return None
    message = f"invalid character U+{ord(found[0]):04X}: remove it"
    return Mistake(file, *_place(text, found.start()), message)


def explain(trouble: Trouble, file: str, max_depth: int) -> Mistake:
    """The mistake behind a text that the library refused."""
    text, at, _ = trouble
    if text[at : at + 1] in _CLOSED_BY and _open_brackets(text[:at]) >= max_depth:
        return Mistake(file, _place(text, at)[0], 0, TOO_DEEP)  # a limit of the library's own
    where, message = next(_explanations(trouble))
    return Mistake(file, *_place(text, where), f"invalid YAML: {message}")


def _explanations(trouble: Trouble) -> Iterator[tuple[int, str]]:
    """What may be wrong, and where, the surest first."""
    text, at, start = trouble
    found, first = text[at : at + 1], "" if start is None else text[start : start + 1]
    read = text[start:at]
    if start is not None and first in ("'", '"') and not _QUOTED.fullmatch(read.strip()):
        escape = text.rfind("\\", start, at + 1)
        if first == '"' and escape >= at - 2 and (escaped := _ESCAPE.match(text, escape)):
            yield escape, f"invalid escape {escaped[0]}: write a backslash as \\\\"
        yield start, "this quote is never closed"
    if found == "\t":
        yield at, "tab in the indentation: indent with spaces"
    if text.startswith("---", at):
        yield at, "a second document begins here: a file holds one"
    if alias := _ALIAS.match(text, at):
        yield at, f"undefined alias {alias[0]}: put text that begins with * in quotes"
    for place, sign in ((at, found), (start, first)):
        if place is not None and sign and sign in "@`%&*!":
            yield place, f"text cannot begin with {sign}: put it in quotes"
    if start is not None and first in _CLOSED_BY and start < at:
        close, what = _CLOSED_BY[first]
        line, column = _place(text, start)
        yield at, f"expected ',' or '{close}' in the {what} that begins at {line}:{column}"
    if start is not None and "\n" in read and ":" not in read and first != "-":
        yield start, "expected ':' after this key"
    if not found:
        yield at, "unexpected end of the file"
    line = text.rfind("\n", 0, at) + 1
    before = text[line:at].strip(" ")
    if (not before and found not in ":,]}") or (found == ":" and _KEY.fullmatch(before)):
        begin = line + len(text[line:at]) - len(text[line:at].lstrip(" "))
        yield begin, "this line does not continue the lines above: check its indentation"
    yield at, f"unexpected {found!r}: put the text in quotes"


def _open_brackets(text: str) -> int:
    return sum(text.count(sign) for sign in "[{") - sum(text.count(sign) for sign in "]}")


def _place(text: str, index: int) -> tuple[int, int]:
    """Line and column of an index, from 1."""
    return text.count("\n", 0, index) + 1, index - text.rfind("\n", 0, index)
