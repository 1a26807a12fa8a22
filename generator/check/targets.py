"""What there is to check in files and folders: templates, modules and deployment files."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import NamedTuple

from generator.check.files import UnreadableError, read_regular
from generator.check.mirror import CONFIGURATION
from generator.observe import decode, deployment_keys, is_cloudformation, resembles_cloudformation

TEMPLATES = (".yaml", ".yml", ".json", ".template", ".cfn")  # in any case
PLANS = ".json"
LIMIT = 1_000_000  # bytes of a template from S3: "CloudFormation quotas" in its User Guide
PLAN_LIMIT = 64 << 20  # bytes of a plan
_PLAN = [re.compile(rf'"{key}"\s*:') for key in ("format_version", "terraform_version")]
ENOUGH = 2  # keys by which a deployment file is known among others; one that is named needs fewer


class Kind(Enum):
    """What a target is, and what its text means."""

    TEMPLATE = "template"
    DEPLOYMENT = "deployment"
    MODULE = "module"
    PLAN = "plan"
    """What Terraform prints of a plan or state: `terraform show -json`."""
    UNREADABLE = "unreadable"
    """The text says why."""
    SKIPPED = "skipped"
    """Something that could have been a template; the text says why it is not taken for one."""
    OTHER = "other"


class Target(NamedTuple):
    """A file, or the folder of a module."""

    path: Path
    kind: Kind
    text: str = ""


def target_at(path: Path, keys: int = 1) -> Target:
    """What a path is that is no folder. It is a deployment file if it has as many of its keys."""
    try:
        if path.name.endswith(CONFIGURATION):
            read_regular(path, 0)
            return Target(path.parent, Kind.MODULE)
        data = read_regular(path, LIMIT + 1)
    except UnreadableError as error:
        return Target(path, Kind.UNREADABLE, str(error))
    text = decode(data)
    if path.name.endswith(PLANS) and _is_plan(text):
        return _plan(path)
    template = is_cloudformation(text)
    if template and len(data) > LIMIT:
        reason = "is larger than 1 MB, the most that CloudFormation accepts"
        return Target(path, Kind.UNREADABLE, reason)
    if template:
        return Target(path, Kind.TEMPLATE, text)
    # One may be misspelt, or missing.
    if len(deployment_keys(text)) >= keys:
        return Target(path, Kind.DEPLOYMENT, text)
    if resembles_cloudformation(text):
        reason = (
            "not checked: it mentions CloudFormation, but has neither AWSTemplateFormatVersion "
            "nor Resources with types at its top level"
        )
        return Target(path, Kind.SKIPPED, reason)
    return Target(path, Kind.OTHER)


def _is_plan(text: str) -> bool:
    """Whether the beginning of a file has the versions, which Terraform writes first."""
    return text.lstrip().startswith("{") and all(key.search(text) for key in _PLAN)


def _plan(path: Path) -> Target:
    """A plan as a target; it may be larger than a template."""
    try:
        data = read_regular(path, PLAN_LIMIT + 1)
    except UnreadableError as error:
        return Target(path, Kind.UNREADABLE, str(error))
    if len(data) > PLAN_LIMIT:
        return Target(path, Kind.SKIPPED, f"not checked: it is larger than {PLAN_LIMIT >> 20} MB")
    return Target(path, Kind.PLAN, decode(data))


def targets_below(folder: Path) -> Iterator[Target]:
    """What a folder holds, but for hidden folders and for files that are something else."""
    unreadable: list[OSError] = []
    for name, folders, files in os.walk(folder, onerror=unreadable.append):
        folders[:] = sorted(f for f in folders if not f.startswith(".") and f != "node_modules")
        here = Path(name)
        if any(file.endswith(CONFIGURATION) for file in files):
            yield Target(here, Kind.MODULE)
        for path in (here / folder for folder in folders):
            if os.path.islink(path):
                yield Target(path, Kind.SKIPPED, "not checked: a symbolic link to a folder")
        for file in sorted(files):
            path = here / file
            if file.endswith(CONFIGURATION) or not file.lower().endswith(TEMPLATES):
                continue
            if os.path.islink(path) and not os.path.exists(path):
                reason = "not checked: a symbolic link to a file that does not exist"
                yield Target(path, Kind.SKIPPED, reason)
                continue
            target = target_at(path, ENOUGH)
            if target.kind is not Kind.OTHER:
                yield target
        while unreadable:
            yield _unreadable(unreadable.pop())
    yield from map(_unreadable, unreadable)


def _unreadable(error: OSError) -> Target:
    return Target(Path(error.filename), Kind.UNREADABLE, f"cannot be read: {error.strerror}")
