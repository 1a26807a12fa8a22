"""The security group rules of a template, one by one.

Facts about the resources are those of CloudFormation's reference of AWS::EC2::SecurityGroup,
SecurityGroupIngress and SecurityGroupEgress. Where a value cannot be known before the stack exists,
two of them are the same only if they are written in the same way.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from generator.model import Direction, Observed, PeerKind, Place, protocol_of
from generator.observe.cloudformation.functions import section
from generator.observe.cloudformation.references import canonical, reference
from generator.observe.cloudformation.values import ALWAYS, Conditions, Values

GROUP = "AWS::EC2::SecurityGroup"
STANDALONE: Mapping[str, Direction] = {
    "AWS::EC2::SecurityGroupIngress": "inbound",
    "AWS::EC2::SecurityGroupEgress": "outbound",
}
INLINE: Mapping[str, Direction] = {
    "SecurityGroupIngress": "inbound",
    "SecurityGroupEgress": "outbound",
}
BY_NAME = "SourceSecurityGroupName"  # of the default VPC
PEERS: Mapping[str, PeerKind] = {
    "CidrIp": "cidr_ipv4",
    "CidrIpv6": "cidr_ipv6",
    "SourcePrefixListId": "prefix_list",
    "DestinationPrefixListId": "prefix_list",
    "SourceSecurityGroupId": "security_group",
    "DestinationSecurityGroupId": "security_group",
    BY_NAME: "security_group",
}
WITH_PORTS = ("tcp", "udp", "icmp", "icmpv6")
MANY = 256  # forms of one rule, beyond which conditions that are nested take exponential time

Path = tuple[str | int, ...]
"""Where something is in a template: keys and indices from the top."""


class TemplateRule(NamedTuple):
    """One rule of a group, in one of the forms that the conditions within it can give it."""

    observed: Observed
    """The rule while the parameters have their values; its group is a logical id, if it is one of
    the template. A part that is not known is the reference to it, or None."""
    path: Path
    presence: Conditions
    """The conditions under which it is there at all."""
    conditions: Conditions
    """The conditions under which it is there in this form."""
    written: Mapping[str, Any]
    """Its properties as they are written, without those that are left out in this form."""
    properties: Mapping[str, Any]
    """What they are while the parameters have their values, as far as that is known."""

    @property
    def peer_property(self) -> str | None:
        """The property that has its peer."""
        return next((key for key in PEERS if key in self.properties), None)

    @property
    def written_peer(self) -> Any:
        """Its peer as it is written."""
        return self.written.get(self.peer_property or "")

    @property
    def permitted(self) -> tuple[str, ...] | None:
        """Its group, traffic and peer such that what is the same to EC2 is equal.

        None for a rule that lacks one of them.
        """
        key = self.peer_property
        if key is None or "IpProtocol" not in self.properties:
            return None
        peer = canonical(self.properties[key] or self.written_peer)
        rule = self.observed
        return rule.group, rule.direction, *_traffic(self.properties), PEERS[key], peer

    @property
    def permitted_as_written(self) -> tuple[str, ...]:
        """The traffic and peer that are written, whatever the parameters are."""
        return *_traffic(self.written), canonical(self.written_peer)


class Inline(NamedTuple):
    """An item among the rules within a group."""

    group: str
    direction: Direction
    path: Path
    presence: Conditions
    item: Any


def resources(template: Mapping[str, Any], *types: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The resources of these types that have properties, by logical id."""
    for name, resource in section(template, "Resources").items():
        typed = isinstance(resource, dict) and resource.get("Type") in types
        if isinstance(name, str) and typed and isinstance(resource.get("Properties"), dict):
            yield name, resource


def rules(template: Mapping[str, Any], known: Values, file: str = "") -> Iterator[TemplateRule]:
    """Every rule of every group, be it within the group or a resource of its own."""
    groups = frozenset(name for name, _ in resources(template, GROUP))
    for name, resource in sorted(resources(template, GROUP, *STANDALONE)):
        properties = resource["Properties"]
        if resource["Type"] in STANDALONE:
            group_id = properties.get("GroupId", properties.get("GroupName"))
            item = Inline(
                _group(known, group_id),
                STANDALONE[resource["Type"]],
                ("Resources", name, "Properties"),
                under(resource),
                properties,
            )
            place = Place(file, line(name), str(name))
            yield from _forms(known, item, place, groups)
            continue
        for item in inline(known, name, resource):
            if isinstance(item.item, dict):
                place = Place(file, line(item.item), str(name))
                yield from _forms(known, item, place, groups)


