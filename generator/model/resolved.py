"""The shapes between resolve and render: a deployment with every decision taken.

Templates get a `Resolved` and print it. What could be wrong is decided here and in `resolve`;
what is merely shown is decided in the templates.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from generator.model.peers import Peer
from generator.model.rule_data import Direction, Mode, Topology
from generator.model.traffic import Traffic


class Input(NamedTuple):
    """An endpoint that whoever deploys the output can fill in: a variable, or a parameter."""

    id: str
    title: str
    help: str
    direction: Direction
    """The direction of the first rule that uses it."""
    peers: tuple[Peer, ...]
    """Its default value: bound by the deployment, or documented."""
    groups: tuple[str, ...]
    """Roles of groups of the deployment that its default value includes."""
    chain: tuple[str, ...]
    """The inputs to consult, in order: this one, and those that it falls back to."""

    one_cidr: bool
    """Whether a single IPv4 CIDR, possibly empty, can hold its default value."""

    def of_kind(self, kind: str) -> tuple[Peer, ...]:
        """The peers of its default value that are of one kind."""
        return tuple(peer for peer in self.peers if peer.kind == kind)

    @property
    def counted(self) -> tuple[Peer, ...]:
        """The prefix lists of its default value whose maximum entries are known."""
        return tuple(peer for peer in self.peers if peer.entries > 1)


class Entry(NamedTuple):
    """A permission for one peer, where outputs write peers out one by one."""

    key: str
    """Names the entry within its group and direction, by what it permits."""
    traffic: Traffic
    peer: Peer | None
    """The peer; None if it is the first of `inputs` that is given."""
    inputs: tuple[str, ...] = ()
    """The inputs to consult, in order, where it has no peer."""
    unless: tuple[str, ...] = ()
    """The inputs that put it out of force as soon as one of them is given."""
    unlike_inputs: tuple[str, ...] = ()
    """Inputs whose value another entry permits already: out of force if it is the same."""
    unlike_values: tuple[str, ...] = ()
    """CIDRs that other entries permit already: out of force if its input has the same value."""

    @property
    def differs(self) -> bool:
        """Whether it is in force only while it differs from other entries."""
        return bool(self.unlike_inputs or self.unlike_values)


class Permission(NamedTuple):
    """One line of a group's table: traffic to or from one endpoint, from one or more rows."""

    key: str
    """Names the permission within its group and direction, by what it permits."""
    endpoint: str
    groups: tuple[str, ...]
    """The roles of the groups that the endpoint stands for, if it is nothing but groups."""
    traffic: Traffic
    description: str
    """The purposes of its rows in the characters that EC2 accepts."""
    rows: tuple[str, ...]
    """The ids of the rows that it comes from."""
    entries: tuple[Entry, ...]
    merged_into: tuple[str, ...] = ()
    """The `peers` of permissions with the same traffic that share some with it: theirs go first."""

    @property
    def peers(self) -> tuple[str, ...]:
        """Where to look its peers up: its endpoint, or `group/<role>` for each of its groups."""
        return tuple(f"group/{role}" for role in self.groups) or (self.endpoint,)


class ResolvedGroup(NamedTuple):
    """One security group with its permissions."""

    role: str
    title: str
    name: str
    description: str
    tags: Mapping[str, str]
    output: str
    outputs_to: tuple[str, ...]
    ingress: tuple[Permission, ...]
    egress: tuple[Permission, ...]

    @property
    def tables(self) -> tuple[tuple[Direction, tuple[Permission, ...]], ...]:
        """Both tables with the documented name of their direction."""
        return (("inbound", self.ingress), ("outbound", self.egress))


class Clash(NamedTuple):
    """Two inputs that must differ: with the same value, they would give EC2 one rule twice."""

    left: str
    right: str
    overridden_by: tuple[str, ...]
    """Inputs that are consulted before either of them: one that is given averts the clash."""
    where: str
    """The first rule that they share, for people."""


class AbsentOutput(NamedTuple):
    """An output for a group that this deployment lacks, so that the outputs stay the same."""

    name: str
    role: str


class Dropped(NamedTuple):
    """A feature that the deployment does without, and the number of rows that serve it."""

    feature: str
    rows: int

    def __str__(self) -> str:
        rows = {0: "", 1: " (1 row)"}.get(self.rows, f" ({self.rows} rows)")
        return f"{self.feature}{rows}"


class Resolved(NamedTuple):
    """A deployment with every decision taken: what the templates print."""

    name: str
    release: str
    product: str
    documents: tuple[str, ...]
    """The titles of the pages that document the groups."""
    topology: Topology
    outbound: Mode
    tags: Mapping[str, str]
    quota: int
    compact: bool
    inputs: tuple[Input, ...]
    groups: tuple[ResolvedGroup, ...]
    clashes: tuple[Clash, ...]
    absent: tuple[AbsentOutput, ...]
    dropped: tuple[Dropped, ...]
    warnings: tuple[str, ...]

    @property
    def parameters(self) -> tuple[Input, ...]:
        """The inputs that a single IPv4 CIDR can hold."""
        return tuple(i for i in self.inputs if i.one_cidr)

    @property
    def left_open(self) -> tuple[Input, ...]:
        """The inputs that permit nothing until they are filled in, and fall back to no other."""
        return tuple(i for i in self.inputs if i.chain == (i.id,) and not (i.peers or i.groups))

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Every entry of every group."""
        tables = (group.ingress + group.egress for group in self.groups)
        return tuple(entry for table in tables for p in table for entry in p.entries)

    @property
    def overridden(self) -> tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]:
        """The inputs of entries that others put out of force, with those others."""
        return tuple(dict.fromkeys((e.inputs, e.unless) for e in self.entries if e.unless))

    @property
    def any_given(self) -> tuple[tuple[str, ...], ...]:
        """The inputs of which entries need any or none to be given, where they are several."""
        needed = (inputs for e in self.entries for inputs in (e.inputs, e.unless))
        return tuple(dict.fromkeys(inputs for inputs in needed if len(inputs) > 1))
