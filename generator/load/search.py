"""Where the settings of a repository are looked for, and what they may name."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from fnmatch import fnmatchcase
from itertools import takewhile
from pathlib import Path

_NO_MATTER = r":.*|[^!-~]|[ .]+$"  # in a name, to Windows or macOS
_POSIX = hasattr(os, "geteuid")
_INSTALLED = ("node_modules", "vendor")


def searched(start: Path, here: Path | None = None) -> list[Path]:
    """A folder and those above it in which settings are believed, the nearest first.

    They end at the root of the repository; where there is none, at the home folder; and before a
    folder of another user. The owner of `here`, where the user works, counts as the user.
    """
    folders = [*takewhile(_is_ours(here or start), [start, *start.parents])]
    ends = [i for i, f in enumerate(folders) if os.path.lexists(f / ".git")]
    ends += [i for i, f in enumerate(folders) if f == _home()]
    return folders[: ends[0] + 1] if ends else folders


def below(start: Path) -> Iterator[Path]:
    """The folders of a repository below one, sorted, except for hidden and foreign ones.

    Those are folders of another user, other repositories, and what package managers install.
    Raises OSError for a folder that cannot be read: settings in it would be missed.
    """
    is_ours = _is_ours(start)
    for name, folders, _ in os.walk(start, onerror=_raise):
        here = Path(name)
        folders[:] = sorted(f for f in folders if f[0] != "." and f not in _INSTALLED)
        folders[:] = [f for f in folders if not (here / f).is_symlink() and is_ours(here / f)]
        folders[:] = [f for f in folders if not any(map(os.path.lexists, _ends(here / f)))]
        yield from (here / f for f in folders)


def _ends(folder: Path) -> list[Path]:
    """What makes a folder something of its own: a repository or a virtual environment."""
    return [folder / ".git", folder / "pyvenv.cfg"]


def _is_ours(folder: Path) -> Callable[[Path], bool]:
    own = {_owner(folder), os.geteuid()} if _POSIX else {_owner(folder)}
    return lambda each: _owner(each) in own


def is_believed(file: Path) -> bool:
    """Whether a file is the user's who runs this, or the owner's of its folder.

    Others may be able to add files to the folder, as to /tmp.
    """
    return not _POSIX or file.lstat().st_uid in (os.geteuid(), _owner(file.parent))


def outside(root: Path, path: Path) -> str | None:
    """Why a path is not below a folder, links resolved, or is git's; None if it is."""
    try:
        resolved, top = _resolve(path), root.resolve()
    except (OSError, RuntimeError):  # a link to itself: which of the two depends on Python
        return "it cannot be resolved"
    if not resolved.is_relative_to(top):
        return "it is not below the folder of this file"
    if any(map(_is_git, resolved.relative_to(top).parts)):
        return "it is inside .git or a bare repository"
    return None


def links_outside(root: Path, folder: Path) -> Iterator[Path]:
    """The symbolic links in a folder, however deep, that lead outside of `root`, or to git's files.

    Raises OSError for a folder that cannot be read.
    """
    for name, folders, files in os.walk(folder, onerror=_raise):
        for entry in (Path(name, each) for each in sorted(folders + files)):
            if entry.is_symlink() and outside(root, entry):
                yield entry


def matching(folder: Path, pattern: str) -> list[Path]:
    """The files that a pattern means, sorted: `*` any name, `**` any folders, but for git's.

    Raises OSError for a folder that cannot be read: the files in it would be taken for removed.
    """
    if "*" not in pattern:
        return [folder / pattern]
    parts = Path(pattern).parts
    return sorted(set(_matching(folder, parts if parts[-1] != "**" else (*parts, "*"))))


def _matching(folder: Path, parts: tuple[str, ...]) -> Iterator[Path]:
    first, *rest = parts
    if first == "**":
        yield from _matching(folder, tuple(rest))
        for each in _entries(folder):
            if each.is_dir() and not each.is_symlink() and not _is_git(each.name):
                yield from _matching(each, parts)
        return
    found = [e for e in _entries(folder) if fnmatchcase(e.name, first)] if "*" in first else None
    for each in [folder / first] if found is None else found:
        if rest:
            yield from _matching(each, tuple(rest))
        elif each.exists() and not each.is_dir():
            yield each


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []


def _is_git(name: str) -> bool:
    """Whether a folder is git's on any system; `git~1` is a short name of Windows.

    Repositories without a working tree are named NAME.git.
    """
    return re.sub(_NO_MATTER, "", name).casefold().endswith((".git", "git~1"))


def _owner(folder: Path) -> int:
    return folder.stat().st_uid


def _home() -> Path | None:
    try:
        return Path.home()
    except RuntimeError:
        return None


def _resolve(path: Path) -> Path:
    """A path without links, whether it exists or not. A link to itself is seen by `strict` only."""
    with suppress(FileNotFoundError, NotADirectoryError):
        return path.resolve(strict=True)
    return path.resolve()


def _raise(error: OSError) -> None:
    raise error
