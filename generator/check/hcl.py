"""A lenient reader of HCL and its JSON form: blocks and the strings in them, and nothing else.

It reads enough to list the modules that a module calls and the places that providers come from,
and runs nothing. What it misreads is not lost: Terraform compares the sources of modules with its
own reading of them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

_TOKEN = re.compile(
    r"""
      (?P<skipped> \#[^\n]* | //[^\n]* | /\*.*?(?:\*/|\Z)
                 | <<-?(?P<tag>\w+)\n.*?(?:^[ \t]*(?P=tag)\b|\Z) )
    | (?P<string> " )
    | (?P<word> [A-Za-z_][\w-]* )
    | (?P<sign> [][{}=,\n] )
    """,
    re.VERBOSE | re.DOTALL | re.MULTILINE,
)


_IN_STRING = re.compile(r'\\.|"|[$%]\{|[{}]|\n', re.DOTALL)


class Block(NamedTuple):
    """A block: its type with its labels, and what stands in it."""

    words: tuple[str, ...]
    line: int
    """Where it begins, from 1; 0 in JSON, which is read without places."""
    strings: dict[str, list[str]]
    """By attribute, the strings in its value: one for a string, several for a list."""
    blocks: list[Block]


def read_hcl(text: str) -> Block:
    """The whole of a file as a block without a type."""
    stack = [Block((), 0, {}, [])]
    words: list[str] = []
    attribute: str | None = None
    line, brackets = 1, 0
    for kind, token in _tokens(text):
        line += token.count("\n")
        if kind == "word" and attribute is None:
            words.append(token)
        elif kind == "string" and attribute is not None:
            stack[-1].strings.setdefault(attribute, []).append(_unquoted(token))
        elif kind == "string":
            words.append(_unquoted(token))
        elif token == "=":
            attribute = words[-1] if words else ""
        elif token in "[]" and kind == "sign":
            brackets += 1 if token == "[" else -1
        elif kind == "sign" and (token in "{}" or brackets <= 0):
            if token == "{":
                stack.append(Block(tuple(words), line, {}, []))
                stack[-2].blocks.append(stack[-1])
            elif token == "}" and len(stack) > 1:
                stack.pop()
            words, attribute, brackets = [], None, 0
    return stack[0]


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    """The tokens of a text with their kinds, a string with all that is interpolated in it as one.

    It moves forward only, so it takes time that is proportional to the text.
    """
    match = _TOKEN.search(text)
    while match:
        end = _string_end(text, match.end()) if match.lastgroup == "string" else match.end()
        yield match.lastgroup or "", text[match.start() : end]
        match = _TOKEN.search(text, end)


def _string_end(text: str, start: int) -> int:
    """Where a string ends that begins before `start`; at the end of its line if it does not."""
    inside = ['"']  # strings, and the braces of interpolations and objects in them
    for match in _IN_STRING.finditer(text, start):
        token = match[0]
        if inside[-1] == '"':
            if token == "\n":
                return match.start()
            if token == '"':
                inside.pop()
            elif token in ("${", "%{"):
                inside.append("{")
        elif token == "}":
            inside.pop()
        elif token in ('"', "{", "${", "%{"):
            inside.append(token[-1])
        if not inside:
            return match.end()
    return len(text)


def read_json(text: str) -> Block:
    """The same of a file in JSON, where a label is a block within its type. Raises ValueError."""
    return _block((), json.loads(text))


def _block(words: tuple[str, ...], value: Any) -> Block:
    found = Block(words, 0, {}, [])
    for name, each in _items(value):
        texts = [text for text in _list(each) if isinstance(text, str)]
        if texts:
            found.strings[name] = texts
        found.blocks.extend(_block((name,), v) for v in _list(each) if isinstance(v, dict))
    return found


def _items(value: Any) -> Iterator[tuple[str, Any]]:
    for each in _list(value):
        if isinstance(each, dict):
            yield from each.items()


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _unquoted(token: str) -> str:
    try:
        return str(json.loads(token))
    except ValueError:  # an escape that only HCL has
        return token[1:-1]
