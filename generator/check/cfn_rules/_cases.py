"""The rules of a template as they are compared, with the conditions under which they are there."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from cfnlint.template import Template

from generator.check.cfn_rules._values import ALWAYS, Conditions, rules, values
from generator.check.group_rules import Case, Together


@lru_cache(maxsize=1)
def cases(cfn: Template) -> tuple[Case, ...]:
    """Every rule of every group, in every form that conditions give it."""
    return tuple(
        Case(
            rule=each.observed,
            place=each.path,
            identity=each.permitted,
            variant=(each.conditions, each.permitted_as_written),
            source=each,
        )
        for each in rules(cfn)
    )


def together(cfn: Template) -> Together:
    """Whether rules can be there at once; with the defaults, if only by those they are the same."""

    def possible(found: Iterable[Case]) -> bool:
        sources = [case.source for case in found]
        conditions: Conditions = ALWAYS.union(*(each.conditions for each in sources))
        if len({each.permitted_as_written for each in sources}) == 1:
            return values(cfn).possible(conditions)
        return values(cfn).hold_by_default(conditions)

    return possible


def together_by_default(cfn: Template) -> Together:
    """Whether rules can be there at once while every parameter has its default."""

    def possible(found: Iterable[Case]) -> bool:
        conditions: Conditions = ALWAYS.union(*(case.source.conditions for case in found))
        return values(cfn).hold_by_default(conditions)

    return possible
