"""The text of a template: read by cfn-lint, which keeps lines, once it is known to be small.

What cfn-lint does with a mapping takes quadratic time, and what the parser below it does with what
is nested takes the stack of the program. So the text is looked through first, event by event.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from generator.errors import InputError, Mistake

LIMIT = 1_000_000  # bytes of a template from S3: "CloudFormation quotas" in its User Guide
MAX_DEPTH = 60
MAX_KEYS = 2000  # of a mapping; a template has at most 500 resources and 200 parameters


def decode(text: str, file: str) -> dict[str, Any]:
    """The sections of a template. Raises InputError for what is not a template."""
    mistakes = [*_too_large(text, file)] or None
    if mistakes:
        raise InputError(mistakes)
    import cfnlint.decode

    try:
        template, matches = cfnlint.decode.decode_str(text)
    except Exception as error:
        raise InputError([Mistake(file, 0, 0, f"not a valid template: {_line(error)}")]) from None
    if matches:
        raise InputError(
            Mistake(file, match.linenumber, match.columnnumber, _line(match.message))
            for match in matches
        )
    if not isinstance(template, dict):
        raise InputError([Mistake(file, 0, 0, "not a template: its top level is not a mapping")])
    return template


def _too_large(text: str, file: str) -> Iterator[Mistake]:
    """What keeps a text from being read in a short time, if anything does."""
    if len(text.encode("utf-8", "replace")) > LIMIT:
        message = "the file is larger than 1 MB, the most that CloudFormation accepts"
        yield Mistake(file, 0, 0, message)
        return
    import yaml

    sizes: list[int] = []
    values = _Expanded()
    try:
        for event in yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
            line = event.start_mark.line + 1 if event.start_mark else 0
            if values.after(event) > LIMIT:
                yield Mistake(file, line, 0, f"aliases repeat more than {LIMIT:,} values")
                return
            if isinstance(event, yaml.CollectionEndEvent):
                sizes.pop()
                continue
            if sizes and isinstance(event, yaml.NodeEvent):
                sizes[-1] += 1
            if isinstance(event, yaml.CollectionStartEvent):
                # The nodes of a mapping are its keys and its values.
                limit = isinstance(event, yaml.MappingStartEvent)
                sizes.append(0 if limit else -LIMIT)
            if len(sizes) > MAX_DEPTH:
                yield Mistake(file, line, 0, f"more than {MAX_DEPTH} levels of nesting")
                return
            if sizes and sizes[-1] > 2 * MAX_KEYS:
                yield Mistake(file, line, 0, f"more than {MAX_KEYS:,} keys in one mapping")
                return
    except yaml.YAMLError:
        return  # which cfn-lint finds, too, and has words for


class _Expanded:
    """How many values a document has once every alias is what it repeats."""

    def __init__(self) -> None:
        self._open: list[tuple[str | None, int]] = [(None, 0)]
        self._anchors: dict[str, int] = {}

    def after(self, event: Any) -> int:
        """The number of them in what is open after an event of the parser."""
        kind = type(event).__name__
        if kind in ("MappingStartEvent", "SequenceStartEvent"):
            self._open.append((event.anchor, 1))
        elif kind in ("MappingEndEvent", "SequenceEndEvent"):
            self._add(*self._open.pop())
        elif kind == "ScalarEvent":
            self._add(event.anchor, 1)
        elif kind == "AliasEvent":
            self._add(None, self._anchors.get(event.anchor, 1))
        return self._open[-1][1]

    def _add(self, anchor: str | None, number: int) -> None:
        if anchor:
            self._anchors[anchor] = number
        above, before = self._open[-1]
        self._open[-1] = above, before + number


def _line(error: object) -> str:
    return " ".join(str(error).split())
