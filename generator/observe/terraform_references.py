"""What an id refers to that a plan does not know: the plan's `configuration` names the references
of each expression, but has neither locals nor the expressions themselves.

The format is in "JSON Output Format" of the Terraform documentation.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from generator.observe.terraform_resources import GROUPS, Reference

MAX_DEPTH = 50  # of references through modules
_CALL = re.compile(r'module\.([\w-]+)(?:\[(?:"(?:[^"\\]|\\.)*"|[0-9]+)\])?')
_GROUP = re.compile(
    rf'((?:{"|".join(GROUPS)})\.[\w-]+)(\[(?:"(?:[^"\\]|\\.)*"|[0-9]+)\])?(?:\.id)?'
)
_VARIABLE = re.compile(r"var\.([\w-]+)")
_OUTPUT = re.compile(r'(module\.([\w-]+)(?:\[(?:"(?:[^"\\]|\\.)*"|[0-9]+)\])?)\.([\w-]+)')
_KEY = ("each.key", "count.index")
_DIFFERS = re.compile(r"(\A|\.)(each|count)\.")  # between the instances of a module
_INDEX = re.compile(r'\[(?:"(?:[^"\\]|\\.)*"|[0-9]+)\]\Z', re.DOTALL)
# The keys of rules in templates/terraform end in the kind and the name of their peer.
_PEER_IN_KEY = re.compile(r"[^/]+/group/([^/]+)")


class Module(NamedTuple):
    """A module of a plan: its configuration, and how it was called."""

    prefix: str = ""
    """What precedes the addresses in it: empty, or `module.name.`"""
    configuration: Mapping[str, Any] = {}
    call: Mapping[str, Any] = {}
    parent: Module | None = None

    @property
    def key(self) -> str | None:
        """The key of this instance of the module, if it has one, in brackets."""
        return _index(self.prefix.removesuffix("."))

    def child(self, name: str, address: str) -> Module:
        """The module that a call of this one makes."""
        call = mapping(mapping(self.configuration.get("module_calls")).get(name))
        return Module(f"{address}.", mapping(call.get("module")), call, self)

    def at(self, address: str) -> Module:
        """The module with an address, from the root."""
        module = self
        for call in _CALL.finditer(address):
            module = module.child(call[1], module.prefix + call[0])
        return module

    def expressions(self) -> dict[str, Mapping[str, Any]]:
        """The expressions of its resources, by their addresses in the module without an index."""
        resources = objects(self.configuration.get("resources"))
        return {str(each.get("address")): mapping(each.get("expressions")) for each in resources}


class References:
    """The groups of a plan, and what refers to them."""

    def __init__(self, addresses: Iterable[str]) -> None:
        self._groups: dict[str, list[str]] = {}
        for address in addresses:
            self._groups.setdefault(_without_index(address), []).append(address)

    def scalar(self, module: Module, expression: Any, address: str, attribute: str) -> Reference:
        """What one id refers to, in an expression of the resource with an address."""
        key = _index(address)
        found = self.all(module, expression, key)
        if len(found) == 1 and (found[0].is_group or not (key or _DIFFERS.search(found[0].text))):
            return found[0]
        if peer := key and _PEER_IN_KEY.fullmatch(key.strip('[]"')):
            own = f"{module.prefix}{GROUPS[0]}.{peer[1].replace('-', '_')}"
            if own in self._groups:
                return Reference(own, is_group=True)
        return Reference(f"{address}.{attribute}")

    def all(self, module: Module, expression: Any, index: str | None) -> list[Reference]:
        """Everything that an expression refers to."""
        return [*dict.fromkeys(self._resolved(module, expression, index, MAX_DEPTH, set()))]

    def _resolved(
        self,
        module: Module,
        expression: Any,
        index: str | None,
        depth: int,
        seen: set[tuple[str, str]],
    ) -> Iterator[Reference]:
        texts = _longest(strings(mapping(expression).get("references")))
        if not any(text in _KEY for text in texts):
            index = None
        for text in texts:
            place = (module.prefix, text)
            if text in _KEY or text.startswith(("path.", "terraform.")) or place in seen:
                continue
            seen.add(place)
            group, variable, output = (
                pattern.fullmatch(text) for pattern in (_GROUP, _VARIABLE, _OUTPUT)
            )
            instances = self._groups.get(module.prefix + group[1], []) if group else []
            if group and instances:
                wanted = {module.prefix + group[1] + (group[2] or index or "")}
                exact = [each for each in instances if each in wanted] or instances
                yield from (Reference(each, is_group=True) for each in exact)
            elif depth and variable and module.parent:
                given = mapping(module.call.get("expressions")).get(variable[1])
                yield from self._resolved(module.parent, given, module.key, depth - 1, seen)
            elif depth and output:
                child = module.child(output[2], module.prefix + output[1])
                outputs = mapping(child.configuration.get("outputs"))
                found = mapping(outputs.get(output[3])).get("expression")
                yield from self._resolved(child, found, None, depth - 1, seen)
            elif not variable:  # the variables of the root module are known
                yield Reference(module.prefix + text)

    def outputs(self, module: Module) -> Iterator[tuple[str, str]]:
        """The outputs of a module that have the id of one of its groups: address and name."""
        for name, output in mapping(module.configuration.get("outputs")).items():
            expression = mapping(output).get("expression")
            texts = _longest(strings(mapping(expression).get("references")))
            found = _GROUP.fullmatch(texts[0]) if len(texts) == 1 else None
            if found and texts[0].endswith(".id"):
                yield module.prefix + found[1] + (found[2] or ""), name


def _longest(references: list[str]) -> list[str]:
    """Without those that are only the beginning of the one before: `a.b.id` comes with `a.b`."""
    before = ["", *references]
    return [
        text
        for text, longer in zip(references, before, strict=False)
        if not longer.startswith((f"{text}.", f"{text}["))
    ]


def _without_index(address: str) -> str:
    return _INDEX.sub("", address)


def _index(address: str) -> str | None:
    base = _without_index(address)
    return address[len(base) :] or None


def mapping(value: object) -> Mapping[str, Any]:
    """A JSON object, or an empty one for what is none."""
    return value if isinstance(value, dict) else {}


def objects(value: object) -> list[Mapping[str, Any]]:
    """The objects in a JSON array."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def strings(value: object) -> list[str]:
    """The strings in a JSON array."""
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []
