"""Layers of rule data: a folder that adds to the built-in one and changes it, or replaces it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from generator.cache import NO_CACHE, Cache
from generator.errors import InputError, Mistake, UsageError, choices, suggestion
from generator.load.files import read
from generator.load.kept import parse
from generator.load.parsed import Parsed
from generator.model import Layer

GROUPS, ENDPOINTS, SUPPLEMENTS = "groups.yaml", "endpoints.yaml", "supplements.yaml"
RELEASES, PRESETS = "releases", "presets"
FILE = "rule-data.yaml"
"""Says whether a folder replaces the built-in rule data."""


def shipped(folder: str) -> Path:
    """The built-in `rule_data` or `templates`.

    A wheel has them inside the package, a checkout beside it.
    """
    package = Path(__file__).parents[1]
    inside = package / folder
    return inside if inside.is_dir() else package.parent / folder


def layers(root: Path, cache: Cache = NO_CACHE) -> tuple[Path, ...]:
    """The folders that a folder of rule data means, the uppermost first.

    Raises UsageError for one that holds no rule data, or does not say whether it replaces what is
    built in although it could.
    """
    has = {name for name in (GROUPS, ENDPOINTS, SUPPLEMENTS, PRESETS) if _exists(root / name)}
    has |= {RELEASES} if _is_folder(root) and _is_folder(root / RELEASES) else set()
    if not has:
        known = choices([GROUPS, ENDPOINTS, SUPPLEMENTS, f"{RELEASES}/", f"{PRESETS}/"])
        raise UsageError(f"{root} is not a folder of rule data: it has no {known}")
    _refuse_others(root)
    file = root / FILE
    if _exists(file):
        replaces = parse(read(file, str(file)), Layer, str(file), cache).value.replaces_built_in
    elif has >= {GROUPS, ENDPOINTS, RELEASES}:
        raise UsageError(
            f"{root} could replace the built-in rule data or add to it: create {file} with "
            "replaces_built_in: true or replaces_built_in: false"
        )
    else:
        replaces = False
    if replaces and RELEASES not in has:
        raise UsageError(f"{root} replaces the built-in rule data, but has no {RELEASES}/")
    return (root,) if replaces else (root, shipped("rule_data"))


def _refuse_others(root: Path) -> None:
    """Raise InputError for YAML files and folders that mean nothing here: they may be misspelt."""
    known = [GROUPS, ENDPOINTS, SUPPLEMENTS, FILE, RELEASES, PRESETS, "schema"]
    mistakes = [
        Mistake(str(root / name), 0, 0, f"not rule data: {suggestion(name, known)}")
        for name in sorted(os.listdir(root))  # noqa: PTH208  # names, which need not be text
        if name not in known
        and not name.startswith(".")
        and (name.endswith((".yaml", ".yml")) or _is_folder(root / name))
    ]
    if mistakes:
        raise InputError(mistakes)


def read_entries(
    layers: tuple[Path, ...], name: str, cls: Any, cache: Cache = NO_CACHE
) -> Parsed[Mapping[str, Any]]:
    """The entries of a file in all layers. Raises InputError if no layer has the file.

    Of an entry in several layers, each field is that of the uppermost layer that has it.
    """
    *upper, path = [layer / name for layer in layers if _exists(layer / name)] or [
        layers[-1] / name
    ]
    parsed: Parsed[Mapping[str, Any]]
    parsed = parse(read(path, str(path)), Mapping[str, cls], str(path), cache)
    for path in reversed(upper):
        from generator.load.strict_yaml import parse_over

        parsed = parse_over(parsed, read(path, str(path)), Mapping[str, cls], str(path))
    return parsed


def find(layers: tuple[Path, ...], *parts: str) -> Path:
    """A file in the uppermost layer that has it, or where it is missing."""
    paths = [layer.joinpath(*parts) for layer in layers]
    folders = [path for path in paths if _exists(path.parent)]
    return next(filter(_exists, paths), next(iter(folders), paths[-1]))


def _exists(path: Path) -> bool:
    """Whether anything is there, also a link that leads nowhere: reading it says so.

    Raises InputError if that cannot be seen: what a user has written must not be left out.
    """
    try:
        os.lstat(path)
    except PermissionError as error:
        raise InputError([Mistake(str(path), 0, 0, error.strerror or str(error))]) from None
    except (OSError, ValueError):
        return False
    return True


def _is_folder(path: Path) -> bool:
    """Whether a folder is there. Raises InputError if that cannot be seen."""
    try:
        return path.is_dir()
    except OSError as error:
        raise InputError([Mistake(str(path), 0, 0, error.strerror or str(error))]) from None
