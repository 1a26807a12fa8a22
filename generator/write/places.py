"""Whose files are in an output folder: ours where they belong, copies of them, or others'."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Collection, Container, Iterable, Iterator
from pathlib import Path

from generator.light import NamedTuple
from generator.render import HEAD, MARK, VOUCHER, is_generated, is_vouched, label

SUFFIX = ".cvo-sg.tmp"
_TEMPORARY = re.compile(rf"\..+\.[0-9a-f]{{8}}{re.escape(SUFFIX)}")


def is_regular(path: Path) -> bool:
    """Whether a path is a file, and not a link, a folder, a device, a socket or a pipe."""
    return stat.S_ISREG(path.lstat().st_mode)


def is_temporary(path: Path) -> bool:
    """Whether a file has the name of one that is still being written."""
    return bool(_TEMPORARY.fullmatch(path.name))


def voucher_of(path: Path) -> bytes:
    """The file beside another one that can list its digest; nothing if there is none."""
    beside = path.with_name(VOUCHER)
    try:
        return beside.read_bytes() if is_regular(beside) else b""
    except FileNotFoundError:
        return b""


class Survey(NamedTuple):
    """What of ours is in folders, besides the files that are generated there now."""

    orphans: tuple[Path, ...]
    """The files that we generated for where they are, and interrupted runs' remains.

    That is `<out>/<deployment>/<format>/<file>`, where the header of the file names the deployment
    and the format is one of ours. A generated file anywhere else is somebody's copy.
    """
    copies: tuple[Path, ...]
    """The folders with generated files that are not for where they are.

    What other commands than `generate` write is for anywhere.
    """


def survey(
    outs: Collection[Path],
    folders: Iterable[Path],
    formats: Collection[str],
    current: Container[Path] = frozenset(),
    apart: Container[str] = frozenset(),
) -> Survey:
    """Look through folders, but for the files that are `current` and the folders set `apart`."""
    found: dict[Path, bytes] = {}
    for folder in folders:
        found.update(_generated(folder, current, apart))
    orphans, copies = [], set()
    for path, head in sorted(found.items()):
        if is_in_place(path, head, outs, formats):
            orphans.append(path)
        elif label(head) or is_temporary(path):
            copies.add(path.parent)
    return Survey(tuple(orphans), tuple(sorted(copies)))


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


def _generated(
    place: Path, current: Container[Path], apart: Container[str]
) -> Iterator[tuple[Path, bytes]]:
    """The generated files in a folder, or a file itself, with their first bytes."""
    if place.is_symlink():
        return
    if place.is_dir():
        for entry in os.scandir(place):
            if entry.is_symlink() or entry.path in apart:
                continue
            if entry.name.startswith(".") and entry.is_dir():
                continue
            path = place / entry.name
            if path not in current:
                yield from _generated(path, current, apart)
    elif os.path.lexists(place) and is_regular(place):
        head = _head(place)
        if is_generated(head) or (is_temporary(place) and _begins_as_ours(head)):
            yield place, head
        elif (voucher := voucher_of(place)) and is_vouched(place.name, b"", voucher) is not None:
            yield place, voucher


def _begins_as_ours(head: bytes) -> bool:
    """Whether a run of ours can have written this before it was interrupted."""
    return not head or (MARK.encode() in head and b"\0" not in head)


def _is_hidden(path: Path) -> bool:
    return path.name.startswith(".")


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(HEAD)
