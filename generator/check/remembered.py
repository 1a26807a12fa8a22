"""Answers of cfn-lint's own functions, kept for equal arguments.

For each schema that it applies it makes a class, at each step it asks which fields a class has, and
whether conditions can hold together it solves each time that a rule depends on them. Where it calls
these functions of its own, it gets what they returned for equal arguments: that halves a lint.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from functools import wraps
from types import ModuleType
from typing import Any

MANY = 1000  # answers of a function; a template takes a hundred, and with more, all are dropped


def remember() -> None:
    """Have cfn-lint call these functions once for equal arguments.

    They have no other effects, and nothing changes what they return. A cfn-lint that has no such
    function, or calls it in another way, takes longer and finds the same.
    """
    try:
        from cfnlint.context import context
        from cfnlint.context.conditions import _conditions
        from cfnlint.jsonschema import _filter, validators
    except ImportError:
        return
    _once(validators, "create", _of_class)
    _once(_conditions, "satisfiable", _of_clauses)
    for module in (context, _filter, validators):
        _once(module, "fields", _of_fields)


def _once(module: ModuleType, name: str, key: Callable[..., Hashable]) -> None:
    """Replace a function, where a module calls it, by one that remembers.

    The key makes of the arguments what is compared.
    """
    function = getattr(module, name, None)
    if not function:
        return
    known: dict[Hashable, Any] = {}

    @wraps(function)
    def remembered(*args: Any, **kwargs: Any) -> Any:
        try:
            which = key(*args, **kwargs)
            if which in known:
                return known[which]
        except (AttributeError, TypeError):
            return function(*args, **kwargs)
        if len(known) >= MANY:
            known.clear()
        answer = known[which] = function(*args, **kwargs)
        return answer

    setattr(module, name, remembered)


def _of_class(
    validators: Mapping[str, Any] | None = None,
    function_filter: object = None,
    fn_resolvers: Mapping[str, Any] | None = None,
) -> Hashable:
    """The functions by keyword and by intrinsic function, and the fields of the filter."""
    functions = (frozenset((given or {}).items()) for given in (validators, fn_resolvers))
    return (*functions, type(function_filter), repr(function_filter))


def _of_clauses(cnf: Any) -> Hashable:
    """The clauses, which have numbers for symbols, and the symbols by their numbers."""
    return tuple(cnf.symbols), frozenset(map(frozenset, cnf.data))


def _of_fields(cls: type) -> Hashable:
    return cls
