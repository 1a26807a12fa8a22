"""What plans and states have in common: resources in modules, and outputs, with their values."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any

from generator.observe.terraform_references import mapping, objects
from generator.observe.terraform_resources import TYPES


def resources_of(values: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The resources of all modules that are ours, each with the address of its module."""
    modules = [mapping(values.get("root_module"))]
    while modules:
        module = modules.pop()
        address = module.get("address")
        for each in objects(module.get("resources")):
            if is_ours(each):
                yield address if isinstance(address, str) else "", each
        modules += reversed(objects(module.get("child_modules")))


def is_ours(resource: Mapping[str, Any]) -> bool:
    """Whether a resource is a security group or rules of one, managed and not about to go."""
    kind, address = resource.get("type"), resource.get("address")
    managed = resource.get("mode") == "managed" and "deposed" not in resource
    return managed and isinstance(kind, str) and kind in TYPES and isinstance(address, str)


def id_of(resource: Mapping[str, Any]) -> str:
    """The id of a resource; empty if it is not known."""
    found = mapping(resource.get("values")).get("id")
    return found if isinstance(found, str) else ""


def ids_of_outputs(outputs: Mapping[str, Any]) -> dict[str, str]:
    """By id, the name of the output that has it; of one in an object, its key in there.

    The id in an object such as `{ manager = { id = "sg-…" } }` has the name of that object.
    """
    found: dict[str, str] = {}
    nested: dict[str, str] = {}
    waiting: deque[tuple[str, object, str]] = deque(
        (name, mapping(output).get("value"), "") for name, output in outputs.items()
    )
    while waiting:
        name, value, above = waiting.popleft()
        if isinstance(value, dict):
            waiting += [(key, each, name) for key, each in value.items()]
        elif isinstance(value, str) and value.startswith("sg-"):
            if name == "id" and above:
                nested.setdefault(value, above)
            else:
                found.setdefault(value, name)
    return nested | found
