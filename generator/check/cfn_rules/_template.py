"""What the rules of the pack look at: the security group rules of a template, one by one.

Facts about the resources are those of CloudFormation's reference of AWS::EC2::SecurityGroup,
SecurityGroupIngress and SecurityGroupEgress. Where a value cannot be known before the stack exists,
two of them are the same only if they are written in the same way.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from ipaddress import ip_network
from typing import Any, NamedTuple

from cfnlint.template import Template

from generator.check.cfn_rules._values import (
    ALWAYS,
    MANY,
    Conditions,
    Values,
    alternatives,
    contradictory,
    values,
)
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
WITH_PORTS = ("tcp", "udp", "icmp", "icmpv6")
_IDS = ("GroupId", "PrefixListId")
_ONLY = re.compile(r"\$\{([A-Za-z0-9]+)(?:\.(?:GroupId|PrefixListId))?\}")

Path = tuple[str | int, ...]
"""Where something stands in a template: keys and indices from the top."""


class Rule(NamedTuple):
    """One rule of a group, in one of the forms that the conditions within it can give it."""

    group: str
    """The logical id of its group, or what its GroupId says."""
    direction: Direction
    path: Path
    presence: Conditions
    """The conditions under which it is there at all."""
    conditions: Conditions
    """The conditions under which it is there in this form."""
    written: Mapping[str, Any]
    """Its properties as they stand there, without those that are left out in this form."""
    properties: Mapping[str, Any]
    """What they are while every parameter has its default, as far as that can be known."""

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
    def permitted(self) -> tuple[str, ...]:
        """Its traffic and its peer such that what is the same to EC2 is equal."""
        kind, peer = self.peer or ("", "")
        return *traffic_key(self.properties), kind, canonical(peer or self.written_peer)

    @property
    def permitted_as_written(self) -> tuple[str, ...]:
        """The same of what is written there, whatever the parameters are."""
        return *traffic_key(self.written), canonical(self.written_peer)

    @property
    def _peer(self) -> Iterator[str]:
        return (key for key in PEERS if key in self.properties)

    @property
    def traffic(self) -> str:
        """Its protocol and ports as a person writes them."""
        first, last = self.properties.get("FromPort"), self.properties.get("ToPort")
        if self.protocol == "-1":
            return "all traffic"
        ports = "" if first is None else f" {first}" if first == last else f" {first}-{last}"
        return f"{self.protocol}{ports}"


@lru_cache(maxsize=1)
def rules(cfn: Template) -> tuple[Rule, ...]:
    """Every rule of every group, be it within the group or a resource of its own."""
    return tuple(_rules(cfn))


def _rules(cfn: Template) -> Iterator[Rule]:
    known = values(cfn)
    for name, resource in sorted(cfn.get_resources().items()):
        kind, properties = resource.get("Type"), resource.get("Properties")
        if not isinstance(properties, dict):
            continue
        condition = resource.get("Condition")
        under = frozenset({(condition, True)}) if isinstance(condition, str) else ALWAYS
        path: Path = ("Resources", name, "Properties")
        if kind in STANDALONE:
            group = _group(properties.get("GroupId"), properties.get("GroupName"))
            yield from _variants(known, group, STANDALONE[kind], path, under, properties)
        elif kind == GROUP:
            for key, direction in INLINE.items():
                for items, given in alternatives(properties.get(key), under):
                    for i, item in enumerate(items if isinstance(items, list) else ()):
                        for rule, presence in alternatives(item, given):
                            if isinstance(rule, dict):
                                where = (*path, key, i)
                                yield from _variants(known, name, direction, where, presence, rule)


def _variants(
    known: Values,
    group: str,
    direction: Direction,
    path: Path,
    presence: Conditions,
    properties: dict[str, Any],
) -> Iterator[Rule]:
    """The forms of a rule, at most the first MANY."""
    forms: list[tuple[dict[str, Any], Conditions]] = [({}, presence)]
    for key, value in properties.items():
        if isinstance(key, str):
            extended = [
                (written if part is None else {**written, key: part}, conditions | under)
                for written, conditions in forms
                for part, under in alternatives(value)
            ]
            forms = [form for form in extended if not contradictory(form[1])][:MANY]
    for written, conditions in forms:
        by_default = {key: known.by_default(value) for key, value in written.items()}
        yield Rule(group, direction, path, presence, conditions, written, by_default)


def traffic_key(properties: Mapping[str, Any]) -> tuple[str, ...]:
    """Protocol and ports such that what is the same to EC2 is equal.

    Ports count for TCP, UDP, ICMP and ICMPv6 only, and ICMPv6 without them is all types and codes:
    IpPermission in the EC2 API reference.
    """
    value = properties.get("IpProtocol")
    protocol = protocol_name(value) or canonical(value)
    if protocol not in WITH_PORTS and not isinstance(value, dict):
        return (protocol,)
    left_out = "-1" if protocol == "icmpv6" else "None"
    ports = (properties.get(key, left_out) for key in ("FromPort", "ToPort"))
    return protocol, *(canonical(p) if isinstance(p, dict) else str(p) for p in ports)


def protocol_name(value: Any) -> str | None:
    """A protocol by name, be it written so or as its number; None if it is not known."""
    if isinstance(value, (dict, list)) or value is None:
        return None
    return PROTOCOLS.get(str(value).lower(), str(value).lower())


def canonical(value: Any) -> str:
    """A value such that equal ones are equal, however they are written."""
    if isinstance(value, str):
        return _canonical_text(value)
    return reference(value) or json.dumps(value, sort_keys=True, default=str)


@lru_cache(maxsize=4096)
def _canonical_text(value: str) -> str:
    try:
        return str(ip_network(value, strict=False))
    except ValueError:
        return value


def _group(group_id: Any, group_name: Any) -> str:
    value = group_id if group_id is not None else group_name
    return reference(value) or canonical(value)


def reference(value: Any) -> str | None:
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
    if isinstance(parts, list) and len(parts) == 2 and parts[1] in _IDS:
        return str(parts[0])
    return None


def _number(value: Any) -> int | None:
    try:
        return int(value)
    except (TypeError, ValueError):
        return None
