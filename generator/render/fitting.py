"""Fitting: text cut and wrapped to a width, for pictures, in which nothing flows.

Widths are estimates in units of an average lowercase letter of a sans-serif font: no font is known
until a browser draws the text.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from itertools import accumulate

_NARROW = frozenset("iljtfrI.,:;|'!()[] ")
_WIDE = frozenset("mwMW@%")


def width(text: str) -> float:
    """The estimated width of a text, in average letters."""
    return sum(map(_letter, text))


def _letter(letter: str) -> float:
    if unicodedata.combining(letter):
        return 0
    if unicodedata.east_asian_width(letter) in "WF":
        return 2
    if letter in _NARROW:
        return 0.6
    if letter.isdigit():
        return 1.1
    if letter in _WIDE:
        return 1.5
    if unicodedata.category(letter) == "Sm":  # such as < and =
        return 1.3
    return 1.2 if letter.isupper() else 1


def fitted(text: str, room: float) -> str:
    """The text, or as much of its beginning as there is room for, and an ellipsis."""
    if width(text) <= room:
        return text
    ends = accumulate(map(_letter, text), initial=width("…"))
    fits = sum(1 for end in ends if end <= room) - 1
    return text[: max(fits, 0)].rstrip() + "…"


def wrapped(text: str, room: float, lines: int) -> tuple[str, ...]:
    """The words of a text on at most so many lines, the last one cut where it must be."""
    found: list[str] = []
    for word in text.split():
        if found and width(f"{found[-1]} {word}") <= room:
            found[-1] += f" {word}"
        else:
            found.append(word)
    kept = [*found[: lines - 1], " ".join(found[lines - 1 :])]
    return tuple(fitted(line, room) for line in kept if line)


def listed(texts: Iterable[str], room: float) -> str:
    """The first of some texts, with commas, and how many more there are."""
    texts = list(texts)
    for count in range(len(texts), 0, -1):
        more = f" +{len(texts) - count}" if count < len(texts) else ""
        if width(line := ", ".join(texts[:count]) + more) <= room:
            return line
    more = f" +{len(texts) - 1}" if texts[1:] else ""
    return fitted(", ".join(texts[:1]), room - width(more)) + more
