"""The shapes between resolve and render: a deployment with every decision taken.

Templates get a `Resolved` and print it. What could be wrong is decided here and in `resolve`;
what is merely shown is decided in the templates.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from generator.errors import choices
from generator.light import NamedTuple
from generator.model.flows import RowKey, RowSource
from generator.model.peers import Peer, are_everybody
from generator.model.permission import Permission
from generator.model.rule_data import Topology
from generator.model.tables import Direction, Mode
from generator.model.traffic import Traffic


class Input(NamedTuple):
    """An endpoint that whoever deploys the output can fill in."""

    id: str
    title: str
    help: str
    """For a variable, which takes peers of every kind."""
    parameter_help: str
    """For a parameter, which takes one IPv4 network."""
    direction: Direction
    """The direction of the first line that uses it."""
    peers: tuple[Peer, ...]
    """Its default value: bound by the deployment, or documented; groups of the deployment last."""
    chain: tuple[str, ...]
    """The inputs to consult, in order: this one, and those that it falls back to."""
    is_open: bool
    """Whether the deployment leaves it open: what it and its fallbacks are is not written out."""
    unfiltered: bool
    """Whether AWS offers the same past the security groups, so that it can stay empty."""

    @property
    def single_cidr(self) -> Peer | None:
        """Its default value, where that is one CIDR without a name."""
        peer = self.peers[0] if len(self.peers) == 1 else None
        return peer if peer and peer.kind.startswith("cidr") and peer.name == peer.value else None

    def of_kind(self, kind: str) -> tuple[Peer, ...]:
        """The peers of its default value that are of one kind."""
        return tuple(peer for peer in self.peers if peer.kind == kind)

    def entries(self, kind: str) -> tuple[tuple[str, str, str], ...]:
        """Of the peers of one kind, the ids, as a deployment file has them, and their names."""
        return tuple((p.value, str(p), p.name) for p in self.of_kind(kind))


class Line(NamedTuple):
    """One line of a group's table: traffic to or from one endpoint, from one or more rows."""

    endpoint: str
    chain: tuple[str, ...]
    """The keys that can bind it in a deployment file: its own, and those that it falls back to."""
    group: str | None
    """The role of the group that the endpoint is, if it is a group of the deployment."""
    traffic: Traffic
    description: str
    """The purposes of its rows in the characters that EC2 accepts."""
    rows: tuple[str, ...]
    """The ids of its rows."""

    @property
    def inputs(self) -> tuple[str, ...]:
        """The inputs that hold its peers, in the order in which they are consulted.

        What a deployment binds for one group only is an input of that group, and no other input
        reaches the lines that fall back to it.
        """
        role, slash, endpoint = self.chain[-1].partition("/")
        return (f"{endpoint}-of-{role}",) if slash else self.chain


class ResolvedGroup(NamedTuple):
    """One security group with what it permits, as a table and rule by rule."""

    role: str
    title: str
    name: str
    description: str
    output: str
    outputs_to: tuple[str, ...]
    ingress: tuple[Line, ...]
    egress: tuple[Line, ...]
    permissions: tuple[Permission, ...]
    """Each identity once, in document order. The peer of an endpoint left open is that input."""
    existing: str | None = None
    """Its id, if something else owns it."""
    adopted: bool = False
    """Whether whoever deploys it gives the name and the description that it has already."""

    @property
    def tables(self) -> tuple[tuple[Direction, tuple[Line, ...]], ...]:
        """Both tables with the documented name of their direction."""
        return (("inbound", self.ingress), ("outbound", self.egress))


class Clash(NamedTuple):
    """A value that must differ from others: the same one would give EC2 one permission twice."""

    input: str
    are_inputs: bool
    """Whether the others are inputs."""
    overridden_by: tuple[str, ...]
    """Inputs that are consulted before any of them: one that is given averts the clash."""
    where: str
    """The first rule that they share, for people."""
    others: tuple[str, ...]
    """Other inputs, or CIDRs that the deployment binds."""

    def sentence(self, name: str, others: Iterable[str]) -> str:
        """What to do about it, with the names that the output has for the inputs."""
        if not self.are_inputs:
            return (
                f"{name} is a network for which there is a rule already ({self.where}), and EC2 "
                f"takes a rule once: leave {name} empty, or bind it in the deployment file."
            )
        return (
            f"{name} has the same value as {choices(others)}, but EC2 takes a rule once "
            f"({self.where}): leave one of the two empty, or bind both in the deployment file."
        )


class Internal(NamedTuple):
    """What a group that the product makes itself permits among the groups that it accompanies."""

    groups: tuple[str, ...]
    traffic: tuple[Traffic, ...]


