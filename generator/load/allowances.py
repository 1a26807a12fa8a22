"""The file of accepted deviations: a list, checked against the rule data."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from generator.errors import InputError, first_ones, unknown
from generator.light import NamedTuple
from generator.load.files import read
from generator.load.parsed import Parsed
from generator.model import Allowance


class Allowed(NamedTuple):
    """An entry of the file, and its line."""

    allowance: Allowance
    file: str
    line: int


def read_allowances(path: Path, roles: Sequence[str]) -> tuple[Allowed, ...]:
    """The accepted deviations. Raises InputError with every mistake of the file."""
    from generator.load.strict_yaml import parse

    name = str(path)
    parsed: Parsed[tuple[Allowance, ...]] = parse(read(path, name), tuple[Allowance, ...], name)
    mistakes = first_ones(
        parsed.mistake((i, "group"), unknown("group", each.group, roles))
        for i, each in enumerate(parsed.value)
        if each.group not in roles
    )
    if mistakes:
        raise InputError(mistakes)
    return tuple(Allowed(each, name, parsed.places[i,][0]) for i, each in enumerate(parsed.value))
