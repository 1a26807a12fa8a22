"""The tables of rules: documented ones, and those that add to them. They check themselves.

Each class is a mapping in a YAML file. The string under a field documents its key.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

from generator.errors import FieldError
from generator.light import dataclass
from generator.model.names import MAX_TEXT, check_date, check_line, check_slug
from generator.model.traffic import Traffic, read_cells

Direction = Literal["inbound", "outbound"]
Mode = Literal["basic", "advanced"]


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
        check_slug(self.id, "id", "id")
        if not self.endpoints:
            raise FieldError("endpoints is empty: list at least one", "endpoints")
        for feature in self.features:
            check_slug(feature, "feature", "features")
        for cell in ("protocol", "port", "purpose", "service", "source", "destination", "note"):
            if text := getattr(self, cell):
                check_line(text, cell, MAX_TEXT)
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
    reason: str
    """What breaks without it, as a clause."""
    source: str
    """The page that documents it."""
    remedy: str
    """What to change in a deployment, as a sentence."""
    endpoints: tuple[str, ...] = ()
    """The endpoints; one of them must be reachable."""
    group: str | None = None
    """Instead of endpoints, the role of a group: if it is part of the deployment, it must be
    reachable, and `connect_groups` adds the rules for that."""
    features: tuple[str, ...] = ()
    """The features that need it; if empty, it is always needed."""

    def __post_init__(self) -> None:
        if not self.permissions:
            raise FieldError("permissions is empty: list at least one", "permissions")
        if bool(self.endpoints) == bool(self.group):
            raise FieldError("use either endpoints or group", "endpoints")
        for feature in self.features:
            check_slug(feature, "feature", "features")
        for text in ("reason", "source", "remedy"):
            check_line(getattr(self, text), text, MAX_TEXT)

    def is_idle(self, unused: frozenset[str]) -> bool:
        """Whether nothing but features that are not used needs it."""
        return bool(self.features) and unused.issuperset(self.features)


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
    date: str | None = None
    """When that page was published; null if that is unknown."""
    needs: tuple[Need, ...] = ()
    """Outbound traffic that the group must permit, according to other pages or its purpose."""

    def __post_init__(self) -> None:
        check_line(self.title, "title")
        if self.document is not None:
            check_line(self.document, "document")
        if self.date is not None:
            if self.document is None:
                raise FieldError("date without document: the release has its own date", "date")
            check_date(self.date, "date")

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
class SupplementRule(Rule):
    """One rule of a supplement: like a documented row, but it may be for some releases only."""

    releases: tuple[str, ...] = ()
    """The releases that need it, by id; if empty, all of them."""


@dataclass(frozen=True)
class SupplementRules:
    """The rules that a supplement adds to one group."""

    inbound: tuple[SupplementRule, ...] = ()
    outbound: tuple[SupplementRule, ...] = ()

    def tables(self, release: str) -> tuple[tuple[Direction, tuple[SupplementRule, ...]], ...]:
        """The rules of both directions that a release needs, by its id."""
        inbound, outbound = (
            tuple(r for r in rules if not r.releases or release in r.releases)
            for rules in (self.inbound, self.outbound)
        )
        return (("inbound", inbound), ("outbound", outbound))


@dataclass(frozen=True)
class Supplement:
    """Rules that the product needs and the documented tables leave out: `supplements.yaml`."""

    title: str
    """A short name for people."""
    evidence: Literal["documented", "reported"]
    """`documented` on another page, or `reported` by somebody who runs the product."""
    source: str
    """The title of the page; of each, where releases have different ones."""
    reason: str
    """What does not work without the rules."""
    groups: Mapping[str, SupplementRules]
    """The rules, by role."""

    def __post_init__(self) -> None:
        check_line(self.title, "title")
        check_line(self.source, "source", MAX_TEXT)
        check_line(self.reason, "reason", MAX_TEXT)

    def tables(self, release: str) -> Iterator[tuple[str, Direction, tuple[SupplementRule, ...]]]:
        """The rules that a release needs, by role and direction; without empty tables."""
        for role, added in self.groups.items():
            for direction, rules in added.tables(release):
                if rules:
                    yield role, direction, rules
