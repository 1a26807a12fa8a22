"""Rendered files and the index of git: what a commit lacks, and what it should not hold."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path

from generator.render import HEAD, VOUCHER, is_edited, is_generated, is_vouched, with_inserts
from generator.write.files import Change
from generator.write.line_endings import with_lf
from generator.write.places import is_in_place


def compare_staged(
    files: Mapping[Path, bytes],
    staged: Mapping[Path, bytes],
    outs: Collection[Path],
    folders: Collection[Path],
    formats: Collection[str],
) -> Iterator[Change]:
    """What staging `files` would change, including those in `folders` no longer generated."""
    for path, new in files.items():
        old = staged.get(path)
        if old is None:
            yield Change(path, "untracked", None, new)
        elif with_lf(old) != with_inserts(new, with_lf(old)):
            yield Change(path, "unstaged", old, new)
    for path in sorted(staged.keys() - files.keys()):
        data = staged[path]
        voucher = staged.get(path.with_name(VOUCHER), b"")
        is_listed = bool(is_vouched(path.name, data, voucher))
        if not (any(map(path.is_relative_to, folders)) and (is_listed or is_generated(data))):
            continue
        head = (voucher if is_listed else data)[:HEAD]
        if is_in_place(path, head, outs, formats) and (is_listed or not _is_kept(path, data)):
            yield Change(path, "staged", data, None)


def shortest(paths: Iterable[Path], others: Iterable[Path], tops: Collection[Path]) -> list[Path]:
    """The paths, or folders at or below `tops` instead of all that they hold but for `others`."""
    mixed = {folder for path in others for folder in path.parents}
    found = {path: path for path in paths}
    for path in found:
        for folder in path.parents:
            if folder in mixed or not any(map(folder.is_relative_to, tops)) or not folder.name:
                break
            found[path] = folder
    return sorted(set(found.values()))


def _is_kept(path: Path, data: bytes) -> bool:
    """Whether it was edited by hand and is there: the comparison with the disk reports it."""
    return is_edited(data) and path.exists()
