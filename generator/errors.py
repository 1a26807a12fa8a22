"""The errors that reach a user, and the sentences that several of them share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import NamedTuple


class Mistake(NamedTuple):
    """One mistake in one file. Lines and columns count from 1; 0 means unknown."""

    file: str
    line: int
    column: int
    message: str

    def __str__(self) -> str:
        place = ":".join([self.file, *(str(n) for n in (self.line, self.column) if n)])
        return f"{place}: {self.message}"


MAX_MISTAKES = 100
"""How many mistakes of one file are looked for: a person corrects these, and runs it again."""


def first_ones(mistakes: Iterable[Mistake]) -> list[Mistake]:
    """The mistakes of one file; of more than MAX_MISTAKES the first ones, and that there are more.

    No more of the mistakes are taken than that, so that finding all of them takes no time.
    """
    found = list(islice(mistakes, MAX_MISTAKES + 1))
    if len(found) > MAX_MISTAKES:
        message = f"more than {MAX_MISTAKES} mistakes, the first of which are listed"
        found[-1] = Mistake(found[0].file, 0, 0, message)
    return found


KeyPath = tuple[str | int, ...]
"""The place of a value in a file: keys and indices from the top. With `KEY` last, of its key."""
KEY = "\0key"


class GeneratorError(Exception):
    """The base of every error that reaches a user. `str()` of it is what the user reads."""


class InputError(GeneratorError):
    """Invalid files: all mistakes at once, in the order of files and lines."""

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.mistakes: tuple[Mistake, ...] = tuple(sorted(set(mistakes)))
        super().__init__(self.mistakes)

    def __str__(self) -> str:
        return "\n".join(str(mistake) for mistake in self.mistakes)


class UsageError(GeneratorError):
    """A command line that names something unknown or asks for the impossible."""


class ResolveError(GeneratorError):
    """A deployment whose bindings contradict each other or exceed a limit of AWS."""


class TemplateError(GeneratorError):
    """A template that cannot be rendered: the file, the line and the reason."""


class WriteError(GeneratorError):
    """An output folder that cannot be written, or a file in it that must not be changed."""


class FieldError(ValueError):
    """A value that the model rejects; `field` is the field at fault, if it is only one."""

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


MANY = 12  # a list of more names is too long to help


def choices(names: Iterable[str]) -> str:
    """The names as `a, b or c`."""
    first, *rest = list(names) or ["nothing"]
    return f"{', '.join([first, *rest[:-1]])} or {rest[-1]}" if rest else first


def shown(value: object) -> str:
    """A value in quotes, shortened to keep the sentence on one line."""
    text = str(value)
    return repr(text if len(text) <= 60 else text[:57] + "...")


def nearest(name: str, known: Sequence[str]) -> list[str]:
    """The known name closest to a misspelt one, if any is close."""
    from difflib import get_close_matches

    return get_close_matches(name, known, n=1)


def unknown(what: str, name: object, known: Sequence[str]) -> str:
    """The sentence for an unknown name, with the valid ones and the nearest match."""
    return f"unknown {what} {shown(name)}: {suggestion(name, known)}"


def suggestion(name: object, known: Sequence[str]) -> str:
    """What to use instead of a name that is not among the known ones."""
    near = nearest(str(name), known)
    if near and len(known) > MANY:
        return f"did you mean {near[0]}?"
    hint = f"; did you mean {near[0]}?" if near else ""
    return f"use {choices(known)}{hint}"


def no_source(name: str, releases: Sequence[str], presets: Sequence[str]) -> str:
    """The sentence for a name that is none of a release, a preset and a file."""
    near = nearest(name, [*releases, *presets])
    hint = f"; did you mean {near[0]}?" if near else ""
    return (
        f"{name} is neither a release ({choices(releases)}) nor a preset ({choices(presets)}), and "
        f"there is no such file{hint}"
    )
