"""Rules about what EC2 refuses, or does without a word."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from cfnlint.rules import RuleMatch
from cfnlint.template import Template

from generator.check.cfn_rules._rule import GROUP_PAGE, RULE_PAGE, _Rule
from generator.check.cfn_rules._template import GROUP, Rule, rules
from generator.check.cfn_rules._values import Conditions, alternatives, values
from generator.errors import FieldError
from generator.model import ALL_TRAFFIC, ICMP, NOT_EC2_TEXT, Traffic


class Descriptions(_Rule):
    """E9301.

    Refused: `Description: doesn’t`. Accepted: `Description: does not`.
    """

    id = "E9301"
    shortdesc = "Descriptions hold what EC2 accepts"
    description = (
        "EC2 accepts 1 to 255 characters from a-z A-Z 0-9, space and ._-:/()#,@[]+=&;{}!$* in the "
        "description of a group, and up to 255 of them in that of a rule"
    )
    source_url = RULE_PAGE

    def findings(self, cfn: Template) -> Iterator[RuleMatch]:
        """Groups and rules whose description EC2 would refuse."""
        for name, resource in cfn.get_resources(GROUP).items():
            properties = resource.get("Properties")
            if not isinstance(properties, dict):
                continue
            path = ["Resources", name, "Properties", "GroupDescription"]
            for part, _ in alternatives(properties.get("GroupDescription")):
                yield from _illegal(self, path, values(cfn).by_default(part))
                if part == "":
                    yield RuleMatch(path, f"the description is empty: {self.description}")
        for rule in rules(cfn):
            yield from _illegal(
                self, [*rule.path, "Description"], rule.properties.get("Description")
            )


class GroupNames(_Rule):
    """E9308.

    Refused: `GroupName: sg-web`. Accepted: `GroupName: web-sg`.
    """

    id = "E9308"
    shortdesc = "Names of groups are what EC2 accepts"
    description = (
        "EC2 accepts up to 255 characters from a-z A-Z 0-9, space and ._-:/()#,@[]+=&;{}!$* in the "
        "name of a group, which must not begin with sg-"
    )
    source_url = (
        "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html"
    )

    def findings(self, cfn: Template) -> Iterator[RuleMatch]:
        """Groups whose name EC2 would refuse."""
        for name, resource in cfn.get_resources(GROUP).items():
            properties = resource.get("Properties")
            if not isinstance(properties, dict):
                continue
            path = ["Resources", name, "Properties", "GroupName"]
            for part, _ in alternatives(properties.get("GroupName")):
                text = values(cfn).by_default(part)
                begins = _beginning(text) if isinstance(text, dict) else text
                if isinstance(begins, str) and begins.startswith("sg-"):
                    yield RuleMatch(path, f"{begins[:60]!r} begins with sg-: {self.description}")
                yield from _illegal(self, path, text)


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
        for rule in rules(cfn):
            for problem in _problems(rule):
                if (rule.path, problem) not in seen:
                    seen.add((rule.path, problem))
                    yield RuleMatch(list(rule.path), problem)


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
        for name, resource in cfn.get_resources(GROUP).items():
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
    condition = resource.get("Condition")
    exists = frozenset({(condition, True)} if isinstance(condition, str) else ())
    for value, under in alternatives(resource["Properties"].get("SecurityGroupEgress"), exists):
        if value is None:
            absent: list[set[Conditions]] = []
        elif isinstance(value, list):
            absent = [{given for v, given in alternatives(item) if v is None} for item in value]
        else:
            continue
        # In which cases each rule is left out: the first of them stands for all.
        if all(absent) and values(cfn).possible(under.union(*(min(a, key=sorted) for a in absent))):
            return True
    return False


def _illegal(rule: _Rule, path: list[str | int], text: Any) -> Iterator[RuleMatch]:
    """The finding for a text that is too long, or has characters that EC2 refuses."""
    text = _literal(text) if isinstance(text, dict) else text
    if isinstance(text, str):
        illegal = "".join(dict.fromkeys(NOT_EC2_TEXT.findall(text)))
        if illegal or len(text) > 255:
            reason = f"has {illegal!r}" if illegal else f"has {len(text)} characters"
            yield RuleMatch(path, f"{text[:60]!r} {reason}: {rule.description}")


def _beginning(value: dict[str, Any]) -> str | None:
    """The text of an `Fn::Sub` up to its first substitution."""
    text = value.get("Fn::Sub")
    text = text[0] if isinstance(text, list) and text else text
    return text.split("${")[0] if isinstance(text, str) else None


def _literal(value: dict[str, Any]) -> str | None:
    """The text of an `Fn::Sub` outside its substitutions."""
    text = value.get("Fn::Sub")
    if isinstance(text, list) and text:
        text = text[0]
    return re.sub(r"\$\{[^}]*\}", "", text) if isinstance(text, str) else None


def _problems(rule: Rule) -> Iterator[str]:
    protocol, (first, last) = rule.protocol, rule.ports
    if protocol is None:
        return
    if protocol in ("tcp", "udp", *ICMP):
        if first is not None and last is not None:
            try:
                Traffic(protocol, first, last)
            except FieldError as error:
                yield f"{error}: EC2 would refuse it"
    elif protocol != ALL_TRAFFIC and not (protocol.isdecimal() and int(protocol) <= 255):
        yield (
            f"invalid protocol {protocol!r}: use tcp, udp, icmp, icmpv6, -1 for all, or a number "
            "up to 255"
        )
