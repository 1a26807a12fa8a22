"""Resources of Terraform, whose values are known or refer to others, into groups and rules."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from generator.errors import FieldError
from generator.model import (
    Direction,
    Observation,
    Observed,
    ObservedGroup,
    PeerKind,
    Place,
    protocol_of,
)
from generator.observe.terraform_resources import (
    GROUPS,
    INLINE,
    PEERS,
    STANDALONE,
    UNKNOWN,
    Reference,
    Resource,
)

_FOREIGN = re.compile(r"([0-9]{12})/(.+)", re.DOTALL)
_INTEGER = re.compile(r"-?[0-9]{1,9}", re.ASCII)


def observe(
    resources: Sequence[Resource],
    source: str,
    left_out: Mapping[str, int],
    gone: Sequence[Resource] = (),
) -> Observation:
    """The groups and rules of resources of one source.

    `left_out` counts what else could not be read, by its description. The rules of the resources in
    `gone` do not stay.
    """
    reader = _Reader()
    for resource in resources:
        if resource.type in GROUPS:
            reader.add_group(resource)
    standalone = [rule for r in resources if r.type not in GROUPS for rule in reader.rules(r)]
    before = _Reader(reader)
    former = [rule for r in gone if r.type not in GROUPS for rule in before.rules(r)]
    known = {_identity(rule) for rule in (*standalone, *former)}
    inline = [
        rule
        for resource in resources
        if resource.type in GROUPS
        for attribute in INLINE
        for rule in reader.inline(resource, attribute)
        # The state of a group has all its rules, those of other resources among them.
        if attribute not in resource.computed or _identity(rule) not in known
    ]
    counts = {**left_out, **reader.left_out}
    sentences = [f"{source}: {number} left out: {what}" for what, number in counts.items()]
    return Observation(tuple(reader.groups.values()), (*inline, *standalone), tuple(sentences))


class _Reader:
    def __init__(self, other: _Reader | None = None) -> None:
        self.left_out: Counter[str] = Counter()
        self.groups: dict[str, ObservedGroup] = {**other.groups} if other else {}
        self._keys: dict[str, str] = {**other._keys} if other else {}

    def add_group(self, resource: Resource) -> None:
        values, key = resource.values, resource.address
        group = ObservedGroup(
            key=key,
            place=resource.place,
            id=_text(values.get("id")),
            name=_text(values.get("name")),
            description=_text(values.get("description")),
            vpc=_text(values.get("vpc_id")),
            owner=_text(values.get("owner_id")),
            tags=_texts(values.get("tags_all")) or _texts(values.get("tags")),
            output=resource.output,
        )
        self.groups.setdefault(key, group)
        if group.id:
            self._keys.setdefault(group.id, key)

    def inline(self, resource: Resource, attribute: str) -> Iterator[Observed]:
        """The rules in a group."""
        for rule in _list(resource.values.get(attribute)):
            if isinstance(rule, dict):
                line = getattr(rule, "line", 0) or resource.place.line
                place = resource.place._replace(line=line)
                yield from self._expanded(rule, resource.address, INLINE[attribute], place)
            elif rule is not None:
                self.left_out["inline rules that are not known"] += 1

    def rules(self, resource: Resource) -> list[Observed]:
        """The rules of a resource that is not a group: one for each peer."""
        values = resource.values
        group = self._group(values.get("security_group_id"), resource.place)
        direction = STANDALONE.get(resource.type) or INLINE.get(str(values.get("type")))
        if group is None or direction is None:
            self.left_out["rules whose group or direction is not known"] += 1
            return []
        return [*self._expanded(values, group, direction, resource.place)]

    def _group(self, value: object, place: Place) -> str | None:
        """The key of a group, which may be one that was not read."""
        if isinstance(value, Reference):
            key, found = value.text, None
        else:
            found = _text(value)
            key = self._keys.get(found or "", found or "")
        if key and key not in self.groups:
            self.groups[key] = ObservedGroup(key, place._replace(what=key), id=found)
        return key or None

    def _expanded(
        self, values: Mapping[str, Any], group: str, direction: Direction, place: Place
    ) -> Iterator[Observed]:
        protocol = protocol_of(values.get("protocol", values.get("ip_protocol")))
        ports = [_port(values.get(name)) for name in ("from_port", "to_port")]
        if protocol is None or UNKNOWN in ports:
            self.left_out["rules whose protocol or ports are not known"] += 1
            return
        from_port, to_port = ports
        for kind, peer, owner in dict.fromkeys(self._peers(values, group)):
            yield Observed(
                group=group,
                direction=direction,
                ip_protocol=protocol,
                from_port=from_port,
                to_port=to_port,
                peer_kind=kind,
                peer=peer,
                place=place,
                description=_text(values.get("description")),
                owner=owner,
            )

    def _peers(
        self, values: Mapping[str, Any], group: str
    ) -> Iterator[tuple[PeerKind, str, str | None]]:
        """The kind, the value and the other account of every peer."""
        for attribute, kind in PEERS.items():
            for value in _list(values.get(attribute)):
                if isinstance(value, Reference):
                    if not value.text or kind.startswith("cidr"):
                        self.left_out[f"peers in {attribute} that are not known"] += 1
                    else:
                        yield "group" if value.is_group else kind, value.text, None
                elif isinstance(value, str) and value:
                    yield self._peer(kind, value, group)
                elif value not in (None, ""):
                    self.left_out[f"peers in {attribute} that are not known"] += 1
        own = values.get("self")
        if own in (True, "true"):
            yield "group", group, None
        elif own not in (None, False, "false"):
            self.left_out["rules of which self is not known"] += 1

    def _peer(self, kind: PeerKind, value: str, group: str) -> tuple[PeerKind, str, str | None]:
        owner = None
        if kind == "security_group":
            if foreign := _FOREIGN.fullmatch(value):
                owner, value = foreign.groups()
            if value in self._keys or value == group:
                return "group", self._keys.get(value, value), None
            if owner and group in self.groups and owner == self.groups[group].owner:
                owner = None
        return kind, value, owner


def _identity(rule: Observed) -> object:
    try:
        return rule.permission().identity
    except FieldError:
        return rule._replace(place=Place(""), description=None)


def _list(value: object) -> Iterable[Any]:
    return value if isinstance(value, list) else [value]


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _texts(value: object) -> dict[str, str]:
    items = value.items() if isinstance(value, dict) else ()
    return {key: text for key, text in items if isinstance(key, str) and isinstance(text, str)}


def _port(value: object) -> Any:
    """A port as a number, null, or UNKNOWN."""
    if isinstance(value, str) and _INTEGER.fullmatch(value):
        return int(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    known = value is None or (isinstance(value, int) and not isinstance(value, bool))
    return value if known else UNKNOWN
