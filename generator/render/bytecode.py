"""Compiled templates, kept between runs: compiling takes longer than the rest of rendering."""

from __future__ import annotations

import hashlib
import time
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile

import jinja2
from jinja2.bccache import Bucket

DAYS = 30
"""How long an entry is kept. Templates change, and so do the folders that they are in."""
_PREFIX, _ENDING = "__cvo_sg_", ".cache"


class Compiled(jinja2.FileSystemBytecodeCache):
    """Compiled templates in a folder of the user's own, each behind the digest of its bytes.

    What is not whole, or not from here, is not run: Python would crash on broken code. Without such
    a folder, or with a full one, templates are compiled anew.
    """

    def __init__(self) -> None:
        """Raises OSError or RuntimeError where there can be no such folder."""
        super().__init__(pattern=f"{_PREFIX}%s{_ENDING}")

    def load_bytecode(self, bucket: Bucket) -> None:
        """Take a template's code from its entry, if there is one that is whole."""
        file = self._file(bucket)
        with suppress(OSError):
            if not file.is_file():  # a FIFO may never end
                return
            digest, _, code = file.read_bytes().partition(b"\n")
            if digest == _digest(code):
                bucket.bytecode_from_string(code)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep a template's code, whole or not at all."""
        code = bucket.bytecode_to_string()
        with suppress(OSError):
            self._remove_old()
            with NamedTemporaryFile(
                dir=self.directory, prefix=_PREFIX, suffix=_ENDING, delete=False
            ) as file:
                try:
                    file.write(_digest(code) + b"\n" + code)
                    file.close()
                    Path(file.name).replace(self._file(bucket))
                except BaseException:
                    Path(file.name).unlink(missing_ok=True)
                    raise

    def _file(self, bucket: Bucket) -> Path:
        return Path(self.directory, self.pattern % bucket.key)

    def _remove_old(self) -> None:
        """Remove entries that were written long ago, and what interrupted runs have left."""
        oldest = time.time() - DAYS * 24 * 3600
        for path in Path(self.directory).glob(self.pattern % "*"):
            with suppress(OSError):  # another run removes it
                if path.stat().st_mtime < oldest:
                    path.unlink()


def _digest(code: bytes) -> bytes:
    return hashlib.sha256(code).hexdigest().encode()
