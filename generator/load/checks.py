"""Checks of rule data across its files: unknown names, duplicate ids, circular defaults."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from itertools import product

from generator.errors import KEY, KeyPath, Mistake, unknown
from generator.load.parsed import Parsed
from generator.model import (
    Catalogue,
    Endpoint,
    Group,
    GroupRules,
    Release,
    ReleaseInfo,
    Rule,
    Supplement,
    Traffic,
)


def check_descriptions(parsed: Parsed[Mapping[str, Group]]) -> Iterator[Mistake]:
    """Descriptions of groups that differ from those in the layer below."""
    for role, group in parsed.below.value.items() if parsed.below else ():
        if parsed.value[role].description != group.description:
            yield parsed.mistake(
                (role, "description"),
                f"a new description would replace the security group {role}, and what uses it: "
                "remove this line",
            )


def check_endpoints(
    parsed: Parsed[Mapping[str, Endpoint]], groups: Mapping[str, Group]
) -> Iterator[Mistake]:
    """Unknown and circular defaults; those that a layer makes so are mistakes of that layer."""
    for name in parsed.value:
        for path, message in _bad_default(name, parsed.value, groups):
            changed = _changed(name, parsed)
            if changed == name:
                yield parsed.mistake((name, "default", *path), message)
            else:
                yield parsed.mistake((changed, "default"), f"{name}: {message}")


def _changed(name: str, parsed: Parsed[Mapping[str, Endpoint]]) -> str:
    """The endpoint whose default the file has: this one, or the first one that it falls back to."""
    follows: str | None = name
    for _ in parsed.value:
        if follows is None or (follows, "default") in parsed.places:
            break
        follows = parsed.value[follows].default.endpoint if follows in parsed.value else None
    return follows or name


def check_release(parsed: Parsed[ReleaseInfo], catalogue: Catalogue) -> Iterator[Mistake]:
    """Unknown groups and endpoints, and circular defaults."""
    release, groups = parsed.value, catalogue.groups
    for i, role in enumerate(release.groups):
        if role not in groups:
            yield parsed.mistake(("groups", i), unknown("group", role, list(groups)))
    for key, names in (("defaults", release.defaults), ("help", release.help)):
        for name in names:
            if name not in catalogue.endpoints:
                message = unknown("endpoint", name, list(catalogue.endpoints))
                yield parsed.mistake((key, name, KEY), message)
    strange = set(release.defaults) - set(catalogue.endpoints)
    endpoints = {} if strange or not release.defaults else catalogue.of(release).endpoints
    for name in endpoints:
        own = name in release.defaults
        for path, message in _bad_default(name, endpoints, groups):
            at = ("defaults", name, *path) if own else ("defaults",)
            yield parsed.mistake(at, message if own else f"{name}: {message}")


def _bad_default(
    name: str, endpoints: Mapping[str, Endpoint], groups: Mapping[str, Group]
) -> Iterator[tuple[KeyPath, str]]:
    """The place and the sentence for each mistake in the default of an endpoint."""
    default = endpoints[name].default
    if default.group and default.group not in groups:
        yield ("group",), unknown("group", default.group, list(groups))
    if default.endpoint and default.endpoint not in endpoints:
        yield ("endpoint",), unknown("endpoint", default.endpoint, list(endpoints))
    elif default.endpoint and _is_group(endpoints[default.endpoint]):
        message = f"endpoint {default.endpoint!r} defaults to a group: use that group here"
        yield ("endpoint",), message
    elif _falls_back_to_itself(name, endpoints):
        yield (), "circular default: it leads back to this endpoint"


def _is_group(endpoint: Endpoint) -> bool:
    return bool(endpoint.default.group or endpoint.default.own_group)


def _falls_back_to_itself(name: str, endpoints: Mapping[str, Endpoint]) -> bool:
    seen: set[str] = set()
    follows = endpoints[name].default.endpoint
    while follows and follows in endpoints and follows not in seen:
        if follows == name:
            return True
        seen.add(follows)
        follows = endpoints[follows].default.endpoint
    return False


def check_rules(parsed: Parsed[GroupRules], catalogue: Catalogue) -> Iterator[Mistake]:
    """Duplicate ids, unknown endpoints, and endpoints that cannot share traffic."""
    seen: set[str] = set()
    yield from _check_needs(parsed, catalogue)
    for direction, mode, rules in parsed.value.tables():
        table = (direction, mode) if mode else (direction,)
        yield from _check_fallbacks(parsed, table, rules, catalogue)
        for i, rule in enumerate(rules):
            if rule.id in seen:
                yield parsed.mistake((*table, i, "id"), f"duplicate id {rule.id!r}: change one")
            seen.add(rule.id)
            for j, endpoint in enumerate(rule.endpoints):
                if endpoint not in catalogue.endpoints:
                    message = unknown("endpoint", endpoint, list(catalogue.endpoints))
                    yield parsed.mistake((*table, i, "endpoints", j), message)


def _check_needs(parsed: Parsed[GroupRules], catalogue: Catalogue) -> Iterator[Mistake]:
    for i, need in enumerate(parsed.value.needs):
        for j, endpoint in enumerate(need.endpoints):
            if endpoint not in catalogue.endpoints:
                message = unknown("endpoint", endpoint, list(catalogue.endpoints))
                yield parsed.mistake(("needs", i, "endpoints", j), message)
        if need.group and need.group not in catalogue.groups:
            message = unknown("group", need.group, list(catalogue.groups))
            yield parsed.mistake(("needs", i, "group"), message)


def _check_fallbacks(
    parsed: Parsed[GroupRules], table: KeyPath, rules: tuple[Rule, ...], catalogue: Catalogue
) -> Iterator[Mistake]:
    """Endpoints that share traffic must not have a default that may give both the same peers."""
    first: dict[Traffic, str] = {}
    for i, rule in enumerate(rules):
        for name in rule.endpoints:
            for traffic in rule.traffic:
                other = first.setdefault(traffic, name)
                pair = [catalogue.endpoints[e] for e in (name, other) if e in catalogue.endpoints]
                if other != name and any(endpoint.default.endpoint for endpoint in pair):
                    yield parsed.mistake(
                        (*table, i, "endpoints"),
                        f"{name} and {other} both have {traffic}, and one of them defaults to "
                        "another endpoint: use a single endpoint for this traffic",
                    )


def check_supplements(
    parsed: Parsed[Mapping[str, Supplement]], catalogue: Catalogue, releases: Collection[str]
) -> Iterator[Mistake]:
    """Unknown groups, endpoints and releases in the supplements."""
    for name, supplement in parsed.value.items():
        for role, rules in supplement.groups.items():
            path = (name, "groups", role)
            if role not in catalogue.groups:
                yield parsed.mistake(path, unknown("group", role, list(catalogue.groups)))
            for direction, table in (("inbound", rules.inbound), ("outbound", rules.outbound)):
                for i, rule in enumerate(table):
                    for j, release in enumerate(rule.releases):
                        if release not in releases:
                            message = unknown("release", release, list(releases))
                            place = (*path, direction, i, "releases", j)
                            yield parsed.mistake(place, message)
                    for j, endpoint in enumerate(rule.endpoints):
                        if endpoint not in catalogue.endpoints:
                            message = unknown("endpoint", endpoint, list(catalogue.endpoints))
                            place = (*path, direction, i, "endpoints", j)
                            yield parsed.mistake(place, message)


def check_shared_traffic(
    parsed: Parsed[Mapping[str, Supplement]], release: Release, catalogue: Catalogue
) -> Iterator[Mistake]:
    """Endpoints of supplements that fall back to one with the same traffic, or are fallen back to.

    Two endpoints may share a fallback, but one that is the other's fallback would always give the
    same permission twice.
    """
    known: dict[tuple[str, str, Traffic], list[str]] = {}
    for role, group in release.rules.items():
        for direction, _, rules in group.tables():
            for rule in rules:
                for traffic in rule.traffic:
                    known.setdefault((role, direction, traffic), []).extend(rule.endpoints)
    for name, supplement in parsed.value.items():
        for role, direction, added in supplement.tables(release.id):
            for rule in added:
                for traffic, endpoint in product(rule.traffic, rule.endpoints):
                    others = known.setdefault((role, direction, traffic), [])
                    for other in others:
                        if endpoint != other and _one_falls_back(endpoint, other, catalogue):
                            yield parsed.mistake(
                                (name, "groups", role, direction),
                                f"{endpoint} and {other} both have {traffic} in release "
                                f"{release.id}, and one of them falls back to the other: use a "
                                "single endpoint for this traffic",
                            )
                    others.append(endpoint)


def _one_falls_back(one: str, other: str, catalogue: Catalogue) -> bool:
    return other in catalogue.chain(one) or one in catalogue.chain(other)
