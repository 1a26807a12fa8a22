"""Resolve: documented rules and a deployment's bindings become permissions as AWS wants them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import cache, partial
from itertools import combinations, product

from generator.errors import ResolveError
from generator.model import (
    NOT_EC2_TEXT,
    AbsentOutput,
    Catalogue,
    Clash,
    Deployment,
    Direction,
    Input,
    Permission,
    Release,
    Resolved,
    ResolvedGroup,
    Rule,
    Traffic,
)
from generator.resolve.bindings import Bound, bind, chain, entries
from generator.resolve.rows import dropped, generated_roles, idle_supplements, select_rows

MAX_DESCRIPTION = 255


def resolve(deployment: Deployment, release: Release, catalogue: Catalogue) -> Resolved:
    """Every decision that a deployment's output takes. The deployment has passed `check`."""
    catalogue = catalogue.of(release.info)
    roles = generated_roles(deployment, release, catalogue)
    compact = deployment.compact
    bound = {role: bind(role, deployment, catalogue, roles) for role in roles}
    tags = dict(sorted((deployment.tags or {}).items()))
    chosen_rows = partial(select_rows, deployment, release, catalogue)
    groups = tuple(
        ResolvedGroup(
            role=role,
            title=release.rules[role].title,
            name=f"{deployment.name}-{role}",
            description=catalogue.groups[role].description,
            tags={"Name": f"{deployment.name}-{role}", **tags},
            output=catalogue.groups[role].output,
            outputs_to=catalogue.groups[role].outputs_to,
            ingress=_permissions(chosen_rows(role, "inbound"), bound[role], compact),
            egress=_permissions(chosen_rows(role, "outbound"), bound[role], compact),
        )
        for role in roles
    )
    return Resolved(
        name=deployment.name,
        release=release.id,
        product=release.info.product,
        documents=tuple(dict.fromkeys(map(release.document_of, roles))),
        topology=deployment.topology,
        outbound=deployment.outbound,
        tags=tags,
        quota=deployment.quota,
        compact=deployment.compact,
        inputs=_inputs(groups, bound[roles[0]], catalogue),
        groups=groups,
        clashes=_clashes(groups),
        absent=tuple(
            AbsentOutput(catalogue.groups[role].output, role)
            for role in release.info.groups
            if role not in roles and not catalogue.groups[role].created_by_product
        ),
        dropped=dropped(deployment, release, roles),
        warnings=(
            *(
                f"{release.info.product} always creates the group {role} itself and takes no other "
                "in its place: the generated one is for reading and testing only"
                for role in roles
                if catalogue.groups[role].created_by_product
            ),
            *(
                f"the supplement {name} adds no rule, since its groups or its features are left "
                "out: remove it, or add those"
                for name in idle_supplements(deployment, catalogue, roles)
            ),
        ),
    )


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


@cache
def _legal(text: str) -> str:
    text = text.replace("’", "'").replace("–", "-").replace("—", "-")
    text = re.sub(r"\b(ca)n't\b", r"\1nnot", text, flags=re.IGNORECASE)
    text = re.sub(r"\b(w)on't\b", r"\1ill not", text, flags=re.IGNORECASE)
    text = re.sub(r"n't\b", " not", text, flags=re.IGNORECASE)
    text = unicodedata.normalize("NFKD", text)
    return " ".join(NOT_EC2_TEXT.sub("", " ".join(text.split())).split())


def _permissions(
    rows: Iterable[Rule], bound: Mapping[str, Bound], compact: bool
) -> tuple[Permission, ...]:
    """One permission per endpoint and traffic: rows that AWS cannot tell apart become one."""
    merged: dict[tuple[str, Traffic], list[Rule]] = {}
    for row in rows:
        for endpoint in row.endpoints:
            for traffic in row.traffic:
                if endpoint in bound:
                    merged.setdefault((endpoint, traffic), []).append(row)
    if compact:
        merged = join_ports(merged)
    permissions = (
        Permission(
            key=f"{endpoint}-{traffic.slug}",
            endpoint=endpoint,
            groups=bound[endpoint].groups if bound[endpoint].fixed else (),
            traffic=traffic,
            description=describe(row.purpose for row in sources),
            rows=tuple(row.id for row in sources),
            entries=tuple(entries(endpoint, traffic, bound)),
        )
        for (endpoint, traffic), sources in merged.items()
    )
    return _told_apart(permissions, bound)


