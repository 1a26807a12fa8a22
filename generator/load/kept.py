"""Rule data that was read before, from the user's cache: reading YAML takes longer than the rest.

An entry holds plain data, the value of a file that had no mistakes. It is found by the bytes of the
file and by the code that read them, so that it never outlives either.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from functools import cache as once
from functools import cached_property
from pathlib import Path
from typing import Any

from generator import model
from generator.cache import Cache
from generator.errors import KeyPath
from generator.load.parsed import Parsed, Place

_KIND = "rule-data"
_CLASS = "\0class"  # in no key of a file: YAML has no such character


def parse(data: bytes, cls: Any, file: str, cache: Cache) -> Parsed[Any]:
    """What `strict_yaml.parse` returns, and raises; taken from the cache if it is there."""
    key = "\0".join([_code(), str(cls), hashlib.sha256(data).hexdigest()])
    value = _decoded(cache.load(_KIND, key))
    if value is not None:
        return Parsed(value, file, _Places(data, cls, file))
    from generator.load.strict_yaml import parse as read

    parsed = read(data, cls, file)
    entry = json.dumps(_plain(parsed.value)).encode()
    if _decoded(entry) == parsed.value:  # else there is something that JSON cannot hold
        cache.store(_KIND, key, entry)
    return parsed


class _Places(Mapping[KeyPath, Place]):
    """The places of a file's values, which only a mistake needs: the file is read for them then."""

    def __init__(self, *read: Any) -> None:
        self._read = read

    @cached_property
    def _found(self) -> Mapping[KeyPath, Place]:
        from generator.load.strict_yaml import parse as read

        return read(*self._read).places

    def __getitem__(self, path: KeyPath) -> Place:
        return self._found[path]

    def __iter__(self) -> Iterator[KeyPath]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)


@once
def _code() -> str:
    """What changes with the code that reads and checks, as Python decides it of bytecode."""
    package = Path(__file__).parents[1]
    entries = (e for name in ("load", "model") for e in os.scandir(package / name))
    sources = ((e.name, e.stat()) for e in entries if e.name.endswith(".py"))
    return str(sorted((name, s.st_size, s.st_mtime_ns) for name, s in sources))


@once
def _classes() -> dict[str, Any]:
    return {
        name: each for name, each in vars(model).items() if hasattr(each, "__dataclass_fields__")
    }


def _plain(value: Any) -> Any:
    """A value as JSON has it: an object of a class is a mapping with its name."""
    if type(value).__name__ in _classes():
        fields = type(value).__dataclass_fields__.values()
        given = {f.name: _plain(getattr(value, f.name)) for f in fields}
        return {_CLASS: type(value).__name__, **given}
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return [*map(_plain, value)] if isinstance(value, tuple) else value


def _decoded(entry: bytes | None) -> Any:
    """The value, which its classes check again; None for no entry, or for one of another shape."""
    try:
        return json.loads(entry, object_hook=_object) if entry else None
    except (ValueError, KeyError, TypeError):
        return None


def _object(pairs: dict[str, Any]) -> Any:
    found = {key: tuple(each) if type(each) is list else each for key, each in pairs.items()}
    name: Any = found.pop(_CLASS, None)
    return _classes()[name](**found) if name else found
