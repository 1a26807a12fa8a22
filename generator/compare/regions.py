"""Regions: what permissions open, so that wider, narrower and covering rules are told apart.

A region is traffic to or from a peer. Several together can cover one: two halves of a network, or
two ranges of ports.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_network
from itertools import pairwise
from typing import NamedTuple

from generator.model import ALL_TRAFFIC, ICMP, Permission, Traffic

Network = IPv4Network | IPv6Network
EVERY_IPV4 = ip_network("0.0.0.0/0")
GROUPS = ("group", "security_group")
ANYBODY = "anybody"


class Region(NamedTuple):
    """Traffic of a group, in one direction, with a peer."""

    traffic: Traffic
    kind: str
    """The kind of the peer, or ANYBODY."""
    value: str = ""
    network: Network | None = None

    def meets(self, other: Region) -> bool:
        """Whether the two have anything in common."""
        return _traffic_meets(self.traffic, other.traffic) and self._peer_meets(other)

    def contains(self, other: Region) -> bool:
        """Whether all of the other is part of this."""
        return self.traffic.covers(other.traffic) and self._peer_contains(other)

    def _peer_meets(self, other: Region) -> bool:
        if ANYBODY in (self.kind, other.kind):
            return True
        if self.network and other.network:
            same = self.network.version == other.network.version
            return same and self.network.overlaps(other.network)
        return self._peer_contains(other) or other._peer_contains(self)

    def _peer_contains(self, other: Region) -> bool:
        if self.kind == ANYBODY:
            return True
        if self.network and other.network:
            same = self.network.version == other.network.version
            return same and other.network.subnet_of(self.network)  # type: ignore[arg-type]
        if self.network == EVERY_IPV4 and other.kind in GROUPS:
            return True  # the addresses of a group are somewhere in it
        return (self.kind, self.value) == (other.kind, other.value)


def region(permission: Permission) -> Region:
    """What a permission opens."""
    peer = permission.peer
    network = ip_network(peer.value) if peer.kind.startswith("cidr") else None
    return Region(permission.traffic, peer.kind, peer.value, network)


def for_anybody(traffic: Traffic) -> tuple[Region, ...]:
    """The traffic with whoever there is; ICMP has a protocol of its own in IPv6."""
    found = Region(traffic, ANYBODY)
    if traffic.ip_protocol != "icmp":
        return (found,)
    return (found, Region(Traffic("icmpv6", -1, -1), ANYBODY))


def covered(wanted: Region, regions: Iterable[Region]) -> bool:
    """Whether the regions together contain all of one."""
    near = [each for each in regions if _traffic_meets(each.traffic, wanted.traffic)]
    if any(each.contains(wanted) for each in near):
        return True
    return all(_by_peers(part, near) for part in _stretches(wanted, near))


def _by_peers(part: Region, near: Iterable[Region]) -> bool:
    """Whether the peers of the regions with all of the traffic are together that of the part."""
    found = [each for each in near if each.traffic.covers(part.traffic)]
    if any(each.contains(part) for each in found):
        return True
    version = part.network.version if part.network else 4
    networks = [n for each in found if (n := each.network) and n.version == version]
    whole = collapse_addresses(networks)  # type: ignore[type-var]
    return any(part._replace(network=n, kind="cidr")._peer_contains(part) for n in whole)


def _stretches(wanted: Region, near: Iterable[Region]) -> Iterator[Region]:
    """The region by ranges of ports in which the same regions are in force."""
    traffic = wanted.traffic
    if traffic.from_port is None or traffic.to_port is None or traffic.ip_protocol in ICMP:
        yield wanted
        return
    first, last = traffic.from_port, traffic.to_port
    edges = {first, last + 1}
    for each in near:
        if each.traffic.from_port is not None and each.traffic.to_port is not None:
            edges |= {each.traffic.from_port, each.traffic.to_port + 1}
    cuts = sorted(edge for edge in edges if first <= edge <= last + 1)
    for start, end in pairwise(cuts):
        yield wanted._replace(traffic=Traffic(traffic.ip_protocol, start, end - 1))


def _traffic_meets(one: Traffic, other: Traffic) -> bool:
    if ALL_TRAFFIC in (one.ip_protocol, other.ip_protocol):
        return True
    if one.covers(other) or other.covers(one):
        return True
    if one.ip_protocol != other.ip_protocol or one.ip_protocol not in ("tcp", "udp"):
        return False
    assert one.from_port is not None
    assert one.to_port is not None
    assert other.from_port is not None
    assert other.to_port is not None
    return one.from_port <= other.to_port and other.from_port <= one.to_port
