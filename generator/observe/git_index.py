"""The index of a git repository: what the next commit will contain.

Paths are relative to the folder in which git runs. A commit of some files only has an index of its
own, which git names to hooks in GIT_INDEX_FILE.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from generator.observe.git import contents, revision, run_git


class Staged(NamedTuple):
    """What the index holds below some places, and what it cannot hold there."""

    files: Mapping[Path, bytes]
    """The content of each file."""
    ignored: frozenset[Path]
    """Of the paths that were asked for, those that .gitignore keeps out of commits."""


def staged(folder: Path, places: Iterable[Path], asked: Iterable[Path]) -> Staged:
    """What is staged at or below `places`; links and what is in conflict are left out."""
    ids: dict[Path, str] = {}
    for line in _listed(folder, ["ls-files", "-z", "--stage"], places):
        head, _, name = line.partition(b"\t")
        mode, oid, stage = head.split()
        if stage == b"0" and mode in (b"100644", b"100755"):
            ids[_path(name)] = oid.decode()
    found = dict(zip(ids, contents(folder, ids.values()), strict=True))
    return Staged(found, frozenset(_ignored(folder, [p for p in asked if p not in ids])))


def unstaged(folder: Path, places: Collection[Path]) -> tuple[list[Path], list[Path]]:
    """The files at or below `places` whose content is not staged, or whose removal is not.

    Files that git does not know count as not staged, unless .gitignore lists them.
    """
    words = ["ls-files", "-z", "--exclude-standard"]
    gone = {_path(name) for name in _listed(folder, [*words, "--deleted"], places)}
    other = [*words, "--modified", "--others"]
    found = {_path(name) for name in _listed(folder, other, places)}
    return sorted(found - gone), sorted(gone)


def removed(folder: Path, base: str | None = None) -> list[Path]:
    """The files below the folder that the next commit removes, or that are gone since `base`."""
    run_git(folder, "rev-parse", "--is-inside-work-tree")  # or `git diff` is another command
    words = ["diff", "--cached", "--name-only", "-z", "--no-ext-diff", "--no-renames", "--relative"]
    since = [revision(base, folder).tree] if base else []
    told = run_git(folder, *words, "--diff-filter=D", *since, "--")
    return sorted(map(_path, told.split(b"\0")[:-1]))


def differs_from_head(folder: Path, paths: Collection[Path]) -> bool:
    """Whether anything staged at these paths is not what the last commit has."""
    words = ["diff", "--cached", "--name-only", "-z", "--no-ext-diff"]
    return bool(_listed(folder, words, paths))


def _listed(folder: Path, words: list[str], places: Iterable[Path]) -> list[bytes]:
    """What git lists about places; nothing, if there are none."""
    names = [os.fspath(place) for place in places]
    return run_git(folder, *words, "--", *names).split(b"\0")[:-1] if names else []


def _ignored(folder: Path, paths: list[Path]) -> Iterable[Path]:
    if not paths:
        return ()
    # The prefix keeps what begins with a colon a path.
    given = b"".join(b"./%b\0" % os.fsencode(path) for path in paths)
    told = run_git(folder, "check-ignore", "-z", "--stdin", given=given, or_else=1)
    return map(_path, told.split(b"\0")[:-1])


def _path(name: bytes) -> Path:
    return Path(os.fsdecode(name))
