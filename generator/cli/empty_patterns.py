"""Patterns of the settings that match no deployment file: a deletion, or a mistake in the pattern.

To delete the last deployment is an ordinary change, after which a pattern matches nothing. A wrong
pattern looks the same, but would have every generated file removed. The generated files tell them
apart: their headers name the deployment files that they come from.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from generator.cli import terminal
from generator.errors import InputError, Mistake

if TYPE_CHECKING:
    from generator.cli.roots import Place
    from generator.load import Output


def warn_of_empty_patterns(where: Place) -> None:
    """Warn of patterns that match nothing. Raises InputError if others' files would be removed."""
    from generator.load import listed_deployments

    mistakes = []
    for output in where.outputs:
        assert where.file
        file = os.path.relpath(where.file)
        patterns = [each for each in output.deployments if "*" in each]
        if not patterns or listed_deployments(where.file, output):
            continue
        shown = ", ".join(patterns)
        others = [
            each for each in _sources(where.root / output.out) if not _is_listed(each, output)
        ]
        if others and not output.presets:
            message = (
                f"{shown}: no deployment file matches, but {output.out} has files that {others[0]} "
                f"generated. Correct the pattern, or remove {output.out}"
            )
            mistakes.append(Mistake(file, 0, 0, message))
        else:
            message = f"{file}: {shown}: no deployment file matches, so {output.out} has no files"
            terminal.echo(terminal.warning(message), err=True)
    if mistakes:
        raise InputError(mistakes)


def _sources(out: Path) -> Iterator[str]:
    """The deployment files that generated something in a folder, from the root."""
    import shlex

    from generator.write import commands

    for command in commands(out):
        try:
            words = shlex.split(command)[2:]
        except ValueError:  # a header that somebody edited
            continue
        if words and not words[0].startswith("-"):
            yield words[0]


def _is_listed(file: str, output: Output) -> bool:
    """Whether a pattern of an output means a file, be it there or not."""
    from generator.cli.at_revision import matches

    parts = Path(file).parts
    return any(matches(parts, Path(each).parts) for each in output.deployments)
