"""Strict YAML: from text to the dataclasses of the model, with every mistake and its place.

YAML guesses types, and its guesses change meaning without a word: `no` is false, `3.10` is 3.1,
`22:22` is 1342, the second of two equal keys wins. Here a value has the type that its field
declares, as it is written, or it is a mistake with a line and a column.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Any, Generic, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import yaml

from generator.errors import FieldError, InputError, Mistake, nearest, unknown

T = TypeVar("T")
KeyPath = tuple[str | int, ...]
Place = tuple[int, int]

MAX_BYTES = 1 << 20
MAX_NODES = 100_000  # aliases of aliases grow without bound; no honest file comes near this
MAX_DEPTH = 20
DEEP_FROM = 16_000  # bytes; a smaller file cannot nest deeply enough to do harm
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,8})")
_YAML = "tag:yaml.org,2002:"
_READ_AS = {
    "null": "nothing",
    "bool": "true or false",
    "int": "a number",
    "float": "a number",
    "timestamp": "a date",
}


@dataclass(frozen=True)
class Parsed(Generic[T]):
    """A value read from a file, and where in the file each of its parts stands."""

    value: T
    file: str
    places: Mapping[KeyPath, Place]

    def mistake(self, path: KeyPath, message: str) -> Mistake:
        """A mistake at a path of keys and indices, or at the nearest parent that has a place."""
        while path and path not in self.places:
            path = path[:-1]
        line, column = self.places[path]
        return Mistake(self.file, line, column, message)


def parse(data: bytes, cls: Any, file: str) -> Parsed[Any]:
    """Read YAML as `cls`: a dataclass of the model, or a mapping from a name to one.

    Raises InputError with every mistake of the file.
    """
    reader = _Reader(file)
    value = reader.read(_compose(data, file), cls, ())
    if reader.mistakes:
        raise InputError(reader.mistakes)
    return Parsed(value, file, reader.places)


def _compose(data: bytes, file: str) -> yaml.Node:
    if len(data) > MAX_BYTES:
        raise InputError([Mistake(file, 0, 0, "the file is larger than 1 MiB")])
    try:
        text = data.decode("utf-8")
        if len(data) > DEEP_FROM:
            _check_depth(text, file)
        node = yaml.compose(text, Loader=_LOADER)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError([Mistake(file, line, 0, "this is not UTF-8 text")]) from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "bad YAML"
        if problem.startswith("but "):
            problem = f"{getattr(error, 'context', '')}, {problem}"
        raise InputError(
            [Mistake(file, place[0], place[1], f"this is not YAML: {problem}")]
        ) from None
    if node is None:
        raise InputError([Mistake(file, 1, 1, "the file is empty")])
    return node


def _check_depth(text: str, file: str) -> None:
    """Refuse nesting that would overflow the stack of the C library before it reports anything."""
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            line = event.start_mark.line + 1 if event.start_mark else 0
            raise InputError([Mistake(file, line, 0, "the YAML is nested too deeply")])


class _Bad(Exception):
    """The value could not be built; its mistakes are recorded."""


class _Reader:
    """Builds one file's value, and collects its mistakes and places on the way."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.mistakes: list[Mistake] = []
        self.places: dict[KeyPath, Place] = {}
        self.nodes = 0

    def read(self, node: yaml.Node, hint: Any, path: KeyPath) -> Any:
        """The node's value as `hint`, or None with at least one mistake recorded."""
        try:
            return self._read(node, hint, path)
        except _Bad:
            return None
        except FieldError as error:
            at = (*path, error.field or "")
            self._refuse(*self.places.get(at, self.places[path]), str(error))
            return None

    def _refuse(self, line: int, column: int, message: str) -> None:
        self.mistakes.append(Mistake(self.file, line, column, message))

    def _bad(self, node: yaml.Node, message: str) -> _Bad:
        self._refuse(node.start_mark.line + 1, node.start_mark.column + 1, message)
        return _Bad()

    def _read(self, node: yaml.Node, hint: Any, path: KeyPath) -> Any:
        self.nodes += 1
        if self.nodes > MAX_NODES or len(path) > MAX_DEPTH:
            raise InputError([Mistake(self.file, 0, 0, "the YAML refers to itself too often")])
        self.places[path] = (node.start_mark.line + 1, node.start_mark.column + 1)
        hint = self._choose(node, hint)
        origin = get_origin(hint) or hint
        if hint is NoneType:
            return None
        if hasattr(hint, "parse"):
            return hint.parse(self._text(node))
        if is_dataclass(hint):
            return self._dataclass(node, hint, path)
        if origin is tuple:
            return self._list(node, get_args(hint)[0], path)
        if origin is Mapping:
            return self._mapping(node, get_args(hint)[1], path)
        if origin is Literal:
            return self._literal(node, get_args(hint))
        return {str: self._text, bool: self._boolean, int: self._number}[hint](node)

    def _choose(self, node: yaml.Node, hint: Any) -> Any:
        """The member of a union that fits the node's kind; the first one where none does."""
        if get_origin(hint) not in (Union, UnionType):
            return hint
        members = get_args(hint)
        if NoneType in members and node.tag == _YAML + "null":
            return NoneType
        kind = (
            tuple
            if isinstance(node, yaml.SequenceNode)
            else (Mapping if isinstance(node, yaml.MappingNode) else None)
        )
        for member in members:
            origin = get_origin(member) or member
            if origin is kind or (
                kind is Mapping and is_dataclass(member) and not hasattr(member, "parse")
            ):
                return member
        return members[0]

    def _pairs(self, node: yaml.Node) -> dict[str, yaml.Node]:
        if not isinstance(node, yaml.MappingNode):
            raise self._bad(node, f"expected a mapping (key: value), found {_found(node)}")
        pairs: dict[str, yaml.Node] = {}
        for key_node, value in node.value:
            try:
                key = self._text(key_node)
            except _Bad:
                continue
            if key in pairs:
                self._bad(key_node, f"the key {key!r} stands here a second time: remove one")
            pairs[key] = value
        return pairs

    def _dataclass(self, node: yaml.Node, cls: Any, path: KeyPath) -> Any:
        pairs = self._pairs(node)
        hints, required = _shape(cls)
        before = len(self.mistakes)
        for key_node, _ in node.value:
            if isinstance(key_node, yaml.ScalarNode) and key_node.value not in hints:
                self._bad(key_node, unknown("key", key_node.value, list(hints)))
        meant = {near for key in pairs if key not in hints for near in nearest(key, list(hints))}
        for key in required:
            if key not in pairs and key not in meant:
                self._bad(node, f"the key {key!r} is missing")
        values = {
            key: self.read(value, hints[key], (*path, key))
            for key, value in pairs.items()
            if key in hints
        }
        if len(self.mistakes) > before:
            raise _Bad
        return cls(**values)

    def _list(self, node: yaml.Node, hint: Any, path: KeyPath) -> tuple[Any, ...]:
        if not isinstance(node, yaml.SequenceNode):
            raise self._bad(node, f"expected a list ([a, b]), found {_found(node)}")
        return tuple(self.read(item, hint, (*path, i)) for i, item in enumerate(node.value))

    def _mapping(self, node: yaml.Node, hint: Any, path: KeyPath) -> dict[str, Any]:
        pairs = self._pairs(node)
        return {key: self.read(value, hint, (*path, key)) for key, value in pairs.items()}

    def _literal(self, node: yaml.Node, allowed: tuple[str, ...]) -> str:
        text = self._text(node)
        if text not in allowed:
            raise self._bad(node, unknown("choice", text, allowed))
        return text

    def _text(self, node: yaml.Node) -> str:
        if not isinstance(node, yaml.ScalarNode):
            raise self._bad(node, f"expected text, found {_found(node)}")
        kind = node.tag.removeprefix(_YAML)
        if kind in _READ_AS and not node.style:
            quoted = '"' + node.value + '"'
            raise self._bad(
                node,
                f"expected text, but YAML reads {node.value or 'this'} as "
                f"{_READ_AS[kind]}: write {quoted}",
            )
        if kind != "str":
            raise self._bad(node, f"expected text, found the tag {node.tag}")
        return str(node.value)

    def _boolean(self, node: yaml.Node) -> bool:
        if not isinstance(node, yaml.ScalarNode) or node.value not in ("true", "false"):
            raise self._bad(node, f"expected true or false, found {_found(node)}")
        return bool(node.value == "true")

    def _number(self, node: yaml.Node) -> int:
        plain = isinstance(node, yaml.ScalarNode) and not node.style
        if not plain or not _INTEGER.fullmatch(node.value):
            raise self._bad(node, f"expected a whole number such as 22, found {_found(node)}")
        return int(node.value)


@cache
def _shape(cls: Any) -> tuple[dict[str, Any], list[str]]:
    """A dataclass's keys with their types, and which of them are required."""
    required = [
        f.name for f in fields(cls) if f.default is MISSING and f.default_factory is MISSING
    ]
    return get_type_hints(cls), required


def _found(node: yaml.Node) -> str:
    if isinstance(node, yaml.ScalarNode):
        return repr(node.value) if node.value else "nothing"
    return "a list" if isinstance(node, yaml.SequenceNode) else "a mapping"
