"""The blocks of a file in Terraform's JSON syntax, with the line of each object.

Which labels a block has is told by its type: "JSON Configuration Syntax" of the Terraform
documentation.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Iterator
from json.decoder import JSONObject  # type: ignore[attr-defined]
from json.scanner import py_make_scanner  # type: ignore[attr-defined]
from typing import Any

from generator.errors import InputError, Mistake
from generator.observe.hcl_blocks import Attribute, Block
from generator.observe.terraform_resources import Lined

# How many labels the blocks have that matter here.
LABELS = {"resource": 2, "variable": 1, "output": 1, "module": 1, "locals": 0}


def read_json(text: str, file: str) -> Block:
    """The whole of a file as a block without a type. Raises InputError for what is no JSON."""
    found = _read(text, file)
    blocks = [
        block
        for name, labels in LABELS.items()
        for block in _blocks((name,), labels, found.get(name))
    ]
    return Block((), 1, {}, blocks)


def read_json_values(text: str, file: str) -> Block:
    """The same of a file with the values of variables, which has attributes only."""
    return Block((), 1, _attributes(_read(text, file)), [])


def _read(text: str, file: str) -> Lined:
    try:
        found, end = _Decoder(text).raw_decode(text, len(text) - len(text.lstrip()))
    except RecursionError:
        raise InputError([Mistake(file, 0, 0, "invalid JSON: nested too deeply")]) from None
    except json.JSONDecodeError as error:
        mistake = Mistake(file, error.lineno, error.colno, "invalid JSON")
        raise InputError([mistake]) from None
    except ValueError:  # a number of thousands of digits
        raise InputError([Mistake(file, 0, 0, "invalid JSON: a number is too long")]) from None
    if not isinstance(found, Lined) or text[end:].strip():
        raise InputError([Mistake(file, 0, 0, "invalid Terraform: use one JSON object")])
    return found


def _attributes(value: Lined) -> dict[str, Attribute]:
    """The values of an object."""
    lines = {name: getattr(_first(each), "line", value.line) for name, each in value.items()}
    return {name: Attribute(lines[name], each) for name, each in value.items()}


def _blocks(words: tuple[str, ...], labels: int, value: Any) -> Iterator[Block]:
    for each in value if isinstance(value, list) else [value]:
        if not isinstance(each, Lined):
            continue
        if labels:
            for label, below in each.items():
                yield from _blocks((*words, label), labels - 1, below)
        else:
            dynamic = [*_blocks(("dynamic",), 1, each.get("dynamic"))]
            yield Block(words, each.line, _attributes(each), dynamic)


def _first(value: Any) -> Any:
    return value[0] if isinstance(value, list) and value else value


class _Decoder(json.JSONDecoder):
    """Gives objects their lines, for which the scanner has to be the one in Python."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._ends = [i for i, character in enumerate(text) if character == "\n"]
        self.parse_object = self._object
        self.scan_once = py_make_scanner(self)

    def _object(self, text_and_end: tuple[str, int], *args: Any) -> tuple[Lined, int]:
        value, end = JSONObject(text_and_end, *args)
        found = Lined(value)
        found.line = bisect_right(self._ends, text_and_end[1] - 1) + 1
        return found, end
