"""Idle: what a deployment names and no rule uses, and what it would take."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from generator.model import Catalogue, Deployment, Direction, Mode, Release
from generator.resolve.rows import generated_roles, is_dropped, select_rows


def idle_supplements(
    deployment: Deployment, release: Release, catalogue: Catalogue, roles: tuple[str, ...]
) -> Iterator[tuple[str, bool]]:
    """The supplements without a rule for a deployment, and whether its release has none at all."""
    for name in deployment.supplements:
        tables = [
            t for t in catalogue.supplements[name].tables(release.id) if t[0] in release.rules
        ]
        rules = (rule for role, _, added in tables if role in roles for rule in added)
        if all(is_dropped(rule, deployment) for rule in rules):
            yield name, not tables


def idle_bindings(deployment: Deployment, release: Release, catalogue: Catalogue) -> str | None:
    """A sentence about the endpoints that are bound or left open, and that no rule uses.

    `catalogue` has the defaults of the release.
    """
    named = [*(deployment.endpoints or {}), *deployment.open]
    used = _used_keys(deployment, release, catalogue) if named else ()
    idle = [key for key in named if key not in used]
    if not idle:
        return None
    needs: dict[str, str] = {}
    for what, other in _alternatives(deployment, release, catalogue):
        for key in _used_keys(other, release, catalogue).intersection(idle):
            needs.setdefault(key, f" (it needs {what})")
        if len(needs) == len(idle):
            break
    what, it = ("endpoint", "it") if len(idle) == 1 else ("endpoints", "them")
    names = ", ".join(key + needs.get(key, "") for key in idle)
    add = ", or add what is missing" if needs else ""
    return f"no rule uses the {what} {names}: remove {it}{add}"


def _used_keys(deployment: Deployment, release: Release, catalogue: Catalogue) -> set[str]:
    """The keys of `endpoints` and `open` that rules look up, whether they are there or not."""
    directions: tuple[Direction, ...] = ("inbound", "outbound")
    found = {
        (endpoint, role)
        for role in generated_roles(deployment, release, catalogue)
        for direction in directions
        for rule in select_rows(deployment, release, catalogue, role, direction)
        for endpoint in rule.endpoints
    }
    return {key for each in found for key in _looked_up(*each, deployment, catalogue)}


def _looked_up(
    endpoint: str, role: str, deployment: Deployment, catalogue: Catalogue
) -> Iterator[str]:
    for name in catalogue.chain(endpoint):
        key = deployment.key(name, role)
        yield key
        if deployment.peers(key) is not None or name in deployment.open:
            return


def _alternatives(
    deployment: Deployment, release: Release, catalogue: Catalogue
) -> Iterator[tuple[str, Deployment]]:
    """Deployments with one thing more, and what that is, the simplest first."""
    if deployment.topology != "ha":
        yield "topology: ha", replace(deployment, topology="ha")
    roles = generated_roles(deployment, release, catalogue)
    absent = [
        role
        for role in release.info.groups
        if role not in roles and (deployment.topology == "ha" or not catalogue.groups[role].ha_only)
    ]
    for role in absent:
        yield f"the group {role}", replace(deployment, groups=(*roles, role))
    mode: Mode = "advanced" if deployment.outbound == "basic" else "basic"
    yield f"outbound: {mode}", replace(deployment, outbound=mode)
    for name in deployment.features or {}:
        if name in deployment.unused:
            features = {**(deployment.features or {}), name: True}
            yield f"features: {{{name}: true}}", replace(deployment, features=features)
    for name, supplement in catalogue.supplements.items():
        if name not in deployment.supplements:
            more = tuple(role for role in absent if role in supplement.groups)
            what = " and ".join([f"supplements: [{name}]", *(f"the group {r}" for r in more)])
            supplements = (*deployment.supplements, name)
            yield what, replace(deployment, supplements=supplements, groups=(*roles, *more))
