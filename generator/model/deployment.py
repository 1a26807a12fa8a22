"""The shape of a deployment: a user's file, or a preset."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cached_property

from generator.errors import KEY, KeyPath, shown
from generator.light import dataclass
from generator.model.names import SLUG
from generator.model.peers import SECURITY_GROUP_ID, Bindable, Peer, PrefixList
from generator.model.rule_data import Topology
from generator.model.tables import Mode

PEER_NAME = re.compile(r"[A-Za-z][A-Za-z0-9._-]{0,62}")
# Tag in the EC2 API; the number of tags is that of the EC2 User Guide, "Tag restrictions", which
# allows any character.
TAGS_MAX = 50
TAG_KEY_MAX = 127
TAG_VALUE_MAX = 256
TAG_RESERVED = "aws:"
# "Amazon VPC quotas": rules per security group, and that times the groups per network interface.
RULES_DEFAULT = 60
RULES_MAX = 1000
RESERVED = re.compile(r"con|prn|aux|nul|(com|lpt)[0-9]")


@dataclass(frozen=True)
class Deployment:
    """A deployment file or a preset: which rules apply, and who is at the other end of them."""

    name: str
    """The name of the output folder, and the prefix of the group names."""
    release: str
    """The release whose documented rules apply. Quote numbers: "3.7"."""
    topology: Topology = "ha"
    """`ha`, or `single-node`, without the rules and groups that only HA pairs need."""
    groups: tuple[str, ...] | None = None
    """The groups to generate; if left out, all but those that the product always creates itself."""
    outbound: Mode = "advanced"
    """The outbound table that applies: `basic` or `advanced`."""
    endpoints: Mapping[str, tuple[Bindable, ...] | Mapping[str, Bindable]] | None = None
    """For each endpoint a list of peers, or a mapping from names to peers; `[]` means nobody. A key
    `<role>/<endpoint>` binds the endpoint in the rules of one group only."""
    open: tuple[str, ...] = ()
    """Endpoints to leave to whoever deploys: their default does not apply."""
    supplements: tuple[str, ...] = ()
    """Names of supplements: rules that the product needs and the document leaves out."""
    features: Mapping[str, bool] | None = None
    """Features that are not used: `false` drops the rules that only they need."""
    tags: Mapping[str, str] | None = None
    """Tags for every group."""
    quota: int = RULES_DEFAULT
    """The quota of the account: rules per group, direction and address family."""
    compact: bool = False
    """Whether adjacent ports and networks of an endpoint are joined into fewer rules."""
    connect_groups: bool = False
    """Whether each connection between two groups gets the rule that the tables lack for it."""
    existing: Mapping[str, str] | None = None
    """Groups that something else owns, by role the id: only their rules are generated."""
    adopted: tuple[str, ...] = ()
    """Groups that exist already and are taken over: the Terraform module is given their names and
    descriptions, so that it does not replace them."""
    protect: bool = False
    """Whether the groups are kept: prevent_destroy in Terraform, Retain in CloudFormation."""

    def mistakes(self) -> Iterator[tuple[KeyPath, str]]:
        """What AWS, Terraform or a file system would reject: the place, and a sentence."""
        message = name_mistake(self.name)
        if message:
            yield ("name",), message
        if not 1 <= self.quota <= RULES_MAX:
            yield ("quota",), f"invalid quota: use 1 to {RULES_MAX}, the most that AWS allows"
        yield from _tag_mistakes(self.tags or {})
        yield from self._entries_mistakes()
        yield from self._existing_mistakes()

    def key(self, endpoint: str, role: str) -> str:
        """The key of an endpoint in the rules of a group: its own one, or that of all groups.

        It need not be among the `endpoints`.
        """
        own = f"{role}/{endpoint}"
        return own if own in (self.endpoints or {}) else endpoint

    def peers(self, key: str) -> tuple[Peer, ...] | None:
        """The peers bound by a key of `endpoints`; None if it is left out."""
        return self._bound.get(key)

    @cached_property
    def unused(self) -> frozenset[str]:
        """The features that the deployment does without."""
        return frozenset(name for name, used in (self.features or {}).items() if not used)

    @cached_property
    def _bound(self) -> Mapping[str, tuple[Peer, ...]]:
        """The peers by key."""
        return {
            key: tuple(replace(self._peer(item), name=name) for name, item in bound.items())
            if isinstance(bound, Mapping)
            else tuple(map(self._peer, bound))
            for key, bound in (self.endpoints or {}).items()
        }

    def _peer(self, item: Bindable) -> Peer:
        """The peer; the entries of a prefix list are known wherever they are given once."""
        peer = Peer.parse(item.id) if isinstance(item, PrefixList) else item
        entries = self._max_entries.get(peer.value) if peer.kind == "prefix_list" else 1
        return peer if entries == peer.entries else replace(peer, entries=entries)

    def _entries_mistakes(self) -> Iterator[tuple[KeyPath, str]]:
        """A prefix list has one number of entries, wherever it stands."""
        for endpoint, bound in (self.endpoints or {}).items():
            items = bound.items() if isinstance(bound, Mapping) else enumerate(bound)
            for place, item in items:
                if isinstance(item, PrefixList) and item.max_entries != self._max_entries[item.id]:
                    yield (
                        ("endpoints", endpoint, place),
                        f"{item.id} has max_entries {item.max_entries} here and "
                        f"{self._max_entries[item.id]} elsewhere: use one number",
                    )

    def _existing_mistakes(self) -> Iterator[tuple[KeyPath, str]]:
        """An id is that of one group of this account, and a peer is that group by its role."""
        roles: dict[str, str] = {}
        for role, group_id in (self.existing or {}).items():
            if not SECURITY_GROUP_ID.fullmatch(group_id):
                yield (
                    ("existing", role),
                    f"invalid security group id {shown(group_id)}: use sg- and 8 or 17 hexadecimal "
                    "digits",
                )
            elif roles.setdefault(group_id, role) != role:
                message = f"{group_id} is the group {roles[group_id]} already: use another id"
                yield ("existing", role), message
            if role in self.adopted:
                message = f"group {role} is also listed under adopted: remove one"
                yield ("existing", role, KEY), message
        for key, bound in (self.endpoints or {}).items():
            items = bound.items() if isinstance(bound, Mapping) else enumerate(bound)
            for place, item in items:
                if isinstance(item, Peer) and item.value in roles:
                    message = f"{item.value} is a group of this deployment"
                    yield (
                        ("endpoints", key, place),
                        f"{message}: use group:{roles[item.value]}",
                    )

    @cached_property
    def _max_entries(self) -> Mapping[str, int]:
        """The maximum entries of prefix lists, by id."""
        bindings = (self.endpoints or {}).values()
        bound = (b.values() if isinstance(b, Mapping) else b for b in bindings)
        lists = (item for items in bound for item in items if isinstance(item, PrefixList))
        return {item.id: item.max_entries for item in lists}


def _tag_mistakes(tags: Mapping[str, str]) -> Iterator[tuple[KeyPath, str]]:
    """Tags that EC2 would reject. Keys are case-sensitive, but AWS:, too, is reserved for AWS."""
    if len(tags.keys() | {"Name"}) > TAGS_MAX:
        yield ("tags",), f"too many tags: EC2 allows {TAGS_MAX} per group, including Name"
    for key, value in tags.items():
        if not 1 <= len(key) <= TAG_KEY_MAX:
            yield (
                ("tags", key, KEY),
                f"invalid tag key {shown(key)}: use 1 to {TAG_KEY_MAX} characters",
            )
        if len(value) > TAG_VALUE_MAX:
            yield (
                ("tags", key),
                f"the value of tag {shown(key)} is too long: use up to {TAG_VALUE_MAX} characters",
            )
        if key.casefold().startswith(TAG_RESERVED):
            yield (
                ("tags", key, KEY),
                f"invalid tag key {shown(key)}: the prefix {TAG_RESERVED} is reserved for AWS",
            )
        for path, text in ((("tags", key, KEY), key), (("tags", key), value)):
            message = _character_mistake(text)
            if message:
                yield path, message


def _character_mistake(text: str) -> str | None:
    """Why a text cannot be a tag: Terraform would change it, or it has control characters."""
    if text != unicodedata.normalize("NFC", text):
        return (
            f"{shown(text)} is not normalized, and Terraform would change it: use Unicode form NFC"
        )
    if any(unicodedata.category(c) in ("Cc", "Cs", "Cn") and c not in "\n\t" for c in text):
        return f"{shown(text)} contains control characters: remove them"
    return None


def name_mistake(name: str) -> str | None:
    """Why a name cannot be a folder on every system and the prefix of group names, or None."""
    if not SLUG.fullmatch(name) or len(name) > 64:
        return (
            f"invalid deployment name {shown(name)}: use up to 64 lowercase letters, digits and "
            "single hyphens, beginning with a letter"
        )
    if name.startswith("sg-"):
        return f"invalid deployment name {name!r}: EC2 reserves the prefix sg-"
    if RESERVED.fullmatch(name):
        return f"invalid deployment name {name!r}: Windows reserves it"
    return None


def bad_file_name(name: str) -> str | None:
    """Why a name is not one of a plain file on every system, if it is not."""
    if not name or name.startswith("."):
        return f"{shown(name)} would be a hidden file: name it otherwise"
    if not name.isprintable() or set(name) & set('/\\:*?"<>|') or name.endswith((".", " ")):
        return f"{shown(name)} is not the name of a plain file: use letters, digits and . _ -"
    if RESERVED.fullmatch(name.partition(".")[0].rstrip().lower()):
        return f"{shown(name)} is a device on Windows, not a file: name it otherwise"
    return None
