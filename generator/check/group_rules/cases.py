"""Rules as they are compared: what was read of them, where, and in which case they are there."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any, NamedTuple

from generator.errors import FieldError
from generator.model import ALL_TRAFFIC, ICMP, Observation, Observed, Peer

Network = IPv4Network | IPv6Network
WITH_PORTS = ("tcp", "udp", *ICMP)


class Case(NamedTuple):
    """One rule, in one of the forms that conditions give it."""

    rule: Observed
    place: Hashable
    """Where it is. The forms of one rule have one place."""
    identity: tuple[str, ...] | None
    """What EC2 compares, with kind and value of the peer last; None for what is not known."""
    variant: Hashable = None
    """In which case it is there. Rules with the same one need not be compared twice."""
    source: Any = None
    """What it was made of."""


Together = Callable[[Iterable[Case]], bool]
"""Whether rules can be there at the same time."""


def always(_: Iterable[Case]) -> bool:
    """The answer for sources without conditions."""
    return True


def cases(observation: Observation) -> list[Case]:
    """The rules of groups that are known: the group was read, or the rule has its id.

    Rules that were read in one place and have one description are one rule with several peers.
    """
    keys = {group.key for group in observation.groups}
    return [
        Case(rule, (rule.place, rule.description), identity(rule))
        for rule in observation.rules
        if rule.group in keys or _is_id(rule.group)
    ]


def identity(rule: Observed) -> tuple[str, ...] | None:
    """What EC2 compares of a rule, whatever its description is; None if a part is not known.

    Ports count for TCP, UDP, ICMP and ICMPv6 only: IpPermission in the EC2 API reference.
    """
    protocol, ports = rule.ip_protocol, (rule.from_port, rule.to_port)
    peer = _known_peer(rule)
    if protocol is None or peer is None or (protocol in WITH_PORTS and None in ports):
        return None
    counted = map(str, ports) if protocol in WITH_PORTS else ()
    return rule.group, rule.direction, protocol, *counted, rule.peer_kind, peer


def _known_peer(rule: Observed) -> str | None:
    """A network, the id of a list or a group, or a group that was read; None for a reference."""
    if rule.peer_kind == "group":
        return rule.peer
    if found := network(rule):
        return str(found)
    try:
        peer = Peer.parse(rule.peer)
    except FieldError:
        return None
    return peer.value if peer.kind == rule.peer_kind else None


def network(rule: Observed) -> Network | None:
    """The network that is the peer of a rule, if it is one that is known."""
    if rule.peer_kind not in ("cidr_ipv4", "cidr_ipv6"):
        return None
    try:
        return ip_network(rule.peer, strict=False)
    except ValueError:
        return None


def traffic(rule: Observed) -> str:
    """Protocol and ports of a rule as a person writes them, whether or not they are valid."""
    first, last = rule.from_port, rule.to_port
    if rule.ip_protocol == ALL_TRAFFIC:
        return "all traffic"
    ports = "" if first is None else f" {first}" if first == last else f" {first}-{last}"
    return f"{rule.ip_protocol}{ports}"


def _is_id(text: str) -> bool:
    try:
        return Peer.parse(text).kind == "security_group"
    except FieldError:
        return False
