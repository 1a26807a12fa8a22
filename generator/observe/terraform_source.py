"""Security groups in the source of a Terraform module: the literals of its resources.

What cannot be known without running Terraform is left out and counted. The values of variables are
those of terraform.tfvars and *.auto.tfvars beside it, otherwise their defaults.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from generator.errors import InputError, Mistake
from generator.model import Observation, Place
from generator.observe.hcl_blocks import Attribute, Block, read_hcl
from generator.observe.json_blocks import read_json, read_json_values
from generator.observe.terraform_resources import (
    GROUPS,
    INLINE,
    PEERS,
    TYPES,
    Lined,
    Reference,
    Resource,
)
from generator.observe.terraform_rules import observe
from generator.observe.terraform_scope import Located, Scope

MAX_SIZE = 500_000  # characters of a file
TOO_LARGE = f"more than {MAX_SIZE:,} characters, which is too large for a file of Terraform"
MAX_COUNT = 100  # instances of a resource
NAMES = (".tf", ".tf.json")
VARIABLES = re.compile(r"terraform\.tfvars(\.json)?|.*\.auto\.tfvars(\.json)?")
_OVERRIDE = re.compile(r"(.*_)?override\.tf(\.json)?")
_OF_GROUPS = ("name", "description", "vpc_id", "tags")
_OF_RULES = ("security_group_id", "type", "protocol", "ip_protocol", "from_port", "to_port", "self")
_ATTRIBUTES = frozenset([*PEERS, *INLINE, *_OF_GROUPS, *_OF_RULES])
_BLOCK = re.compile(
    r"""^(resource|data|module|variable|output|provider)[ \t]+"[^"\n]*"|^(locals|terraform)[ \t]*\{
    |\A\s*\{\s*"(resource|data|module|variable|output|provider|locals|terraform)"\s*:""",
    re.MULTILINE | re.VERBOSE,
)
_SEE_PLAN = "(terraform show -json of a plan has them)"


def is_terraform_source(text: str, file: str) -> bool:
    """Whether a text is a file of a Terraform module, by its name or its blocks."""
    return file.endswith(NAMES) or bool(_BLOCK.search(text))


def read_files(files: Mapping[str, str], source: str, variables: bool = True) -> Observation:
    """The groups and rules of one module, given the texts of its files by their paths.

    Without `variables`, the values of variables are not known: who calls the module chooses them.
    """
    return _Module(files, source, variables).read()


class _Module:
    def __init__(self, files: Mapping[str, str], source: str, variables: bool) -> None:
        self._source = source
        self._left_out: Counter[str] = Counter()
        self._blocks: list[tuple[str, Block]] = []
        given: dict[str, Located] = {}
        mistakes: list[Mistake] = []
        for file, text in files.items():
            try:
                self._add(file, text, given)
            except InputError as error:
                mistakes += error.mistakes
        if mistakes:
            raise InputError(mistakes)
        self._resources = [*self._instances()]
        self._scope = Scope(
            {**self._named("variable", "default"), **given} if variables else {},
            {
                name: Located(file, attribute)
                for file, block in self._blocks
                if block.words == ("locals",)
                for name, attribute in block.attributes.items()
            },
            {address for _, block, address in self._resources if block.words[1] in GROUPS},
        )

    def read(self) -> Observation:
        outputs: dict[str, str] = {}
        for name, located in self._named("output", "value").items():
            value = self._scope.value(located)
            if isinstance(value, Reference) and value.is_group:
                outputs.setdefault(value.text, name)
        resources = [
            Resource(
                block.words[1],
                address,
                Place(file, block.line, address),
                self._values(file, block),
                outputs.get(address),
            )
            for file, block, address in self._resources
        ]
        return observe(resources, self._source, self._left_out)

    def _add(self, file: str, text: str, given: dict[str, Located]) -> None:
        """Read a file; the values of variables go to `given`."""
        name = Path(file).name
        if len(text) > MAX_SIZE:
            raise InputError([Mistake(file, 0, 0, TOO_LARGE)])
        is_json = name.endswith(".json") or text.lstrip().startswith("{")
        if VARIABLES.fullmatch(name):
            found = (read_json_values if is_json else read_hcl)(text, file)
            given.update({k: Located(file, each) for k, each in found.attributes.items()})
        elif _OVERRIDE.fullmatch(name):
            self._left_out["override files"] += 1
        else:
            blocks = (read_json if is_json else read_hcl)(text, file).blocks
            self._blocks += ((file, block) for block in blocks)
            calls = sum(block.words[0] == "module" for block in blocks)
            if calls:
                self._left_out["calls of modules (read them by themselves)"] += calls

    def _named(self, kind: str, attribute: str) -> dict[str, Located]:
        """An attribute of all blocks of a type, by the label of the block."""
        return {
            block.words[1]: Located(file, block.attributes[attribute])
            for file, block in self._blocks
            if block.words[0] == kind and len(block.words) == 2 and attribute in block.attributes
        }

    def _instances(self) -> Iterator[tuple[str, Block, str]]:
        """The file, the block and the address of every instance of a resource."""
        scope = Scope({}, {}, ())
        for file, block in self._blocks:
            if block.words[0] != "resource" or len(block.words) != 3 or block.words[1] not in TYPES:
                continue
            address = ".".join(block.words[1:])
            count = block.attributes.get("count")
            number = scope.value(Located(file, count)) if count else 1
            known = isinstance(number, int) and 0 <= number <= MAX_COUNT
            if "for_each" in block.attributes or not known:
                self._left_out[f"resources with count or for_each {_SEE_PLAN}"] += 1
            elif count:
                yield from ((file, block, f"{address}[{i}]") for i in range(number))
            else:
                yield file, block, address

    def _values(self, file: str, block: Block) -> Lined:
        """The values of the attributes that matter, and the inline rules."""
        values = Lined(
            {
                name: self._value(file, name, attribute)
                for name, attribute in block.attributes.items()
                if name in _ATTRIBUTES
            }
        )
        values.line = block.line
        for each in block.blocks:
            name = each.words[-1]
            if name in INLINE and each.words == (name,):
                above = values.get(name)
                rules = above if isinstance(above, list) else []
                values[name] = [*rules, self._values(file, each)]
            elif name in INLINE and each.words[0] == "dynamic":
                self._left_out[f"dynamic blocks {_SEE_PLAN}"] += 1
        return values

    def _value(self, file: str, name: str, attribute: Attribute) -> Any:
        value = self._scope.value(Located(file, attribute))
        if name in INLINE:
            value = value if isinstance(value, list) else [value]
            for rule in value:
                if isinstance(rule, Lined) and not rule.line:
                    rule.line = attribute.line
        return value
