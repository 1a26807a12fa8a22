"""The shapes of the rule data. Frozen values, no behaviour beyond their own.

Each class is a mapping of a YAML file; its fields are the keys, and a string under a field is that
key's documentation, which the JSON Schema carries into editors.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from generator.errors import FieldError
from generator.model.peers import Peer
from generator.model.traffic import Traffic, read_cells

Direction = Literal["inbound", "outbound"]
Mode = Literal["basic", "advanced"]
Topology = Literal["ha", "single-node"]

# EC2 accepts these, and nothing else, in group names, group descriptions and rule descriptions.
_EC2_CHARACTERS = r"a-zA-Z0-9 ._\-:/()#,@\[\]+=&;{}!$*"
EC2_TEXT = re.compile(f"[{_EC2_CHARACTERS}]{{1,255}}")
NOT_EC2_TEXT = re.compile(f"[^{_EC2_CHARACTERS}]")
SLUG = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


@dataclass(frozen=True)
class Rule:
    """One row of a documented table: its cells as documented, and beside them what they mean."""

    id: str
    """Names the row; unique within its file, and the same in every release that has the row."""
    protocol: str
    """The Protocol cell, exactly as documented."""
    port: str
    """The Port cell, exactly as documented, in quotes."""
    purpose: str
    """The Purpose cell, exactly as documented."""
    endpoints: tuple[str, ...]
    """Who is at the other end: ids from endpoints.yaml."""
    service: str | None = None
    """The Service cell; left out where the table has no such column."""
    source: str | None = None
    """The Source cell; left out where the table has no such column."""
    destination: str | None = None
    """The Destination cell; left out where the table has no such column."""
    ha_only: bool = False
    """Whether the row applies to an HA pair only."""
    features: tuple[str, ...] = ()
    """The features that it serves; without any, it is always needed."""
    note: str | None = None
    """The decision that reading the row took, if it took one."""
    permissions: tuple[Traffic, ...] = ()
    """What the row lets through, where the Protocol and Port cells alone would mislead."""

    def __post_init__(self) -> None:
        if not SLUG.fullmatch(self.id):
            reason = "write lower-case letters, digits and single hyphens"
            raise FieldError(f"{self.id!r} is no id: {reason}", "id")
        if not self.endpoints:
            raise FieldError("a rule names at least one endpoint", "endpoints")
        if not self.permissions:
            read_cells(self.protocol, self.port)

    @property
    def traffic(self) -> tuple[Traffic, ...]:
        """What the row lets through: `permissions`, or else its cells as read."""
        return self.permissions or read_cells(self.protocol, self.port)


@dataclass(frozen=True)
class Outbound:
    """The two outbound tables that a document offers as alternatives."""

    basic: tuple[Rule, ...]
    advanced: tuple[Rule, ...]


@dataclass(frozen=True)
class Need:
    """Outbound traffic without which the product does not do what it is for."""

    permissions: tuple[Traffic, ...]
    """What has to get out."""
    endpoints: tuple[str, ...]
    """The endpoints one of which has to get it."""
    reason: str
    """What breaks without it, as a clause."""
    source: str
    """Where that is documented."""
    remedy: str
    """What to write into a deployment, as a sentence."""
    features: tuple[str, ...] = ()
    """The features that need it; without any, it is always needed."""

    def __post_init__(self) -> None:
        if not self.permissions:
            raise FieldError("a need has at least one permission", "permissions")
        if not self.endpoints:
            raise FieldError("a need names at least one endpoint", "endpoints")


@dataclass(frozen=True)
class GroupRules:
    """The documented tables of one group in one release: `releases/<release>/<group>.yaml`."""

    title: str
    """What the release calls the owner of the group."""
    inbound: tuple[Rule, ...]
    outbound: Outbound | tuple[Rule, ...]
    """`basic` and `advanced`, or a single table where the document has one."""
    document: str | None = None
    """The title of the page, where it is another one than the release's."""
    needs: tuple[Need, ...] = ()
    """What the group must let out, by what other pages say or by what its purpose is."""

    def __post_init__(self) -> None:
        _check_line(self.title, "title")

    def tables(self) -> tuple[tuple[Direction, Mode | None, tuple[Rule, ...]], ...]:
        """Every table in document order, with its direction and its mode (None: the only one)."""
        if isinstance(self.outbound, Outbound):
            return (
                ("inbound", None, self.inbound),
                ("outbound", "basic", self.outbound.basic),
                ("outbound", "advanced", self.outbound.advanced),
            )
        return (("inbound", None, self.inbound), ("outbound", None, self.outbound))


@dataclass(frozen=True)
class Default:
    """What an endpoint stands for where a deployment leaves it out: at most one of these."""

    cidrs: tuple[str, ...] = ()
    """CIDRs."""
    endpoint: str | None = None
    """The id of another endpoint."""
    group: str | None = None
    """The role of a group, where that group is part of the deployment."""
    own_group: bool = False
    """The group that carries the rule."""

    @property
    def is_open(self) -> bool:
        """Whether there is no default at all."""
        return not (self.cidrs or self.endpoint or self.group or self.own_group)

    def __post_init__(self) -> None:
        if sum(map(bool, (self.cidrs, self.endpoint, self.group, self.own_group))) > 1:
            raise FieldError("a default is one of cidrs, endpoint, group or own_group, not several")
        for cidr in self.cidrs:
            try:
                Peer.parse(cidr)
            except FieldError as error:
                raise FieldError(str(error), "cidrs") from None