class Between(NamedTuple):
    """What else decides whether the groups of a deployment reach each other."""

    internal: tuple[Internal, ...]
    wanted: tuple[Permission, ...]
    """What the advanced tables permit to other groups, where the deployment uses the basic ones."""
    closed: tuple[tuple[str, Direction, Traffic], ...]
    """By group, the traffic of rows whose endpoints the deployment binds to nobody."""


class Shadowed(NamedTuple):
    """An input whose fallback another input's rule permits, unless that one has its own value."""

    input: str
    fallbacks: tuple[str, ...]
    """What it falls back to: as long as all of it is empty, there is nothing to permit."""
    overridden_by: tuple[str, ...]
    """The inputs that are consulted before the shared fallback, on either side."""
    where: str
    """The rule that they share, for people."""

    def sentence(self, name: str, others: str) -> str:
        """What to do about it, with the names that the output has for them."""
        return (
            f"{name} is empty and falls back, but the rule for that ({self.where}) is the one of "
            f"{others}, which has a value of its own: give {name} a value as well."
        )


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
    protect: bool
    """Whether the outputs refuse to replace or delete a group."""
    inputs: tuple[Input, ...]
    groups: tuple[ResolvedGroup, ...]
    between: Between
    clashes: tuple[Clash, ...]
    shadowed: tuple[Shadowed, ...]
    absent: tuple[AbsentOutput, ...]
    dropped: tuple[Dropped, ...]
    warnings: tuple[str, ...]
    rows: Mapping[RowKey, RowSource]
    """Where its rows are documented, and all others of the release."""
    titles: Mapping[str, str]
    """What people call the endpoints, by id."""

    @property
    def tags_names(self) -> bool:
        """Whether the groups' Name tags begin with a prefix: the deployment gives no Name tag."""
        return bool(self.own) and "Name" not in self.tags

    @property
    def own(self) -> tuple[ResolvedGroup, ...]:
        """The groups that the outputs create."""
        return tuple(group for group in self.groups if not group.existing)

    @property
    def existing(self) -> Mapping[str, str]:
        """By role, the ids of the groups that something else owns."""
        return {group.role: group.existing for group in self.groups if group.existing}

    @property
    def adopted(self) -> tuple[ResolvedGroup, ...]:
        """The groups that existed before, with names and descriptions of their own."""
        return tuple(group for group in self.groups if group.adopted)

    @property
    def parameters(self) -> tuple[Input, ...]:
        """The inputs that the deployment leaves open: each takes one IPv4 network, or nothing."""
        asked = {name for chain in self.chains for name in chain}
        return tuple(i for i in self.inputs if i.is_open and i.id in asked)

    @property
    def fallbacks(self) -> tuple[Input, ...]:
        """The inputs that fall back to others."""
        return tuple(i for i in self.inputs if i.chain[1:])

    def consulted(self, permission: Permission) -> tuple[str, ...]:
        """The inputs that a permission's peer is looked up in, in order; none if written out."""
        name = permission.peer.value
        if permission.peer.kind != "input":
            return ()
        return (name,) if permission.alone else next(i.chain for i in self.inputs if i.id == name)

    @property
    def chains(self) -> tuple[tuple[str, ...], ...]:
        """The chains of inputs that permissions consult, each once."""
        found = (self.consulted(p) for group in self.groups for p in group.permissions)
        return tuple(filter(None, dict.fromkeys(found)))

    @property
    def tested(self) -> tuple[str, ...]:
        """The inputs of which permissions ask whether they are given, in order."""
        asked = {name for chain in self.chains for name in chain[:-1] or chain}
        return tuple(i.id for i in self.inputs if i.id in asked)

    @property
    def left_open(self) -> tuple[Input, ...]:
        """The inputs that permit nothing until they are filled in, and fall back to no other."""
        return tuple(i for i in self.inputs if i.chain == (i.id,) and not i.peers)

    @property
    def to_fill_in(self) -> tuple[Input, ...]:
        """Those of them that nothing stands in for."""
        return tuple(i for i in self.left_open if not i.unfiltered)

    @property
    def unfiltered(self) -> tuple[Input, ...]:
        """Those of them that can stay empty, because security groups do not filter what AWS has."""
        return tuple(i for i in self.left_open if i.unfiltered)

    @property
    def to_be_decided(self) -> tuple[Input, ...]:
        """The inputs that let the whole internet in until somebody names who needs it."""
        return tuple(i for i in self.inputs if i.direction == "inbound" and are_everybody(i.peers))

    @property
    def prefix_lists(self) -> Mapping[str, int]:
        """The prefix lists whose maximum entries are known, by id."""
        peers = (peer for i in self.inputs for peer in i.peers)
        return {p.value: p.entries for p in peers if p.kind == "prefix_list" and p.entries}
