"""Whose files are in an output folder: ours where they belong, copies of them, or others'."""

from __future__ import annotations

import re
import stat
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from generator.render import HEAD, MARK, is_generated, label

SUFFIX = ".cvo-sg.tmp"
_TEMPORARY = re.compile(rf"\..+\.[0-9a-f]{{8}}{re.escape(SUFFIX)}")


def is_regular(path: Path) -> bool:
    """Whether a path is a file, and not a link, a folder, a device, a socket or a pipe."""
    return stat.S_ISREG(path.lstat().st_mode)


def is_temporary(path: Path) -> bool:
    """Whether a file has the name of one that is still being written."""
    return bool(_TEMPORARY.fullmatch(path.name))


def orphans(
    outs: Collection[Path], folders: Iterable[Path], formats: Collection[str]
) -> list[Path]:
    """The files in `folders` that we generated for where they are, and interrupted runs' remains.

    That is `<out>/<deployment>/<format>/<file>`, where the header of the file names the deployment
    and the format is one of `formats`. A generated file anywhere else is somebody's copy.
    """
    return [p for p, head in _all_generated(folders) if is_in_place(p, head, outs, formats)]


def copies(outs: Collection[Path], folders: Iterable[Path], formats: Collection[str]) -> list[Path]:
    """The folders below `folders` with generated files that are not for where they are.

    What other commands than `generate` write is for anywhere.
    """
    found = _all_generated(folders)
    return sorted(
        {
            path.parent
            for path, head in found
            if (label(head) or is_temporary(path)) and not is_in_place(path, head, outs, formats)
        }
    )


def renamed(
    out: Path, names: Iterable[str], commands: Iterable[str]
) -> tuple[list[Path], list[Path]]:
    """Folders of `out` from the commands of deployments that now have other `names`.

    First those that a deployment left behind: all of their headers name the command, and the folder
    as the deployment. Then those that may be copies, which are not ours to remove.
    """
    known, meant = set(names), set(commands)
    left: tuple[list[Path], list[Path]] = ([], [])
    if not out.is_dir() or out.is_symlink():
        return left
    for folder in sorted(out.iterdir()):
        if folder.name in known or _is_hidden(folder) or folder.is_symlink():
            continue
        labels = {label(_head(path)) for path in folder.glob("*/*") if is_regular(path)} - {None}
        if any(each and each.command in meant for each in labels):
            proven = len(labels) == 1 and {each.deployment for each in labels if each}
            left[proven != {folder.name}].append(folder)
    return left


def is_in_place(path: Path, head: bytes, outs: Collection[Path], formats: Collection[str]) -> bool:
    """Whether a file is in `<out>/<deployment>/<format>/`, and its header names the deployment."""
    of = label(head)
    unlabelled = of is None and is_temporary(path)
    places = [path.relative_to(out).parts for out in outs if path.is_relative_to(out)]
    return any(
        len(place) == 3
        and place[1] in formats
        and (unlabelled or (of and place[0] == of.deployment))
        for place in places
    )


def _all_generated(folders: Iterable[Path]) -> list[tuple[Path, bytes]]:
    """The generated files below folders and their first bytes, each once, sorted."""
    return sorted({path: head for f in folders for path, head in _generated(f)}.items())


def _generated(folder: Path) -> Iterator[tuple[Path, bytes]]:
    if not folder.is_dir() or folder.is_symlink():
        return
    for entry in sorted(folder.iterdir()):
        if entry.is_symlink():
            continue
        if entry.is_dir():
            if not _is_hidden(entry):
                yield from _generated(entry)
        elif is_regular(entry):
            head = _head(entry)
            if is_generated(head) or (is_temporary(entry) and _begins_as_ours(head)):
                yield entry, head


def _begins_as_ours(head: bytes) -> bool:
    """Whether a run of ours can have written this before it was interrupted."""
    return not head or (MARK.encode() in head and b"\0" not in head)


def _is_hidden(path: Path) -> bool:
    return path.name.startswith(".")


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(HEAD)
