"""Rules about the quota of rules."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from cfnlint.rules import RuleMatch
from cfnlint.template import Template

from generator.check.cfn_rules._rule import QUOTA_PAGE, _Rule
from generator.check.cfn_rules._template import Path, Rule, reference, rules
from generator.check.cfn_rules._values import values
from generator.model import RULES_DEFAULT

NEARLY = 0.9
PREFIX_LIST = "AWS::EC2::PrefixList"


class _Count(NamedTuple):
    """How many rules count against the quota of one group and direction."""

    group: str
    direction: str
    number: int
    path: Path
    """The first of the rules."""
    lists: dict[str, int]
    """The prefix lists among the peers, with their maximum number of entries."""
    at_least: bool
    """Whether there are prefix lists of unknown size, too: they are not counted."""

    def __str__(self) -> str:
        counted = ", ".join(f"{name} counts as {size}" for name, size in self.lists.items())
        note = f" (prefix list {counted})" if counted else ""
        number = f"at least {self.number}" if self.at_least else str(self.number)
        return f"{self.group} has {number} {self.direction} rules{note}"


@lru_cache(maxsize=1)
def _counts(cfn: Template) -> tuple[_Count, ...]:
    """The rules that are in force while every parameter has its default, as EC2 counts them.

    A prefix list counts as its maximum number of entries: "Security groups" on the page of quotas.
    """
    sizes = _prefix_lists(cfn)
    found: dict[tuple[str, str], dict[Path, list[Rule]]] = defaultdict(lambda: defaultdict(list))
    for rule in rules(cfn):
        if values(cfn).certain_by_default(rule.presence):
            found[rule.group, rule.direction][rule.path].append(rule)
    counts = []
    for (group, direction), places in found.items():
        lists = {
            name: sizes[name]
            for forms in places.values()
            for name in map(_prefix_list, forms)
            if name in sizes
        }
        number = max(
            sum(max(_weight(form, family, lists) for form in forms) for forms in places.values())
            for family in ("cidr_ipv4", "cidr_ipv6")
        )
        peers = (form.peer for forms in places.values() for form in forms)
        prefix_lists = [p for p in peers if p and p[0] == "prefix_list"]
        at_least = any(reference(peer) not in sizes for _, peer in prefix_lists)
        counts.append(_Count(group, direction, number, next(iter(places)), lists, at_least))
    return tuple(counts)


def _weight(rule: Rule, other_family: str, lists: dict[str, int]) -> int:
    """What a rule counts in a family: groups and prefix lists count in both."""
    if rule.peer and rule.peer[0] == other_family:
        return 0
    if rule.peer and rule.peer[0] == "prefix_list":
        return lists.get(_prefix_list(rule) or "", 0)
    return 1


def _prefix_list(rule: Rule) -> str | None:
    """The logical id of the prefix list that is a rule's peer, if it is one of the template."""
    return reference(rule.peer[1]) if rule.peer and rule.peer[0] == "prefix_list" else None


def _prefix_lists(cfn: Template) -> dict[str, int]:
    """The prefix lists of the template by logical id, with their MaxEntries."""
    sizes = {}
    for name, resource in cfn.get_resources(PREFIX_LIST).items():
        properties = resource.get("Properties")
        if isinstance(properties, dict):
            size = values(cfn).by_default(properties.get("MaxEntries"))
            if str(size).isdecimal():
                sizes[name] = int(size)
    return sizes


class TooManyRules(_Rule):
    """E9304.

    Refused: 61 inbound rules in a group. Accepted: 60 of IPv4 and 60 of IPv6.
    """

    id = "E9304"
    shortdesc = "A group has no more rules than the quota"
    description = (
        "An account allows 60 rules per group, direction and address family unless AWS raised the "
        "quota (`configure_rules: {E9304: {quota: N}}`); rules for groups and prefix lists count "
        "in both families, and a prefix list counts as its maximum number of entries"
    )
    source_url = QUOTA_PAGE

    def __init__(self) -> None:
        """As cfn-lint makes it: without arguments."""
        super().__init__()
        self.config_definition = {"quota": {"default": RULES_DEFAULT, "type": "integer"}}
        self.configure()

    def findings(self, cfn: Template) -> Iterator[RuleMatch]:
        """Groups with more rules than the quota."""
        quota = self.config["quota"]
        for count in _counts(cfn):
            if count.number > quota:
                yield RuleMatch(
                    list(count.path),
                    f"{count}, but the quota is {quota}: merge networks or ports, or split the "
                    "group",
                )


class NearlyTooManyRules(_Rule):
    """W9304.

    Reported: 55 inbound rules in a group. Accepted: 54 of them.
    """

    id = "W9304"
    shortdesc = "A group has room for more rules"
    description = "More than 90 % of the quota of E9304 is used: the next networks may not fit"
    source_url = QUOTA_PAGE

    def __init__(self) -> None:
        """As cfn-lint makes it: without arguments."""
        super().__init__()
        self.child_rules = {TooManyRules.id: None}  # which cfn-lint puts here

    def findings(self, cfn: Template) -> Iterator[RuleMatch]:
        """Groups with more than nine tenths of the quota, but no more than the quota."""
        other = self.child_rules[TooManyRules.id]
        quota = other.config["quota"] if other else RULES_DEFAULT
        for count in _counts(cfn):
            if quota * NEARLY < count.number <= quota:
                yield RuleMatch(
                    list(count.path),
                    f"{count}, and the quota is {quota}: merge networks or ports before more are "
                    "needed",
                )
