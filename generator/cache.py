"""What is kept between runs, in the user's own cache folder: nothing that cannot be made again."""

from __future__ import annotations

import hashlib
import os
import stat
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path
from typing import NamedTuple

FOLDER = "CVO_SG_CACHE_DIR"
"""The environment variable that names another folder."""
DAYS = 30
"""How long an entry is kept: what it was made from changes, and so does where that is."""
_off: ContextVar[bool] = ContextVar("off", default=False)
_DAY = 24 * 3600
_ENDING = ".cache"
_BINARY = getattr(os, "O_BINARY", 0)


class Cache(NamedTuple):
    """Entries by kind and key. Without a folder, nothing is kept and nothing is found."""

    folder: Path | None

    def load(self, kind: str, key: str) -> bytes | None:
        """The entry, if it is whole, was stored under this very key, and is the user's own."""
        if not self.folder:
            return None
        with suppress(OSError):
            path = self._path(kind, key)
            descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | _BINARY)
            with os.fdopen(descriptor, "rb") as file:
                if not _is_own(os.fstat(descriptor), stat.S_ISREG):
                    return None
                digest, _, content = file.read().partition(b"\n")
            if digest == _digest(kind, key, content):
                return content
        return None

    def store(self, kind: str, key: str, content: bytes) -> None:
        """Keep an entry, whole or not at all. What cannot be kept is made again in the next run."""
        if not self.folder:
            return
        with suppress(OSError):
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not _is_own(self.folder.lstat(), stat.S_ISDIR):
                return
            self._remove_old()
            path = self._path(kind, key)
            temporary = path.with_name(f"{path.name}.{os.urandom(4).hex()}{_ENDING}")
            try:
                flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY
                with os.fdopen(os.open(temporary, flags, 0o600), "wb") as file:
                    file.write(_digest(kind, key, content) + b"\n" + content)
                temporary.replace(path)
            except BaseException:
                temporary.unlink(missing_ok=True)
                raise

    def _path(self, kind: str, key: str) -> Path:
        assert self.folder
        return self.folder / f"{kind}-{hashlib.sha256(key.encode()).hexdigest()}{_ENDING}"

    def _remove_old(self) -> None:
        """Once a day, remove what was written long ago, and what interrupted runs have left."""
        assert self.folder
        now, marker = time.time(), self.folder / "tidied"
        with suppress(FileNotFoundError):
            if marker.lstat().st_mtime > now - _DAY:
                return
        marker.touch()
        oldest = now - DAYS * _DAY
        for path in self.folder.glob(f"*{_ENDING}"):
            with suppress(OSError):  # another run removes it
                if path.lstat().st_mtime < oldest:
                    path.unlink()


NO_CACHE = Cache(None)


def user_cache() -> Cache:
    """The cache in the user's folder for such things; none where that is somebody else's."""
    folder = None if _off.get() else _folder()
    with suppress(OSError):
        return Cache(folder) if folder and _is_own(folder.lstat(), stat.S_ISDIR) else NO_CACHE
    return Cache(folder)  # it is not there yet


@contextmanager
def without_cache() -> Iterator[None]:
    """Meanwhile, `user_cache` is none."""
    token = _off.set(True)
    try:
        yield
    finally:
        _off.reset(token)


def _folder() -> Path | None:
    """By the conventions of the system: the XDG Base Directory Specification, or its own."""
    if named := os.environ.get(FOLDER):
        return Path(named)
    name = "cvo-sg"
    with suppress(RuntimeError):  # there is no home folder
        if sys.platform == "win32":
            return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData/Local", name)
        if sys.platform == "darwin":
            return Path.home() / "Library/Caches" / name
        base = Path(os.environ.get("XDG_CACHE_HOME") or "")
        return (base if base.is_absolute() else Path.home() / ".cache") / name
    return None


def _is_own(status: os.stat_result, is_kind: Callable[[int], bool]) -> bool:
    """Whether it is the kind of thing that it should be, and nobody else can have put it there."""
    if not is_kind(status.st_mode):
        return False
    is_posix = hasattr(os, "geteuid")
    return not is_posix or (status.st_uid == os.geteuid() and not status.st_mode & 0o022)


def _digest(kind: str, key: str, content: bytes) -> bytes:
    return hashlib.sha256(f"{kind}\0{key}\0".encode() + content).hexdigest().encode()
