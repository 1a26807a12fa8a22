"""Files at a revision of a git repository, read from its objects.

git runs without a network, hooks, a pager or prompts. Names from outside reach it on standard input
or after `--`, so that none of them can be an option.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from generator.errors import InputError, Mistake, UsageError, shown

MAX_BYTES = 50 << 20
TIMEOUT = 120  # seconds
# GIT_ALLOW_PROTOCOL lists what may be fetched through, also by a clone that lacks objects ("git",
# environment variables); git knows GIT_NO_LAZY_FETCH from 2.45 on.
_ENVIRONMENT = {
    "GIT_ALLOW_PROTOCOL": "",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_PAGER": "",
    "LC_ALL": "C",
}
_OPTIONS = ("--no-pager", "-c", "core.fsmonitor=false", "-c", f"core.hooksPath={os.devnull}")
_LITERAL = "--literal-pathspecs"
_NO_MAGIC = {"check-ignore"}  # takes paths, and refuses the option that says so
_OWNER = re.compile(r"detected dubious ownership in repository at '(.*)'")
_HEADER = re.compile(rb"[0-9a-f]{40,64} (\w+) ([0-9]+)")


class Revision(NamedTuple):
    """A revision of the repository around a folder."""

    name: str
    """As the user calls it."""
    tree: str
    """The id of its top folder."""
    folder: Path
    prefix: str
    """The folder, from the top of the repository: `infra/`, or nothing."""

    def path(self, path: Path | str) -> str | None:
        """A path relative to the folder, from the top of the repository; None outside of it."""
        relative = os.path.relpath(self.folder / path, self.folder)
        found = Path(os.path.normpath(Path(self.prefix, relative)))
        return None if found.is_absolute() or found.parts[:1] == ("..",) else found.as_posix()


def revision(name: str, folder: Path) -> Revision:
    """The revision with this name. Raises UsageError if there is none, or no repository."""
    prefix = run_git(folder, "rev-parse", "--show-prefix").decode("utf-8", "surrogateescape")
    found = None if "\n" in name or not name.strip() else _object(folder, f"{name}^{{tree}}")
    if found is None:
        reason = "a tag, branch or commit, such as HEAD~1 or origin/main"
        if run_git(folder, "rev-parse", "--is-shallow-repository").strip() == b"true":
            reason = (
                "this is a shallow clone, which lacks history: run git fetch --unshallow, or set "
                "fetch-depth: 0 for actions/checkout"
            )
        elif "/" in name:
            remote, _, branch = name.partition("/")
            reason += f"; git fetch {remote} {branch} gets a branch of a remote repository"
        raise UsageError(f"git has no revision {shown(name)}: {_use(reason)}")
    return Revision(name, found, folder, prefix.removesuffix("\n"))


def _use(reason: str) -> str:
    return reason if reason.startswith("this") else f"use {reason}"


def content(found: Revision, path: str) -> bytes:
    """The content of a file, by its path from the top, or from the folder if it begins with `./`.

    Raises InputError for what is not a file of at most MAX_BYTES.
    """
    name, place = f"{found.name}:{path}", _place(found, path)
    kind, size = _kind(found.folder, f"{found.tree}:{place}")
    if kind is None:
        message = f"{found.name} has no such file: use a path from the top of the repository"
        if found.prefix and not path.startswith(("./", "../", "/")):
            message += f", or ./{path} for one from this folder"
        raise _mistake(name, message)
    if kind != "blob":
        raise _mistake(name, "this is a folder: name a file in it")
    if size > MAX_BYTES:
        raise _mistake(name, f"the file is larger than {MAX_BYTES >> 20} MiB")
    [data] = contents(found.folder, [f"{found.tree}:{place}"])
    return data


def is_folder(found: Revision, path: str) -> bool:
    """Whether a path that is meant as by `content` is a folder."""
    return _kind(found.folder, f"{found.tree}:{_place(found, path)}")[0] == "tree"


def folder(found: Revision, path: str, wanted: Callable[[str], bool]) -> dict[str, bytes]:
    """The wanted files in a folder that is meant as by `content`, by their paths from the top."""
    place = _place(found, path)
    top = found._replace(prefix="")
    here = f"{place}/" if place else ""

    def inside(name: str) -> bool:
        return "/" not in name.removeprefix(here) and wanted(name)

    return files(top, [Path(place or ".")], inside)


def _place(found: Revision, path: str) -> str:
    """A path from the top of the repository. Raises InputError for one outside of it."""
    relative = path.startswith(("./", "../")) or path in (".", "..")
    place = found.path(path) if relative else os.path.normpath(path).replace(os.sep, "/")
    if place is None or "\n" in place or place.split("/")[0] == "..":
        raise _mistake(f"{found.name}:{path}", "the path is not in the repository")
    return "" if place == "." else place


def files(
    found: Revision, folders: Iterable[Path], wanted: Callable[[str], bool]
) -> dict[str, bytes]:
    """The wanted files below folders, by their paths from the revision's own folder.

    Links are left out, and files that are larger than MAX_BYTES.
    """
    places = [place for folder in folders if (place := found.path(folder)) is not None]
    if not places:
        return {}
    within = [] if "." in places else ["--", *places]
    words = ["ls-tree", "-r", "-z", "--full-tree", "--long", found.tree, *within]
    start = found.prefix.rstrip("/") or "."
    ids: dict[str, str] = {}
    for line in run_git(found.folder, *words).split(b"\0")[:-1]:
        head, _, path = line.partition(b"\t")
        mode, kind, oid, size = head.split()
        if kind != b"blob" or mode == b"120000" or not size.isdigit() or int(size) > MAX_BYTES:
            continue
        name = os.path.relpath(os.fsdecode(path), start).replace(os.sep, "/")
        if wanted(name):
            ids[name] = oid.decode()
    return dict(zip(ids, contents(found.folder, ids.values()), strict=True))


def contents(folder: Path, names: Iterable[str]) -> Iterator[bytes]:
    """The contents of objects that are there."""
    asked = "".join(f"{name}\n" for name in names)
    out = run_git(folder, "cat-file", "--batch", given=os.fsencode(asked))
    start = 0
    while start < len(out):
        head, end = out[start : out.index(b"\n", start)], out.index(b"\n", start) + 1
        match = _HEADER.fullmatch(head)
        if not match:
            raise UsageError(f"git cannot read an object that the revision has: {_plain(head)}")
        size = int(match[2])
        yield out[end : end + size]
        start = end + size + 1


def _object(folder: Path, name: str) -> str | None:
    """The id of an object; None if there is none."""
    told = run_git(folder, "cat-file", "--batch-check", given=os.fsencode(f"{name}\n"))
    return told.split()[0].decode() if _HEADER.fullmatch(told.strip()) else None


def _kind(folder: Path, name: str) -> tuple[str | None, int]:
    """What kind of object has a name, None if none has, and its size in bytes."""
    told = run_git(folder, "cat-file", "--batch-check", given=os.fsencode(f"{name}\n"))
    match = _HEADER.fullmatch(told.strip())
    return (match[1].decode(), int(match[2])) if match else (None, 0)


def run_git(folder: Path, *words: str, given: bytes = b"", or_else: int | range = 0) -> bytes:
    """What git prints, with status 0 or others. Raises UsageError with our words otherwise."""
    command = ["git", *_OPTIONS, *([] if words[0] in _NO_MAGIC else [_LITERAL]), *words]
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env={**os.environ, **_ENVIRONMENT},
            input=given,
            capture_output=True,
            timeout=TIMEOUT,
        )
    except FileNotFoundError:
        raise UsageError("git is not installed: install it, or name files instead") from None
    except subprocess.TimeoutExpired:
        raise UsageError(f"git did not answer within {TIMEOUT} seconds") from None
    except (OSError, ValueError) as error:
        raise UsageError(f"git cannot be started: {error}") from None
    others = or_else if isinstance(or_else, range) else (or_else,)
    if done.returncode not in (0, *others):
        raise UsageError(_refusal(_plain(done.stderr)))
    return done.stdout


def _refusal(told: str) -> str:
    """Why git refuses, in a sentence."""
    owner = _OWNER.search(told)
    if owner:
        return (
            f"git does not read {owner[1]}, because it belongs to another user: to trust it, run "
            f"git config --global --add safe.directory {owner[1]}"
        )
    if "not a git repository" in told:
        return "this folder is not in a git repository, so it has no revisions and no index"
    first = next(iter(told.splitlines()), "no reason given").removeprefix("fatal: ")
    return f"git cannot read the repository: {first}"


def _plain(told: bytes) -> str:
    return told.decode("utf-8", "replace").strip()


def _mistake(name: str, message: str) -> InputError:
    return InputError([Mistake(name, 0, 0, message)])
