"""What CloudFormation's functions equal, as far as that is known before there is a stack.

The functions are those of the intrinsic function reference in the CloudFormation User Guide.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

DEEP = 50  # functions within functions, beyond which nothing is known
LONG = 10_000  # characters of a text, beyond which it is not known; a description has 255
NETWORKS = ("AWS::EC2::VPC", "AWS::EC2::Subnet")
References = Mapping[str, str | list[str]]
_PART = re.compile(r"\$\{(!?)([^${}]*)\}")  # takes linear time where none is closed
_UNKNOWN = object()


class Functions:
    """The functions of one template, while its parameters have certain values."""

    def __init__(
        self,
        template: Mapping[str, Any],
        references: References,
        holds: Callable[[str], bool | None],
    ) -> None:
        """`references` are the values of parameters; `holds` says whether a condition does."""
        self._mappings = section(template, "Mappings")
        self._resources = section(template, "Resources")
        self._references = references
        self._holds = holds

    def value(self, value: Any) -> Any:
        """What a value equals; itself if that is not known."""
        if not isinstance(value, dict):
            return value
        found = self._of(value, DEEP)
        return value if found is _UNKNOWN else found

    def _of(self, value: Any, depth: int) -> Any:
        if isinstance(value, list):
            parts = [self._of(part, depth) for part in value] if depth else [_UNKNOWN]
            return _UNKNOWN if any(part is _UNKNOWN for part in parts) else parts
        if not isinstance(value, dict):
            return value
        if len(value) != 1 or not depth:
            return _UNKNOWN
        [(name, arguments)] = value.items()
        function = _FUNCTIONS.get(name) if isinstance(name, str) else None
        return function(self, arguments, depth - 1) if function else _UNKNOWN

    def _ref(self, name: Any, _: int) -> Any:
        return self._references.get(name, _UNKNOWN) if isinstance(name, str) else _UNKNOWN

    def _if(self, arguments: Any, depth: int) -> Any:
        if isinstance(arguments, list) and len(arguments) == 3 and isinstance(arguments[0], str):
            holds = self._holds(arguments[0])
            if holds is not None:
                return self._of(arguments[1 if holds else 2], depth)
        return _UNKNOWN

    def _sub(self, arguments: Any, depth: int) -> Any:
        given: Any = {}
        if isinstance(arguments, list) and len(arguments) == 2:
            arguments, given = arguments
        if not isinstance(arguments, str) or not isinstance(given, dict):
            return _UNKNOWN
        parts: list[str] = []
        size, end = 0, 0
        for match in _PART.finditer(arguments):
            parts.append(arguments[end : match.start()])
            end = match.end()
            name = match[2].strip()
            if match[1]:
                part: Any = f"${{{match[2]}}}"
            elif name in given:
                part = text(self._of(given[name], depth))
            else:
                part = text(self._references.get(name))
            if part is None:
                return _UNKNOWN
            parts.append(part)
            size += len(parts[-1]) + len(parts[-2])
            if size > LONG:
                return _UNKNOWN
        return "".join([*parts, arguments[end:]])

    def _join(self, arguments: Any, depth: int) -> Any:
        if not isinstance(arguments, list) or len(arguments) != 2:
            return _UNKNOWN
        separator, parts = text(self._of(arguments[0], depth)), self._of(arguments[1], depth)
        texts = [text(part) for part in parts] if isinstance(parts, list) else [None]
        known = [part for part in texts if part is not None]
        if separator is None or len(known) < len(texts) or sum(map(len, known)) > LONG:
            return _UNKNOWN
        return separator.join(known)

    def _split(self, arguments: Any, depth: int) -> Any:
        if not isinstance(arguments, list) or len(arguments) != 2:
            return _UNKNOWN
        separator, whole = (text(self._of(part, depth)) for part in arguments)
        return whole.split(separator) if separator and whole is not None else _UNKNOWN

    def _select(self, arguments: Any, depth: int) -> Any:
        if not isinstance(arguments, list) or len(arguments) != 2:
            return _UNKNOWN
        index, items = text(self._of(arguments[0], depth)), arguments[1]
        items = items if isinstance(items, list) else self._of(items, depth)
        if not index or not index.isdecimal() or not isinstance(items, list):
            return _UNKNOWN
        within = len(index) < 6 and int(index) < len(items)
        return self._of(items[int(index)], depth) if within else _UNKNOWN

    def _find_in_map(self, arguments: Any, depth: int) -> Any:
        if not isinstance(arguments, list) or len(arguments) not in (3, 4):
            return _UNKNOWN
        found: Any = self._mappings
        for part in arguments[:3]:
            key = text(self._of(part, depth))
            if key is None:
                return _UNKNOWN
            found = _entry(found, key)
        if found is None and len(arguments) == 4 and isinstance(arguments[3], dict):
            return self._of(arguments[3].get("DefaultValue", {}), depth)
        scalars = found if isinstance(found, list) else [found]
        return found if all(text(part) is not None for part in scalars) else _UNKNOWN

    def _get_att(self, arguments: Any, depth: int) -> Any:
        """The network of a VPC or subnet of the template, if it is written out or a parameter."""
        parts = arguments.split(".") if isinstance(arguments, str) else arguments
        if not isinstance(parts, list) or len(parts) != 2 or parts[1] != "CidrBlock":
            return _UNKNOWN
        resource = self._resources.get(parts[0]) if isinstance(parts[0], str) else None
        if not isinstance(resource, dict) or resource.get("Type") not in NETWORKS:
            return _UNKNOWN
        network = section(resource, "Properties").get("CidrBlock")
        if isinstance(network, dict):
            return self._ref(network.get("Ref"), depth)
        return _UNKNOWN if text(network) is None else network


_FUNCTIONS: Mapping[str, Callable[[Functions, Any, int], Any]] = {
    "Ref": Functions._ref,
    "Fn::If": Functions._if,
    "Fn::Sub": Functions._sub,
    "Fn::Join": Functions._join,
    "Fn::Split": Functions._split,
    "Fn::Select": Functions._select,
    "Fn::FindInMap": Functions._find_in_map,
    "Fn::GetAtt": Functions._get_att,
}


def section(parent: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """A part of a template that should be a mapping; an empty one if it is not."""
    found = parent.get(name)
    return found if isinstance(found, dict) else {}


def text(value: Any) -> str | None:
    """A scalar as the text that CloudFormation makes of it; None for anything else."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, (str, int, float)) else None


def _entry(mapping: Any, key: str) -> Any:
    """What a mapping has under a key, which YAML may have read as a number."""
    if not isinstance(mapping, dict):
        return None
    if key in mapping:
        return mapping[key]
    return mapping.get(int(key)) if key.isdecimal() and len(key) < 20 else None
