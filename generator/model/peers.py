"""Peers: the concrete values that can stand at the other end of a rule."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Literal

from generator.errors import FieldError, shown

PeerKind = Literal["cidr_ipv4", "cidr_ipv6", "prefix_list", "security_group", "group"]


@dataclass(frozen=True)
class Peer:
    """A concrete value bound to an endpoint: a CIDR, a prefix list, a security group, or a role.

    `name` is how the user calls the peer; for a peer without a name it is the value.
    """

    kind: PeerKind
    value: str
    name: str
    entries: int = 1
    """How many rules EC2 counts it as: the maximum entries of a prefix list."""

    @classmethod
    def parse(cls, text: str, name: str | None = None) -> Peer:
        """Read `10.0.0.0/8`, `2001:db8::/32`, `pl-…`, `sg-…` or `group:<role>`, else FieldError."""
        if text.startswith("group:"):
            return cls("group", text.removeprefix("group:"), name or text)
        for prefix, kind in (("pl-", "prefix_list"), ("sg-", "security_group")):
            if text.startswith(prefix):
                if not re.fullmatch(prefix + r"([0-9a-f]{8}|[0-9a-f]{17})", text):
                    raise FieldError(
                        f"{shown(text)} is no id: write {prefix} and 8 or 17 hexadecimal digits"
                    )
                return cls(kind, text, name or text)  # type: ignore[arg-type]
        return cls._parse_cidr(text, name)

    @classmethod
    def _parse_cidr(cls, text: str, name: str | None) -> Peer:
        try:
            network = ip_network(text, strict=False)
        except ValueError:
            network = None
        if network is None or "%" in text:
            raise FieldError(
                f"{shown(text)} is no peer: write a CIDR such as 10.0.0.0/16 or 2001:db8::/32, "
                "a prefix list pl-…, a security group sg-…, or group:<role>"
            )
        mapped = getattr(network.network_address, "ipv4_mapped", None)
        if mapped and network.prefixlen >= 96:
            meant = ip_network(f"{mapped}/{network.prefixlen - 96}")
            raise FieldError(f"{shown(text)} is an IPv4 network written as IPv6: write {meant}")
        if text != str(network):
            raise FieldError(f"{shown(text)} {_misspelt(text, network)}: write {network}")
        return cls("cidr_ipv4" if network.version == 4 else "cidr_ipv6", text, name or text)


def _misspelt(text: str, network: IPv4Network | IPv6Network) -> str:
    address, slash, _ = text.partition("/")
    if not slash:
        return "has no mask"
    if ip_address(address) != network.network_address:
        return "is not a network's own address"
    return "is not how AWS writes this network"


@dataclass(frozen=True)
class PrefixList:
    """A prefix list with its maximum entries, which EC2 counts against the quota of rules."""

    id: str
    """The id, pl-…"""
    max_entries: int
    """Its maximum entries, as EC2 shows them."""

    def __post_init__(self) -> None:
        try:
            kind = Peer.parse(self.id).kind
        except FieldError as error:
            raise FieldError(str(error), "id") from None
        if kind != "prefix_list":
            raise FieldError("only a prefix list has maximum entries: write pl-…", "id")
        if not 1 <= self.max_entries <= 1000:
            raise FieldError("a prefix list has 1 to 1000 maximum entries", "max_entries")


Bindable = Peer | PrefixList
