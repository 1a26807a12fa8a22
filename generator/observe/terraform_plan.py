"""Security groups in a plan of Terraform: what it leads to.

A value that a plan does not know is absent, and one of a list is null or makes the whole list
absent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from generator.model import Observation, Place
from generator.observe.terraform_references import Module, References, mapping, objects
from generator.observe.terraform_resources import (
    GROUPS,
    INLINE,
    PEERS,
    UNKNOWN,
    Lined,
    Reference,
    Resource,
)
from generator.observe.terraform_rules import observe
from generator.observe.terraform_values import id_of, ids_of_outputs, is_ours, resources_of

_IDS = [name for name, kind in PEERS.items() if not kind.startswith("cidr")]
_OWN_ID = "security_group_id"
_INLINE_PEERS = ("cidr_blocks", "ipv6_cidr_blocks", "prefix_list_ids", "security_groups")


def read_plan(document: Mapping[str, Any], file: str) -> Observation:
    """The groups and rules that there are after a plan is applied."""
    return _Plan(document, file).read()


class _Plan:
    def __init__(self, document: Mapping[str, Any], file: str) -> None:
        self._file = file
        self._planned = mapping(document.get("planned_values"))
        self._changes = objects(document.get("resource_changes"))
        self._root = Module(
            configuration=mapping(mapping(document.get("configuration")).get("root_module"))
        )
        self._resources = [*resources_of(self._planned)]
        groups = [each["address"] for _, each in self._resources if each["type"] in GROUPS]
        self._references = References(groups)

    def read(self) -> Observation:
        addresses = dict.fromkeys(address for address, _ in self._resources)
        modules = {address: self._root.at(address) for address in addresses}
        configured = {address: module.expressions() for address, module in modules.items()}
        ids = ids_of_outputs(mapping(self._planned.get("outputs")))
        outputs: dict[str, str] = {}
        for module in modules.values():
            for address, name in self._references.outputs(module):
                outputs.setdefault(address, name)
        found = []
        for module_address, each in self._resources:
            address = each["address"]
            module = modules[module_address]
            expressions = configured[module_address].get(_local(module, address), {})
            resource = Resource(
                each["type"],
                address,
                Place(self._file, what=address),
                self._filled(each, module, expressions),
                outputs.get(address) or ids.get(id_of(each)),
                frozenset(INLINE.keys() - expressions.keys()),
            )
            found.append(resource)
        return observe(found, self._file, {}, [*self._gone()])

    def _gone(self) -> Iterator[Resource]:
        """The resources as they were before the plan."""
        for each in self._changes:
            before = mapping(each.get("change")).get("before")
            if is_ours(each) and isinstance(before, dict):
                yield Resource(each["type"], each["address"], Place(self._file), before)

    def _filled(
        self, resource: Mapping[str, Any], module: Module, expressions: Mapping[str, Any]
    ) -> dict[str, Any]:
        """The values of a resource, where those that are not known are references."""
        values, address = {**mapping(resource.get("values"))}, resource["address"]
        for name in (*PEERS, *INLINE, _OWN_ID):
            if name not in expressions or (name in values and name not in INLINE):
                if name in _IDS and _has_unknown(values.get(name)):
                    values[name] = self._list(module, expressions.get(name), address, name, values)
                continue
            if name in INLINE:
                values[name] = self._inline(module, expressions[name], address, name, values)
            elif name in _IDS and name.endswith("s"):
                values[name] = self._list(module, expressions[name], address, name, values)
            elif name in _IDS or name == _OWN_ID:
                values[name] = self._references.scalar(module, expressions[name], address, name)
            else:
                values[name] = UNKNOWN
        return values

    def _list(
        self,
        module: Module,
        expression: object,
        address: str,
        name: str,
        values: Mapping[str, Any],
    ) -> list[Any]:
        """A list of ids of which some are not known."""
        known = [each for each in _items(values.get(name)) if each is not None]
        found = self._references.all(module, expression, None)
        if found and all(each.is_group for each in found):
            return [*known, *found]
        return [*known, self._references.scalar(module, expression, address, name)]

    def _inline(
        self,
        module: Module,
        expression: object,
        address: str,
        name: str,
        values: Mapping[str, Any],
    ) -> list[Any]:
        """The rules in a group. The configuration has the references of all of them together."""
        if name not in values:
            return [UNKNOWN]
        rules: list[Any] = [Lined(each) for each in objects(values[name])]
        groups = [each for each in self._references.all(module, expression, None) if each.is_group]
        unknown = [
            (rule, key)
            for rule in rules
            for key in _INLINE_PEERS
            if key not in rule or _has_unknown(rule[key])
        ]
        for rule, key in unknown:
            known = [each for each in _items(rule.get(key)) if each is not None]
            certain = key == "security_groups" and (
                len(groups) == 1 or sum(key == other for _, other in unknown) == 1
            )
            if key.endswith("cidr_blocks"):
                rule[key] = [*known, UNKNOWN]
            elif certain and groups:
                rule[key] = [*known, *groups]
            else:
                rule[key] = [*known, Reference(f"{address}.{name}")]
        return rules


def _local(module: Module, address: str) -> str:
    """The address of a resource in its module, without an index."""
    return ".".join(address.removeprefix(module.prefix).partition("[")[0].split(".")[:2])


def _has_unknown(value: object) -> bool:
    return isinstance(value, list) and None in value


def _items(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
