"""The sources of a command: files with security groups, and standard input."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from generator.errors import InputError, Mistake, UsageError

if TYPE_CHECKING:
    from generator.model import Observation


def read_observed(names: tuple[str, ...], parameters: Mapping[str, str]) -> Observation:
    """What several sources hold together. Raises InputError with the mistakes of all of them."""
    from generator.observe import join, read_source

    found = []
    mistakes: list[Mistake] = []
    for name in names:
        try:
            found.append(read_source(name, parameters))
        except InputError as error:
            mistakes += error.mistakes
    if mistakes:
        raise InputError(mistakes)
    return join(found)


STDIN = "-"


def shown(name: str) -> str:
    """What messages call a source."""
    return "<stdin>" if name == STDIN else name


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
