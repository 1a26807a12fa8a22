"""Generated files in a merge: which of them `generate` may resolve, and what to do then."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from generator.write import Change

_BY_MERGE = ("conflict", "merged")


def judge(change: Change) -> Change:
    """The change of a file that was edited, or that git merged as its repository shows."""
    if change.kind != "edited":
        return change
    from generator.observe import merged_versions
    from generator.write import judged

    return judged(change, merged_versions)


def to_resolve(changes: Iterable[Change]) -> list[str]:
    """What a check says of files that git merged: nothing, or a sentence."""
    merged = by_git(changes)
    if not merged:
        return []
    return [
        f"{_counted(merged)}, and nobody edited them: `cvo-sg generate` resolves this; then run "
        f"`{_staging(merged)}`"
    ]


def resolved(merged: list[Path]) -> list[str]:
    """What to do after files that git merged were generated again: nothing, or a sentence."""
    return [f"{_counted(merged)}, resolved: run `{_staging(merged)}`"] if merged else []


def by_git(changes: Iterable[Change]) -> list[Path]:
    """The files that git merged, and nobody edited."""
    return [change.path for change in changes if change.kind in _BY_MERGE]


def _counted(merged: list[Path]) -> str:
    one = len(merged) == 1
    what = "1 generated file was" if one else f"{len(merged)} generated files were"
    return f"{what} merged by git"


def _staging(merged: list[Path]) -> str:
    """The command that tells git so: by folder, so that it is short."""
    import shlex

    folders = dict.fromkeys(path.parents[1].as_posix() for path in merged)
    return shlex.join(["git", "add", "--all", *folders])
