"""Rules about one rule that stands in several places."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from cfnlint.rules import RuleMatch
from cfnlint.template import Template

from generator.check.cfn_rules._rule import RULE_PAGE, _Rule
from generator.check.cfn_rules._template import GROUP, STANDALONE, Rule, canonical, reference, rules
from generator.check.cfn_rules._values import values

COMPARED = 8  # rules that are alike but for their conditions, with which another is compared


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
        same: dict[tuple[str, ...], list[Rule]] = defaultdict(list)
        for rule in rules(cfn):
            if "IpProtocol" in rule.properties and rule.peer:
                same[rule.group, rule.direction, *rule.permitted].append(rule)
        for first, second in _pairs(cfn, same.values()):
            yield RuleMatch(
                list(second.path),
                f"{second.traffic} for {_peer(second)} is already in {_place(first)}: EC2 refuses "
                "a second rule that differs only in its description. Remove one of them",
            )


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
        found: dict[str, list[Rule]] = defaultdict(list)
        for rule in rules(cfn):
            if rule.direction == "inbound" and "IpProtocol" in rule.properties and rule.peer:
                found[rule.group].append(rule)
        reported = set()
        for groups, resource in _attached(cfn):
            same: dict[tuple[str, ...], list[Rule]] = defaultdict(list)
            for group in groups:
                for rule in found[group]:
                    same[rule.permitted].append(rule)
            for first, second in _pairs(cfn, same.values()):
                if first.group != second.group and second.path not in reported:
                    reported.add(second.path)
                    yield RuleMatch(
                        list(second.path),
                        f"{second.traffic} for {_peer(second)} is also in {_place(first)}, and "
                        f"{resource} has both groups: one of the rules is enough",
                    )


def _pairs(cfn: Template, alike: Iterable[list[Rule]]) -> Iterator[tuple[Rule, Rule]]:
    """For each rule that can be there together with an earlier one of its list, both."""
    reported = set()
    for found in alike:
        earlier: dict[object, Rule] = {}
        for rule in found:
            for first in earlier.values():
                if first.path != rule.path and _together(cfn, first, rule):
                    if rule.path not in reported:
                        reported.add(rule.path)
                        yield first, rule
                    break
            if len(earlier) < COMPARED:
                earlier.setdefault((rule.conditions, rule.permitted_as_written), rule)


def _together(cfn: Template, first: Rule, second: Rule) -> bool:
    """Whether both can be there; if only their defaults are the same, with the defaults."""
    conditions = first.conditions | second.conditions
    if first.permitted_as_written == second.permitted_as_written:
        return values(cfn).possible(conditions)
    return values(cfn).hold_by_default(conditions)


def _attached(cfn: Template) -> Iterator[tuple[tuple[str, ...], str]]:
    """The lists that name several groups of the template, and the resources they are in.

    Instances, interfaces, load balancers, functions and others each call that list differently.
    """
    groups = set(cfn.get_resources(GROUP))
    seen = set()
    for name, resource in sorted(cfn.get_resources().items()):
        if resource.get("Type") in (GROUP, *STANDALONE):
            continue
        todo: list[Any] = [resource.get("Properties")]
        while todo:
            value = todo.pop()
            if isinstance(value, list):
                named = tuple(dict.fromkeys(r for r in map(reference, value) if r and r in groups))
                if len(named) > 1 and named not in seen:
                    seen.add(named)
                    yield named, name
            todo += value.values() if isinstance(value, dict) else ()
            todo += value if isinstance(value, list) else ()


def _peer(rule: Rule) -> str:
    peer = rule.peer[1] if rule.peer else None
    return peer if isinstance(peer, str) else canonical(peer)


def _place(rule: Rule) -> str:
    return "/".join(map(str, rule.path[1:]))
