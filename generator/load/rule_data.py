"""Reads a folder of rule data, and deployment files that are checked against it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

from generator.cache import NO_CACHE, Cache, user_cache
from generator.errors import (
    KEY,
    FieldError,
    InputError,
    KeyPath,
    Mistake,
    UsageError,
    choices,
    first_ones,
    shown,
    suggestion,
    unknown,
)
from generator.load.bindings import check_bindings
from generator.load.checks import (
    check_descriptions,
    check_endpoints,
    check_release,
    check_rules,
    check_shared_traffic,
    check_supplements,
)
from generator.load.files import named, read, subfolders
from generator.load.ids import check_endpoint_ids, check_roles, check_supplement_ids
from generator.load.kept import parse
from generator.load.layers import (
    ENDPOINTS,
    GROUPS,
    PRESETS,
    RELEASES,
    SUPPLEMENTS,
    find,
    layers,
    read_entries,
)
from generator.load.parsed import Malformed, Parsed
from generator.model import (
    Catalogue,
    Deployment,
    Endpoint,
    Group,
    GroupRules,
    Release,
    ReleaseInfo,
    Supplement,
    check_release_id,
    check_slug,
)


class RuleData:
    """A folder of rule data over the built-in one, or in its place.

    Files are read when they are needed, and checked across files.
    """

    def __init__(self, root: Path, cache: Cache | None = None) -> None:
        """Raises UsageError for a folder without rule data, and InputError for mistakes in it.

        What was read before is in the cache: in that of the user, if none is given.
        """
        self.root = root
        self._cache = user_cache() if cache is None else cache
        self.layers = layers(root, self._cache)
        self._releases: dict[str, Release] = {}
        _raise(self._bad_names())
        groups = read_entries(self.layers, GROUPS, Group, self._cache)
        endpoints = read_entries(self.layers, ENDPOINTS, Endpoint, self._cache)
        _raise(check_descriptions(groups))
        _raise(check_roles(groups))
        _raise(check_endpoint_ids(endpoints, groups.value))
        _raise(check_endpoints(endpoints, groups.value))
        self.catalogue = Catalogue(groups.value, endpoints.value)
        self._endpoints = endpoints
        self._supplements: Parsed[Mapping[str, Supplement]] | None = None
        if any(os.path.lexists(layer / SUPPLEMENTS) for layer in self.layers):
            supplements = read_entries(self.layers, SUPPLEMENTS, Supplement, self._cache)
            _raise(check_supplement_ids(supplements))
            _raise(check_supplements(supplements, self.catalogue, self.releases()))
            self.catalogue = replace(self.catalogue, supplements=supplements.value)
            self._supplements = supplements

    def _bad_names(self) -> Iterator[Mistake]:
        """Releases and presets whose names no command line or file system takes."""
        for layer in self.layers:
            for name in _releases(layer):
                try:
                    check_release_id(name)
                except FieldError as error:
                    yield Mistake(str(layer / RELEASES), 0, 0, str(error))
            for name in _presets(layer):
                try:
                    check_slug(name, "preset name")
                except FieldError as error:
                    yield Mistake(str(layer / PRESETS), 0, 0, str(error))

    def releases(self) -> list[str]:
        """The ids of the releases, sorted; hidden folders are none."""
        return sorted({name for layer in self.layers for name in _releases(layer)})

    def presets(self) -> list[str]:
        """The names of the presets, sorted."""
        return sorted({name for layer in self.layers for name in _presets(layer)})

    def release(self, name: str) -> Release:
        """One release with all of its rules. Raises UsageError for an unknown name."""
        if name not in self._releases:
            if name not in self.releases():
                raise UsageError(unknown("release", name, self.releases()))
            self._releases[name] = self._release(name)
        return self._releases[name]

    def history(self) -> list[Release]:
        """Every release, the oldest first; those whose date is unknown come last."""
        return sorted(map(self.release, self.releases()), key=lambda release: release.age)

    def _release(self, name: str) -> Release:
        find_in = partial(find, self.layers, RELEASES, name)
        info = self._read(find_in("release.yaml"), ReleaseInfo)
        _raise(check_release(info, self.catalogue))
        info = info._replace(value=self._without_overridden(info))
        catalogue = self.catalogue.of(info.value)
        rules = {
            role: self._read(find_in(f"{role}.yaml"), GroupRules) for role in info.value.groups
        }
        _raise(m for parsed in rules.values() for m in check_rules(parsed, catalogue))
        release = Release(name, info.value, {role: p.value for role, p in rules.items()})
        if self._supplements:
            _raise(check_shared_traffic(self._supplements, release, catalogue))
        return release

    def _without_overridden(self, info: Parsed[ReleaseInfo]) -> ReleaseInfo:
        """A release without what it says of endpoints, where a layer over it says otherwise."""
        folders = [str(layer) for layer in self.layers]
        own = next(i for i, folder in enumerate(folders) if info.file.startswith(folder))
        changed = {
            path
            for layer in self._endpoints.layers()
            if any(layer.file.startswith(folder) for folder in folders[:own])
            for path in layer.places
        }
        return replace(
            info.value,
            help={n: text for n, text in info.value.help.items() if (n, "help") not in changed},
            defaults={
                n: default
                for n, default in info.value.defaults.items()
                if (n, "default") not in changed
            },
        )

    def preset(self, name: str) -> Deployment:
        """One preset. Raises UsageError for an unknown name."""
        if name not in self.presets():
            raise UsageError(unknown("preset", name, self.presets()))
        path = find(self.layers, PRESETS, f"{name}.yaml")
        return self._deployment(read(path, str(path)), str(path), self._cache)

    def deployment(self, path: Path) -> Deployment:
        """A deployment file, checked against the rule data. Raises InputError with all mistakes."""
        return self.parse_deployment(read(path, str(path)), str(path))

    def parse_deployment(self, text: bytes, name: str) -> Deployment:
        """A deployment from its text; mistakes call the file `name`."""
        return self._deployment(text, name, NO_CACHE)

    def _deployment(self, text: bytes, name: str, cache: Cache) -> Deployment:
        try:
            parsed: Parsed[Deployment] = parse(text, Deployment, name, cache)
        except Malformed as error:
            further = self._further_mistakes(error.rest)
            raise InputError(first_ones(chain(error.mistakes, further))) from None
        _raise(parsed.mistake(at, message) for at, message in self.problems(parsed.value))
        return parsed.value

    def _further_mistakes(self, rest: Parsed[dict[str, Any]]) -> Iterator[Mistake]:
        """The mistakes in the well-formed part of a malformed deployment."""
        stand_in = {"name": "stand-in", "release": self.releases()[0]}
        deployment = Deployment(**{**stand_in, **rest.value})
        return (rest.mistake(at, message) for at, message in self.problems(deployment))

    def problems(self, deployment: Deployment) -> Iterator[tuple[KeyPath, str]]:
        """What keeps a deployment from being resolved: the place in it, and a sentence."""
        yield from deployment.mistakes()
        if deployment.release not in self.releases():
            yield ("release",), unknown("release", deployment.release, self.releases())
            return
        groups = self.catalogue.groups
        documented = self.release(deployment.release).info.groups
        if deployment.groups == ():
            yield ("groups",), f"groups is empty: use {choices(documented)}"
        for i, role in enumerate(deployment.groups or ()):
            if role in (deployment.groups or ())[:i]:
                yield ("groups", i), f"duplicate group {role!r}: remove one"
            elif role not in documented:
                yield ("groups", i), unknown("group", role, documented)
            elif groups[role].ha_only and deployment.topology != "ha":
                message = f"group {role} is for HA pairs only: remove it, or use topology: ha"
                yield ("groups", i), message
        places: list[tuple[KeyPath, str]] = [
            *((("adopted", i), role) for i, role in enumerate(deployment.adopted)),
            *((("existing", role, KEY), role) for role in deployment.existing or {}),
        ]
        for path, role in places:
            if role not in self._roles(deployment):
                message = f"group {shown(role)} is not in this deployment"
                yield path, f"{message}: {suggestion(role, self._roles(deployment))}"
        for field in ("open", "supplements", "adopted"):
            seen: set[str] = set()
            for i, name in enumerate(getattr(deployment, field)):
                if name in seen:
                    yield (field, i), f"duplicate {name!r}: remove one"
                seen.add(name)
        yield from self._names_that_do_not_exist(deployment)
        roles = self._roles(deployment)
        used = partial(self._used, deployment.release)
        yield from check_bindings(deployment, documented, roles, self.catalogue, used)

    def _used(self, first: str, role: str) -> frozenset[str]:
        """The endpoints of a group's rules in any release, one of them first, or supplement."""
        names = (n for n in (first, *self.releases()) if role in self.release(n).rules)
        found = (self.catalogue.endpoints_of(self.release(name), role) for name in names)
        return frozenset().union(*found)

    def _names_that_do_not_exist(self, deployment: Deployment) -> Iterator[tuple[KeyPath, str]]:
        for i, endpoint in enumerate(deployment.open):
            name = endpoint.rpartition("/")[2]
            if name not in self.catalogue.endpoints:
                message = unknown("endpoint", name, list(self.catalogue.endpoints))
                yield ("open", i), message
            elif name != endpoint:
                message = f"open is for all groups: use {name}, or bind {endpoint} under endpoints"
                yield ("open", i), message
            elif endpoint in (deployment.endpoints or {}):
                yield ("open", i), f"{endpoint} is also bound under endpoints: remove one"
        for i, name in enumerate(deployment.supplements):
            if name not in self.catalogue.supplements:
                known = list(self.catalogue.supplements)
                yield ("supplements", i), unknown("supplement", name, known)
        for feature in deployment.features or {}:
            known = self.release(deployment.release).features
            if feature not in known:
                yield ("features", feature, KEY), unknown("feature", feature, known)

    def _roles(self, deployment: Deployment) -> tuple[str, ...]:
        """The groups of a deployment, or those that it gets if it lists none."""
        groups = self.catalogue.groups
        return deployment.groups or tuple(
            role
            for role in self.release(deployment.release).info.groups
            if (deployment.topology == "ha" or not groups[role].ha_only)
            and not groups[role].created_by_product
        )

    def _read(self, path: Path, cls: Any) -> Parsed[Any]:
        return parse(read(path, str(path)), cls, str(path), self._cache)


def _releases(layer: Path) -> list[str]:
    return [name for name in subfolders(layer / RELEASES) if not name.startswith(".")]


def _presets(layer: Path) -> list[str]:
    found = (path.stem for path in named(layer / PRESETS, ".yaml"))
    return [name for name in found if not name.startswith(".")]


def _raise(mistakes: Iterator[Mistake]) -> None:
    found = first_ones(mistakes)
    if found:
        raise InputError(found)
