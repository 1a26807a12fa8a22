"""Values that wait for their turn on the disk, because there can be too many of them."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from tempfile import SpooledTemporaryFile
from typing import Generic, TypeVar

T = TypeVar("T")
_IN_MEMORY = 1 << 20


class Spool(Generic[T]):
    """Values in the order in which they came, to be gone through as often as is needed.

    Only this process can reach the file, which has no name, and it ends with the process.
    """

    def __init__(self) -> None:
        self._file = SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115
        self._number = 0

    def append(self, value: T) -> None:
        """Add a value behind the others."""
        self._file.seek(0, 2)
        pickle.dump(value, self._file)
        self._number += 1

    def __enter__(self) -> Spool[T]:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def __len__(self) -> int:
        return self._number

    def __iter__(self) -> Iterator[T]:
        """The values, one at a time. None may be added meanwhile."""
        self._file.seek(0)
        for _ in range(self._number):
            yield pickle.load(self._file)
