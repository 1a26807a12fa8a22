"""What reaches a terminal or a log: colour where people expect it, and no text that acts."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, TypeVar

import click

from generator.errors import UsageError

T = TypeVar("T")

# What a terminal obeys or reorders: control characters (but for a tab and the end of a line), what
# sets the direction of text (UAX #9), separators of lines, and bytes of a name that are no text.
_ACTS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)
# GitHub's runner reads commands in what a step prints: `::name::` at the beginning of a line, and
# the older `##[name]` anywhere in one.
_COMMANDS = re.compile(r"^([^\S\n]*):(?=:)|##\[", re.MULTILINE)
_PLACE = re.compile(r"^.+?:(?= )", re.MULTILINE)
_SEVERITY = re.compile(r"^(.+?: )(error|warning|note)(?=: )", re.MULTILINE)
_SEVERITIES = {"error": "red", "warning": "yellow", "note": "cyan"}
_DIFF_LINE = re.compile(r"^(?:(---|\+\+\+) |(@@)|(\+)|(-)).*$", re.MULTILINE)
_CHANGE = re.compile(r"^  ([+-]) .*$", re.MULTILINE)
_FLOW_STYLES: dict[str, dict[str, Any]] = {
    "title": {"bold": True},
    "head": {"dim": True},
    "open": {"fg": "red"},
    "empty": {"dim": True},
    "flow": {"reset": False},  # as it is
}
_DIFF_COLORS = (None, "cyan", "green", "red")  # the header of a file is bold


def is_plain() -> bool:
    """Whether the environment asks for text without colour and progress (see no-color.org)."""
    asked = any(os.environ.get(name) for name in ("NO_COLOR", "CI"))
    return asked or os.environ.get("TERM") == "dumb"


def color() -> bool | None:
    """What click calls `color`: False for never, None for terminals only."""
    return False if is_plain() else None


def progress(
    items: Iterable[T], number: int, label: str, quiet: bool = False
) -> AbstractContextManager[Iterable[T]]:
    """The items, of which a progress bar on standard error shows how many are done.

    It is for a person who waits: not for one item, and not where the run is quiet.
    """
    if quiet or number < 2 or not sys.stderr.isatty() or is_plain():
        return nullcontext(items)  # and click does not import its bar
    return click.progressbar(items, number, label, file=sys.stderr)


class Styled(str):
    """A text with colours of ours, in which nothing else acts."""

    __slots__ = ()


def safe(text: str) -> str:
    """The text with escapes such as `\\u001b` for what a terminal or a runner would obey.

    In JSON, the escapes mean the same text.
    """
    return _COMMANDS.sub(_spelled_out, _visible(text))


def _visible(text: str) -> str:
    return _ACTS.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def _spelled_out(match: re.Match[str]) -> str:
    return "##\\u005b" if match[1] is None else f"{match[1]}\\u003a"


def echo(text: str, err: bool = False, nl: bool = True) -> None:
    """Print a message or a report so that nothing in it acts."""
    click.echo(text if isinstance(text, Styled) else safe(text), err=err, nl=nl)


def echo_commands(text: str) -> None:
    """Print workflow commands of ours, with values that are escaped for them."""
    click.echo(_visible(text), nl=False)


def echo_file(text: str) -> None:
    """Print the content of a file: exactly, unless a terminal would obey it."""
    click.echo(safe(text) if sys.stdout.isatty() else text, nl=False)


def echo_binary(name: str, content: bytes) -> None:
    """Print a file that holds no text, but never to a terminal. Raises UsageError for that."""
    if sys.stdout.isatty():
        raise UsageError(f"{name} is not a text: redirect it to a file, such as > {name}")
    click.echo(content, nl=False)


def error(message: str) -> Styled:
    """The sentence for an error, each of its lines with the name of the tool in front."""
    head = click.style("cvo-sg:", fg="red", bold=True)
    return Styled("\n".join(f"{head} {line}" for line in safe(message).splitlines()))


def warning(message: str) -> Styled:
    """The sentence for a warning, or several; lines that are indented belong to the one above."""
    head = click.style("warning:", fg="yellow", bold=True)
    lines = safe(message).splitlines()
    return Styled("\n".join(f"{head} {n}" if n and n[0] != " " else n for n in lines))


def mistakes(text: str) -> Styled:
    """Sentences about mistakes, of which each begins with its file and line."""
    return Styled(_PLACE.sub(lambda m: click.style(m[0], fg="red", bold=True), safe(text)))


def findings(text: str) -> Styled:
    """Findings in lines `place: severity: message`."""

    def style(match: re.Match[str]) -> str:
        word = click.style(match[2], fg=_SEVERITIES[match[2]], bold=True)
        return f"{match[1]}{word}"

    return Styled(_SEVERITY.sub(style, safe(text)))


def changes(text: str) -> Styled:
    """Lines of what is added and removed, indented below their heads."""
    colors = {"+": "green", "-": "red"}
    return Styled(_CHANGE.sub(lambda m: click.style(m[0], fg=colors[m[1]]), safe(text)))


def flows(lines: Iterable[tuple[str, str]]) -> Styled:
    """A flow matrix, from its lines and their kinds, which are those of `show.matrix_table`.

    What is open to the internet stands out, and what is not in force yet stands back.
    """
    return Styled("\n".join(click.style(safe(line), **_FLOW_STYLES[kind]) for kind, line in lines))


def colored_diff(text: str) -> Styled:
    """A unified diff in the colours of `git diff`."""

    def style(match: re.Match[str]) -> str:
        kind = next(i for i, group in enumerate(match.groups()) if group)
        return click.style(match[0], fg=_DIFF_COLORS[kind], bold=kind == 0 or None)

    return Styled(_DIFF_LINE.sub(style, safe(text)))
