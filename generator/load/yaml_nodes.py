"""Parses the bytes of a YAML file into nodes."""

from __future__ import annotations

import yaml
from yaml import MappingNode, Node, ScalarNode, SequenceNode

from generator.errors import InputError, Mistake
from generator.load.files import limited
from generator.load.merge_markers import conflicts
from generator.load.yaml_mistakes import TOO_DEEP, Trouble, explain, invalid_character

__all__ = ["MAX_DEPTH", "MappingNode", "Node", "ScalarNode", "SequenceNode", "compose", "describe"]

MAX_DEPTH = 20


class _TooDeep(Exception):
    """The parent of a node that is nested too deeply."""


class _Shallow:
    """Counts levels while nodes are composed, before the library recurses into the next one.

    The library calls these two methods around each node for its resolver of paths, which is not in
    use here.
    """

    _depth = 0

    def descend_resolver(self, parent: Node | None, _: object) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH + 1:  # a value in MAX_DEPTH collections is fine
            raise _TooDeep(parent)

    def ascend_resolver(self) -> None:
        self._depth -= 1


class _Loader(_Shallow, getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """The library's loader: the one in C where PyYAML was built with it."""


def compose(data: bytes, file: str) -> Node:
    """The root node of a YAML file. Raises InputError with the place of what is not valid YAML."""
    try:
        text = limited(data, file).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError([Mistake(file, line, 0, "the file is not UTF-8 text")]) from None
    if mistake := invalid_character(text, file):
        raise InputError([mistake])
    if found := conflicts(text, file):
        raise InputError(found)
    try:
        node = yaml.compose(text, Loader=_Loader)
    except _TooDeep as error:
        line = error.args[0].start_mark.line + 1
        raise InputError([Mistake(file, line, 0, TOO_DEEP)]) from None
    except yaml.YAMLError as error:
        raise InputError([explain(_trouble(error, text), file, MAX_DEPTH)]) from None
    if node is None:
        raise InputError([Mistake(file, 1, 1, "the file is empty")])
    return node


def _trouble(error: yaml.YAMLError, text: str) -> Trouble:
    at, start = getattr(error, "problem_mark", None), getattr(error, "context_mark", None)
    return Trouble(text, at.index if at else len(text), start.index if start else None)


def describe(node: Node) -> str:
    """The node as a mistake names it: its text, or its kind."""
    if isinstance(node, ScalarNode):
        if node.style in ("'", '"'):
            return f"the string {node.value!r}: remove the quotes"
        return repr(node.value) if node.value else "nothing"
    return "a list" if isinstance(node, SequenceNode) else "a mapping"
