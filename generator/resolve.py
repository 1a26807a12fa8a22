"""Resolve: documented rules and a deployment's bindings become permissions as AWS wants them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import combinations, product
from typing import NamedTuple

from generator.model import EC2_TEXT, Catalogue, Deployment, Direction, Peer, Release, Rule
from generator.protocols import Traffic
from generator.resolved import (
    AbsentOutput,
    Clash,
    Entry,
    Input,
    Permission,
    Resolved,
    ResolvedGroup,
)

MAX_DESCRIPTION = 255


def resolve(deployment: Deployment, release: Release, catalogue: Catalogue) -> Resolved:
    """Every decision that a deployment's output takes. The deployment has passed `check`."""
    roles = generated_roles(deployment, release, catalogue)
    bound = {role: _bind(role, deployment, catalogue, roles) for role in roles}
    tags = dict(sorted((deployment.tags or {}).items()))
    groups = tuple(
        ResolvedGroup(
            role=role,
            title=release.rules[role].title,
            name=f"{deployment.name}-{role}",
            description=catalogue.groups[role].description,
            tags={"Name": f"{deployment.name}-{role}", **tags},
            output=catalogue.groups[role].output,
            outputs_to=catalogue.groups[role].outputs_to,
            ingress=_permissions(_rows(deployment, release, role, "inbound"), bound[role]),
            egress=_permissions(_rows(deployment, release, role, "outbound"), bound[role]),
        )
        for role in roles
    )
    return Resolved(
        name=deployment.name,
        release=release.id,
        product=release.info.product,
        document=release.info.document,
        topology=deployment.topology,
        outbound=deployment.outbound,
        tags=tags,
        inputs=_inputs(groups, bound[roles[0]], catalogue),
        groups=groups,
        clashes=_clashes(groups),
        absent=tuple(
            AbsentOutput(catalogue.groups[role].output, role)
            for role in release.info.groups
            if role not in roles and not catalogue.groups[role].created_by_product
        ),
        warnings=tuple(
            f"{release.info.product} always creates the group {role} itself and takes no other in "
            "its place: the generated one is for reading and testing only"
            for role in roles
            if catalogue.groups[role].created_by_product
        ),
    )


def generated_roles(
    deployment: Deployment, release: Release, catalogue: Catalogue
) -> tuple[str, ...]:
    """The roles of the groups to generate, in document order."""
    if deployment.groups is not None:
        return tuple(role for role in release.info.groups if role in deployment.groups)
    return tuple(
        role
        for role in release.info.groups
        if not catalogue.groups[role].created_by_product
        and (deployment.topology == "ha" or not catalogue.groups[role].ha_only)
    )


def _rows(
    deployment: Deployment, release: Release, role: str, direction: Direction
) -> Iterator[Rule]:
    """The rows of a group that a deployment uses, by outbound mode and topology, in order."""
    for table_direction, mode, rules in release.rules[role].tables():
        if table_direction == direction and mode in (None, deployment.outbound):
            yield from (r for r in rules if deployment.topology == "ha" or not r.ha_only)


def describe(purposes: Iterable[str]) -> str:
    """Join the purposes of merged rows into a description that EC2 accepts, without repetition.

    EC2 takes 255 characters of a small set (IpRange.Description): typographic characters become
    their plain neighbours, contractions are written out, and the rest is left out.
    """
    distinct: dict[str, str] = {}
    for purpose in purposes:
        legal = _legal(purpose)
        distinct.setdefault(legal.casefold(), legal)
    text = "; ".join(filter(None, distinct.values()))
    if len(text) > MAX_DESCRIPTION:
        text = text[: MAX_DESCRIPTION - 3].rsplit(" ", 1)[0].rstrip(" ,;.") + "..."
    return text


def _legal(text: str) -> str:
    text = text.replace("’", "'").replace("–", "-").replace("—", "-")
    text = re.sub(r"\b(ca)n't\b", r"\1nnot", text, flags=re.IGNORECASE)
    text = re.sub(r"\b(w)on't\b", r"\1ill not", text, flags=re.IGNORECASE)
    text = re.sub(r"n't\b", " not", text, flags=re.IGNORECASE)
    text = unicodedata.normalize("NFKD", text)
    kept = (c if EC2_TEXT.fullmatch(c) else " " if c.isspace() else "" for c in text)
    return " ".join("".join(kept).split())


class Bound(NamedTuple):
    """What an endpoint stands for in one deployment."""

    peers: tuple[Peer, ...] = ()
    groups: tuple[str, ...] = ()
    fallback: str | None = None
    fixed: bool = False
    """Whether it is a group of this deployment by default, and so is nothing to fill in."""

    @property
    def one_cidr(self) -> bool:
        """Whether a single IPv4 CIDR, possibly empty, can hold what it stands for."""
        return not self.groups and [p.kind for p in self.peers] in ([], ["cidr_ipv4"])


