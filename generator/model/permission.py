"""Permissions: what EC2 stores of a security group's rules."""

from __future__ import annotations

from dataclasses import replace

from generator.light import NamedTuple
from generator.model.peers import Peer, PeerKind
from generator.model.tables import Direction
from generator.model.traffic import Traffic

Identity = tuple[str, Direction, Traffic, PeerKind, str]


class Permission(NamedTuple):
    """One permission of a group, and beside it where it comes from.

    EC2 compares the first four fields and takes each combination once; the others are for people.
    """

    group: str
    """The role of the group."""
    direction: Direction
    traffic: Traffic
    peer: Peer
    description: str = ""
    endpoint: str = ""
    """Who is at the other end, as the rule data calls them."""
    rows: tuple[str, ...] = ()
    """The ids of the documented rows that it comes from."""
    parameter: str = ""
    """The input that whoever deploys may fill in instead; empty if the peer is written out."""
    place: str = ""
    """Where it was read, if it was: a file with a line, or the id of a rule."""
    alone: bool = False
    """Whether the peer is an input without its fallbacks, for which there is a permission."""

    @property
    def identity(self) -> Identity:
        """What EC2 compares: never a name, an endpoint or a description."""
        return (self.group, self.direction, self.traffic, self.peer.kind, self.peer.value)

    def to(self, peer: Peer) -> Permission:
        """The same for another peer: ICMP has a protocol of its own in IPv6.

        The id of a prefix list or group does not show an address family: theirs stays IPv4.
        """
        traffic = self.traffic
        if peer.kind == "cidr_ipv6" and traffic.ip_protocol == "icmp":
            traffic = replace(traffic, ip_protocol="icmpv6")
        return self._replace(traffic=traffic, peer=peer)
