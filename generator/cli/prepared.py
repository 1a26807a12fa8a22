"""What becomes of one deployment in a run: small, because thousands of them come from workers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from generator.light import NamedTuple

if TYPE_CHECKING:
    from generator.cli.verdict import Outcome
    from generator.compare import Summary
    from generator.errors import GeneratorError
    from generator.resolve import Advice
    from generator.write import Change


class Compared(NamedTuple):
    """What --check and --diff show of some files."""

    changes: tuple[Change, ...]
    """Without the contents."""
    diff: str = ""
    summaries: tuple[Summary, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    """Whether the permissions of a deployment change."""


class Prepared(NamedTuple):
    """What became of one deployment, as far as the run has something to do with it or to say."""

    name: str = ""
    """Empty where it could not be read, and for folders that no deployment has."""
    failure: GeneratorError | None = None
    findings: tuple[str, ...] = ()
    """Of cfn-lint."""
    left_out: tuple[str, ...] = ()
    """Sentences about formats that the quota leaves no room for."""
    advice: tuple[Advice, ...] = ()
    replaced: tuple[Advice, ...] = ()
    """About groups that the new files would have AWS replace or delete."""
    refused: tuple[str, ...] = ()
    """Sentences about files that must not be overwritten."""
    described: str = ""
    facts: tuple[str, ...] = ()
    too_large: tuple[tuple[Path, int], ...] = ()
    files: int = 0
    written: int = 0
    removed: int = 0
    verbs: tuple[tuple[Path, str], ...] = ()
    """What becomes of each file, where all of them are listed."""
    contents: dict[Path, bytes] = {}  # noqa: RUF012
    """The files themselves, where they go to standard output, or into an archive."""
    compared: Compared | None = None
    kept: tuple[Path, ...] = ()
    """The folders of formats that are left out: what was generated there stays."""
    renamed: tuple[Path, ...] = ()
    """The new folder of the deployment that left this one behind under another name."""
    merged: tuple[Path, ...] = ()
    """The files that git merged, and that are generated again."""
    copies: tuple[Path, ...] = ()
    """Folders that may be copies of generated ones, and so are not ours to remove."""
