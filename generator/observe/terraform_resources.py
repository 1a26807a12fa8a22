"""The resources of the AWS provider for security groups: which there are, and what they hold.

The attributes are those of the provider's documentation of aws_security_group,
aws_default_security_group, aws_security_group_rule and aws_vpc_security_group_ingress_rule.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from generator.model import Direction, PeerKind, Place

GROUPS = ("aws_security_group", "aws_default_security_group")
CLASSIC = "aws_security_group_rule"
STANDALONE: Mapping[str, Direction] = {
    "aws_vpc_security_group_ingress_rule": "inbound",
    "aws_vpc_security_group_egress_rule": "outbound",
}
TYPES = frozenset({*GROUPS, CLASSIC, *STANDALONE})
INLINE: Mapping[str, Direction] = {"ingress": "inbound", "egress": "outbound"}
# By attribute of any of them, the kind of its peers: one, or a list.
PEERS: Mapping[str, PeerKind] = {
    "cidr_blocks": "cidr_ipv4",
    "ipv6_cidr_blocks": "cidr_ipv6",
    "prefix_list_ids": "prefix_list",
    "security_groups": "security_group",
    "source_security_group_id": "security_group",
    "cidr_ipv4": "cidr_ipv4",
    "cidr_ipv6": "cidr_ipv6",
    "prefix_list_id": "prefix_list",
    "referenced_security_group_id": "security_group",
}


class Reference(NamedTuple):
    """A value that is not known: the group with this key, or what the text refers to."""

    text: str
    is_group: bool = False


UNKNOWN = Reference("")
"""A value of which not even what it refers to is known."""


class Lined(dict[str, Any]):
    """An object with the line at which it begins."""

    line = 0


class Resource(NamedTuple):
    """One instance of a resource."""

    type: str
    address: str
    place: Place
    values: Mapping[str, Any]
    """By attribute; an absent one is null."""
    output: str | None = None
    """Of a group, the name of the output that has its id."""
    computed: frozenset[str] = frozenset()
    """The attributes that hold what EC2 has, and not what is configured."""
