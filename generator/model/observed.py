"""What was read from somewhere else: security groups with their rules, as they are written there.

A rule that was read need not be one that EC2 takes: `Observed.permission` says whether it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_network

from generator.errors import FieldError
from generator.light import NamedTuple
from generator.model.peers import Peer, PeerKind
from generator.model.permission import Permission
from generator.model.tables import Direction
from generator.model.traffic import ALL_TRAFFIC, Traffic

# The numbers of the protocols that EC2 calls by a name: IpPermission in its API reference.
PROTOCOLS = {"1": "icmp", "6": "tcp", "17": "udp", "58": "icmpv6", "all": ALL_TRAFFIC}
WITH_PORTS = ("tcp", "udp", "icmp", "icmpv6")


class Place(NamedTuple):
    """Where something was read."""

    file: str
    """The file, or a name such as `origin/main:template.yaml`."""
    line: int = 0
    """From 1; 0 if it is not known."""
    what: str = ""
    """What it is there: a rule id of EC2, the address of a resource, a logical id."""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place} ({self.what})" if self.what else place


class Observed(NamedTuple):
    """One rule of a group for one peer, as it is written; what is not known is None."""

    group: str
    """The key of its group: see ObservedGroup."""
    direction: Direction
    ip_protocol: str | None
    """By name, or as its number where EC2 has no name for it; -1 for all traffic."""
    from_port: int | None
    to_port: int | None
    peer_kind: PeerKind
    """`group` for a group that was read together with this rule."""
    peer: str
    """A CIDR, an id, or the key of a group; of what is not known yet, the reference to it."""
    place: Place
    description: str | None = None
    owner: str | None = None
    """The account of the peer, if it is a group of another account."""
    id: str | None = None
    """The id of the rule, sgr-…, if it is known."""

    def permission(self) -> Permission:
        """What EC2 stores. Raises FieldError for what it would refuse, or what is not known."""
        if self.ip_protocol is None:
            raise FieldError("the protocol is not known")
        return Permission(
            group=self.group,
            direction=self.direction,
            traffic=Traffic(self.ip_protocol, *self._ports),
            peer=self._peer(),
            description=self.description or "",
            place=str(self.place),
        )

    @property
    def _ports(self) -> tuple[int | None, int | None]:
        """The ports that count: EC2 ignores those of other protocols."""
        if self.ip_protocol not in WITH_PORTS:
            return None, None
        if self.ip_protocol in ("icmp", "icmpv6") and self.from_port is None:
            return -1, -1
        return self.from_port, self.to_port

    def _peer(self) -> Peer:
        value = self.peer
        if self.peer_kind in ("cidr_ipv4", "cidr_ipv6"):
            try:
                value = str(ip_network(value, strict=False))
            except ValueError:
                raise FieldError(f"invalid network {value!r}") from None
        entries = None if self.peer_kind == "prefix_list" else 1
        return Peer(self.peer_kind, value, value, entries=entries, owner=self.owner)


class ObservedGroup(NamedTuple):
    """One security group that was read."""

    key: str
    """What tells it from the others that were read together: its id, address or logical id."""
    place: Place
    id: str | None = None
    """Its id, sg-…, if it exists already."""
    name: str | None = None
    description: str | None = None
    vpc: str | None = None
    owner: str | None = None
    """The account that it belongs to."""
    tags: Mapping[str, str] = {}
    output: str | None = None
    """The name of an output that has its id, or of the entry in an output that has it."""


class Observation(NamedTuple):
    """Everything that was read from one source, or from several that belong together."""

    groups: tuple[ObservedGroup, ...] = ()
    rules: tuple[Observed, ...] = ()
    left_out: tuple[str, ...] = ()
    """What could not be known without running something, a sentence for each."""

    def permissions(self) -> tuple[Permission, ...]:
        """The permissions, each identity once. Raises FieldError for a rule that is none."""
        found: dict[object, Permission] = {}
        for rule in self.rules:
            permission = rule.permission()
            found.setdefault(permission.identity, permission)
        return tuple(found.values())

    def __add__(self, other: Observation) -> Observation:  # type: ignore[override]
        """Both together."""
        return Observation(
            self.groups + other.groups, self.rules + other.rules, self.left_out + other.left_out
        )


def protocol_of(value: object) -> str | None:
    """A protocol by its name, be it written so or as its number; None for what is neither."""
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return None
    text = str(value).strip().lower()
    return PROTOCOLS.get(text, text) or None
