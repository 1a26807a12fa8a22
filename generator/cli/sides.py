"""What `diff` compares: a release, a deployment, or security groups read from elsewhere."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from generator.errors import InputError, Mistake, UsageError, no_source

if TYPE_CHECKING:
    from generator.compare import State
    from generator.load import RuleData
    from generator.model import Deployment, Observation

_DEPLOYMENT = {"name", "release"}


class Side(NamedTuple):
    """One of the two: exactly one of the fields after the name is there."""

    name: str
    """As messages call it."""
    release: str | None = None
    deployment: Deployment | None = None
    observed: Observation | None = None


def read_side(name: str, data: RuleData, parameters: Mapping[str, str]) -> Side:
    """A release or preset by its name, or what a file, a folder or a revision holds."""
    from generator.observe import (
        decoded,
        is_folder,
        read_source,
        read_text,
        shown_name,
        source_bytes,
    )

    if name in data.releases():
        return Side(name, release=name)
    path = Path(name)
    if name in data.presets() and not path.is_file():
        return Side(name, deployment=data.preset(name))
    if ":" not in name and name != "-" and not os.path.lexists(name):
        raise UsageError(no_source(name, data.releases(), data.presets()))
    if is_folder(name):
        return Side(name, observed=read_source(name, parameters))
    content = source_bytes(name)
    shown = shown_name(name)
    text = decoded(content, name)
    if not _is_deployment(text, name):
        return Side(shown, observed=read_text(text, shown, parameters))
    if len(content) > 1 << 20:
        raise InputError([Mistake(shown, 0, 0, "the file is larger than 1 MiB")])
    return Side(shown, deployment=data.parse_deployment(content, shown))


def _is_deployment(text: str, name: str) -> bool:
    """Whether a text is meant as a deployment file; one of its keys may be misspelt."""
    from generator.observe import deployment_keys, is_cloudformation

    if text.lstrip()[:1] in ("{", "["):
        try:
            return set(json.loads(text)) >= _DEPLOYMENT
        except (ValueError, TypeError, RecursionError):
            return False
    if is_cloudformation(text):
        return False
    return bool(deployment_keys(text)) or name.endswith((".yaml", ".yml"))


def state_of(side: Side, other: Side, data: RuleData) -> State:
    """A release; a deployment; or, beside a deployment, that deployment moved to the release."""
    from generator.compare import of_deployment, of_release

    deployment = side.deployment
    if side.release:
        if not other.deployment:
            return of_release(data.release(side.release))
        deployment = replace(other.deployment, release=side.release)
        for _, message in data.problems(deployment):
            raise UsageError(f"{other.name} cannot move to {side.name}: {message}")
    assert deployment
    release = data.release(deployment.release)
    return of_deployment(side.name, deployment, release, data.catalogue)
