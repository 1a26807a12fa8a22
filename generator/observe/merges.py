"""What git merges, or has just merged: the versions of a file, and what git made of them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from generator.errors import UsageError
from generator.observe.git import MAX_BYTES, contents, run_git

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
    found = _contents(folder, sides.values())
    for ancestor, one, other in _MERGES:
        ours, theirs = found.get(sides[one]), found.get(sides[other])
        if ours is None or theirs is None:
            continue
        if written := found.get(sides[_WRITTEN]):
            yield Merged(ours, theirs, written)
        if ancestor:
            base = found.get(sides[ancestor], b"")
        else:
            commit = run_git(folder, "merge-base", one, other, or_else=1).decode().strip()
            base = next(iter(_contents(folder, [f"{commit}:./{file}"]).values()), b"")
        yield Merged(ours, theirs, _merge(base, ours, theirs))


def _contents(folder: Path, names: Iterable[str]) -> dict[str, bytes]:
    """The contents of those names that git knows as files of at most MAX_BYTES."""
    names = list(names)
    asked = os.fsencode("".join(f"{name}\n" for name in names))
    told = run_git(folder, "cat-file", "--batch-check", given=asked).decode("utf-8", "replace")
    ids = {}
    for name, line in zip(names, told.splitlines(), strict=True):
        oid, *rest = line.split(" ")
        if rest[:1] == ["blob"] and len(rest) == 2 and int(rest[1]) <= MAX_BYTES:
            ids[name] = oid
    return dict(zip(ids, contents(folder, ids.values()), strict=True))


def _merge(base: bytes, one: bytes, other: bytes) -> bytes:
    """Two versions of a file merged, with markers where they conflict."""
    with TemporaryDirectory(prefix="cvo-sg-") as folder:
        versions = {"one": one, "base": base, "other": other}
        for name, content in versions.items():
            Path(folder, name).write_bytes(content)
        return run_git(Path(folder), "merge-file", "-p", *versions, or_else=range(128))
