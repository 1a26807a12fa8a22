"""Rules about what EC2 refuses, or does without a word."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from cfnlint.rules import RuleMatch
from cfnlint.template import Template

from generator.check.cfn_rules._cases import cases
from generator.check.cfn_rules._rule import GROUP_PAGE, RULE_PAGE, _Rule
from generator.check.cfn_rules._values import Conditions, values
from generator.check.group_rules import (
    DESCRIPTIONS,
    NAMES,
    description_problems,
    name_problems,
    port_problems,
)
from generator.observe import cloudformation


class Descriptions(_Rule):
    """E9301.

    Refused: `Description: doesn’t`. Accepted: `Description: does not`.
    """

    id = "E9301"
    shortdesc = "Descriptions hold what EC2 accepts"
    description = DESCRIPTIONS
    source_url = RULE_PAGE

    def findings(self, cfn: Template) -> Iterator[RuleMatch]:
        """Groups and rules whose description EC2 would refuse."""
        for path, written, text in _texts(cfn, "GroupDescription"):
            for problem in description_problems(_literal(text), of_group=written == ""):
                yield RuleMatch(path, problem)
        for case in cases(cfn):
            text = _literal(case.source.properties.get("Description"))
            for problem in description_problems(text):
                yield RuleMatch([*case.source.path, "Description"], problem)


class GroupNames(_Rule):
    """E9308.

    Refused: `GroupName: sg-web`. Accepted: `GroupName: web-sg`.
    """

    id = "E9308"
    shortdesc = "Names of groups are what EC2 accepts"
    description = NAMES
    source_url = (
        "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html"
    )

    def findings(self, cfn: Template) -> Iterator[RuleMatch]:
        """Groups whose name EC2 would refuse."""
        for path, _, text in _texts(cfn, "GroupName"):
            for problem in name_problems(_literal(text), _beginning(text)):
                yield RuleMatch(path, problem)


class Ports(_Rule):
    """E9303.

    Refused: `FromPort: 443, ToPort: 80`, port 70000, `IpProtocol: tpc`. Accepted: ports 80 to 443.
    """

    id = "E9303"
    shortdesc = "Protocols and ports are what EC2 accepts"
    description = (
        "Ports lie between 0 and 65535 and FromPort is not above ToPort; for icmp and icmpv6 they "
        "are a type and a code, -1 for all; the protocol is a known name or a number up to 255"
    )
    source_url = RULE_PAGE

    def findings(self, cfn: Template) -> Iterator[RuleMatch]:
        """Rules whose protocol and ports EC2 would refuse."""
        seen = set()
        for case in cases(cfn):
            for problem in port_problems(case.rule):
                if (case.place, problem) not in seen:
                    seen.add((case.place, problem))
                    yield RuleMatch(list(case.source.path), problem)


class ImplicitEgress(_Rule):
    """E9305.

    Refused: a group without SecurityGroupEgress, or with an empty one. Accepted: one egress rule,
    be it to 127.0.0.1/32, which matches nothing.
    """

    id = "E9305"
    shortdesc = "A group lists its egress rules"
    description = (
        "CloudFormation gives a group without an egress rule of its own the default one, which "
        "allows all IPv4 and IPv6 traffic to everywhere. An empty list counts as none, and "
        "standalone rules are added to it"
    )
    source_url = GROUP_PAGE

    def findings(self, cfn: Template) -> Iterator[RuleMatch]:
        """Groups that can be left without an inline egress rule."""
        for name, resource in cfn.get_resources(cloudformation.GROUP).items():
            properties = resource.get("Properties")
            if isinstance(properties, dict) and _can_lack_egress(cfn, resource):
                yield RuleMatch(
                    ["Resources", name, "Properties"],
                    f"{name} has the default egress rule, which allows all traffic to everywhere. "
                    "To keep that, add to SecurityGroupEgress "
                    '{IpProtocol: "-1", CidrIp: 0.0.0.0/0}; to allow nothing, '
                    '{IpProtocol: "-1", CidrIp: 127.0.0.1/32}',
                )


def _can_lack_egress(cfn: Template, resource: dict[str, Any]) -> bool:
    exists = cloudformation.under(resource)
    egress = resource["Properties"].get("SecurityGroupEgress")
    known = values(cfn)
    for value, under in known.alternatives(egress, exists):
        if value is None:
            absent: list[set[Conditions]] = []
        elif isinstance(value, list):
            absent = [{given for v, given in known.alternatives(i) if v is None} for i in value]
        else:
            continue
        # In which cases each rule is left out: the first of them stands for all.
        if all(absent) and known.possible(under.union(*(min(a, key=sorted) for a in absent))):
            return True
    return False


def _texts(cfn: Template, key: str) -> Iterator[tuple[list[str | int], Any, Any]]:
    """The place of a property of the groups, what it can be, and what that is by default."""
    for name, resource in cloudformation.resources(cfn.template, cloudformation.GROUP):
        for part, _ in values(cfn).alternatives(resource["Properties"].get(key)):
            yield ["Resources", name, "Properties", key], part, values(cfn).known(part)


def _beginning(value: Any) -> str:
    """A text; of an `Fn::Sub` what is before its first substitution."""
    return value if isinstance(value, str) else _sub(value).split("${")[0]


def _literal(value: Any) -> str:
    """A text; of an `Fn::Sub` what is outside its substitutions; nothing for another value."""
    if isinstance(value, str):
        return value
    return re.sub(r"\$\{[^${}]*\}", "", _sub(value))


def _sub(value: Any) -> str:
    text = value.get("Fn::Sub") if isinstance(value, dict) else None
    text = text[0] if isinstance(text, list) and text else text
    return text if isinstance(text, str) else ""
