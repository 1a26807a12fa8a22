"""Permissions as EC2 describes them: the JSON of both of its descriptions."""

from __future__ import annotations

import hashlib
import json

ACCOUNT = "123456789012"
LISTS = {
    "cidr_ipv4": ("IpRanges", "CidrIp"),
    "cidr_ipv6": ("Ipv6Ranges", "CidrIpv6"),
    "prefix_list": ("PrefixListIds", "PrefixListId"),
    "security_group": ("UserIdGroupPairs", "GroupId"),
}
FIELDS = {"cidr_ipv4": "CidrIpv4", "cidr_ipv6": "CidrIpv6", "prefix_list": "PrefixListId"}


def id_of(role):
    """The id that the group of a role gets."""
    return "sg-" + hashlib.sha256(role.encode()).hexdigest()[:17]


def _peer(permission):
    peer = permission.peer
    if peer.kind == "group":
        return "security_group", id_of(peer.value), None
    return peer.kind, peer.value, peer.owner


def _traffic(permission):
    traffic = permission.traffic
    found = {"IpProtocol": traffic.ip_protocol}
    if traffic.from_port is not None:
        found |= {"FromPort": traffic.from_port, "ToPort": traffic.to_port}
    return found


def groups_json(permissions, names):
    """`describe-security-groups`; `names` has the name of each group by role."""
    return json.dumps(
        {
            "SecurityGroups": [
                {
                    "GroupId": id_of(role),
                    "GroupName": name,
                    "OwnerId": ACCOUNT,
                    "IpPermissions": _permissions(permissions, role, "inbound"),
                    "IpPermissionsEgress": _permissions(permissions, role, "outbound"),
                }
                for role, name in names.items()
            ]
        }
    )


def _permissions(permissions, role, direction):
    found = []
    for p in permissions:
        if (p.group, p.direction) == (role, direction):
            kind, value, owner = _peer(p)
            name, key = LISTS[kind]
            peer = {key: value, "Description": p.description}
            if kind == "security_group":
                peer["UserId"] = owner or ACCOUNT
            empty = {each: [] for each, _ in LISTS.values()}
            found.append({**_traffic(p), **empty, name: [peer]})
    return found


def rules_json(permissions):
    """`describe-security-group-rules`."""
    found = []
    for number, p in enumerate(permissions):
        kind, value, owner = _peer(p)
        peer = {FIELDS.get(kind, ""): value}
        if kind == "security_group":
            peer = {"ReferencedGroupInfo": {"GroupId": value, "UserId": owner or ACCOUNT}}
        rule = {
            "SecurityGroupRuleId": f"sgr-{number:017x}",
            "GroupId": id_of(p.group),
            "GroupOwnerId": ACCOUNT,
            "IsEgress": p.direction == "outbound",
            "Description": p.description,
            "FromPort": -1,
            "ToPort": -1,
        }
        found.append({**rule, **_traffic(p), **peer})
    return json.dumps({"SecurityGroupRules": found})
