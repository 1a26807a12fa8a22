"""JSON Schemas of the input files, generated from the model, for completion in editors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import is_dataclass
from typing import Any, Final

from generator import model
from generator.load.project import Output, Project

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_MODE: Final = "validation"
_PEER = {
    "description": "A CIDR, a prefix list, a security group, or a group of the deployment.",
    "type": "string",
    "pattern": (
        r"^([0-9a-fA-F.:]+/\d+|pl-[0-9a-f]+|([0-9]{12}/)?sg-[0-9a-f]+|group:[a-z][a-z0-9-]*)$"
    ),
}


def rule_data_schema() -> dict[str, Any]:
    """The schema of every rule data file except the presets: any one of six kinds."""
    from pydantic import TypeAdapter

    kinds: dict[str, Any] = {
        "groups": Mapping[str, model.Group],
        "endpoints": Mapping[str, model.Endpoint],
        "release": model.ReleaseInfo,
        "rules": model.GroupRules,
        "supplements": Mapping[str, model.Supplement],
        "layer": model.Layer,
    }
    _document()
    schemas, definitions = TypeAdapter.json_schemas(
        [(name, _MODE, TypeAdapter(kind)) for name, kind in kinds.items()]
    )
    for entry in ("Group", "Endpoint", "Supplement"):  # a layer has only what it changes
        definitions["$defs"][entry].pop("required")
    return {
        "$schema": DIALECT,
        "title": "Rule data: groups, endpoints, supplements, a release, its rules, or a folder",
        "anyOf": [schemas[name, _MODE] for name in kinds],
        **definitions,
    }


def deployment_schema(
    releases: Sequence[str],
    groups: Sequence[str],
    endpoints: Sequence[str],
    supplements: Sequence[str],
) -> dict[str, Any]:
    """The schema of deployment files, with the names that the rule data allows."""
    from pydantic import TypeAdapter

    _document()
    schema = TypeAdapter(model.Deployment).json_schema(mode=_MODE)
    schema["$defs"]["Peer"] = _PEER
    fields = schema["properties"]
    fields["release"]["enum"] = list(releases)
    fields["groups"]["anyOf"][0]["items"]["enum"] = list(groups)
    of_one_group = f"^({'|'.join(groups)})/({'|'.join(endpoints)})$"
    fields["endpoints"]["anyOf"][0]["propertyNames"] = {
        "anyOf": [{"enum": list(endpoints)}, {"pattern": of_one_group}]
    }
    fields["existing"]["anyOf"][0]["propertyNames"] = {"enum": list(groups)}
    fields["existing"]["anyOf"][0]["additionalProperties"]["pattern"] = "^sg-[0-9a-f]+$"
    fields["adopted"]["items"]["enum"] = list(groups)
    fields["open"]["items"]["enum"] = list(endpoints)
    fields["supplements"]["items"]["enum"] = list(supplements)
    return {"$schema": DIALECT, **schema}


def project_schema(presets: Sequence[str]) -> dict[str, Any]:
    """The schema of `cvo-sg.yaml`, with the names of the presets."""
    from pydantic import TypeAdapter

    _document()
    schema = TypeAdapter(Project).json_schema(mode=_MODE)
    schema["$defs"]["Output"]["properties"]["presets"]["items"]["enum"] = [*presets, "all"]
    return {"$schema": DIALECT, **schema}


def allowances_schema(groups: Sequence[str]) -> dict[str, Any]:
    """The schema of a file of accepted deviations, with the groups of the rule data."""
    from pydantic import TypeAdapter

    _document()
    schema = TypeAdapter(tuple[model.Allowance, ...]).json_schema(mode=_MODE)
    definitions = schema["$defs"]
    definitions["Peer"] = _PEER
    definitions["Day"] = {"description": "A date.", "type": "string", "format": "date"}
    definitions["Allowance"]["properties"]["group"]["enum"] = list(groups)
    return {"$schema": DIALECT, "title": "Accepted deviations of an audit", **schema}


def _document() -> None:
    """Make pydantic use the strings under the fields as descriptions, and refuse other keys."""
    for cls in (*vars(model).values(), Output, Project):
        if is_dataclass(cls) and isinstance(cls, type):
            config = {"use_attribute_docstrings": True, "extra": "forbid"}
            cls.__pydantic_config__ = config  # type: ignore[attr-defined]
