"""JSON Schemas of the input files, generated from the model, for editors to complete and check."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import is_dataclass
from typing import Any, Final

from generator import model

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
    """The schema of every file of rule data but the presets: any one of its five kinds."""
    from pydantic import TypeAdapter

    kinds: dict[str, Any] = {
        "groups": Mapping[str, model.Group],
        "endpoints": Mapping[str, model.Endpoint],
        "release": model.ReleaseInfo,
        "rules": model.GroupRules,
        "supplements": Mapping[str, model.Supplement],
    }
    _document()
    schemas, definitions = TypeAdapter.json_schemas(
        [(name, _MODE, TypeAdapter(kind)) for name, kind in kinds.items()]
    )
    return {
        "$schema": DIALECT,
        "title": "Rule data: groups, endpoints, a release, the rules of a group, or supplements",
        "anyOf": [schemas[name, _MODE] for name in kinds],
        **definitions,
    }


def deployment_schema(
    releases: Sequence[str],
    groups: Sequence[str],
    endpoints: Sequence[str],
    supplements: Sequence[str],
) -> dict[str, Any]:
    """The schema of deployment files, with the names that the rule data gives to choose from."""
    from pydantic import TypeAdapter

    _document()
    schema = TypeAdapter(model.Deployment).json_schema(mode=_MODE)
    schema["$defs"]["Peer"] = _PEER
    fields = schema["properties"]
    fields["release"]["enum"] = list(releases)
    fields["groups"]["anyOf"][0]["items"]["enum"] = list(groups)
    fields["endpoints"]["anyOf"][0]["propertyNames"] = {"enum": list(endpoints)}
    fields["open"]["items"]["enum"] = list(endpoints)
    fields["supplements"]["items"]["enum"] = list(supplements)
    return {"$schema": DIALECT, **schema}


def _document() -> None:
    """Let pydantic take descriptions from the strings under the fields, and refuse other keys."""
    for cls in vars(model).values():
        if is_dataclass(cls) and isinstance(cls, type):
            config = {"use_attribute_docstrings": True, "extra": "forbid"}
            cls.__pydantic_config__ = config  # type: ignore[attr-defined]
