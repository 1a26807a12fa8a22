"""Strict YAML: reads text into the dataclasses of the model, with the place of every mistake.

YAML guesses types, and its guesses change values silently: `no` is false, `3.10` is 3.1,
`22:22` is 1342, and of two equal keys the second wins. Here a value is exactly what is written, in
the type that its field declares, or it is a mistake with a line and a column.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass, replace
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from generator.errors import (
    KEY,
    MAX_MISTAKES,
    FieldError,
    InputError,
    KeyPath,
    Mistake,
    first_ones,
    nearest,
    shown,
    suggestion,
    unknown,
)
from generator.load.parsed import Malformed, Parsed, Place
from generator.load.yaml_nodes import (
    MAX_DEPTH,
    MappingNode,
    Node,
    ScalarNode,
    SequenceNode,
    compose,
    describe,
)

MAX_NODES = 100_000  # nested aliases grow without bound; real files stay far below
_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,8})")
_YAML = "tag:yaml.org,2002:"
_READ_AS = {
    "null": "nothing",
    "bool": "a boolean",
    "int": "a number",
    "float": "a number",
    "timestamp": "a date",
}


def parse(data: bytes, cls: Any, file: str) -> Parsed[Any]:
    """Read YAML as `cls`: a dataclass of the model, or a mapping from a name to one.

    Raises Malformed with every mistake of the file.
    """
    reader = _Reader(file)
    return Parsed(_whole(reader, data, cls), file, reader.places)


def parse_over(
    below: Parsed[Mapping[str, Any]], data: bytes, cls: Any, file: str
) -> Parsed[Mapping[str, Any]]:
    """Read YAML as a mapping from a name to a dataclass, over the one in another file.

    An entry with a name of the file below needs no more than the fields that it changes. Raises
    Malformed with every mistake of this file.
    """
    reader = _Reader(file, below.value)
    value = _whole(reader, data, cls)
    return Parsed({**below.value, **value}, file, reader.places, below)


def _whole(reader: _Reader, data: bytes, cls: Any) -> Any:
    value = reader.read(compose(data, reader.file), cls, ())
    if reader.mistakes:
        rest = Parsed(reader.well_formed, reader.file, reader.places)
        raise Malformed(reader.mistakes, rest)
    return value


class _Bad(Exception):
    """The value cannot be built; its mistakes are recorded."""


class _Reader:
    """Builds the value of one file, and collects mistakes and places."""

    def __init__(self, file: str, below: Mapping[str, Any] | None = None) -> None:
        self.file = file
        self.below = below or {}
        self.mistakes: list[Mistake] = []
        self.places: dict[KeyPath, Place] = {}
        self.well_formed: dict[str, Any] = {}
        self.nodes = 0

    def read(self, node: Node, hint: Any, path: KeyPath) -> Any:
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
        if len(self.mistakes) > MAX_MISTAKES:
            raise InputError(first_ones(self.mistakes))

    def _bad(self, node: Node, message: str) -> _Bad:
        self._refuse(node.start_mark.line + 1, node.start_mark.column + 1, message)
        return _Bad()

    def _read(self, node: Node, hint: Any, path: KeyPath) -> Any:
        self.nodes += 1
        if self.nodes > MAX_NODES or len(path) > MAX_DEPTH:
            raise InputError([Mistake(self.file, 0, 0, "the file has too many YAML aliases")])
        self.places[path] = (node.start_mark.line + 1, node.start_mark.column + 1)
        members = get_args(hint)
        hint = self._choose(node, hint)
        origin = get_origin(hint) or hint
        if hint is NoneType:
            return None
        or_mapping = any(get_origin(member) is Mapping for member in members)
        if origin is tuple and or_mapping and isinstance(node, ScalarNode):
            wanted = "a list ([a, b]) or a mapping (key: value)"
            raise self._bad(node, f"expected {wanted}, found {describe(node)}")
        if hasattr(hint, "parse"):
            return hint.parse(self._plain(node))
        if is_dataclass(hint):
            return self._dataclass(node, hint, path)
        if origin is tuple:
            return self._list(node, get_args(hint)[0], path)
        if origin is Mapping:
            return self._mapping(node, get_args(hint)[1], path)
        if origin is Literal:
            return self._literal(node, get_args(hint))
        return {str: self._text, bool: self._boolean, int: self._number}[hint](node)

    def _choose(self, node: Node, hint: Any) -> Any:
        """The member of a union that fits the node's kind; the first one where none does."""
        if get_origin(hint) not in (Union, UnionType):
            return hint
        members = get_args(hint)
        if NoneType in members and node.tag == _YAML + "null":
            return NoneType
        kinds: dict[type[Node], Any] = {SequenceNode: tuple, MappingNode: Mapping}
        kind = kinds.get(type(node))
        for member in members:
            origin = get_origin(member) or member
            if origin is kind or (
                kind is Mapping and _is_shape(member) and not _meant(node, member)
            ):
                return member
        return members[0]

    def _pairs(self, node: Node, path: KeyPath) -> dict[str, Node]:
        if not isinstance(node, MappingNode):
            raise self._bad(node, f"expected a mapping (key: value), found {describe(node)}")
        pairs: dict[str, Node] = {}
        for key_node, value in node.value:
            try:
                key = self._text(key_node)
            except _Bad:
                continue
            mark = key_node.start_mark
            self.places[(*path, key, KEY)] = (mark.line + 1, mark.column + 1)
            if key in pairs:
                self._bad(key_node, f"duplicate key {key!r}: remove one")
            pairs[key] = value
        return pairs

    def _dataclass(self, node: Node, cls: Any, path: KeyPath) -> Any:
        pairs = self._pairs(node, path)
        hints, required = _shape(cls)
        before = len(self.mistakes)
        for key_node, _ in node.value:
            if isinstance(key_node, ScalarNode) and key_node.value not in hints:
                self._bad(key_node, unknown("key", key_node.value, list(hints)))
        meant = {near for key in pairs if key not in hints for near in nearest(key, list(hints))}
        below = self.below.get(str(path[0])) if len(path) == 1 else None
        for key in required if below is None else ():
            if key not in pairs and key not in meant:
                self._bad(node, f"missing key {key!r}")
        values = self._values({k: v for k, v in pairs.items() if k in hints}, hints, path)
        if len(self.mistakes) > before:
            if not path:
                self.well_formed = values
            raise _Bad
        return cls(**values) if below is None else replace(below, **values)

    def _list(self, node: Node, hint: Any, path: KeyPath) -> tuple[Any, ...]:
        if not isinstance(node, SequenceNode):
            raise self._bad(node, f"expected a list ([a, b]), found {describe(node)}")
        items = dict(enumerate(node.value))
        return tuple(self._values(items, dict.fromkeys(items, hint), path).values())

    def _mapping(self, node: Node, hint: Any, path: KeyPath) -> dict[str, Any]:
        pairs = self._pairs(node, path)
        return self._values(pairs, dict.fromkeys(pairs, hint), path)

    def _values(
        self, nodes: Mapping[Any, Node], hints: Mapping[Any, Any], path: KeyPath
    ) -> dict[Any, Any]:
        """The values of a mapping or a list, except those with mistakes."""
        values = {}
        for key, node in nodes.items():
            before = len(self.mistakes)
            value = self.read(node, hints[key], (*path, key))
            if len(self.mistakes) == before or isinstance(value, dict | tuple):
                values[key] = value
        return values

    def _literal(self, node: Node, allowed: tuple[str, ...]) -> str:
        text = self._plain(node)
        if text not in allowed:
            raise self._bad(node, f"invalid value {shown(text)}: {suggestion(text, allowed)}")
        return text

    def _plain(self, node: Node) -> str:
        """A string for which quotes do not matter, such as an address or a choice."""
        kind = node.tag.removeprefix(_YAML)
        if isinstance(node, ScalarNode) and kind in _READ_AS and kind != "null":
            return str(node.value)
        return self._text(node)

    def _text(self, node: Node) -> str:
        if not isinstance(node, ScalarNode):
            found = _meant(node) or f"found {describe(node)}"
            raise self._bad(node, f"expected a string, {found}")
        kind = node.tag.removeprefix(_YAML)
        if kind == "merge":
            raise self._bad(node, "merge keys (<<) are not supported: write the keys out")
        if kind == "null" and not node.style:
            message = 'expected a string, found nothing: use "" for an empty string'
            raise self._bad(node, message)
        if kind in _READ_AS and not node.style:
            quoted = '"' + node.value + '"'
            raise self._bad(
                node,
                f"expected a string, but YAML reads {node.value or 'this'} as "
                f"{_READ_AS[kind]}: use {quoted}",
            )
        if kind != "str":
            raise self._bad(node, f"expected a string, found the tag {node.tag}")
        return str(node.value)

    def _boolean(self, node: Node) -> bool:
        plain = isinstance(node, ScalarNode) and not node.style
        if not plain or node.value not in ("true", "false"):
            raise self._bad(node, f"expected true or false, found {describe(node)}")
        return bool(node.value == "true")

    def _number(self, node: Node) -> int:
        plain = isinstance(node, ScalarNode) and not node.style
        if not plain or not _INTEGER.fullmatch(node.value):
            raise self._bad(node, f"expected a whole number such as 22, found {describe(node)}")
        return int(node.value)


@cache
def _shape(cls: Any) -> tuple[dict[str, Any], list[str]]:
    """The keys of a dataclass with their types, and the required ones."""
    required = [
        f.name for f in fields(cls) if f.default is MISSING and f.default_factory is MISSING
    ]
    return get_type_hints(cls), required


def _is_shape(member: Any) -> bool:
    """Whether a member of a union is read from a mapping."""
    return is_dataclass(member) and not hasattr(member, "parse")


def _meant(node: Node, instead_of: Any = None) -> str:
    """The string that a mapping of one key was probably meant to be: `a: b` without quotes."""
    if isinstance(node, MappingNode) and len(node.value) == 1:
        key, value = node.value[0]
        known = _shape(instead_of)[0] if instead_of else {}
        scalars = isinstance(key, ScalarNode) and isinstance(value, ScalarNode)
        if scalars and key.value not in known:
            text, written = f"{key.value}: {value.value}", f'"{key.value}:{value.value}"'
            return f"but YAML reads {text} as a mapping: use {written}"
    return ""