def _bind(
    role: str, deployment: Deployment, catalogue: Catalogue, roles: tuple[str, ...]
) -> Mapping[str, Bound]:
    """What every endpoint stands for in the rules of a role; those given to nobody are absent."""
    bound: dict[str, Bound] = {}
    for name, endpoint in catalogue.endpoints.items():
        peers, default = deployment.peers(name), endpoint.default
        own = role if default.own_group else default.group
        if _nobody(name, deployment, catalogue):
            continue
        if peers is not None:
            groups = tuple(peer.value for peer in peers if peer.kind == "group")
            bound[name] = Bound(tuple(p for p in peers if p.kind != "group"), groups)
        elif own in roles:
            bound[name] = Bound(groups=(own,), fixed=True)
        else:
            bound[name] = Bound(tuple(map(Peer.parse, default.cidrs)), (), default.endpoint)
    return bound


def _nobody(name: str, deployment: Deployment, catalogue: Catalogue) -> bool:
    """Whether the deployment says that nobody is there, of this endpoint or of its default."""
    peers, fallback = deployment.peers(name), catalogue.endpoints[name].default.endpoint
    if peers is None and fallback:
        return _nobody(fallback, deployment, catalogue)
    return peers == ()


def _permissions(rows: Iterable[Rule], bound: Mapping[str, Bound]) -> tuple[Permission, ...]:
    """One permission per endpoint and traffic: rows that AWS cannot tell apart become one."""
    merged: dict[tuple[str, Traffic], list[Rule]] = {}
    for row in rows:
        for endpoint in row.endpoints:
            for traffic in row.traffic:
                merged.setdefault((endpoint, traffic), []).append(row)
    return tuple(
        Permission(
            key=f"{endpoint}-{traffic.slug}",
            endpoint=endpoint,
            groups=bound[endpoint].groups if bound[endpoint].fixed else (),
            traffic=traffic,
            description=describe(row.purpose for row in sources),
            rows=tuple(row.id for row in sources),
            entries=tuple(_entries(endpoint, traffic, bound)),
        )
        for (endpoint, traffic), sources in merged.items()
        if endpoint in bound
    )


def _entries(endpoint: str, traffic: Traffic, bound: Mapping[str, Bound]) -> Iterator[Entry]:
    """A permission's peers one by one: first those of its inputs, then those written out."""
    key = f"{endpoint}-{traffic.slug}"
    chain = list(_chain(endpoint, bound))
    inputs = tuple(name for name in chain if bound[name].one_cidr)
    if inputs:
        yield Entry(key, traffic, None, inputs)
    last = bound[chain[-1]]
    if not last.one_cidr:
        for peer in (*last.peers, *(Peer("group", role, role) for role in last.groups)):
            kind = peer.kind.replace("_", "-")
            yield Entry(f"{key}-{kind}-{peer.name}", _for_peer(traffic, peer), peer, inputs)


def _chain(endpoint: str, bound: Mapping[str, Bound]) -> Iterator[str]:
    """An endpoint and what it falls back to, in order. Only the last one may have peers."""
    name: str | None = endpoint
    while name is not None:
        yield name
        name = bound[name].fallback


def _for_peer(traffic: Traffic, peer: Peer) -> Traffic:
    """ICMP has a protocol of its own in IPv6."""
    if traffic.ip_protocol == "icmp" and peer.kind == "cidr_ipv6":
        return replace(traffic, ip_protocol="icmpv6")
    return traffic


def _inputs(
    groups: Iterable[ResolvedGroup], bound: Mapping[str, Bound], catalogue: Catalogue
) -> tuple[Input, ...]:
    """The inputs that the permissions refer to, in the order of the catalogue."""
    directions: dict[str, Direction] = {}
    for group in groups:
        for direction, permissions in group.tables:
            for permission in permissions:
                if not permission.groups:
                    for name in _chain(permission.endpoint, bound):
                        directions.setdefault(name, direction)
    return tuple(
        Input(
            id=name,
            title=endpoint.title,
            help=endpoint.help,
            direction=directions[name],
            peers=bound[name].peers,
            groups=bound[name].groups,
            chain=tuple(_chain(name, bound)),
            one_cidr=bound[name].one_cidr,
        )
        for name, endpoint in catalogue.endpoints.items()
        if name in directions
    )


def _clashes(groups: Iterable[ResolvedGroup]) -> tuple[Clash, ...]:
    """The pairs of inputs that share a group, a direction and traffic, each pair once."""
    clashes: dict[tuple[str, str], Clash] = {}
    for group in groups:
        for direction, permissions in group.tables:
            entries = [e for p in permissions for e in p.entries if not e.peer]
            for one, other in combinations(entries, 2):
                if one.traffic == other.traffic:
                    where = f"{group.role}, {direction}, {one.traffic}"
                    for (i, left), (j, right) in product(
                        enumerate(one.inputs), enumerate(other.inputs)
                    ):
                        before = one.inputs[:i] + other.inputs[:j]
                        clashes.setdefault((left, right), Clash(left, right, before, where))
    return tuple(clashes.values())
