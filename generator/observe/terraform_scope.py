"""What expressions in the source of a module are worth without running Terraform: literals, the
variables and locals that are literals, and the groups and other things that they refer to.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any, NamedTuple

from generator.errors import FieldError, InputError, Mistake
from generator.observe.hcl_blocks import Attribute, Expression
from generator.observe.hcl_values import literal, template, unescape
from generator.observe.terraform_resources import GROUPS, UNKNOWN, Lined, Reference

MAX_DEPTH = 30  # of variables and locals that refer to others, and of lists and objects
MAX_LENGTH = 10_000  # of a string that is put together
_STEP = r'\.[\w-]+|\[(?:"[^"\\]*"|[0-9]{1,9})\]'
_TRAVERSAL = re.compile(rf"[^\W\d][\w-]*(?:{_STEP})+")
_STEPS = re.compile(r'[\w-]+|"[^"]*"')
_INTERPOLATION = re.compile(r"(?<!\$)\$\{~?([^{}]*?)~?\}")
_DIFFERS = ("each", "count", "self", "path", "terraform")  # which an instance knows, or Terraform


class Located(NamedTuple):
    """An attribute and the file that it is in."""

    file: str
    attribute: Attribute


class Scope:
    """The names that the expressions of a module can refer to."""

    def __init__(
        self,
        variables: Mapping[str, Located],
        named: Mapping[str, Located],
        groups: Collection[str],
    ) -> None:
        self._values: Mapping[str, Mapping[str, Located]] = {"var": variables, "local": named}
        self._groups = groups
        self._known: dict[tuple[str, str], Any] = {}

    def value(self, located: Located, depth: int = MAX_DEPTH) -> Any:
        """The value of an attribute, with Reference for what is not known.

        Raises InputError for what is no HCL.
        """
        value = located.attribute.value
        if isinstance(value, Expression):
            try:
                value = literal(value.text)
            except FieldError as error:
                mistake = Mistake(located.file, located.attribute.line, 0, str(error))
                raise InputError([mistake]) from None
            return self._resolved(value, _same, depth)
        return self._resolved(value, template, depth)

    def _resolved(self, value: Any, read: Callable[[str], Any], depth: int) -> Any:
        """A value without expressions; `read` reads its strings."""
        if depth <= 0:
            return UNKNOWN
        if isinstance(value, list):
            return [self._resolved(each, read, depth - 1) for each in value]
        if isinstance(value, dict):
            found = Lined({k: self._resolved(v, read, depth - 1) for k, v in value.items()})
            found.line = getattr(value, "line", 0)
            return found
        if isinstance(value, str):
            value = read(value)
        return self._expression(value.text, depth - 1) if isinstance(value, Expression) else value

    def _expression(self, text: str, depth: int) -> Any:
        if text.startswith('"'):
            return self._interpolated(text[1:-1], depth)
        if not _TRAVERSAL.fullmatch(text):
            return UNKNOWN
        root, *steps = (step.strip('"') for step in _STEPS.findall(text))
        if root in self._values and steps[0] in self._values[root]:
            return _walk(self._named(root, steps[0], depth), steps[1:])
        if root in GROUPS:
            key = text.removesuffix(".id")
            return Reference(key, key in self._groups)
        return UNKNOWN if root in _DIFFERS else Reference(text)

    def _named(self, root: str, name: str, depth: int) -> Any:
        """The value of a variable or local; UNKNOWN while it is being found, as in a circle."""
        if (root, name) not in self._known:
            self._known[root, name] = UNKNOWN
            self._known[root, name] = self.value(self._values[root][name], depth)
        return self._known[root, name]

    def _interpolated(self, text: str, depth: int) -> Any:
        """A string with the values of what is interpolated in it."""
        if "%{" in text or len(text) > MAX_LENGTH:
            return UNKNOWN
        pieces = _INTERPOLATION.split(text)
        for i, piece in enumerate(pieces):
            value = self._expression(piece.strip(), depth) if i % 2 else unescape(piece)
            if not isinstance(value, (str, int)) or isinstance(value, bool):
                return UNKNOWN
            pieces[i] = str(value)
        found = "".join(pieces)
        return UNKNOWN if "${" in found or len(found) > MAX_LENGTH else found


def _walk(value: Any, steps: list[str]) -> Any:
    """What a value has at keys and indices."""
    for step in steps:
        if isinstance(value, dict) and step in value:
            value = value[step]
        elif isinstance(value, list) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
        else:
            return UNKNOWN
    return value


def _same(text: str) -> str:
    return text
