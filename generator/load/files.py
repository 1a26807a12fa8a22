"""Read input files: regular ones, of a size that people write."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO

from generator.errors import InputError, Mistake

MAX_BYTES = 1 << 20
NOT_REGULAR = "this is not a regular file"
_WITHOUT_WAITING = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def read(path: Path, name: str) -> bytes:
    """The bytes of a file; `name` is what a mistake calls it.

    Raises InputError for what cannot be read, is no regular file (a pipe may never end, a device
    never does), or is larger than MAX_BYTES.
    """
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        # Opening a device can have effects, and a file can become a pipe between two calls.
        if stat.S_ISREG(mode):
            with os.fdopen(os.open(path, os.O_RDONLY | _WITHOUT_WAITING), "rb") as file:
                if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                    return limited(file.read(MAX_BYTES + 1), name)
    except OSError as error:
        raise InputError([Mistake(name, 0, 0, error.strerror or str(error))]) from None
    except ValueError as error:  # a NUL in the name
        raise InputError([Mistake(name, 0, 0, str(error))]) from None
    raise InputError([Mistake(name, 0, 0, NOT_REGULAR)])


def read_stream(stream: BinaryIO | None, name: str) -> bytes:
    """The bytes of a stream such as standard input. Raises InputError as `read` does."""
    if stream is None:
        raise InputError([Mistake(name, 0, 0, "standard input is closed: name a file instead")])
    try:
        return limited(stream.read(MAX_BYTES + 1), name)
    except OSError as error:
        raise InputError([Mistake(name, 0, 0, error.strerror or str(error))]) from None


def limited(data: bytes, name: str) -> bytes:
    """The data. Raises InputError if there is more of it than MAX_BYTES."""
    if len(data) > MAX_BYTES:
        raise InputError([Mistake(name, 0, 0, "the file is larger than 1 MiB")])
    return data


def subfolders(folder: Path) -> list[str]:
    """The names of the folders in a folder, sorted. Raises InputError if it cannot be read."""
    return sorted(path.name for path in _listed(folder) if path.is_dir())


def named(folder: Path, suffix: str) -> list[Path]:
    """The entries of a folder with this suffix, sorted; none where there is no such folder.

    Raises InputError if it cannot be read.
    """
    return sorted(path for path in _listed(folder) if path.suffix == suffix)


def _listed(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except FileNotFoundError:
        return []
    except OSError as error:
        raise InputError([Mistake(str(folder), 0, 0, error.strerror or str(error))]) from None
