"""Peers: the values that can be at the other end of a rule."""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_address, ip_network
from typing import Literal

from generator.errors import FieldError, shown
from generator.light import dataclass

EVERYWHERE = {"cidr_ipv4": "0.0.0.0/0", "cidr_ipv6": "::/0"}
PeerKind = Literal["cidr_ipv4", "cidr_ipv6", "prefix_list", "security_group", "group", "input"]
# Ids of EC2 have 8 hexadecimal digits, or 17 (EC2 User Guide, "Resource IDs"); a group of another
# account has its owner before it, as `referenced_security_group_id` of the AWS provider takes it.
# An account id has 12 digits (AccountId in the AWS Organizations API).
_PREFIX_LIST = re.compile(r"pl-([0-9a-f]{8}|[0-9a-f]{17})", re.ASCII)
SECURITY_GROUP_ID = re.compile(r"sg-([0-9a-f]{8}|[0-9a-f]{17})", re.ASCII)
_SECURITY_GROUP = re.compile(rf"([0-9]{{12}}/)?{SECURITY_GROUP_ID.pattern}", re.ASCII)
# "Amazon VPC quotas": the most entries of a customer-managed prefix list. EC2 reports none for a
# list of AWS; its weight is in "AWS-managed prefix lists".
ENTRIES_MAX = 1000
_LOOKS_LIKE_A_GROUP = re.compile(r"([0-9]+/)?sg-")


@dataclass(frozen=True)
class Peer:
    """A concrete value bound to an endpoint: a CIDR, a prefix list, a security group, or a role.

    `name` is the name that the user gives the peer, or else its value. The kind `input` is an
    endpoint that is left open, by its id.
    """

    kind: PeerKind
    value: str
    name: str
    entries: int | None = 1
    """How many rules EC2 counts it as: the maximum entries of a prefix list, None if unknown."""
    owner: str | None = None
    """The account of a security group of another account. Ids are unique without it."""

    def __str__(self) -> str:
        """The peer as a deployment file has it."""
        prefix = "group:" if self.kind == "group" else f"{self.owner}/" if self.owner else ""
        return prefix + self.value

    @property
    def named(self) -> str:
        """The peer with its name, if it has one: `10.1.2.0/28 (bastion)`."""
        return str(self) if self.name == self.value else f"{self} ({self.name})"

    @classmethod
    def parse(cls, text: str, name: str | None = None) -> Peer:
        """Read a CIDR, `pl-…`, `sg-…`, `123456789012/sg-…` or `group:<role>`, else FieldError."""
        if text.startswith("group:"):
            role = text.removeprefix("group:")
            return cls("group", role, name or role)
        if text.startswith("pl-"):
            if not _PREFIX_LIST.fullmatch(text):
                raise FieldError(
                    f"invalid prefix list id {shown(text)}: use pl- and 8 or 17 hexadecimal digits"
                )
            return cls("prefix_list", text, name or text, entries=None)
        if _LOOKS_LIKE_A_GROUP.match(text):
            if not _SECURITY_GROUP.fullmatch(text):
                raise FieldError(
                    f"invalid security group id {shown(text)}: use sg- and 8 or 17 hexadecimal "
                    "digits, after 123456789012/ for a group of another account"
                )
            owner, _, value = text.rpartition("/")
            return cls("security_group", value, name or value, owner=owner or None)
        return cls._parse_cidr(text, name)

    @classmethod
    def _parse_cidr(cls, text: str, name: str | None) -> Peer:
        try:
            network = ip_network(text, strict=False)
        except ValueError:
            network = None
        if network is None or "%" in text:
            raise FieldError(
                f"invalid peer {shown(text)}: use a CIDR such as 10.0.0.0/16 or 2001:db8::/32, "
                "a prefix list (pl-...), a security group (sg-...), or group:<role>"
            )
        mapped = getattr(network.network_address, "ipv4_mapped", None)
        if mapped and network.prefixlen >= 96:
            meant = ip_network(f"{mapped}/{network.prefixlen - 96}")
            raise FieldError(f"{shown(text)} is an IPv4 network in IPv6 notation: use {meant}")
        if text != str(network):
            raise FieldError(f"{shown(text)} {_misspelt(text, network)}: use {network}")
        return cls("cidr_ipv4" if network.version == 4 else "cidr_ipv6", text, name or text)


def are_everybody(peers: Iterable[Peer]) -> bool:
    """Whether the networks among peers are, taken together, all that there are of a family.

    `0.0.0.0/1` and `128.0.0.0/1` are the whole internet as much as `0.0.0.0/0` is.
    """
    networks: dict[str, set[str]] = {kind: set() for kind in EVERYWHERE}
    for peer in peers:
        networks.get(peer.kind, set()).add(peer.value)
    return any(
        whole in networks[kind] or _fill(networks[kind]) for kind, whole in EVERYWHERE.items()
    )


def _fill(networks: Iterable[str]) -> bool:
    """Whether networks of one family leave nothing out. Most have too few addresses for that."""
    shares = (1 << 128 - int(network.rpartition("/")[2]) for network in networks)
    if sum(shares) < 1 << 128:
        return False
    [first, *_] = collapse_addresses(map(ip_network, networks))  # type: ignore[type-var]
    return first.prefixlen == 0


def _misspelt(text: str, network: IPv4Network | IPv6Network) -> str:
    address, slash, _ = text.partition("/")
    if not slash:
        return "has no prefix length"
    if ip_address(address) != network.network_address:
        return "has host bits set"
    return "is not in the form that AWS uses"


@dataclass(frozen=True)
class PrefixList:
    """A prefix list with its maximum entries, which count against the quota of rules."""

    id: str
    """The ID, pl-…"""
    max_entries: int
    """Its maximum number of entries (MaxEntries in EC2), or the weight of a list of AWS."""

    def __post_init__(self) -> None:
        try:
            kind = Peer.parse(self.id).kind
        except FieldError as error:
            raise FieldError(str(error), "id") from None
        if kind != "prefix_list":
            raise FieldError("max_entries is for prefix lists only: use an ID pl-...", "id")
        if not 1 <= self.max_entries <= ENTRIES_MAX:
            raise FieldError(f"invalid max_entries: use 1 to {ENTRIES_MAX}", "max_entries")


Bindable = Peer | PrefixList
