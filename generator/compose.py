"""From the bytes of a YAML file to its nodes, and the sentences for what is not YAML."""

from __future__ import annotations

import yaml
from yaml import MappingNode, Node, ScalarNode, SequenceNode

from generator.errors import InputError, Mistake

__all__ = ["MAX_DEPTH", "MappingNode", "Node", "ScalarNode", "SequenceNode", "compose"]

MAX_BYTES = 1 << 20
MAX_DEPTH = 20
DEEP_FROM = 16_000  # bytes; a smaller file cannot nest deeply enough to do harm
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NEEDS_QUOTES = {
    "mapping values are not allowed in this context",
    "found character that cannot start any token",
    "did not find expected node content",
}


def compose(data: bytes, file: str) -> Node:
    """The nodes of a YAML text. Raises InputError, with the place, for what is not YAML."""
    if len(data) > MAX_BYTES:
        raise InputError([Mistake(file, 0, 0, "the file is larger than 1 MiB")])
    try:
        text = data.decode("utf-8")
        if "\x85" in text:
            line = text.count("\n", 0, text.index("\x85")) + 1
            message = "YAML reads U+0085 as a line break: leave it out"
            raise InputError([Mistake(file, line, 0, message)])
        if len(data) > DEEP_FROM:
            _check_depth(text, file)
        node = yaml.compose(text, Loader=_LOADER)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError([Mistake(file, line, 0, "this is not UTF-8 text")]) from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        problem = _problem(error, data)
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


def _problem(error: yaml.YAMLError, data: bytes) -> str:
    """The parser's sentence, with its context and with what would be right."""
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "bad YAML"
    context, start = getattr(error, "context", None), getattr(error, "context_mark", None)
    mark = getattr(error, "problem_mark", None)
    if mark and data.decode("utf-8").splitlines()[mark.line : mark.line + 1]:
        line = data.decode("utf-8").splitlines()[mark.line]
        if line[mark.column : mark.column + 1] == "\t":
            return "a tab stands here: indent with spaces"
    if problem.startswith("but "):
        return f"{context}, {problem}"
    if problem in _NEEDS_QUOTES:
        return f"{problem}: put the text in quotes"
    if context and start:
        return f"{problem} {context} from {start.line + 1}:{start.column + 1}"
    return problem
