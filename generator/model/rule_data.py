"""What the tables of rules refer to: groups, endpoints and releases. They check themselves.

Each class is a mapping in a YAML file. The string under a field documents its key.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field, replace
from typing import Literal

from generator.errors import FieldError, shown
from generator.light import dataclass
from generator.model.names import ARGUMENT, MAX_TEXT, OUTPUT_NAME, check_date, check_line
from generator.model.peers import Peer
from generator.model.tables import GroupRules, Supplement

Topology = Literal["ha", "single-node"]

# The characters that EC2 accepts in group names, group descriptions and rule descriptions:
# CreateSecurityGroupRequest and IpRange in its API. The pages of UserIdGroupPair and PrefixListId
# leave out &, but the error of EC2 ("Invalid rule description") has it for every kind of peer.
_EC2_CHARACTERS = r"a-zA-Z0-9 ._\-:/()#,@\[\]+=&;{}!$*"
EC2_TEXT = re.compile(f"[{_EC2_CHARACTERS}]{{1,255}}")
NOT_EC2_TEXT = re.compile(f"[^{_EC2_CHARACTERS}]")


@dataclass(frozen=True)
class Layer:
    """A folder of rule data: `rule-data.yaml`."""

    replaces_built_in: bool
    """Whether the folder replaces the built-in rule data, rather than adding to it."""


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
    accompanies: tuple[str, ...] = ()
    """The roles of the groups beside which interfaces always carry this one."""

    def __post_init__(self) -> None:
        if not EC2_TEXT.fullmatch(self.description):
            raise FieldError(
                "invalid description: use 1 to 255 characters from a-z A-Z 0-9, space and "
                "._-:/()#,@[]+=&;{}!$*",
                "description",
            )
        if not OUTPUT_NAME.fullmatch(self.output) or len(self.output) > 100:
            raise FieldError(
                f"invalid output name {shown(self.output)}: use up to 100 lowercase letters, "
                "digits and single _, beginning with a letter",
                "output",
            )
        for argument in self.outputs_to:
            if not ARGUMENT.fullmatch(argument) or len(argument) > 200:
                raise FieldError(
                    f"invalid argument {shown(argument)}: use a name such as "
                    "example_server.security_group_id",
                    "outputs_to",
                )


@dataclass(frozen=True)
class Endpoint:
    """Who is at the other end of a rule: an entry of `endpoints.yaml`."""

    title: str
    """A short name for people."""
    help: str
    """What it is and what to fill in, in sentences; all of it is true of one IPv4 network."""
    default: Default = Default()
    """Its value if a deployment leaves it out; without a default it stays open."""
    administers: bool = False
    """Whether its inbound rules give administrative access, which should never be public."""
    unfiltered: bool = False
    """Whether AWS offers the same in every VPC, past the security groups: it can stay empty."""
    also: str | None = None
    """What else it takes where more than one IPv4 network can be given, as sentences."""

    @property
    def full_help(self) -> str:
        """The help for deployment files and Terraform variables, which take peers of any kind."""
        return f"{self.help} {self.also}" if self.also else self.help

    def __post_init__(self) -> None:
        check_line(self.title, "title")
        check_line(self.help, "help", MAX_TEXT)
        if self.also is not None:
            check_line(self.also, "also", MAX_TEXT)


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
    """When the document was published, such as "2019-12-18"; null if that is unknown."""
    versions: str | None = None
    """The versions of the product that the rules are for, and when they were current."""
    notes: tuple[str, ...] = ()
    """Facts that the document states outside its tables."""
    defaults: Mapping[str, Default] = field(default_factory=dict)
    """Defaults of endpoints, by id, where the document differs from endpoints.yaml."""
    help: Mapping[str, str] = field(default_factory=dict)
    """Help of endpoints, by id, where that of endpoints.yaml is not true of the release."""

    def __post_init__(self) -> None:
        check_line(self.product, "product")
        check_line(self.document, "document")
        if self.date is not None:
            check_date(self.date, "date")
        if self.versions is not None:
            check_line(self.versions, "versions")
        for note in self.notes:
            check_line(note, "notes", MAX_TEXT)
        for text in self.help.values():
            check_line(text, "help", MAX_TEXT)


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

    def date_of(self, role: str) -> str | None:
        """When the page that documents a group was published, if that is known."""
        rules = self.rules[role]
        return rules.date if rules.document else self.info.date

    @property
    def pages(self) -> Mapping[str, str | None]:
        """The pages by title, with the date of each, in the order of the groups."""
        return {self.document_of(role): self.date_of(role) for role in self.rules}

    @property
    def age(self) -> tuple[bool, str, str]:
        """A key that sorts the oldest release first, and those of unknown dates last."""
        return self.info.date is None, self.info.date or "", self.id


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

    def endpoints_of(self, release: Release, role: str) -> frozenset[str]:
        """The endpoints of a group's rules, and of its supplements, and those they default to."""
        rules = [rule for *_, table in release.rules[role].tables() for rule in table]
        for supplement in self.supplements.values():
            tables = supplement.tables(release.id)
            rules += [rule for group, _, table in tables if group == role for rule in table]
        known = self.of(release.info)
        return frozenset(n for rule in rules for e in rule.endpoints for n in known.chain(e))

    def of(self, release: ReleaseInfo) -> Catalogue:
        """The catalogue with the defaults that a release documents, and its help."""
        own = {
            name: replace(
                endpoint,
                default=release.defaults.get(name, endpoint.default),
                help=release.help.get(name, endpoint.help),
            )
            for name, endpoint in self.endpoints.items()
            if name in release.defaults or name in release.help
        }
        return replace(self, endpoints={**self.endpoints, **own}) if own else self
