"""The shape of a deployment: a user's file, or a preset."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from generator.errors import KEY, KeyPath, shown
from generator.model.peers import Bindable, Peer, PrefixList
from generator.model.rule_data import SLUG, Mode, Topology

PEER_NAME = re.compile(r"[A-Za-z][A-Za-z0-9._-]{0,62}")
# So the logical ids of peers without a name begin.
ADDRESS_LIKE = re.compile(r"at[._-]*[0-9]", re.IGNORECASE)
RESERVED = re.compile(r"con|prn|aux|nul|(com|lpt)[0-9]")


@dataclass(frozen=True)
class Deployment:
    """A user's file, or a preset: which rules, and who is at the other end of them."""

    name: str
    """The name of the output folder and the prefix of the groups' names."""
    release: str
    """The release whose documented rules apply, in quotes."""
    topology: Topology = "ha"
    """`ha`, or `single-node`: the rules and groups for an HA pair only fall away."""
    groups: tuple[str, ...] | None = None
    """The roles to generate; left out: every group of the release that a user can bring."""
    outbound: Mode = "advanced"
    """Which outbound table applies: `basic` or `advanced`."""
    endpoints: Mapping[str, tuple[Bindable, ...] | Mapping[str, Bindable]] | None = None
    """Per endpoint a list of peers, or a mapping from a name to a peer; `[]` means nobody."""
    open: tuple[str, ...] = ()
    """Endpoints whose default does not apply: nobody, until whoever deploys fills them in."""
    supplements: tuple[str, ...] = ()
    """Rules that the product needs and the document leaves out, by name."""
    features: Mapping[str, bool] | None = None
    """Features that are not used: `false` drops the rules that serve nothing else."""
    tags: Mapping[str, str] | None = None
    """Tags for every group."""
    quota: int = 60
    """How many rules the account allows per group, direction and address family."""
    compact: bool = False
    """Whether neighbouring ports and networks of an endpoint are joined into fewer rules."""

    def mistakes(self) -> Iterator[tuple[KeyPath, str]]:
        """What AWS, Terraform or a file system would refuse: where it stands, and a sentence."""
        message = name_mistake(self.name)
        if message:
            yield ("name",), message
        if not 1 <= self.quota <= 1000:
            yield ("quota",), "AWS grants a quota of at most 1000 rules: write 1 to 1000"
        yield from _tag_mistakes(self.tags or {})

    def peers(self, endpoint: str) -> tuple[Peer, ...] | None:
        """The peers bound to an endpoint; None where the deployment leaves it out."""
        bound = (self.endpoints or {}).get(endpoint)
        if isinstance(bound, Mapping):
            return tuple(replace(_peer(item), name=name) for name, item in bound.items())
        return None if bound is None else tuple(map(_peer, bound))


def _peer(item: Bindable) -> Peer:
    if isinstance(item, PrefixList):
        return replace(Peer.parse(item.id), entries=item.max_entries)
    return item


def _tag_mistakes(tags: Mapping[str, str]) -> Iterator[tuple[KeyPath, str]]:
    """EC2's limits on tags: 50 with the Name, keys of 1 to 128 characters, values of up to 256."""
    if len(tags.keys() | {"Name"}) > 50:
        yield ("tags",), "a group has at most 50 tags, and Name is one of them"
    for key, value in tags.items():
        if not 1 <= len(key) <= 128:
            yield ("tags", key, KEY), f"the key of a tag has 1 to 128 characters: {shown(key)}"
        if len(value) > 256:
            yield ("tags", key), f"the value of a tag has at most 256 characters: {shown(key)}"
        if key.casefold().startswith("aws:"):
            yield ("tags", key, KEY), f"tags that begin with aws: belong to AWS: {shown(key)}"
        for path, text in ((("tags", key, KEY), key), (("tags", key), value)):
            message = _character_mistake(text)
            if message:
                yield path, message


def _character_mistake(text: str) -> str | None:
    """What Terraform would change without a word, or what no file should hold."""
    if text != unicodedata.normalize("NFC", text):
        return f"Terraform would normalise {shown(text)} to NFC: write it so"
    if any(unicodedata.category(c) in ("Cc", "Cs", "Cn") and c not in "\n\t" for c in text):
        return f"{shown(text)} has control characters: leave them out"
    return None


def name_mistake(name: str) -> str | None:
    """A name becomes a folder on any system, and the beginning of the groups' names."""
    if not SLUG.fullmatch(name) or len(name) > 64:
        return (
            f"{shown(name)} is no deployment name: write up to 64 lower-case letters, digits and "
            "single hyphens, beginning with a letter"
        )
    if name.startswith("sg-"):
        return "a group's name cannot begin with sg-: write another name"
    if RESERVED.fullmatch(name):
        return f"{name!r} is a device on Windows, not a folder: write another name"
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
