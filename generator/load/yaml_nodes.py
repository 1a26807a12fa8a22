"""From the bytes of a YAML file to its nodes, and the sentences for what is not YAML."""

from __future__ import annotations

import re

import yaml
from yaml import MappingNode, Node, ScalarNode, SequenceNode

from generator.errors import InputError, Mistake
from generator.load.files import limited

__all__ = ["MAX_DEPTH", "MappingNode", "Node", "ScalarNode", "SequenceNode", "compose"]

MAX_DEPTH = 20
HARMLESS = 200  # levels that every version of the library composes
_INDENTATION = re.compile(r"^[ \t?:-]*", re.MULTILINE)
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
TOO_DEEP = "the YAML is nested too deeply"
_NEEDS_QUOTES = {
    "mapping values are not allowed in this context",
    "found character that cannot start any token",
    "did not find expected node content",
}


def compose(data: bytes, file: str) -> Node:
    """The nodes of a YAML text. Raises InputError, with the place, for what is not YAML."""
    try:
        text = limited(data, file).decode("utf-8")
        if "\x85" in text:
            line = text.count("\n", 0, text.index("\x85")) + 1
            message = "YAML reads U+0085 as a line break: leave it out"
            raise InputError([Mistake(file, line, 0, message)])
        if _deepest_possible(text) > HARMLESS:
            _check_depth(text, file)
        node = yaml.compose(text, Loader=_LOADER)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError([Mistake(file, line, 0, "this is not UTF-8 text")]) from None
    except yaml.YAMLError as error:
        raise InputError([_mistake(error, text, file)]) from None
    if node is None:
        raise InputError([Mistake(file, 1, 1, "the file is empty")])
    return node


def _deepest_possible(text: str) -> int:
    """No fewer levels than the text nests: counted by its brackets and its widest indentation.

    A level of a block takes a column, and a sequence can stand in the column of its mapping.
    """
    columns = max(map(len, _INDENTATION.findall(text)))
    return 2 * columns + text.count("[") + text.count("{")


def _check_depth(text: str, file: str) -> None:
    """Refuse deep nesting before the library does, or before it overflows its stack."""
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            line = event.start_mark.line + 1 if event.start_mark else 0
            raise InputError([Mistake(file, line, 0, TOO_DEEP)])


def _mistake(error: yaml.YAMLError, text: str, file: str) -> Mistake:
    """The mistake that the library found, in its place."""
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        return Mistake(file, 0, 0, f"this is not YAML: {_problem(error, text)}")
    before = text[: mark.index]
    open_brackets = sum(before.count(sign) for sign in "[{") - sum(map(before.count, "]}"))
    if open_brackets > MAX_DEPTH:  # the library looks ahead, and meets a limit of its own first
        return Mistake(file, mark.line + 1, 0, TOO_DEEP)
    return Mistake(
        file, mark.line + 1, mark.column + 1, f"this is not YAML: {_problem(error, text)}"
    )


def _problem(error: yaml.YAMLError, text: str) -> str:
    """The parser's sentence, with its context and with what would be right."""
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "bad YAML"
    context, start = getattr(error, "context", None), getattr(error, "context_mark", None)
    mark = getattr(error, "problem_mark", None)
    if mark and text[mark.index : mark.index + 1] == "\t":
        return "a tab stands here: indent with spaces"
    if problem.startswith("but "):
        return f"{context}, {problem}"
    if problem in _NEEDS_QUOTES:
        return f"{problem}: put the text in quotes"
    if context and start:
        return f"{problem} {context} from {start.line + 1}:{start.column + 1}"
    return problem
