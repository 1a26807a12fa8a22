"""What the rules of the pack look at: the security group rules of a template, one by one.

Facts about the resources are those of CloudFormation's reference of AWS::EC2::SecurityGroup,
SecurityGroupIngress and SecurityGroupEgress. `Fn::If` is followed wherever it stands. Of other
functions, cfn-lint says what they come to while every parameter has its default; where that cannot
be known before the stack exists, two of them are the same only if they are written in the same way.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from ipaddress import ip_network
from itertools import product
from typing import Any, NamedTuple

from cfnlint.conditions._errors import UnknownSatisfisfaction
from cfnlint.jsonschema import CfnTemplateValidator
from cfnlint.template import Template

from generator.model import Direction

GROUP = "AWS::EC2::SecurityGroup"
STANDALONE: Mapping[str, Direction] = {
    "AWS::EC2::SecurityGroupIngress": "inbound",
    "AWS::EC2::SecurityGroupEgress": "outbound",
}
INLINE: Mapping[str, Direction] = {
    "SecurityGroupIngress": "inbound",
    "SecurityGroupEgress": "outbound",
}
PEERS = {
    "CidrIp": "cidr_ipv4",
    "CidrIpv6": "cidr_ipv6",
    "SourcePrefixListId": "prefix_list",
    "DestinationPrefixListId": "prefix_list",
    "SourceSecurityGroupId": "security_group",
    "DestinationSecurityGroupId": "security_group",
    "SourceSecurityGroupName": "security_group_name",
}
PROTOCOLS = {"6": "tcp", "17": "udp", "1": "icmp", "58": "icmpv6", "all": "-1"}

Conditions = frozenset[tuple[str, bool]]
Path = list[str | int]
ALWAYS: Conditions = frozenset()
ABSENT = {"Ref": "AWS::NoValue"}
_ONLY = re.compile(r"\$\{([A-Za-z0-9]+)(?:\.GroupId)?\}")


class Rule(NamedTuple):
    """One rule of a group, in one of the forms that the conditions within it can give it."""

    group: str
    """The logical id of its group, or what its GroupId says."""
    direction: Direction
    path: Path
    """Where it stands in the template."""
    presence: Conditions
    """The conditions under which it is there at all."""
    conditions: Conditions
    """The conditions under which it is there in this form."""
    written: Mapping[str, Any]
    """Its properties as they stand there, without those that are left out in this form."""
    properties: Mapping[str, Any]
    """What they come to while every parameter has its default, as far as that can be known."""

    @property
    def protocol(self) -> str | None:
        """Its protocol by name; None if it is not known."""
        return protocol_name(self.properties.get("IpProtocol"))

    @property
    def ports(self) -> tuple[int | None, int | None]:
        """FromPort and ToPort; None for what is left out or not known."""
        return _number(self.properties.get("FromPort")), _number(self.properties.get("ToPort"))

    @property
    def peer(self) -> tuple[str, Any] | None:
        """The kind of its peer, and the value."""
        return next(((PEERS[key], self.properties[key]) for key in self._peer), None)

    @property
    def written_peer(self) -> Any:
        """Its peer as it stands there."""
        return next((self.written[key] for key in self._peer), None)

    @property
    def _peer(self) -> Iterator[str]:
        return (key for key in PEERS if key in self.properties)

    @property
    def traffic(self) -> str:
        """Its protocol and ports as a person says them."""
        first, last = self.properties.get("FromPort"), self.properties.get("ToPort")
        if self.protocol == "-1":
            return "all traffic"
        ports = "" if first is None else f" {first}" if first == last else f" {first}-{last}"
        return f"{self.protocol}{ports}"


def rules(cfn: Template) -> Iterator[Rule]:
    """Every rule of every group, be it within the group or a resource of its own."""
    for name, resource in sorted(cfn.get_resources().items()):
        kind, properties = resource.get("Type"), resource.get("Properties")
        if not isinstance(properties, dict):
            continue
        condition = resource.get("Condition")
        under = frozenset({(condition, True)}) if isinstance(condition, str) else ALWAYS
        path: Path = ["Resources", name, "Properties"]
        if kind in STANDALONE:
            group = _group(properties.get("GroupId"), properties.get("GroupName"))
            yield from _variants(cfn, group, STANDALONE[kind], path, under, properties)
        elif kind == GROUP:
            for key, direction in INLINE.items():
                for items, given in alternatives(properties.get(key), under):
                    for i, item in enumerate(items if isinstance(items, list) else ()):
                        for rule, presence in alternatives(item, given):
                            if isinstance(rule, dict):
                                where = [*path, key, i]
                                yield from _variants(cfn, name, direction, where, presence, rule)


def alternatives(value: Any, under: Conditions = ALWAYS) -> Iterator[tuple[Any, Conditions]]:
    """What a value can be, with the conditions for it; None for a value that is left out."""
    if isinstance(value, dict) and len(value) == 1 and "Fn::If" in value:
        parts = value["Fn::If"]
        if isinstance(parts, list) and len(parts) == 3 and isinstance(parts[0], str):
            for part, holds in ((parts[1], True), (parts[2], False)):
                if (parts[0], not holds) not in under:
                    yield from alternatives(part, under | {(parts[0], holds)})
    else:
        yield (None if value == ABSENT else value), under


def _variants(
    cfn: Template,
    group: str,
    direction: Direction,
    path: Path,
    presence: Conditions,
    properties: dict[str, Any],
) -> Iterator[Rule]:
    keys = [key for key in properties if isinstance(key, str)]
    for values in product(*(list(alternatives(properties[key])) for key in keys)):
        conditions = presence.union(*(under for _, under in values))
        if not any((name, not holds) in conditions for name, holds in conditions):
            written = {k: v for k, (v, _) in zip(keys, values, strict=True) if v is not None}
            known = {key: by_default(cfn, value) for key, value in written.items()}
            yield Rule(group, direction, path, presence, conditions, written, known)


def possible(cfn: Template, conditions: Conditions) -> bool:
    """Whether the conditions can hold together, whatever the parameters are."""
    if any((name, not holds) in conditions for name, holds in conditions):
        return False
    if not conditions:
        return True
    return any(True for _ in cfn.conditions.build_scenarios({n: {h} for n, h in conditions}))


def holds_by_default(cfn: Template, conditions: Conditions) -> bool:
    """Whether the conditions can hold together while every parameter has its default."""
    try:
        known = {name: v for name, v in _defaults(cfn).items() if isinstance(v, str)}
        satisfiable = cfn.conditions.satisfiable(dict(conditions), known)
    except UnknownSatisfisfaction:
        satisfiable = True
    return satisfiable and possible(cfn, conditions)


def certain_by_default(cfn: Template, conditions: Conditions) -> bool:
    """Whether the conditions do hold while every parameter has its default."""
    return all(not holds_by_default(cfn, frozenset({(n, not h)})) for n, h in conditions)


def by_default(cfn: Template, value: Any) -> Any:
    """What a value comes to while every parameter has its default; itself if that is not known."""
    if not isinstance(value, dict):
        return value
    known = _defaults(cfn)
    if isinstance(value.get("Ref"), str):
        return known.get(value["Ref"], value)
    context = cfn.context.evolve(parameters={}, ref_values=known)
    resolver = CfnTemplateValidator({}).evolve(cfn=cfn, context=context)
    return next((found for found, _, error in resolver.resolve_value(value) if not error), value)


def _defaults(cfn: Template) -> dict[str, str | list[str]]:
    """The defaults of the parameters that have one."""
    return {
        name: value
        for name, parameter in cfn.context.parameters.items()
        for value, _ in parameter.default_value()
    }


def protocol_name(value: Any) -> str | None:
    """A protocol by name, be it written so or as its number; None if it is not known."""
    if isinstance(value, (dict, list)) or value is None:
        return None
    return PROTOCOLS.get(str(value).lower(), str(value).lower())


def canonical(value: Any) -> str:
    """A value such that equal ones are equal, however they are written."""
    if isinstance(value, str):
        try:
            return str(ip_network(value, strict=False))
        except ValueError:
            return value
    return _reference(value) or json.dumps(value, sort_keys=True, default=str)


def _group(group_id: Any, group_name: Any) -> str:
    value = group_id if group_id is not None else group_name
    return _reference(value) or canonical(value)


def _reference(value: Any) -> str | None:
    """The logical id in `!Ref X` and `!GetAtt X.GroupId`, which are the same for a group."""
    if not isinstance(value, dict) or len(value) != 1:
        return None
    substitution = value.get("Fn::Sub")
    if isinstance(substitution, str):
        only = _ONLY.fullmatch(substitution)
        return only[1] if only else None
    if isinstance(value.get("Ref"), str):
        return str(value["Ref"])
    target = value.get("Fn::GetAtt")
    parts = target.split(".") if isinstance(target, str) else target
    if isinstance(parts, list) and len(parts) == 2 and parts[1] == "GroupId":
        return str(parts[0])
    return None


def _number(value: Any) -> int | None:
    try:
        return int(value)
    except (TypeError, ValueError):
        return None
