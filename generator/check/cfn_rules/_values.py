"""What the rules of the pack look at: a template in all its forms, worked out once a template.

The template is read by `observe`. Beside that, a solver says which conditions can hold together.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from typing import Any

from cfnlint.conditions._errors import UnknownSatisfisfaction
from cfnlint.template import Template

from generator.observe import cloudformation

Conditions = cloudformation.Conditions
ALWAYS = cloudformation.ALWAYS
MANY = 256  # forms of one value, beyond which conditions that are nested take exponential time


class Values(cloudformation.Values):
    """The values in one template while every parameter has its default, and its conditions."""

    def __init__(self, cfn: Template) -> None:
        """Read the defaults of the parameters that have one."""
        super().__init__(cfn.template)
        self._cfn = cfn
        self._possible: dict[Conditions, bool] = {ALWAYS: True}
        self._by_default: dict[Conditions, bool] = {}

    def alternatives(self, value: Any, under: Conditions = ALWAYS) -> list[tuple[Any, Conditions]]:
        """What a value can be, with the conditions for it; None for a value that is left out.

        At most the first MANY of them.
        """
        return list(islice(_alternatives(value, under), MANY))

    def possible(self, conditions: Conditions) -> bool:
        """Whether the conditions can hold together, whatever the parameters are."""
        if cloudformation.contradictory(conditions):
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
        found = [(self.holds(name), holds) for name, holds in conditions]
        if any(held is (not holds) for held, holds in found):
            return False
        return None if any(held is None for held, _ in found) else True

    def _satisfiable(self, conditions: Conditions) -> bool:
        known = {name: v for name, v in self.references.items() if isinstance(v, str)}
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


@lru_cache(maxsize=1)
def rules(cfn: Template) -> tuple[cloudformation.TemplateRule, ...]:
    """Every rule of every group, in every form that conditions give it."""
    return tuple(cloudformation.rules(cfn.template, values(cfn)))


def _alternatives(value: Any, under: Conditions) -> Iterator[tuple[Any, Conditions]]:
    parts = cloudformation.if_parts(value)
    if not parts:
        yield (None if value == cloudformation.ABSENT else value), under
    for part, holds in ((parts[1], True), (parts[2], False)) if parts else ():
        if (parts[0], not holds) not in under:
            yield from _alternatives(part, under | {(parts[0], holds)})
