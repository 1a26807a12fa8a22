"""The flow matrix: who talks to whom, on what, why, and where it is documented.

It is for the people who approve firewall changes, so its texts are those of the document, not the
ones that EC2 accepts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

from generator.model.rule_data import Topology
from generator.model.tables import Direction, Mode, Rule

RowKey = tuple[str, Direction, str]
"""A role, a direction and the id of a row."""
PartyKind = Literal["group", "endpoint", "everybody"]


class RowSource(NamedTuple):
    """A row, and the title of the page that has it."""

    rule: Rule
    document: str


class Party(NamedTuple):
    """Who is at an end of flows: a group of the deployment, or an endpoint of its rules."""

    id: str
    """Unique among the parties: `group-<role>` or `endpoint-<id>`."""
    name: str
    """The role of the group, or the id of the endpoint."""
    title: str
    kind: PartyKind
    """An endpoint is `everybody` if one of its flows is with the whole internet."""


class Flow(NamedTuple):
    """One permission with one peer, as people write it."""

    id: str
    """From the identity of the permission: letters, digits, `-` and `_`; unique in the matrix."""
    pair: str
    """The same for both ends of a connection between two groups; otherwise, the id."""
    group: str
    """The role of the group that has the permission."""
    direction: Direction
    party: str
    """The id of the party at the other end."""
    endpoint: str
    """The id of the endpoint at the other end, or the role of a group that is none."""
    endpoint_title: str
    peer: str
    """The peer as a deployment file has it; empty if nobody has filled it in."""
    peer_name: str
    """The name that the deployment gives the peer; empty if it has none."""
    source: str
    """Who connects: the title of a group or of an endpoint left open, or the peer with its name."""
    destination: str
    """Who is connected to, in the same way."""
    protocol: str
    """`TCP`, `UDP`, `ICMP`, `ICMPv6`, `all`, or the number of another protocol."""
    ports: str
    """`443`, `161-162` or `all`; of ICMP, `all`, or a type and a code such as `8-any`."""
    service: str
    """The documented service, or the application that the Protocol cell names; may be empty."""
    purpose: str
    rows: tuple[str, ...]
    """The ids of its rows; none for what `connect_groups` adds."""
    documents: tuple[str, ...]
    """The titles of the pages that have these rows."""
    ha_only: bool
    """Whether all of its rows are for HA pairs only."""
    features: tuple[str, ...]
    """The features that need it; if empty, it is always needed."""
    everybody: bool
    """Whether the peer is the whole internet, or part of networks that together are."""
    filled_in: bool
    """False for an endpoint left open: the flow is not permitted until somebody fills it in."""
    parameter: str
    """The input that whoever deploys may fill in instead; empty if the peer is written out."""

    @property
    def traffic(self) -> str:
        """The traffic for people: `TCP 443`, `all ICMP`, `all traffic`."""
        if self.protocol == "all":
            return "all traffic"
        return f"all {self.protocol}" if self.ports == "all" else f"{self.protocol} {self.ports}"

    @property
    def open_to_internet(self) -> bool:
        """Whether the whole internet may connect."""
        return self.everybody and self.direction == "inbound"


class QuotaUse(NamedTuple):
    """How many rules a direction of a group takes of the quota, in its fuller address family."""

    group: str
    direction: Direction
    rules: int
    at_least: bool
    """Whether there are more: prefix lists whose maximum entries are unknown are not counted."""
    filled_in: int
    """The rules once every CloudFormation parameter is filled in, the placeholder included."""


class Matrix(NamedTuple):
    """The flows of a deployment, in document order."""

    name: str
    release: str
    product: str
    documents: tuple[str, ...]
    topology: Topology
    outbound: Mode
    parties: tuple[Party, ...]
    """The groups in document order, then the endpoints in the order of their flows."""
    flows: tuple[Flow, ...]
    quota: int
    """The rules that a group may have per direction and address family."""
    usage: tuple[QuotaUse, ...]

    @property
    def groups(self) -> tuple[Party, ...]:
        """The groups, without the parties outside."""
        return tuple(party for party in self.parties if party.kind == "group")

    @property
    def party(self) -> Mapping[str, Party]:
        """The parties by id."""
        return {party.id: party for party in self.parties}

    def of(self, group: str, direction: Direction) -> tuple[Flow, ...]:
        """The flows of a group in one direction."""
        return tuple(f for f in self.flows if (f.group, f.direction) == (group, direction))

    @property
    def open_to_internet(self) -> tuple[Flow, ...]:
        """The flows in which the whole internet may connect."""
        return tuple(flow for flow in self.flows if flow.open_to_internet)