@dataclass(frozen=True)
class ReleaseInfo:
    """One published set of documented rules: `releases/<release>/release.yaml`."""

    product: str
    """The product's name and release, as documented."""
    document: str
    """The title of the document."""
    groups: tuple[str, ...]
    """The roles of the documented groups, in document order."""
    date: str | None = None
    """The date of the document; null where it carries none."""
    notes: tuple[str, ...] = ()
    """What the document says outside its tables."""
    defaults: Mapping[str, Default] = field(default_factory=dict)
    """What endpoints stand for, by id, where the document says otherwise than endpoints.yaml."""

    def __post_init__(self) -> None:
        _check_line(self.product, "product")
        _check_line(self.document, "document")


@dataclass(frozen=True)
class SupplementRules:
    """The rules that a supplement adds to one group."""

    inbound: tuple[Rule, ...] = ()
    outbound: tuple[Rule, ...] = ()

    @property
    def rules(self) -> tuple[Rule, ...]:
        """Those of both directions."""
        return self.inbound + self.outbound


@dataclass(frozen=True)
class Supplement:
    """Rules that the product needs and the documented tables leave out: of `supplements.yaml`."""

    title: str
    """A short name for people."""
    evidence: Literal["documented", "reported"]
    """Whether a page of the documentation says so, or somebody who runs the product."""
    source: str
    """The name of the page."""
    reason: str
    """What does not work without the rules."""
    groups: Mapping[str, SupplementRules]
    """The rules, by role."""


@dataclass(frozen=True)
class Group:
    """A security group by its role: an entry of `groups.yaml`."""

    description: str
    """The GroupDescription. It never changes: a change replaces the group."""
    output: str
    """The name of the output that holds the group's id."""
    outputs_to: tuple[str, ...] = ()
    """The arguments elsewhere that take the group's id."""
    ha_only: bool = False
    """Whether the group exists for an HA pair only."""
    created_by_product: bool = False
    """Whether the product always creates this group itself; it is generated on request only."""

    def __post_init__(self) -> None:
        if not EC2_TEXT.fullmatch(self.description):
            raise FieldError(
                "a group's description has 1 to 255 characters from a-z A-Z 0-9, space and "
                "._-:/()#,@[]+=&;{}!$*",
                "description",
            )
        if not re.fullmatch(r"[a-z][a-z0-9_]*", self.output):
            raise FieldError(f"{self.output!r} is no output name: write a_b_c", "output")


@dataclass(frozen=True)
class Endpoint:
    """Who is at the other end of a rule: an entry of `endpoints.yaml`."""

    title: str
    """A short name for people."""
    help: str
    """A sentence for whoever must fill the endpoint in."""
    default: Default = Default()
    """What it stands for where a deployment leaves it out; without one it stays open."""
    administers: bool = False
    """Whether its inbound rules are for administering: nothing for the whole internet."""
    unfiltered: bool = False
    """Whether AWS offers the same in every VPC, past the security groups: it can stay open."""


@dataclass(frozen=True)
class Release:
    """One release with the rules of all of its groups, in document order."""

    id: str
    info: ReleaseInfo
    rules: Mapping[str, GroupRules]

    @property
    def features(self) -> list[str]:
        """The features that its rules and needs serve, in the order of their names."""
        tables = (table for group in self.rules.values() for *_, table in group.tables())
        served = {feature for table in tables for rule in table for feature in rule.features}
        needs = (need for group in self.rules.values() for need in group.needs)
        return sorted(served.union(*(need.features for need in needs)))

    def document_of(self, role: str) -> str:
        """The title of the page that documents a group."""
        return self.rules[role].document or self.info.document


@dataclass(frozen=True)
class Catalogue:
    """What every release shares: the groups by role, and the endpoints by id, in file order."""

    groups: Mapping[str, Group]
    endpoints: Mapping[str, Endpoint]
    supplements: Mapping[str, Supplement] = field(default_factory=dict)

    def chain(self, endpoint: str) -> tuple[str, ...]:
        """An endpoint and what it falls back to, in order."""
        fallback = self.endpoints[endpoint].default.endpoint
        return (endpoint, *(self.chain(fallback) if fallback else ()))

    def of(self, release: ReleaseInfo) -> Catalogue:
        """The catalogue with the defaults that a release documents."""
        endpoints = {
            name: replace(self.endpoints[name], default=default)
            for name, default in release.defaults.items()
        }
        return replace(self, endpoints={**self.endpoints, **endpoints})


def _check_line(text: str, field: str) -> None:
    """Refuse what would end a comment in a generated file and go on as code."""
    if not text.isprintable():
        raise FieldError(f"the {field} is one line of printable text", field)
