"""Security groups in what `terraform show -json` prints of a plan or a state.

The fields are those of "JSON Output Format" in the Terraform documentation.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from generator.model import Observation, Place
from generator.observe.terraform_plan import read_plan
from generator.observe.terraform_references import mapping
from generator.observe.terraform_resources import INLINE, Resource
from generator.observe.terraform_rules import observe
from generator.observe.terraform_values import id_of, ids_of_outputs, resources_of


def is_terraform(document: object) -> bool:
    """Whether a JSON document is a plan or a state as `terraform show -json` prints it."""
    return isinstance(document, dict) and (
        isinstance(document.get("format_version"), str)
        and (document.keys() <= {"format_version"} or "terraform_version" in document)
        and "provider_schemas" not in document
    )


def is_raw_state(document: object) -> bool:
    """Whether a JSON document is a state as Terraform stores it."""
    return isinstance(document, dict) and {"lineage", "serial", "resources"} <= document.keys()


def read_terraform(document: Mapping[str, Any], file: str) -> Observation:
    """The groups and rules of a plan or a state."""
    if "planned_values" in document:
        return read_plan(document, file)
    values = mapping(document.get("values"))
    ids = ids_of_outputs(mapping(values.get("outputs")))
    found = [
        Resource(
            each["type"],
            each["address"],
            Place(file, what=each["address"]),
            mapping(each.get("values")),
            ids.get(id_of(each)),
            frozenset(INLINE),
        )
        for _, each in resources_of(values)
    ]
    return observe(found, file, {})
