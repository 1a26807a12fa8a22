"""The sources of a command: files with security groups, and standard input."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from generator.errors import InputError, Mistake, UsageError

if TYPE_CHECKING:
    from generator.model import Observation

STDIN = "-"


def read_observed(names: tuple[str, ...], parameters: Mapping[str, str]) -> Observation:
    """What several sources hold together. Raises InputError with the mistakes of all of them."""
    from generator.observe import join, read_text

    found = []
    mistakes: list[Mistake] = []
    for name in names:
        try:
            found.append(read_text(_text(name), shown(name), parameters))
        except InputError as error:
            mistakes += error.mistakes
    if mistakes:
        raise InputError(mistakes)
    return join(found)


def shown(name: str) -> str:
    """What messages call a source."""
    return "<stdin>" if name == STDIN else name


def _text(name: str) -> str:
    if name == STDIN:
        if not sys.stdin:
            raise UsageError("standard input is closed: name a file instead")
        data = sys.stdin.buffer.read()
    else:
        path = Path(name)
        try:
            if path.exists() and not path.is_file():
                raise InputError([Mistake(name, 0, 0, "this is not a regular file")])
            data = path.read_bytes()
        except OSError as error:
            raise InputError([Mistake(name, 0, 0, error.strerror or str(error))]) from None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError([Mistake(shown(name), 0, 0, "this is not text in UTF-8")]) from None


def pairs(option: str, words: tuple[str, ...], what: str) -> dict[str, str]:
    """Options of the form `key=value`. Raises UsageError for others, and for a key twice."""
    found: dict[str, str] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not (equals and key and value) and not (equals and key and option == "--parameter"):
            raise UsageError(f"{option} {word}: use {what}")
        if key in found:
            raise UsageError(f"{option} {key}: given twice")
        found[key] = value
    return found
