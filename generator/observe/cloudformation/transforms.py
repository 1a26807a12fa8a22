"""Loops in templates, `Fn::ForEach`, which a transform of CloudFormation itself expands.

cfn-lint expands them, but makes up what it does not know. So what a loop runs over is put in its
place before.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

from generator.observe.cloudformation.functions import text
from generator.observe.cloudformation.values import Values

LOOPS = "AWS::LanguageExtensions"
LOOP = "Fn::ForEach::"
MANY = 50_000  # parts of a template whose loops are expanded, beyond which they are not


class _UnknownError(Exception):
    """A loop over what is not known."""


def expand(template: dict[str, Any], known: Values, file: str) -> tuple[dict[str, Any], list[str]]:
    """The template without loops, and a sentence for each transform that cannot be run here."""
    left_out = [
        f"{file}: what the transform {name} adds is not known"
        for name in _transforms(template)
        if name != LOOPS
    ]
    if LOOPS not in _transforms(template) or not _has_loops(template):
        return template, left_out
    try:
        written = {name: _with_lists(part, known) for name, part in template.items()}
        if _size(written) <= MANY:
            from cfnlint.template.transforms._language_extensions import language_extension

            cfn = SimpleNamespace(template=written, regions=["us-east-1"], filename=file)
            _, expanded = language_extension(cfn)
            if isinstance(expanded, dict):
                return expanded, left_out
    except _UnknownError:
        pass
    left_out.append(f"{file}: what the loops (Fn::ForEach) make is not known")
    return template, left_out


def _transforms(template: dict[str, Any]) -> Iterator[str]:
    wanted = template.get("Transform", [])
    return map(str, wanted if isinstance(wanted, list) else [wanted])


def _has_loops(part: Any) -> bool:
    if isinstance(part, dict):
        return any(_is_loop(key, value) or _has_loops(value) for key, value in part.items())
    return isinstance(part, list) and any(map(_has_loops, part))


def _is_loop(key: Any, value: Any) -> bool:
    return str(key).startswith(LOOP) and isinstance(value, list) and len(value) == 3


def _with_lists(part: Any, known: Values) -> Any:
    """The same with loops over lists that are written out."""
    if not _has_loops(part):
        return part
    if isinstance(part, list):
        return [_with_lists(item, known) for item in part]
    changed = {}
    for key, value in part.items():
        if _is_loop(key, value):
            name, items, body = value
            changed[key] = [name, _list(items, known), _with_lists(body, known)]
        else:
            changed[key] = _with_lists(value, known)
    return changed


def _list(items: Any, known: Values) -> list[str]:
    """What a loop runs over."""
    items = known.known(items)
    found = [text(known.known(item)) for item in items] if isinstance(items, list) else [None]
    texts = [item for item in found if item is not None]
    if len(texts) < len(found):
        raise _UnknownError
    return texts


def _size(part: Any) -> int:
    """How many parts there are once loops are expanded."""
    if isinstance(part, list):
        return 1 + sum(map(_size, part))
    if not isinstance(part, dict):
        return 1
    return 1 + sum(
        len(value[1]) * _size(value[2]) if _is_loop(key, value) else _size(value)
        for key, value in part.items()
    )
