"""The shapes of the rule data: frozen values that check themselves.

Each class is a mapping in a YAML file. The string under a field documents its key.
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

# The characters that EC2 accepts in group names, group descriptions and rule descriptions.
_EC2_CHARACTERS = r"a-zA-Z0-9 ._\-:/()#,@\[\]+=&;{}!$*"
EC2_TEXT = re.compile(f"[{_EC2_CHARACTERS}]{{1,255}}")
NOT_EC2_TEXT = re.compile(f"[^{_EC2_CHARACTERS}]")
SLUG = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


@dataclass(frozen=True)
class Rule:
    """One row of a documented table: its cells as documented, and what they mean."""

    id: str
    """The name of the row: unique in its file, and the same in every release that has the row."""
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
    """The features that need it; if empty, it is always needed."""
    note: str | None = None
    """Why the row is read as it is, where that took a decision."""
    permissions: tuple[Traffic, ...] = ()
    """The traffic of the row, where the Protocol and Port cells would mislead."""

    def __post_init__(self) -> None:
        if not SLUG.fullmatch(self.id):
            reason = "use lowercase letters, digits and single hyphens"
            raise FieldError(f"invalid id {self.id!r}: {reason}", "id")
        if not self.endpoints:
            raise FieldError("endpoints is empty: list at least one", "endpoints")
        if not self.permissions:
            read_cells(self.protocol, self.port)

    @property
    def traffic(self) -> tuple[Traffic, ...]:
        """The traffic of the row: `permissions`, or else what the cells mean."""
        return self.permissions or read_cells(self.protocol, self.port)


@dataclass(frozen=True)
class Outbound:
    """The two outbound tables that a document offers as alternatives."""

    basic: tuple[Rule, ...]
    advanced: tuple[Rule, ...]


@dataclass(frozen=True)
class Need:
    """Outbound traffic that the product needs to work."""

    permissions: tuple[Traffic, ...]
    """The traffic."""
    endpoints: tuple[str, ...]
    """The endpoints; one of them must be reachable."""
    reason: str
    """What breaks without it, as a clause."""
    source: str
    """The page that documents it."""
    remedy: str
    """What to change in a deployment, as a sentence."""
    features: tuple[str, ...] = ()
    """The features that need it; if empty, it is always needed."""

    def __post_init__(self) -> None:
        if not self.permissions:
            raise FieldError("permissions is empty: list at least one", "permissions")
        if not self.endpoints:
            raise FieldError("endpoints is empty: list at least one", "endpoints")


@dataclass(frozen=True)
class GroupRules:
    """The documented tables of one group in one release: `releases/<release>/<group>.yaml`."""

    title: str
    """What the release calls the owner of the group."""
    inbound: tuple[Rule, ...]
    outbound: Outbound | tuple[Rule, ...]
    """`basic` and `advanced`, or a single table where the document has one."""
    document: str | None = None
    """The title of the page, if it differs from that of the release."""
    needs: tuple[Need, ...] = ()
    """Outbound traffic that the group must permit, according to other pages or its purpose."""

    def __post_init__(self) -> None:
        _check_line(self.title, "title")

    def tables(self) -> tuple[tuple[Direction, Mode | None, tuple[Rule, ...]], ...]:
        """Every table in document order, with its direction and mode (None for a single one)."""
        if isinstance(self.outbound, Outbound):
            return (
                ("inbound", None, self.inbound),
                ("outbound", "basic", self.outbound.basic),
                ("outbound", "advanced", self.outbound.advanced),
            )
        return (("inbound", None, self.inbound), ("outbound", None, self.outbound))


@dataclass(frozen=True)
class Default:
    """The value of an endpoint that a deployment leaves out: at most one of these."""

    cidrs: tuple[str, ...] = ()
    """CIDRs."""
    endpoint: str | None = None
    """The id of another endpoint."""
    group: str | None = None
    """The role of a group, if that group is part of the deployment."""
    own_group: bool = False
    """The group that has the rule."""

    @property
    def is_open(self) -> bool:
        """Whether there is no default."""
        return not (self.cidrs or self.endpoint or self.group or self.own_group)

    def __post_init__(self) -> None:
        if sum(map(bool, (self.cidrs, self.endpoint, self.group, self.own_group))) > 1:
            raise FieldError("use only one of cidrs, endpoint, group and own_group")
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
    """The date of the document; null if it has none."""
    notes: tuple[str, ...] = ()
    """Facts that the document states outside its tables."""
    defaults: Mapping[str, Default] = field(default_factory=dict)
    """Defaults of endpoints, by id, where the document differs from endpoints.yaml."""

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
        """The rules of both directions."""
        return self.inbound + self.outbound


@dataclass(frozen=True)
class Supplement:
    """Rules that the product needs and the documented tables leave out: `supplements.yaml`."""

    title: str
    """A short name for people."""
    evidence: Literal["documented", "reported"]
    """`documented` on another page, or `reported` by somebody who runs the product."""
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
    """The GroupDescription. Never change it: a change replaces the group."""
    output: str
    """The name of the output with the group's id."""
    outputs_to: tuple[str, ...] = ()
    """The arguments of other resources that take the group's id."""
    ha_only: bool = False
    """Whether only HA pairs have the group."""
    created_by_product: bool = False
    """Whether the product always creates the group itself; it is generated only on request."""

    def __post_init__(self) -> None:
        if not EC2_TEXT.fullmatch(self.description):
            raise FieldError(
                "invalid description: use 1 to 255 characters from a-z A-Z 0-9, space and "
                "._-:/()#,@[]+=&;{}!$*",
                "description",
            )
        if not re.fullmatch(r"[a-z][a-z0-9_]*", self.output):
            raise FieldError(
                f"invalid output name {self.output!r}: use lowercase letters, digits and _",
                "output",
            )


@dataclass(frozen=True)
class Endpoint:
    """Who is at the other end of a rule: an entry of `endpoints.yaml`."""

    title: str
    """A short name for people."""
    help: str
    """A sentence for whoever must fill the endpoint in."""
    default: Default = Default()
    """Its value if a deployment leaves it out; without a default it stays open."""
    administers: bool = False
    """Whether its inbound rules give administrative access, which should never be public."""
    unfiltered: bool = False
    """Whether AWS offers the same in every VPC, past the security groups: it can stay empty."""


@dataclass(frozen=True)
class Release:
    """One release with the rules of all of its groups, in document order."""

    id: str
    info: ReleaseInfo
    rules: Mapping[str, GroupRules]

    @property
    def features(self) -> list[str]:
        """The features of its rules and needs, sorted."""
        tables = (table for group in self.rules.values() for *_, table in group.tables())
        served = {feature for table in tables for rule in table for feature in rule.features}
        needs = (need for group in self.rules.values() for need in group.needs)
        return sorted(served.union(*(need.features for need in needs)))

    def document_of(self, role: str) -> str:
        """The title of the page that documents a group."""
        return self.rules[role].document or self.info.document


@dataclass(frozen=True)
class Catalogue:
    """What all releases share: the groups by role, and the endpoints by id, in file order."""

    groups: Mapping[str, Group]
    endpoints: Mapping[str, Endpoint]
    supplements: Mapping[str, Supplement] = field(default_factory=dict)

    def chain(self, endpoint: str) -> tuple[str, ...]:
        """An endpoint and the endpoints that it defaults to, in order."""
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
    """Reject what would end a comment in a generated file and continue as code."""
    if not text.isprintable():
        raise FieldError(f"the {field} must be one line of printable text", field)
