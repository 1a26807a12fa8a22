"""What git merges, or has just merged: the versions of a file, and what git made of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from generator.errors import UsageError
from generator.observe.git import contents_of, merge_base, merge_file

_WRITTEN = "AUTO_MERGE"
"""The tree that git wrote to the disk when it stopped at a conflict."""
_MERGES = (
    (":1", ":2", ":3"),  # a conflict in the index
    (None, "HEAD", "MERGE_HEAD"),  # the same, once the file is staged
    ("REBASE_HEAD^", "HEAD", "REBASE_HEAD"),
    ("CHERRY_PICK_HEAD^", "HEAD", "CHERRY_PICK_HEAD"),
    ("REVERT_HEAD", "HEAD", "REVERT_HEAD^"),
    (None, "HEAD^1", "HEAD^2"),  # a merge that is committed
)
"""The common ancestor, which git has to look for where there is None, and both sides."""


class Merged(NamedTuple):
    """Two versions of a file, and the merge of them, with markers where they conflict."""

    one: bytes
    other: bytes
    merge: bytes


def merged_versions(path: Path) -> Iterator[Merged]:
    """What git may have merged into a file; nothing without a merge, or without git."""
    try:
        yield from _merged(path.parent, path.name)
    except UsageError:
        return


def _merged(folder: Path, file: str) -> Iterator[Merged]:
    if "\n" in file:
        return
    sides = {side: f"{side}:./{file}" for each in ((_WRITTEN,), *_MERGES) for side in each if side}
    found = contents_of(folder, sides.values())
    for ancestor, one, other in _MERGES:
        ours, theirs = found.get(sides[one]), found.get(sides[other])
        if ours is None or theirs is None:
            continue
        if written := found.get(sides[_WRITTEN]):
            yield Merged(ours, theirs, written)
        if ancestor:
            base = found.get(sides[ancestor], b"")
        else:
            commit = merge_base(folder, one, other)
            base = next(iter(contents_of(folder, [f"{commit}:./{file}"]).values()), b"")
        yield Merged(ours, theirs, merge_file(base, ours, theirs))
