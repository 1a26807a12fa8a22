"""Colour and progress: where people expect them, and nowhere else."""

from __future__ import annotations

import os
import re
import sys

import click

_DIFF_LINE = re.compile(r"^(?:(---|\+\+\+) |(@@)|(\+)|(-)).*$", re.MULTILINE)
_DIFF_COLORS = (None, "cyan", "green", "red")  # the header of a file is bold


def is_plain() -> bool:
    """Whether the environment asks for text without colour and progress (see no-color.org)."""
    asked = any(os.environ.get(name) for name in ("NO_COLOR", "CI"))
    return asked or os.environ.get("TERM") == "dumb"


def color() -> bool | None:
    """What click calls `color`: False for never, None for terminals only."""
    return False if is_plain() else None


def shows_progress() -> bool:
    """Whether a progress bar on standard error is seen by a person."""
    return sys.stderr.isatty() and not is_plain()


def error(message: str) -> str:
    """The sentence for an error, each of its lines with the name of the tool in front."""
    head = click.style("cvo-sg:", fg="red", bold=True)
    return "\n".join(f"{head} {line}" for line in message.splitlines())


def warning(message: str) -> str:
    """The sentence for a warning."""
    return f"{click.style('warning:', fg='yellow', bold=True)} {message}"


def colored_diff(text: str) -> str:
    """A unified diff in the colours of `git diff`."""

    def style(match: re.Match[str]) -> str:
        kind = next(i for i, group in enumerate(match.groups()) if group)
        return click.style(match[0], fg=_DIFF_COLORS[kind], bold=kind == 0 or None)

    return _DIFF_LINE.sub(style, text)
