"""What the values and conditions of a template can be: worked out once a template.

`Fn::If` is followed wherever it stands. Of other functions, cfn-lint says what they equal while
every parameter has its default.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from typing import Any

from cfnlint.conditions._errors import UnknownSatisfisfaction
from cfnlint.jsonschema import CfnTemplateValidator
from cfnlint.template import Template

from generator.check.cfn_rules._conditions import Written

Conditions = frozenset[tuple[str, bool]]
ALWAYS: Conditions = frozenset()
ABSENT = {"Ref": "AWS::NoValue"}
MANY = 256  # forms of one value, beyond which conditions that are nested take exponential time


class Values:
    """What can be known of the values in one template before there is a stack."""

    def __init__(self, cfn: Template) -> None:
        """Read the defaults of the parameters that have one."""
        self._cfn = cfn
        self.defaults: dict[str, str | list[str]] = {
            name: value
            for name, parameter in cfn.context.parameters.items()
            for value, _ in parameter.default_value()
        }
        context = cfn.context.evolve(parameters={}, ref_values=self.defaults)
        self._resolver = CfnTemplateValidator({}).evolve(cfn=cfn, context=context)
        self._resolved: dict[str, Any] = {}
        self._written = Written(cfn.template.get("Conditions"), self.by_default)
        self._possible: dict[Conditions, bool] = {ALWAYS: True}
        self._by_default: dict[Conditions, bool] = {}

    def by_default(self, value: Any) -> Any:
        """What a value is while every parameter has its default; itself if that is not known."""
        if not isinstance(value, dict):
            return value
        if isinstance(value.get("Ref"), str):
            return self.defaults.get(value["Ref"], value)
        key = json.dumps(value, default=str)
        if key not in self._resolved:
            found = self._resolver.resolve_value(value)
            self._resolved[key] = next((v for v, _, error in found if not error), value)
        return self._resolved[key]

    def possible(self, conditions: Conditions) -> bool:
        """Whether the conditions can hold together, whatever the parameters are."""
        if contradictory(conditions):
            return False
        if conditions not in self._possible:
            self._possible[conditions] = self._solve(conditions)
        return self._possible[conditions]

    def _solve(self, conditions: Conditions) -> bool:
        if self._written.exclude_each_other(name for name, holds in conditions if holds):
            return False
        if self._known_by_default(conditions) and not self._cfn.template.get("Rules"):
            return True
        scenarios = self._cfn.conditions.build_scenarios({n: {h} for n, h in conditions})
        return any(True for _ in scenarios)

    def hold_by_default(self, conditions: Conditions) -> bool:
        """Whether the conditions can hold together while every parameter has its default."""
        if conditions not in self._by_default:
            known = self._known_by_default(conditions)
            satisfiable = self._satisfiable(conditions) if known is None else known
            self._by_default[conditions] = satisfiable and self.possible(conditions)
        return self._by_default[conditions]

    def _known_by_default(self, conditions: Conditions) -> bool | None:
        """Whether conditions hold by default, as far as they say so themselves."""
        found = [(self._written.holds_by_default(name), holds) for name, holds in conditions]
        if any(held is (not holds) for held, holds in found):
            return False
        return None if any(held is None for held, _ in found) else True

    def _satisfiable(self, conditions: Conditions) -> bool:
        known = {name: v for name, v in self.defaults.items() if isinstance(v, str)}
        try:
            return bool(self._cfn.conditions.satisfiable(dict(conditions), known))
        except UnknownSatisfisfaction:
            return True

    def certain_by_default(self, conditions: Conditions) -> bool:
        """Whether the conditions do hold while every parameter has its default."""
        return all(not self.hold_by_default(frozenset({(n, not h)})) for n, h in conditions)


@lru_cache(maxsize=1)
def values(cfn: Template) -> Values:
    """The values of a template. The rules of the pack see one template after the other."""
    return Values(cfn)


def contradictory(conditions: Conditions) -> bool:
    """Whether a condition is to hold and not to hold."""
    return any((name, not holds) in conditions for name, holds in conditions)


def alternatives(value: Any, under: Conditions = ALWAYS) -> list[tuple[Any, Conditions]]:
    """What a value can be, with the conditions for it; None for a value that is left out.

    At most the first MANY of them.
    """
    return list(islice(_alternatives(value, under), MANY))


def _alternatives(value: Any, under: Conditions) -> Iterator[tuple[Any, Conditions]]:
    if isinstance(value, dict) and len(value) == 1 and "Fn::If" in value:
        parts = value["Fn::If"]
        if isinstance(parts, list) and len(parts) == 3 and isinstance(parts[0], str):
            for part, holds in ((parts[1], True), (parts[2], False)):
                if (parts[0], not holds) not in under:
                    yield from _alternatives(part, under | {(parts[0], holds)})
    else:
        yield (None if value == ABSENT else value), under
