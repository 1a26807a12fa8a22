"""One rule in several places: E9302, and W9302 where the places are groups of one interface."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator

from generator.check.group_rules.cases import Case, Together, always, traffic
from generator.model import Observed

COMPARED = 8  # rules that are alike but for their conditions, with which another is compared


def duplicates(rules: Iterable[Case], together: Together = always) -> Iterator[tuple[Case, Case]]:
    """For each rule that has the identity of an earlier one in another place, both.

    The identity is compared as it is: without the group, to compare rules of several groups.
    """
    same: dict[Hashable, list[Case]] = defaultdict(list)
    for rule in rules:
        if rule.identity is not None:
            same[rule.identity].append(rule)
    reported = set()
    for alike in same.values():
        earlier: dict[Hashable, Case] = {}
        for rule in alike:
            for first in earlier.values():
                if first.place != rule.place and together((first, rule)):
                    if rule.place not in reported:
                        reported.add(rule.place)
                        yield first, rule
                    break
            if len(earlier) < COMPARED:
                earlier.setdefault(rule.variant, rule)


def duplicate(second: Observed, first: str) -> str:
    """The sentence for a rule that is already in the first place."""
    return (
        f"{traffic(second)} for {second.peer} is already in {first}: EC2 refuses "
        "a second rule that differs only in its description. Remove one of them"
    )
