"""One writer at a time in a folder, and no reader meanwhile: advisory locks of the file system."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from itertools import takewhile
from pathlib import Path

from generator.errors import UsageError, WriteError

TIMEOUT = "CVO_SG_LOCK_TIMEOUT"
"""The environment variable that says for how many seconds to wait for another run."""
DEFAULT_SECONDS = 60.0
_PAUSE = 0.05

Tell = Callable[[str], None]
"""Takes the sentence for the user while a run waits."""


def _silent(_: str) -> None:
    """Tell nobody."""


@contextmanager
def locked(folder: Path, tell: Tell = _silent) -> Iterator[None]:
    """Hold a folder for one writer at a time. Makes the folder if it is not there.

    A folder that was made and not used is removed in the end.

    While another run holds it, waits as `settled` does.
    """
    made = list(takewhile(lambda f: not os.path.lexists(f), (folder, *folder.parents)))
    try:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise WriteError(f"{error.filename or folder}: {error.strerror or error}") from None
        with _held(folder, alone=True, tell=tell):
            yield
    finally:
        with suppress(OSError):  # not empty, as a rule
            for each in made:
                each.rmdir()


@contextmanager
def settled(folder: Path, tell: Tell = _silent) -> Iterator[None]:
    """Hold a folder, if it is there, while no writer does, so that nothing is read half-way.

    While another run holds it, says so to `tell` and waits. Raises WriteError after as many seconds
    as TIMEOUT allows.
    """
    with _held(folder, alone=False, tell=tell):
        yield


@contextmanager
def _held(folder: Path, alone: bool, tell: Tell) -> Iterator[None]:
    seconds = _seconds()
    with ExitStack() as stack:
        # Not every system and file system can lock; writes are atomic without it, too.
        with suppress(ImportError, OSError):
            import fcntl

            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
            stack.callback(os.close, descriptor)
            _wait(descriptor, fcntl.LOCK_EX if alone else fcntl.LOCK_SH, folder, seconds, tell)
        yield


def _wait(descriptor: int, mode: int, folder: Path, seconds: float, tell: Tell) -> None:
    """Take the lock. Raises WriteError when the time is up, OSError where nothing can be locked."""
    import fcntl

    end = None
    while True:
        with suppress(BlockingIOError):
            fcntl.flock(descriptor, mode | fcntl.LOCK_NB)
            return
        now = time.monotonic()
        if end is None:
            end = now + seconds
            tell(
                f"{folder} is in use by {_holder(descriptor)}: waiting up to {seconds:g} seconds "
                f"({TIMEOUT})"
            )
        if now >= end:
            raise WriteError(
                f"{folder} is still in use by {_holder(descriptor)} after {seconds:g} seconds: "
                f"try again when it has ended, or set {TIMEOUT} to more seconds"
            )
        time.sleep(min(_PAUSE, end - now))


def _holder(descriptor: int) -> str:
    """Who holds the lock, as far as the system tells (Linux does, in /proc/locks)."""
    with suppress(OSError, ValueError):
        inode = f":{os.fstat(descriptor).st_ino}"
        for line in Path("/proc/locks").read_text(encoding="ascii", errors="replace").splitlines():
            words = line.split()
            if len(words) > 5 and words[1] == "FLOCK" and words[5].endswith(inode):
                return f"process {int(words[4])}"
    return "another process"


def _seconds() -> float:
    text = os.environ.get(TIMEOUT, "")
    try:
        seconds = float(text) if text else DEFAULT_SECONDS
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds < math.inf:
        raise UsageError(f"{TIMEOUT}={text}: use a number of seconds, such as 60")
    return seconds
