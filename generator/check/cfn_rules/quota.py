"""Rules about the quota of rules."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from cfnlint.rules import RuleMatch
from cfnlint.template import Template

from generator.check.cfn_rules._cases import cases
from generator.check.cfn_rules._rule import QUOTA_PAGE, _Rule
from generator.check.cfn_rules._values import values
from generator.check.group_rules import Count, counts
from generator.model import RULES_DEFAULT

PREFIX_LIST = "AWS::EC2::PrefixList"


@lru_cache(maxsize=1)
def _counts(cfn: Template) -> tuple[Count, ...]:
    """The rules that are in force while every parameter has its default, as EC2 counts them."""
    known = values(cfn)
    certain = (case for case in cases(cfn) if known.certain_by_default(case.source.presence))
    return counts(certain, _prefix_lists(cfn))


def _prefix_lists(cfn: Template) -> dict[str, int]:
    """The prefix lists of the template by logical id, with their MaxEntries."""
    sizes = {}
    for name, resource in cfn.get_resources(PREFIX_LIST).items():
        properties = resource.get("Properties")
        if isinstance(properties, dict):
            size = values(cfn).known(properties.get("MaxEntries"))
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
            if message := count.too_many(quota):
                yield RuleMatch(list(count.first.source.path), message)


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
            if message := count.nearly(quota):
                yield RuleMatch(list(count.first.source.path), message)
