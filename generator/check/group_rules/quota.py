"""How many rules count against the quota of a group: E9304 and W9304."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping
from typing import NamedTuple

from generator.check.group_rules.cases import Case
from generator.model import Observed, PeerKind

NEARLY = 0.9  # of the quota
FAMILIES: tuple[PeerKind, ...] = ("cidr_ipv4", "cidr_ipv6")


class Count(NamedTuple):
    """How many rules count against the quota of one group and direction."""

    group: str
    direction: str
    number: int
    first: Case
    """The first of the rules."""
    lists: Mapping[str, int]
    """The prefix lists among the peers, with their maximum number of entries."""
    at_least: bool
    """Whether there are prefix lists of unknown size, too: they are not counted."""

    def __str__(self) -> str:
        counted = ", ".join(f"{name} counts as {size}" for name, size in self.lists.items())
        note = f" (prefix list {counted})" if counted else ""
        number = f"at least {self.number}" if self.at_least else str(self.number)
        return f"{self.group} has {number} {self.direction} rules{note}"

    def too_many(self, quota: int) -> str | None:
        """The sentence for more rules than the quota."""
        if self.number <= quota:
            return None
        return f"{self}, but the quota is {quota}: merge networks or ports, or split the group"

    def nearly(self, quota: int) -> str | None:
        """The sentence for more than nine tenths of the quota, but no more than the quota."""
        if not quota * NEARLY < self.number <= quota:
            return None
        return f"{self}, and the quota is {quota}: merge networks or ports before more are needed"


def counts(rules: Iterable[Case], sizes: Mapping[str, int] = {}) -> tuple[Count, ...]:
    """The rules of each group and direction, as EC2 counts them.

    Of several forms of one rule, the one that counts most. `sizes` are the maximum numbers of
    entries of prefix lists, as which they count: "Security groups" on the page of quotas.
    """
    found: dict[tuple[str, str], dict[Hashable, list[Case]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for case in rules:
        found[case.rule.group, case.rule.direction][case.place].append(case)
    return tuple(
        _count(group, direction, list(places.values()), sizes)
        for (group, direction), places in found.items()
    )


def _count(group: str, direction: str, places: list[list[Case]], sizes: Mapping[str, int]) -> Count:
    peers = [c.rule.peer for forms in places for c in forms if c.rule.peer_kind == "prefix_list"]
    lists = {name: sizes[name] for name in peers if name in sizes}
    number = max(
        sum(max(_weight(case.rule, family, lists) for case in forms) for forms in places)
        for family in FAMILIES
    )
    at_least = any(name not in sizes for name in peers)
    return Count(group, direction, number, places[0][0], lists, at_least)


def _weight(rule: Observed, other_family: PeerKind, lists: Mapping[str, int]) -> int:
    """What a rule counts in a family: groups and prefix lists count in both."""
    if rule.peer_kind == "prefix_list":
        return lists.get(rule.peer, 0)
    return 0 if rule.peer_kind == other_family else 1
