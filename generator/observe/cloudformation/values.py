"""What the values and conditions of a template are, while its parameters have certain values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from generator.observe.cloudformation.conditions import Written
from generator.observe.cloudformation.functions import Functions, section

Conditions = frozenset[tuple[str, bool]]
"""Names of conditions, with whether they hold."""
ALWAYS: Conditions = frozenset()
ABSENT = {"Ref": "AWS::NoValue"}
PSEUDO = ("AWS::AccountId", "AWS::Partition", "AWS::Region", "AWS::StackName", "AWS::URLSuffix")
DEEP = 50  # conditions within one value, beyond which it is not known


class Values:
    """What can be known of the values in one template before there is a stack."""

    def __init__(self, template: Mapping[str, Any], given: Mapping[str, str] = {}) -> None:
        """`given` are values of parameters; the others have their defaults, if they have one."""
        self.references = references(template, given)
        self._written = Written(template.get("Conditions"), self.known)
        self._functions = Functions(template, self.references, self._written.holds_by_default)

    def known(self, value: Any) -> Any:
        """What a value is; itself if that is not known."""
        return self._functions.value(value)

    def holds(self, condition: str) -> bool | None:
        """Whether a condition holds; None if that is not known."""
        return self._written.holds_by_default(condition)

    def alternatives(self, value: Any, under: Conditions = ALWAYS) -> list[tuple[Any, Conditions]]:
        """What a value can be, with the conditions for it; None for a value that is left out.

        Here that is one, as the conditions are decided. An `Fn::If` whose condition is not known
        stays.
        """
        for _ in range(DEEP):
            parts = if_parts(value)
            holds = self.holds(parts[0]) if parts else None
            if holds is None:
                break
            value = parts[1 if holds else 2]
        return [(None if value == ABSENT else value, under)]


def references(template: Mapping[str, Any], given: Mapping[str, str]) -> dict[str, Any]:
    """The values of parameters by name: those that are given, and defaults of others.

    Pseudo parameters are known if they are given. A value is a text, or a list of them. The
    parameters that SSM holds are not known, as the template has only their names there.
    """
    found: dict[str, Any] = {name: given[name] for name in given if name in PSEUDO}
    for name, parameter in section(template, "Parameters").items():
        if not isinstance(parameter, dict):
            continue
        kind = str(parameter.get("Type"))
        value = given.get(name, parameter.get("Default"))
        if value is None or kind.startswith("AWS::SSM::Parameter::"):
            continue
        if kind == "CommaDelimitedList" or kind.startswith("List<"):
            found[name] = [part.strip() for part in str(value).split(",")]
        else:
            found[name] = str(value)
    return found


def if_parts(value: Any) -> list[Any]:
    """The three parts of an `Fn::If`; nothing for any other value."""
    if isinstance(value, dict) and len(value) == 1 and "Fn::If" in value:
        parts = value["Fn::If"]
        if isinstance(parts, list) and len(parts) == 3 and isinstance(parts[0], str):
            return parts
    return []
