"""Security groups as EC2's own API describes them: `aws ec2 describe-security-groups` and
`describe-security-group-rules`.

The fields are those of SecurityGroup, IpPermission and SecurityGroupRule in its API reference.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from generator.model import Direction, Observation, Observed, ObservedGroup, PeerKind, Place
from generator.model import protocol_of as protocol

GROUPS, RULES = "SecurityGroups", "SecurityGroupRules"
_DIRECTIONS: Mapping[str, Direction] = {
    "IpPermissions": "inbound",
    "IpPermissionsEgress": "outbound",
}
# By the list in an IpPermission, the kind of its peers and the key of their value.
_PEERS: Mapping[str, tuple[PeerKind, str]] = {
    "IpRanges": ("cidr_ipv4", "CidrIp"),
    "Ipv6Ranges": ("cidr_ipv6", "CidrIpv6"),
    "PrefixListIds": ("prefix_list", "PrefixListId"),
    "UserIdGroupPairs": ("security_group", "GroupId"),
}
# By the field of a SecurityGroupRule, the kind of its peer.
_PEER: Mapping[str, PeerKind] = {
    "CidrIpv4": "cidr_ipv4",
    "CidrIpv6": "cidr_ipv6",
    "PrefixListId": "prefix_list",
}


def is_ec2(document: object) -> bool:
    """Whether a JSON document is a page of one of the two descriptions."""
    return isinstance(document, dict) and any(
        isinstance(document.get(key), list) for key in (GROUPS, RULES)
    )


def read_ec2(pages: Iterable[Mapping[str, Any]], file: str) -> Observation:
    """The groups and rules of all pages. A rule that both descriptions have is there once."""
    groups: dict[str, ObservedGroup] = {}
    described: list[Observed] = []
    listed: list[Observed] = []
    for page in pages:
        for group in _with(_objects(page.get(GROUPS)), "GroupId"):
            groups[group["GroupId"]] = _group(group, file)
            described += _described(group, file)
        listed += (_listed(rule, file) for rule in _with(_objects(page.get(RULES)), "GroupId"))
    for rule in listed:
        groups.setdefault(rule.group, ObservedGroup(rule.group, Place(file), id=rule.group))
    # Only the second description has the ids of rules, and it has all rules of the groups in it.
    known = {rule.group for rule in listed}
    rules = [*listed, *(rule for rule in described if rule.group not in known)]
    return Observation(tuple(groups.values()), tuple(rules))


def _group(group: Mapping[str, Any], file: str) -> ObservedGroup:
    tags = {tag["Key"]: tag.get("Value", "") for tag in _with(_objects(group.get("Tags")), "Key")}
    return ObservedGroup(
        key=group["GroupId"],
        place=Place(file, what=group["GroupId"]),
        id=group["GroupId"],
        name=group.get("GroupName"),
        description=group.get("Description"),
        vpc=group.get("VpcId"),
        owner=group.get("OwnerId"),
        tags=tags,
    )


def _described(group: Mapping[str, Any], file: str) -> Iterator[Observed]:
    """The rules of a SecurityGroup: an IpPermission has one for each peer."""
    for key, direction in _DIRECTIONS.items():
        for permission in _objects(group.get(key)):
            for peers, (kind, field) in _PEERS.items():
                for peer in _with(_objects(permission.get(peers)), field):
                    yield Observed(
                        group=group["GroupId"],
                        direction=direction,
                        ip_protocol=protocol(permission.get("IpProtocol")),
                        from_port=permission.get("FromPort"),
                        to_port=permission.get("ToPort"),
                        peer_kind=kind,
                        peer=peer[field],
                        place=Place(file, what=group["GroupId"]),
                        description=peer.get("Description"),
                        owner=_foreign(peer, group.get("OwnerId")),
                    )


def _listed(rule: Mapping[str, Any], file: str) -> Observed:
    """One SecurityGroupRule, which has one peer."""
    [referenced] = _objects([rule.get("ReferencedGroupInfo")]) or [{}]
    kind, peer = next(
        ((kind, rule[field]) for field, kind in _PEER.items() if rule.get(field)),
        ("security_group", referenced.get("GroupId", "")),
    )
    return Observed(
        group=rule["GroupId"],
        direction="outbound" if rule.get("IsEgress") else "inbound",
        ip_protocol=protocol(rule.get("IpProtocol")),
        from_port=rule.get("FromPort"),
        to_port=rule.get("ToPort"),
        peer_kind=kind,
        peer=peer,
        place=Place(file, what=rule.get("SecurityGroupRuleId", "")),
        description=rule.get("Description"),
        owner=_foreign(referenced, rule.get("GroupOwnerId")),
        id=rule.get("SecurityGroupRuleId"),
    )


def _foreign(peer: Mapping[str, Any], owner: object) -> str | None:
    """The account of a peer, if it is not that of the group itself."""
    account = peer.get("UserId")
    return account if account and owner and account != owner else None


def _with(objects: Iterable[Mapping[str, Any]], field: str) -> list[Mapping[str, Any]]:
    """Those that have a text in a field: what has none is no description of EC2."""
    return [each for each in objects if isinstance(each.get(field), str)]


def _objects(value: object) -> list[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
