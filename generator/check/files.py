"""Reading files that others wrote: regular files only, and never more of one than asked for."""

from __future__ import annotations

import os
import stat
from pathlib import Path

_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a FIFO",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


class UnreadableError(Exception):
    """Why a file cannot be read, as the rest of a sentence that begins with its name."""


def read_regular(path: Path, limit: int) -> bytes:
    """At most `limit` bytes of a regular file. Raises UnreadableError for everything else.

    It is opened without blocking, as a FIFO without a writer would block for ever.
    """
    try:
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        if not stat.S_ISREG(path.stat().st_mode):  # opening a device may already do something
            kind = _KINDS.get(stat.S_IFMT(path.stat().st_mode), "something else")
            raise UnreadableError(f"is {kind}, not a regular file")
        with os.fdopen(os.open(path, flags), "rb") as file:
            return file.read(limit)
    except (OSError, ValueError) as error:  # ValueError: a name that holds a NUL
        reason = getattr(error, "strerror", None) or str(error)
        raise UnreadableError(f"cannot be read: {reason}") from None