def join_ports(
    rows: Mapping[tuple[str, Traffic], list[Rule]],
) -> dict[tuple[str, Traffic], list[Rule]]:
    """Join the port ranges of an endpoint and protocol that touch or overlap, and their rows."""
    joined: dict[tuple[str, Traffic], list[Rule]] = {}
    for (endpoint, traffic), sources in sorted(
        rows.items(), key=lambda item: item[0][1].first_port
    ):
        for (other, before), _ in list(joined.items()):
            if other == endpoint and (both := before.joined_with(traffic)):
                sources = joined.pop((other, before)) + sources
                traffic = both
        joined[endpoint, traffic] = sources
    order = {row.id: i for i, row in enumerate(r for group in rows.values() for r in group)}
    return dict(sorted(joined.items(), key=lambda item: min(order[row.id] for row in item[1])))


def _told_apart(
    permissions: Iterable[Permission], bound: Mapping[str, Bound]
) -> tuple[Permission, ...]:
    """The permissions without what would give EC2 a rule twice: the first endpoint keeps it.

    Two endpoints have the same traffic where a row has two destinations, for example. What the
    deployment binds to both is dropped from the second; what is filled in later is dropped there
    by a condition. Endpoints with the same traffic do not fall back (`load` sees to it), so each
    has either one input or peers that are written out.
    """
    done: list[Permission] = []
    for permission in permissions:
        for earlier in [p for p in done if p.traffic == permission.traffic]:
            permission = _less(permission, earlier, bound)
        done.append(permission)
    return tuple(done)


def _less(permission: Permission, earlier: Permission, bound: Mapping[str, Bound]) -> Permission:
    ours = {(p.kind, p.value): p for p in bound[permission.endpoint].written_out}
    theirs = {(p.kind, p.value): p for p in bound[earlier.endpoint].written_out}
    for same in ours.keys() & theirs.keys():
        if ours[same].name != theirs[same].name:
            raise ResolveError(
                f"{same[1]} is {theirs[same].name!r} for {earlier.endpoint} and "
                f"{ours[same].name!r} for {permission.endpoint}, which permit the same traffic "
                f"({permission.traffic}): give it one name"
            )
    entries = permission.entries
    for entry in earlier.entries:
        if entry.peer:
            same_peer = (entry.peer.kind, entry.peer.value)
            entries = tuple(
                e
                if not e.inputs or entry.peer.kind != "cidr_ipv4"
                else e._replace(unlike_values=(*e.unlike_values, entry.peer.value))
                for e in entries
                if not e.peer or (e.peer.kind, e.peer.value) != same_peer
            )
        else:
            entries = tuple(
                e._replace(unlike_inputs=(*e.unlike_inputs, *entry.inputs))
                if (e.peer and e.peer.kind == "cidr_ipv4")
                or (e.inputs and ours.keys() & theirs.keys())
                else e
                for e in entries
            )
    shared = earlier.peers if ours.keys() & theirs.keys() else ()
    return permission._replace(entries=entries, merged_into=permission.merged_into + shared)


def _inputs(
    groups: Iterable[ResolvedGroup], bound: Mapping[str, Bound], catalogue: Catalogue
) -> tuple[Input, ...]:
    """The inputs that the permissions refer to, in the order of the catalogue."""
    directions: dict[str, Direction] = {}
    for group in groups:
        for direction, permissions in group.tables:
            for permission in permissions:
                if not permission.groups:
                    for name in chain(permission.endpoint, bound):
                        directions.setdefault(name, direction)
    return tuple(
        Input(
            id=name,
            title=endpoint.title,
            help=endpoint.help,
            direction=directions[name],
            peers=bound[name].peers,
            groups=bound[name].groups,
            chain=chain(name, bound),
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
            pairs = (pair for p, q in combinations(permissions, 2) if p.traffic == q.traffic
                     for pair in product(p.entries, q.entries))  # fmt: skip
            for one, other in pairs:
                if one.inputs and other.inputs and not {*one.inputs} & {*other.unlike_inputs}:
                    where = f"{group.role}, {direction}, {one.traffic}"
                    for (i, left), (j, right) in product(
                        enumerate(one.inputs), enumerate(other.inputs)
                    ):
                        before = one.inputs[:i] + other.inputs[:j]
                        clashes.setdefault((left, right), Clash(left, right, before, where))
    return tuple(clashes.values())
