"""Resolve: documented rules and a deployment's bindings become permissions as AWS wants them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from itertools import combinations, product

from generator.model import (
    ALL_TRAFFIC,
    AbsentOutput,
    Catalogue,
    Clash,
    Deployment,
    Peer,
    Permission,
    Release,
    Resolved,
    ResolvedGroup,
    Shadowed,
    Traffic,
)
from generator.resolve.bindings import PLACEHOLDER, Bound, bind, chain
from generator.resolve.connections import between, connect
from generator.resolve.flows import row_sources
from generator.resolve.idle import idle_bindings, idle_supplements
from generator.resolve.inputs import inputs
from generator.resolve.lines import lines, permissions
from generator.resolve.rows import (
    dropped,
    generated_roles,
    select_rows,
    used_endpoints,
)


def resolve(deployment: Deployment, release: Release, catalogue: Catalogue) -> Resolved:
    """Every decision that a deployment's output takes. The deployment has passed `check`."""
    catalogue = catalogue.of(release.info)
    roles = generated_roles(deployment, release, catalogue)
    bound = {role: bind(role, deployment, catalogue, roles) for role in roles}
    tags = dict(sorted((deployment.tags or {}).items()))
    rows = partial(select_rows, deployment, release, catalogue)
    tables = {
        role: (
            lines(rows(role, "inbound"), bound[role], deployment.compact),
            lines(rows(role, "outbound"), bound[role], deployment.compact),
        )
        for role in roles
    }
    used = {role: used_endpoints(deployment, release, catalogue, role) for role in roles}
    groups = tuple(
        ResolvedGroup(
            role=role,
            title=release.rules[role].title,
            name=f"{deployment.name}-{role}",
            description=catalogue.groups[role].description,
            output=catalogue.groups[role].output,
            outputs_to=catalogue.groups[role].outputs_to,
            ingress=ingress,
            egress=egress,
            permissions=(
                *permissions(role, "inbound", ingress, bound[role]),
                *permissions(role, "outbound", egress, bound[role]),
            ),
            existing=(deployment.existing or {}).get(role),
            adopted=role in deployment.adopted,
        )
        for role, (ingress, egress) in tables.items()
    )
    beside = between(deployment, release, catalogue, bound)
    if deployment.connect_groups:
        groups = connect(groups, bound, release, deployment.unused, beside)
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
        protect=deployment.protect,
        inputs=inputs(groups, bound, deployment, catalogue, used),
        groups=groups,
        between=beside,
        clashes=_clashes(groups, bound),
        shadowed=tuple(_shadowed(groups, bound)),
        absent=tuple(
            AbsentOutput(catalogue.groups[role].output, role)
            for role in release.info.groups
            if role not in roles and not catalogue.groups[role].created_by_product
        ),
        dropped=dropped(deployment, release, roles),
        warnings=tuple(_warnings(deployment, release, catalogue, roles)),
        rows=row_sources(release, catalogue, deployment.supplements),
        titles={name: endpoint.title for name, endpoint in catalogue.endpoints.items()},
    )


def _warnings(
    deployment: Deployment, release: Release, catalogue: Catalogue, roles: tuple[str, ...]
) -> Iterator[str]:
    for role in roles:
        if catalogue.groups[role].created_by_product:
            yield (
                f"{release.info.product} always creates the group {role} itself and accepts no "
                "other in its place: use the generated one for reading and testing only"
            )
    for name, unknown in idle_supplements(deployment, release, catalogue, roles):
        if unknown:
            yield f"the supplement {name} has no rule for release {release.id}: remove it"
        else:
            yield (
                f"the supplement {name} adds no rule, because its groups or features are left "
                "out: remove it, or add those"
            )
    idle = idle_bindings(deployment, release, catalogue)
    if idle:
        yield idle


def _clashes(
    groups: Iterable[ResolvedGroup], bound: Mapping[str, Mapping[str, Bound]]
) -> tuple[Clash, ...]:
    """The inputs that share a group, direction and traffic with another, or with a CIDR.

    Every group of CloudFormation has a placeholder for all outbound traffic.
    """
    pairs: dict[tuple[str, bool, tuple[str, ...], str], str] = {}
    for group in groups:
        peer = Peer("cidr_ipv4", PLACEHOLDER, PLACEHOLDER)
        placeholder = Permission(group.role, "outbound", Traffic(ALL_TRAFFIC), peer)
        for one, other in _sharing_traffic((*group.permissions, placeholder)):
            where = f"{group.role}, {one.direction}, {one.traffic}"
            ours, theirs = (_values(p, bound[group.role]) for p in (one, other))
            for (i, left), (j, right) in product(enumerate(ours), enumerate(theirs)):
                before = ours[:i] + theirs[:j]
                pairs.setdefault((left, other.peer.kind == "input", before, right), where)
    alike: dict[tuple[str, bool, tuple[str, ...], str], list[str]] = defaultdict(list)
    for (left, are_inputs, before, right), where in pairs.items():
        alike[left, are_inputs, before, where].append(right)
    return tuple(Clash(*same, tuple(others)) for same, others in alike.items())


def _sharing_traffic(
    found: Iterable[Permission],
) -> Iterator[tuple[Permission, Permission]]:
    """Pairs that could become one permission: of an input and another, or of one and a CIDR."""
    alike: dict[tuple[object, ...], list[Permission]] = defaultdict(list)
    for p in found:
        if p.peer.kind in ("input", "cidr_ipv4"):
            alike[p.direction, p.traffic].append(p)
    for same in alike.values():
        inputs = [p for p in same if p.peer.kind == "input"]
        yield from combinations(inputs, 2)
        yield from product(inputs, (p for p in same if p.peer.kind != "input"))


def _values(permission: Permission, bound: Mapping[str, Bound]) -> tuple[str, ...]:
    """The inputs that a permission's peer is looked up in, in order; or its CIDR."""
    peer = permission.peer
    if peer.kind != "input" or permission.alone:
        return (peer.value,)
    return chain(peer.value, bound)


def _shadowed(
    groups: Iterable[ResolvedGroup], bound: Mapping[str, Mapping[str, Bound]]
) -> Iterator[Shadowed]:
    """The inputs that share a fallback with the first input for the same traffic, each once."""
    told = set()
    for group in groups:
        for first, other in _sharing_traffic(group.permissions):
            if not other.alone or first.alone or first.peer.kind != "input":
                continue
            ours, theirs = (chain(p.peer.value, bound[group.role]) for p in (first, other))
            shared = next((name for name in theirs if name in ours), None)
            if shared and (ours, theirs) not in told:
                told.add((ours, theirs))
                before = ours[: ours.index(shared)] + theirs[1 : theirs.index(shared)]
                where = f"{group.role}, {other.direction}, {other.traffic}"
                yield Shadowed(theirs[0], theirs[1:], before, where)
