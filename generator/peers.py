"""Peers: the concrete values that can stand at the other end of a rule."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_network
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
            raise FieldError(
                f"{shown(text)} is no peer: write a CIDR such as 10.0.0.0/16 or 2001:db8::/32, "
                "a prefix list pl-…, a security group sg-…, or group:<role>"
            ) from None
        if text != str(network):
            raise FieldError(f"{shown(text)} is not a network's own address: write {network}")
        return cls("cidr_ipv4" if network.version == 4 else "cidr_ipv6", text, name or text)


@dataclass(frozen=True)
class PrefixList:
    """A prefix list with its maximum entries, which EC2 counts against the quota of rules."""

    id: str
    """The id, pl-…"""
    max_entries: int
    """Its maximum entries, as EC2 shows them."""

    def __post_init__(self) -> None:
        if Peer.parse(self.id).kind != "prefix_list":
            raise FieldError("only a prefix list has maximum entries: write pl-…", "id")
        if not 1 <= self.max_entries <= 1000:
            raise FieldError("a prefix list has 1 to 1000 maximum entries", "max_entries")


Bindable = Peer | PrefixList
