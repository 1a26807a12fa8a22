"""Rules about what EC2 refuses, or does without a word."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Any

from cfnlint.rules import RuleMatch
from cfnlint.template import Template

from generator.check.cfn_rules._rule import GROUP_PAGE, RULE_PAGE, _Rule
from generator.check.cfn_rules._template import (
    GROUP,
    Rule,
    alternatives,
    by_default,
    canonical,
    holds_by_default,
    possible,
    protocol_name,
    rules,
)
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
        places: dict[tuple[str | int, ...], Any] = {}
        for name, resource in cfn.get_resources(GROUP).items():
            properties = resource.get("Properties")
            if isinstance(properties, dict):
                places["Resources", name, "Properties", "GroupDescription"] = properties.get(
                    "GroupDescription"
                )
        for path, text in places.items():
            for part, _ in alternatives(text):
                yield from self._check(cfn, path, part)
                if part == "":
                    yield RuleMatch(list(path), f"the description is empty: {self.description}")
        for rule in rules(cfn):
            yield from self._check(
                cfn, (*rule.path, "Description"), rule.written.get("Description")
            )

    def _check(self, cfn: Template, path: tuple[str | int, ...], value: Any) -> Iterator[RuleMatch]:
        text = by_default(cfn, value)
        text = _literal(text) if isinstance(text, dict) else text
        if isinstance(text, str):
            illegal = "".join(dict.fromkeys(NOT_EC2_TEXT.findall(text)))
            if illegal or len(text) > 255:
                reason = f"has {illegal!r}" if illegal else f"has {len(text)} characters"
                yield RuleMatch(list(path), f"{text[:60]!r} {reason}: {self.description}")


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
        same: dict[tuple[object, ...], list[Rule]] = defaultdict(list)
        for rule in rules(cfn):
            if "IpProtocol" in rule.properties and rule.peer:
                kind, peer = rule.peer
                key = (rule.group, rule.direction, *_traffic(rule.properties), kind)
                same[*key, canonical(peer or rule.written_peer)].append(rule)
        reported = set()
        for found in same.values():
            for first, second in combinations(found, 2):
                if first.path == second.path or (*second.path,) in reported:
                    continue
                if self._clash(cfn, first, second):
                    reported.add((*second.path,))
                    other = "/".join(map(str, first.path[1:]))
                    yield RuleMatch(
                        second.path,
                        f"{second.traffic} for {_shown(second)} is in {other} already: EC2 takes "
                        "a rule once, whatever its description. Remove one of them",
                    )

    def _clash(self, cfn: Template, first: Rule, second: Rule) -> bool:
        """Whether both can be there; if only their defaults are the same, with the defaults."""
        together = first.conditions | second.conditions
        one, other = (
            (*_traffic(rule.written), canonical(rule.written_peer)) for rule in (first, second)
        )
        return possible(cfn, together) if one == other else holds_by_default(cfn, together)


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
                if (*rule.path, problem) not in seen:
                    seen.add((*rule.path, problem))
                    yield RuleMatch(rule.path, problem)


class ImplicitEgress(_Rule):
    """E9305.

    Refused: a group without SecurityGroupEgress, or with an empty one. Accepted: one egress rule,
    be it to 127.0.0.1/32, which is nowhere.
    """

    id = "E9305"
    shortdesc = "A group says what may leave it"
    description = (
        "CloudFormation lets a group without an egress rule of its own send everything everywhere, "
        "IPv4 and IPv6; an empty list counts as none, and standalone rules come beside it"
    )
    source_url = GROUP_PAGE

    def findings(self, cfn: Template) -> Iterator[RuleMatch]:
        """Groups that can be left without an inline egress rule."""
        for name, resource in cfn.get_resources(GROUP).items():
            properties = resource.get("Properties")
            if not isinstance(properties, dict):
                continue
            condition = resource.get("Condition")
            exists = frozenset({(condition, True)} if isinstance(condition, str) else ())
            for value, under in alternatives(properties.get("SecurityGroupEgress"), exists):
                absent = [
                    {given for rule, given in alternatives(item) if rule is None}
                    for item in (value if isinstance(value, list) else [])
                ]
                empty = value is None or (
                    isinstance(value, list)
                    and all(absent)
                    and possible(cfn, under.union(*(next(iter(each)) for each in absent)))
                )
                if empty and possible(cfn, under):
                    yield RuleMatch(
                        ["Resources", name, "Properties"],
                        f"{name} may send everything everywhere: give it an egress rule within "
                        "SecurityGroupEgress. To allow nothing, write "
                        '{IpProtocol: "-1", CidrIp: 127.0.0.1/32}',
                    )
                    break


def _literal(value: dict[str, Any]) -> str | None:
    """The text of an `Fn::Sub` outside its substitutions."""
    text = value.get("Fn::Sub")
    if isinstance(text, list) and text:
        text = text[0]
    return re.sub(r"\$\{[^}]*\}", "", text) if isinstance(text, str) else None


def _traffic(properties: Mapping[str, Any]) -> tuple[str, ...]:
    """Protocol and ports as EC2 compares them; ports mean nothing for all traffic."""
    value = properties.get("IpProtocol")
    protocol = protocol_name(value) or canonical(value)
    if protocol == ALL_TRAFFIC:
        return (protocol,)
    ports = (properties.get(key) for key in ("FromPort", "ToPort"))
    return protocol, *(canonical(port if isinstance(port, dict) else str(port)) for port in ports)


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
            f"{protocol!r} is no protocol: write tcp, udp, icmp, icmpv6, -1 for all, or a number "
            "up to 255"
        )


def _shown(rule: Rule) -> str:
    peer = rule.peer[1] if rule.peer else None
    return peer if isinstance(peer, str) else canonical(peer)
