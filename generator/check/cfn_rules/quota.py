"""Rules about the quota of rules."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from cfnlint.rules import RuleMatch
from cfnlint.template import Template

from generator.check.cfn_rules._rule import QUOTA_PAGE, _Rule
from generator.check.cfn_rules._template import certain_by_default, rules

QUOTA = 60
NEARLY = 0.9


class _Count(_Rule):
    """Counts the rules that are in force while every parameter has its default."""

    def over(self, cfn: Template, limit: float) -> Iterator[tuple[str, str, int, list[str | int]]]:
        """Group, direction, count and place, where there are more rules than the limit."""
        found: dict[tuple[str, str], dict[tuple[str | int, ...], set[str]]] = defaultdict(dict)
        certain: dict[Any, bool] = {}
        for rule in rules(cfn):
            if rule.presence not in certain:
                certain[rule.presence] = certain_by_default(cfn, rule.presence)
            if certain[rule.presence]:
                kind = rule.peer[0] if rule.peer else "other"
                places = found[rule.group, rule.direction]
                places.setdefault((*rule.path,), set()).add(kind)
        for (group, direction), places in found.items():
            count = max(
                sum(kinds != {family} for kinds in places.values())
                for family in ("cidr_ipv4", "cidr_ipv6")
            )
            if count > limit:
                yield group, direction, count, list(next(iter(places)))


class TooManyRules(_Count):
    """E9304.

    Refused: 61 inbound rules in a group. Accepted: 60 of IPv4 and 60 of IPv6.
    """

    id = "E9304"
    shortdesc = "A group has no more rules than the quota"
    description = (
        "An account allows 60 rules per group, direction and address family unless AWS raised the "
        "quota (`configure_rules: {E9304: {quota: N}}`); rules for groups and prefix lists count "
        "in both families"
    )
    source_url = QUOTA_PAGE

    def __init__(self) -> None:
        """As cfn-lint makes it: without arguments."""
        super().__init__()
        self.config_definition = {"quota": {"default": QUOTA, "type": "integer"}}
        self.configure()

    def findings(self, cfn: Template) -> Iterator[RuleMatch]:
        """Groups with more rules than the quota."""
        quota = self.config["quota"]
        for group, direction, count, path in self.over(cfn, quota):
            yield RuleMatch(
                path,
                f"{group} has {count} {direction} rules, but the quota is {quota}: join networks "
                "or ports, or use a prefix list",
            )


class NearlyTooManyRules(_Count):
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
        quota = other.config["quota"] if other else QUOTA
        for group, direction, count, path in self.over(cfn, quota * NEARLY):
            if count <= quota:
                yield RuleMatch(
                    path,
                    f"{group} has {count} {direction} rules of {quota} that the quota allows: "
                    "join networks or ports before more are needed",
                )
