"""What conditions say as they are written: a solver takes cubic time where there are many."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from generator.observe.cloudformation.functions import text

DEEP = 50  # conditions within conditions, beyond which nothing is known


class Written:
    """The conditions of a template as they are written."""

    def __init__(self, conditions: Any, by_default: Callable[[Any], Any]) -> None:
        """`conditions` is that section; `by_default` says what a value equals by default."""
        self._conditions: Mapping[str, Any] = conditions if isinstance(conditions, dict) else {}
        self._by_default = by_default
        self._known: dict[str, bool | None] = {}
        self._texts: dict[str, frozenset[tuple[str, str]]] = {}

    def holds_by_default(self, name: str, depth: int = DEEP) -> bool | None:
        """Whether a condition holds while every parameter has its default; None if unknown."""
        if name not in self._known:
            self._known[name] = None  # also for one that refers to itself
            self._known[name] = self._holds(self._conditions.get(name), depth)
        return self._known[name]

    def exclude_each_other(self, names: Iterable[str]) -> bool:
        """Whether conditions cannot hold together, as one value would have to equal two texts."""
        required: dict[str, str] = {}
        return any(
            required.setdefault(value, wanted) != wanted
            for name in names
            for value, wanted in self._required(name)
        )

    def _holds(self, condition: Any, depth: int) -> bool | None:
        function, parts = _read(condition)
        if not depth:
            return None
        if function == "Condition":
            return self.holds_by_default(parts[0], depth - 1)
        if function == "Fn::Equals":
            texts = [text(self._by_default(part)) for part in parts]
            return texts[0] == texts[1] if None not in texts else None
        held = {self._holds(part, depth - 1) for part in parts}
        if function == "Fn::Not":
            return None if None in held else False in held
        decisive = function == "Fn::Or"
        return decisive if decisive in held else None if None in held or not held else not decisive

    def _required(self, name: str, depth: int = DEEP) -> frozenset[tuple[str, str]]:
        """The values that must equal a text for a condition to hold, with that text."""
        if name not in self._texts:
            self._texts[name] = frozenset()  # also for one that refers to itself
            self._texts[name] = self._texts_of(self._conditions.get(name), depth)
        return self._texts[name]

    def _texts_of(self, condition: Any, depth: int) -> frozenset[tuple[str, str]]:
        function, parts = _read(condition)
        if function == "Condition" and depth:
            return self._required(parts[0], depth - 1)
        if function == "Fn::And" and depth:
            return frozenset().union(*(self._texts_of(part, depth - 1) for part in parts))
        if function == "Fn::Equals":
            return frozenset(
                (json.dumps(one, sort_keys=True, default=str), other)
                for one, other in (parts, parts[::-1])
                if isinstance(one, dict) and isinstance(other, str)
            )
        return frozenset()


SIZES = {"Condition": {1}, "Fn::Equals": {2}, "Fn::Not": {1}, "Fn::And": range(2, 11)}
SIZES["Fn::Or"] = SIZES["Fn::And"]


def _read(condition: Any) -> tuple[str, list[Any]]:
    """The function of a condition and its arguments; without any, if it is none that is known."""
    if isinstance(condition, dict) and len(condition) == 1:
        [(function, parts)] = condition.items()
        parts = [parts] if isinstance(parts, str) else parts
        if isinstance(parts, list) and len(parts) in SIZES.get(function, ()):
            named = function != "Condition" or isinstance(parts[0], str)
            return (function, parts) if named else ("", [])
    return "", []
