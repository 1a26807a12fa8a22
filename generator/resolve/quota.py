"""Quota: the rules of a group counted as EC2 counts them.

EC2 allows 60 rules per group, direction and address family unless AWS raised the quota. A rule for
another group or a prefix list counts in both families, a prefix list as often as its maximum
entries. The product of the rules per group and the groups per network interface is at most 1,000
(Amazon VPC User Guide, "Amazon VPC quotas", security groups).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import combinations

from generator.light import NamedTuple
from generator.model import Direction, Permission, Resolved
from generator.resolve.permissions import granted

# A CloudFormation group needs a rule of its own, or CloudFormation adds one to everywhere.
PLACEHOLDERS = {("cloudformation", "outbound"): 1}


Inputs = tuple[str, ...]
MOST_CHAINS, MOST_SETS = 12, 60
MOST_NAMES = 10  # conditions that one Fn::And takes


class Overfull(NamedTuple):
    """A table with more rules than the quota once every CloudFormation parameter is filled in."""

    group: str
    direction: Direction
    filled_in: int
    either_empty: tuple[Inputs, ...]
    """Sets of inputs: the quota holds while all inputs of any one set are empty."""


class Usage(NamedTuple):
    """How many rules a direction of a group takes in its fuller address family."""

    group: str
    direction: Direction
    rules: int
    """At least so many: prefix lists whose maximum entries are unknown are not counted."""
    by_endpoint: tuple[tuple[str, int], ...]
    """The endpoints with the rules that they take, the largest first."""
    unknown: tuple[str, ...]
    """The prefix lists whose maximum entries the deployment does not give."""
    filled_in: int
    """The rules with every CloudFormation parameter filled in, and the placeholder."""
    is_own: bool = True
    """Whether the group is created; one that something else owns has no placeholder."""

    def in_format(self, format_: str) -> int:
        """The rules that it takes in a format."""
        return self.rules + self.is_own * PLACEHOLDERS.get((format_, self.direction), 0)


def usage(resolved: Resolved) -> tuple[Usage, ...]:
    """The rules per group and direction."""
    by_table: dict[tuple[str, Direction], list[Permission]] = {
        (group.role, direction): [] for group in resolved.groups for direction, _ in group.tables
    }
    for rule in granted(resolved):
        by_table[rule.group, rule.direction].append(rule)
    written = dict.fromkeys(by_table, 0)
    for group in resolved.groups:
        for p in group.permissions:
            written[p.group, p.direction] += (p.peer.kind != "cidr_ipv6") * (p.peer.entries or 0)
    own = {group.role for group in resolved.own}
    return tuple(
        _usage(*table, rules, written[table], table[0] in own) for table, rules in by_table.items()
    )


def _usage(
    group: str, direction: Direction, rules: list[Permission], written: int, is_own: bool
) -> Usage:
    families = (_by_endpoint(rules, without) for without in ("cidr_ipv6", "cidr_ipv4"))
    fuller = max(families, key=Counter.total)
    unknown = dict.fromkeys(rule.peer.value for rule in rules if rule.peer.entries is None)
    filled_in = written + is_own * PLACEHOLDERS.get(("cloudformation", direction), 0)
    by_endpoint = tuple(fuller.most_common())
    return Usage(group, direction, fuller.total(), by_endpoint, tuple(unknown), filled_in, is_own)


def _by_endpoint(rules: Iterable[Permission], without: str) -> Counter[str]:
    found: Counter[str] = Counter()
    for rule in rules:
        if rule.peer.kind != without:
            found[rule.endpoint] += rule.peer.entries or 0
    return found


def over_quota(resolved: Resolved, format_: str) -> list[str]:
    """A sentence for each group that takes more rules in a format than the quota allows."""
    found = ((each, each.in_format(format_)) for each in usage(resolved))
    return [_too_many(each, rules, resolved) for each, rules in found if rules > resolved.quota]


def overfull(resolved: Resolved) -> tuple[Overfull, ...]:
    """The tables that every parameter together would fill beyond the quota."""
    return tuple(
        Overfull(
            each.group,
            each.direction,
            each.filled_in,
            _enough_empty(_rules_by_chain(resolved, each), each.filled_in - resolved.quota),
        )
        for each in usage(resolved)
        if each.filled_in > resolved.quota
    )


def _rules_by_chain(resolved: Resolved, table: Usage) -> Counter[Inputs]:
    """How many rules of a table each chain of inputs gives, while any of them is filled in."""
    return Counter(
        resolved.consulted(p)
        for group in resolved.groups
        for p in group.permissions
        if (p.group, p.direction, p.peer.kind) == (table.group, table.direction, "input")
    )


def _enough_empty(weights: Mapping[Inputs, int], excess: int) -> tuple[Inputs, ...]:
    """The smallest sets of inputs of which leaving all empty saves enough rules.

    `weights` has the rules of each chain. Where that takes too many sets, any one chain: it still
    refuses to fill in everything.
    """
    found: list[Inputs] = []
    if len(weights) <= MOST_CHAINS:
        for size in range(1, len(weights) + 1):
            for chosen in combinations(weights, size):
                saved = [weights[chain] for chain in chosen]
                if sum(saved) >= excess > sum(saved) - min(saved):
                    found.append(tuple(dict.fromkeys(name for chain in chosen for name in chain)))
    smallest = _without_supersets(found)
    if not 0 < len(smallest) <= MOST_SETS or any(len(names) > MOST_NAMES for names in smallest):
        return _without_supersets(weights)
    return smallest


def _without_supersets(found: Iterable[Inputs]) -> tuple[Inputs, ...]:
    """Of sets that suffice, those in which no other one is."""
    sets = {frozenset(names): names for names in found}
    return tuple(names for each, names in sets.items() if not any(other < each for other in sets))


def _too_many(each: Usage, rules: int, resolved: Resolved) -> str:
    biggest = ", ".join(f"{name} ({count})" for name, count in each.by_endpoint[:3])
    placeholder = ", the placeholder included" if rules > each.rules else ""
    least = "at least " if each.unknown else ""
    compact = "" if resolved.compact else "write compact: true; "
    return (
        f"{resolved.name}: group {each.group} needs {least}{rules} {each.direction} rules"
        f"{placeholder}, but the quota is {resolved.quota}; most are for {biggest}. Bind fewer or "
        f"wider networks there, or a security group; {compact}or have AWS raise the quota, and "
        "write quota: N"
    )
