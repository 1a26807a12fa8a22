"""Peers: the values that can be at the other end of a rule."""

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

    `name` is the name that the user gives the peer, or else its value.
    """

    kind: PeerKind
    value: str
    name: str
    entries: int = 1
    """The number of rules that EC2 counts for it: for a prefix list, its maximum entries."""

    @classmethod
    def parse(cls, text: str, name: str | None = None) -> Peer:
        """A peer from `10.0.0.0/8`, `2001:db8::/32`, `pl-…`, `sg-…` or `group:<role>`.

        Raises FieldError.
        """
        if text.startswith("group:"):
            return cls("group", text.removeprefix("group:"), name or text)
        for prefix, kind in (("pl-", "prefix_list"), ("sg-", "security_group")):
            if text.startswith(prefix):
                if not re.fullmatch(prefix + r"([0-9a-f]{8}|[0-9a-f]{17})", text):
                    raise FieldError(
                        f"invalid ID {shown(text)}: use {prefix} and 8 or 17 lowercase hexadecimal "
                        "digits"
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
    """Its maximum number of entries (MaxEntries in EC2)."""

    def __post_init__(self) -> None:
        try:
            kind = Peer.parse(self.id).kind
        except FieldError as error:
            raise FieldError(str(error), "id") from None
        if kind != "prefix_list":
            raise FieldError("max_entries is for prefix lists only: use an ID pl-...", "id")
        if not 1 <= self.max_entries <= 1000:
            raise FieldError("invalid max_entries: use 1 to 1000", "max_entries")


Bindable = Peer | PrefixList
