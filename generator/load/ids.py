"""Checks of the ids in rule data: each becomes names in the outputs, which must not be alike."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from typing import Any

from generator.errors import KEY, FieldError, Mistake
from generator.load.parsed import Parsed
from generator.model import Endpoint, Group, Supplement, check_slug, pascal, snake

# The variables and the outputs of every Terraform module, which are parameters (VpcId, Name) and
# resources of CloudFormation under the same rules.
OUR_VARIABLES = {"vpc_id", "name", "tags", "rules_quota", "prefix_list_entries"}
OUR_OUTPUTS = {"security_groups"}
# "Input Variables", Terraform's documentation: no variable can have the name of a meta-argument.
META_ARGUMENTS = {
    *("source", "version", "providers", "count", "for_each"),
    *("lifecycle", "depends_on", "locals"),
}
HCL_WORDS = {
    *("true", "false", "null", "for", "in", "if", "else"),
    *("endif", "endfor"),
}
# As a parameter or output (`No:`), YAML 1.1 reads these as a boolean or as nothing.
YAML_WORDS = {"yes", "no", "on", "off", "true", "false", "null"}
_NOT_ALIKE = re.compile("[^a-z0-9_-]")  # an invalid id has its own sentence
# What an address is in a logical id: `pl-01234567`, `sg-01234567`, `fe80::/10`.
_ADDRESS = re.compile(r"(Pl|Sg)([0-9a-f]{8}|[0-9a-f]{17})|[A-Fa-f0-9][a-fx0-9]*m[0-9]+")


def check_roles(parsed: Parsed[Mapping[str, Group]]) -> Iterator[Mistake]:
    """Roles that are no slug, and roles and outputs that are alike in an output."""
    yield from _slugs(parsed, "role")
    yield from _alike(parsed, "role", {role: role for role in parsed.value}, (KEY,))
    outputs = {role: group.output for role, group in parsed.value.items()}
    yield from _alike(parsed, "output", outputs, ("output",))
    for role, output in outputs.items():
        if output in OUR_OUTPUTS:
            message = f"output {output!r} is the name of another output: choose another name"
            yield parsed.mistake((role, "output"), message)
        if output in YAML_WORDS:
            message = f"output {output!r} is a word of YAML: choose another name"
            yield parsed.mistake((role, "output"), message)
        if re.search("-(ingress|egress)(-|$)", role):
            message = "use a role without the words ingress and egress, which name its rules"
            yield parsed.mistake((role, KEY), f"ambiguous role {role!r}: {message}")


def check_endpoint_ids(
    parsed: Parsed[Mapping[str, Endpoint]], roles: Iterable[str]
) -> Iterator[Mistake]:
    """Endpoint ids that no variable or parameter can have, or that something else has."""
    yield from _slugs(parsed, "endpoint id")
    yield from _alike(parsed, "endpoint", {name: name for name in parsed.value}, (KEY,))
    roles = list(roles)
    for name in parsed.value:
        if reason := _taken(name, roles):
            message = f"reserved endpoint id {name!r}: {reason}: choose another id"
            yield parsed.mistake((name, KEY), message)
    yield from _of_one_group(parsed, roles)


def check_supplement_ids(parsed: Parsed[Mapping[str, Supplement]]) -> Iterator[Mistake]:
    """Names of supplements that are no slug."""
    yield from _slugs(parsed, "supplement")


def _slugs(parsed: Parsed[Mapping[str, Any]], what: str) -> Iterator[Mistake]:
    for name in parsed.value:
        try:
            check_slug(name, what)
        except FieldError as error:
            yield parsed.mistake((name, KEY), str(error))


def _alike(
    parsed: Parsed[Mapping[str, Any]], what: str, names: Mapping[str, str], at: tuple[str, ...]
) -> Iterator[Mistake]:
    """Names that are the same part of a CloudFormation logical id."""
    first: dict[str, str] = {}
    for key, name in names.items():
        other = names[first.setdefault(pascal(name), key)]
        if name == other and first[pascal(name)] != key:
            yield parsed.mistake((key, *at), f"duplicate {what} {name!r}: change one")
        elif name != other and not (_NOT_ALIKE.search(name) or _NOT_ALIKE.search(other)):
            message = f"{other!r} and {name!r} are both {pascal(name)} in CloudFormation"
            yield parsed.mistake((key, *at), f"{what}s {message}: change one")


def _of_one_group(
    parsed: Parsed[Mapping[str, Endpoint]], roles: Iterable[str]
) -> Iterator[Mistake]:
    """Endpoints whose variable, if a deployment binds them for one group, something else has."""
    has = dict.fromkeys(OUR_VARIABLES, "every Terraform module")
    has |= {snake(name): f"endpoint {name!r}" for name in parsed.value}
    for role, name in product(roles, parsed.value):
        own, key = f"{name}-of-{role}", f"{role}/{name}"
        other = has.setdefault(snake(own), repr(key))
        if other != repr(key):
            message = f"{key} would have the variable {snake(own)}, which {other} has, too"
            at = own if (own, KEY) in parsed.places else name  # the one that a layer adds
            yield parsed.mistake((at, KEY), f"{message}: choose another id")


def _taken(name: str, roles: Iterable[str]) -> str | None:
    """What else an endpoint's variable, parameter or part of a logical id would be, if anything."""
    variable, parameter = snake(name), pascal(name)
    if variable in OUR_VARIABLES:
        return f"every Terraform module has a variable {variable}"
    if variable in META_ARGUMENTS:
        return f"Terraform keeps the name {variable} for itself"
    if variable in HCL_WORDS:
        return f"{variable} is a word of HCL"
    if variable in YAML_WORDS:
        return f"{variable} is a word of YAML"
    if _ADDRESS.fullmatch(parameter):
        return f"in a CloudFormation logical id, {parameter} is an address"
    if name.endswith(("-given", "-or-fallback")):
        return "CloudFormation conditions of other endpoints have such names"
    for role in roles:
        ours = pascal(role)
        if parameter == f"{ours}SecurityGroup":
            return f"{parameter} is the CloudFormation resource of the group {role}"
        if parameter.startswith((f"{ours}Ingress", f"{ours}Egress")):
            return f"CloudFormation rules of the group {role} have such names"
    return None
