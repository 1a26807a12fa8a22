"""What bounds the templates of others: the folder they are in, a time, and a length."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import jinja2

SECONDS = 20.0
"""How long one file may take: ours take a tenth of one."""
MAX_CHARACTERS = 10_000_000
"""How long a file may become."""


class TooMuch(Exception):
    """A template that goes beyond a bound, in a sentence."""


class OutOfTime(BaseException):
    """Raised in the middle of a template, which cannot catch it."""


class Loader(jinja2.FileSystemLoader):
    """Templates of several folders, the last of which is our own.

    Those of the others are regular files below the folder of all formats, symbolic links resolved.
    """

    def get_source(self, environment: jinja2.Environment, template: str) -> Any:
        """The text of a template, and where it is. Raises TooMuch for one outside, or no text."""
        try:
            found = super().get_source(environment, template)
        except UnicodeDecodeError:
            raise TooMuch(f"{template} is not valid UTF-8") from None
        path = Path(found[1])
        for folder in self.searchpath[:-1]:
            root = Path(folder).parent.resolve()
            if path.is_relative_to(folder) and not path.resolve().is_relative_to(root):
                raise TooMuch(f"{path} is a link out of the folder {Path(folder).parent}")
        return found


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raise OutOfTime in the code inside if it takes longer.

    An alarm stops any template, also within one long multiplication, which no count of steps and no
    other thread does. Where there is none (on Windows, outside of the main thread), nothing does.
    """
    main = threading.current_thread() is threading.main_thread()
    if not (main and hasattr(signal, "setitimer")):
        yield
        return
    before = signal.signal(signal.SIGALRM, _out_of_time)
    # An alarm is lost where Python drops exceptions, as in a finalizer: so it comes again.
    signal.setitimer(signal.ITIMER_REAL, seconds, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def joined(pieces: Iterable[str]) -> str:
    """The text. Raises TooMuch if it is longer than MAX_CHARACTERS, or no text in UTF-8."""
    found, length = [], 0
    for piece in pieces:
        length += len(piece)
        if length > MAX_CHARACTERS:
            raise TooMuch(f"the file becomes longer than {MAX_CHARACTERS:,} characters")
        found.append(piece)
    text = "".join(found)
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise TooMuch(f"UTF-8 does not have {text[error.start]!r}") from None
    return text


def _out_of_time(_: int, __: FrameType | None) -> None:
    raise OutOfTime
