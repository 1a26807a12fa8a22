"""What is read from a file: a value, and the place of each of its parts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Generic, NamedTuple, TypeVar

from generator.errors import InputError, KeyPath, Mistake

T = TypeVar("T")
Place = tuple[int, int]


class Parsed(NamedTuple, Generic[T]):
    """A value read from a file, and the place of each of its parts."""

    value: T
    file: str
    places: Mapping[KeyPath, Place]
    below: Parsed[T] | None = None
    """The file that this one adds to and changes; the value holds what is left of it."""

    def mistake(self, path: KeyPath, message: str) -> Mistake:
        """A mistake at a path of keys and indices, or at the nearest parent with a place.

        The place is in the uppermost file that has the path.
        """
        while path and not any(path in layer.places for layer in self.layers()):
            path = path[:-1]
        found = next(layer for layer in self.layers() if path in layer.places)
        return Mistake(found.file, *found.places[path], message)

    def layers(self) -> Iterator[Parsed[T]]:
        """This file, and those below it."""
        yield self
        if self.below:
            yield from self.below.layers()


class Malformed(InputError):
    """A file with mistakes, and its well-formed top-level fields."""

    def __init__(self, mistakes: list[Mistake], rest: Parsed[dict[str, Any]]) -> None:
        super().__init__(mistakes)
        self.rest = rest
