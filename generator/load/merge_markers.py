"""Conflict markers of git, in sentences of our own: what follows them is no YAML or TOML."""

from __future__ import annotations

import re

from generator.errors import Mistake, first_ones

_MARKER = re.compile(r"^(?:(?:<{7}|>{7}|\|{7})(?: .*)?|={7})\r?$", re.MULTILINE)
_CONFLICT = "merge conflict: keep one side or combine both, and remove the lines that mark it"
_LEFT_OVER = "left over from a merge conflict: remove this line"


def conflicts(text: str, file: str) -> list[Mistake]:
    """Each conflict in a text, and each marker that is left over of one."""
    return first_ones(_conflicts(text, file)) if _MARKER.search(text) else []


def _conflicts(text: str, file: str) -> list[Mistake]:
    found, begin, line, last = [], 0, 1, 0
    for marker in _MARKER.finditer(text):
        line, last = line + text.count("\n", last, marker.start()), marker.start()
        sign = text[last]
        if sign == "<" and not begin:
            begin = line
            found.append(Mistake(file, line, 1, _CONFLICT))
        elif not begin:
            found.append(Mistake(file, line, 1, _LEFT_OVER))
        elif sign == ">":
            begin = 0
    return found
