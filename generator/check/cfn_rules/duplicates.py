"""Rules about one rule that stands in several places."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from cfnlint.rules import RuleMatch
from cfnlint.template import Template

from generator.check.cfn_rules._cases import cases, together
from generator.check.cfn_rules._rule import RULE_PAGE, _Rule
from generator.check.group_rules import Case, duplicate, duplicates, traffic
from generator.observe import cloudformation


class DuplicateRules(_Rule):
    """E9302.

    Refused: two rules for tcp 443 from 10.0.0.0/8, whatever their descriptions. Accepted: one of
    them, or two whose conditions exclude each other.
    """

    id = "E9302"
    shortdesc = "A group has each rule once"
    description = (
        "Two rules of a group with the same direction, protocol, ports and peer are one rule to "
        "EC2, whatever their descriptions: the second is refused (InvalidPermission.Duplicate)"
    )
    source_url = RULE_PAGE

    def findings(self, cfn: Template) -> Iterator[RuleMatch]:
        """The second one of each pair of rules that can be there together."""
        for first, second in duplicates(cases(cfn), together(cfn)):
            message = duplicate(second.rule, _place(first))
            yield RuleMatch(list(second.source.path), message)


class RulesOfAttachedGroups(_Rule):
    """W9302.

    Reported: tcp 443 from 10.0.0.0/8 in two groups of one instance. Accepted: in two groups of
    different instances.
    """

    id = "W9302"
    shortdesc = "The groups of an interface do not repeat each other"
    description = (
        "The rules of all groups of an interface apply together: an inbound rule that two of them "
        "have is of use in one, and counts against the quota of both. Outbound rules are not "
        "compared: allowing or denying everything is the usual one of every group"
    )
    source_url = "https://docs.aws.amazon.com/vpc/latest/userguide/vpc-security-groups.html"

    def findings(self, cfn: Template) -> Iterator[RuleMatch]:
        """Rules that another group has, where both are attached to one resource."""
        found: dict[str, list[Case]] = defaultdict(list)
        for case in cases(cfn):
            if case.rule.direction == "inbound" and case.identity:
                found[case.rule.group].append(case._replace(identity=case.identity[2:]))
        reported = set()
        for groups, resource in _attached(cfn):
            rules = [case for group in groups for case in found[group]]
            for first, second in duplicates(rules, together(cfn)):
                if first.rule.group != second.rule.group and second.place not in reported:
                    reported.add(second.place)
                    yield RuleMatch(
                        list(second.source.path),
                        f"{traffic(second.rule)} for {second.rule.peer} is also in "
                        f"{_place(first)}, and {resource} has both groups: one of the rules is "
                        "enough",
                    )


def _attached(cfn: Template) -> Iterator[tuple[tuple[str, ...], str]]:
    """The lists that name several groups of the template, and the resources they are in.

    Instances, interfaces, load balancers, functions and others each call that list differently.
    """
    groups = set(cfn.get_resources(cloudformation.GROUP))
    seen = set()
    for name, resource in sorted(cfn.get_resources().items()):
        if resource.get("Type") in (cloudformation.GROUP, *cloudformation.STANDALONE):
            continue
        todo: list[Any] = [resource.get("Properties")]
        while todo:
            value = todo.pop()
            if isinstance(value, list):
                named = tuple(
                    dict.fromkeys(
                        r for r in map(cloudformation.reference, value) if r and r in groups
                    )
                )
                if len(named) > 1 and named not in seen:
                    seen.add(named)
                    yield named, name
            todo += value.values() if isinstance(value, dict) else ()
            todo += value if isinstance(value, list) else ()


def _place(case: Case) -> str:
    return "/".join(map(str, case.source.path[1:]))
