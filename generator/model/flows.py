"""The flow matrix: who talks to whom, on what, why, and where it is documented.

It is for the people who approve firewall changes, so its texts are those of the document, not the
ones that EC2 accepts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from generator.light import NamedTuple
from generator.model.rule_data import Topology
from generator.model.tables import Direction, Mode, Rule

RowKey = tuple[str, Direction, str]
"""A role, a direction and the id of a row."""
MOST_ON_A_LINK = 3
PartyKind = Literal["group", "endpoint", "everybody"]
Mark = Literal["", "added", "removed", "missing", "superfluous"]
"""What a flow is in a comparison; empty if both sides have it."""


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
    mark: Mark = ""

    @property
    def traffic(self) -> str:
        """The traffic for people: `TCP 443`, `all ICMP`, `all traffic`."""
        if self.protocol == "all":
            return "all traffic"
        return f"all {self.protocol}" if self.ports == "all" else f"{self.protocol} {self.ports}"

    def covers(self, port: int) -> bool:
        """Whether a TCP or UDP port is among what flows."""
        if self.protocol not in ("TCP", "UDP", "all"):
            return False
        first, _, last = self.ports.partition("-")
        return first == "all" or int(first) <= port <= int(last or first)

    @property
    def open_to_internet(self) -> bool:
        """Whether the whole internet may connect."""
        return self.everybody and self.direction == "inbound"

    @property
    def notes(self) -> tuple[str, ...]:
        """What else there is to know about it, as people say it."""
        found = {
            "open to the internet": self.open_to_internet,
            "not filled in": not self.filled_in,
            "HA pairs only": self.ha_only,
            f"for {', '.join(self.features)}": bool(self.features),
        }
        return tuple(note for note, holds in found.items() if holds)


class Link(NamedTuple):
    """All flows from one party to another, for a picture of the parties."""

    source: Party
    destination: Party
    flows: tuple[Flow, ...]

    @property
    def traffic(self) -> tuple[str, ...]:
        """What flows, each once: a connection may be permitted at both of its ends."""
        return tuple(dict.fromkeys(flow.traffic for flow in self.flows))

    @property
    def label(self) -> str:
        """The traffic, as far as it fits beside an arrow."""
        few = self.traffic[: MOST_ON_A_LINK + (len(self.traffic) == MOST_ON_A_LINK + 1)]
        more = len(self.traffic) - len(few)
        return ", ".join(few) + (f" and {more} more" if more else "")

    @property
    def open_to_internet(self) -> bool:
        """Whether one of the flows is open to the internet."""
        return any(flow.open_to_internet for flow in self.flows)

    @property
    def filled_in(self) -> bool:
        """Whether one of the flows is permitted already."""
        return any(flow.filled_in for flow in self.flows)


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
    def sources(self) -> tuple[str, ...]:
        """The titles of the pages that document the flows."""
        cited = (document for flow in self.flows for document in flow.documents)
        return tuple(dict.fromkeys([*self.documents, *cited]))

    @property
    def links(self) -> tuple[Link, ...]:
        """The flows by their ends, in the order of the first of each."""
        found: dict[tuple[str, str], list[Flow]] = {}
        for flow in self.flows:
            ends = (f"group-{flow.group}", flow.party)
            found.setdefault(ends if flow.direction == "outbound" else ends[::-1], []).append(flow)
        party = self.party
        return tuple(Link(party[a], party[b], tuple(flows)) for (a, b), flows in found.items())

    def use(self, group: str, direction: Direction) -> QuotaUse:
        """What a group takes of the quota in one direction."""
        return next(u for u in self.usage if (u.group, u.direction) == (group, direction))

    @property
    def open_to_internet(self) -> tuple[Flow, ...]:
        """The flows in which the whole internet may connect."""
        return tuple(flow for flow in self.flows if flow.open_to_internet)