def inline(known: Values, name: str, resource: Mapping[str, Any]) -> Iterator[Inline]:
    """The items among the rules within a group, those that are no rules as well."""
    for key, direction in INLINE.items():
        path: Path = ("Resources", name, "Properties", key)
        for items, given in known.alternatives(resource["Properties"].get(key), under(resource)):
            for i, written in enumerate(items if isinstance(items, list) else ()):
                for item, presence in known.alternatives(written, given):
                    yield Inline(name, direction, (*path, i), presence, item)


def under(resource: Mapping[str, Any]) -> Conditions:
    """The condition of a resource."""
    condition = resource.get("Condition")
    return frozenset({(condition, True)}) if isinstance(condition, str) else ALWAYS


def contradictory(conditions: Conditions) -> bool:
    """Whether a condition is to hold and not to hold."""
    return any((name, not holds) in conditions for name, holds in conditions)


def line(node: Any) -> int:
    """The line of a part of a template, from 1; 0 if it is not known."""
    mark = getattr(node, "start_mark", None)
    return mark.line + 1 if mark else 0


def _forms(
    known: Values, item: Inline, place: Place, groups: frozenset[str]
) -> Iterator[TemplateRule]:
    """The forms of a rule, at most the first MANY."""
    forms: list[tuple[dict[str, Any], Conditions]] = [({}, item.presence)]
    for key, value in item.item.items():
        if isinstance(key, str):
            extended = [
                (written if part is None else {**written, key: part}, conditions | given)
                for written, conditions in forms
                for part, given in known.alternatives(value)
            ]
            forms = [form for form in extended if not contradictory(form[1])][:MANY]
    for written, conditions in forms:
        properties = {key: known.known(value) for key, value in written.items()}
        observed = _observed(item, properties, place, groups)
        yield TemplateRule(observed, item.path, item.presence, conditions, written, properties)


def _observed(
    item: Inline, properties: Mapping[str, Any], place: Place, groups: frozenset[str]
) -> Observed:
    key = next((key for key in PEERS if key in properties), "CidrIp")
    peer = properties.get(key, "")
    kind = PEERS[key]
    if kind == "security_group" and reference(peer) in groups:
        kind = "group"
    description = properties.get("Description")
    owner = properties.get("SourceSecurityGroupOwnerId")
    return Observed(
        group=item.group,
        direction=item.direction,
        ip_protocol=protocol_of(properties.get("IpProtocol")),
        from_port=number(properties.get("FromPort")),
        to_port=number(properties.get("ToPort")),
        peer_kind=kind,
        peer=peer if isinstance(peer, str) else canonical(peer),
        place=place,
        description=description if isinstance(description, str) else None,
        owner=str(owner) if isinstance(owner, (str, int)) else None,
    )


def _traffic(properties: Mapping[str, Any]) -> tuple[str, ...]:
    """Protocol and ports such that what is the same to EC2 is equal.

    Ports count for TCP, UDP, ICMP and ICMPv6 only, and ICMPv6 without them is all types and codes:
    IpPermission in the EC2 API reference.
    """
    value = properties.get("IpProtocol")
    protocol = protocol_of(value) or canonical(value)
    if protocol not in WITH_PORTS and not isinstance(value, dict):
        return (protocol,)
    left_out = "-1" if protocol == "icmpv6" else "None"
    ports = (properties.get(key, left_out) for key in ("FromPort", "ToPort"))
    return protocol, *(canonical(p) if isinstance(p, dict) else str(p) for p in ports)


def _group(known: Values, value: Any) -> str:
    """The logical id of a group, or its id, or the reference to it."""
    found = known.known(value)
    if isinstance(found, str) and found:
        return found
    return reference(value) or canonical(value)


def number(value: Any) -> int | None:
    """A port; None if it is left out or not known."""
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        return None
