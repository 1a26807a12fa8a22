"""Terraform: import blocks for the groups and rules that exist, at the addresses of our module.

An import block needs Terraform 1.5. A group is imported by its id, and so is a rule, as "Import" of
aws_security_group and aws_vpc_security_group_ingress_rule in the provider's documentation says.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from generator.adopt.ids import require_rule_ids
from generator.adopt.pairs import Adoption
from generator.model import Observed, ObservedGroup, Permission, Resolved, snake
from generator.render import hcl

MODULE = re.compile(
    r"""(module\.[A-Za-z_][A-Za-z0-9_-]*(\[("[^"\\$%]*"|\d+)\])?(\.(?=module)|\Z))*"""
)
"""The address of a module; empty for the root module."""
DIRECTIONS = {"inbound": "ingress", "outbound": "egress"}


def terraform_files(adopted: Adoption, resolved: Resolved, module: str) -> dict[str, str]:
    """The files beside the call of the module, without their header.

    `module` is its address, or empty if the module is the root module. Raises UsageError if the id
    of a rule that is to be imported is not known.
    """
    require_rule_ids(adopted)
    own = {role: g for role, g in adopted.groups.items() if role not in resolved.existing}
    blocks = _imports(own, adopted.kept, f"{module}." if module else "")
    files = {"imports.tf": "\n".join(blocks)}
    names = "\n".join(_names(own.items()))
    if not own:
        return files
    if module:
        name = f"{snake(resolved.name)}_adopted_groups"
        files["adopted.tf"] = (
            "# The names and descriptions that the groups have. The module needs them for as long "
            "as it has the\n# groups, because a change of either replaces a group:\n"
            f"# adopted_groups = local.{name}\n"
            f"locals {{\n{_indented(f'{name} = {{{chr(10)}{names}{chr(10)}}}')}\n}}\n"
        )
    else:
        files["adopted.auto.tfvars"] = f"adopted_groups = {{\n{names}\n}}\n"
    return files


def key(permission: Permission) -> str:
    """The `for_each` key of a permission: what `local.rules` of the module makes of it."""
    traffic, peer = permission.traffic, permission.peer
    parts = (traffic.ip_protocol, traffic.from_port, traffic.to_port)
    words = dict.fromkeys(str(part) for part in parts if part is not None)
    before = "" if peer.kind.startswith("cidr") else f"{peer.kind.replace('_', '-')}/"
    return f"{'-'.join(words)}/{before}{peer.value}"


def _imports(
    groups: Mapping[str, ObservedGroup], kept: Iterable[tuple[Permission, Observed]], prefix: str
) -> Iterator[str]:
    for role, group in groups.items():
        yield _block(f"{prefix}aws_security_group.{snake(role)}", group.id)
    for permission, rule in kept:
        resource = f"aws_vpc_security_group_{DIRECTIONS[permission.direction]}_rule"
        address = f"{prefix}{resource}.{snake(permission.group)}[{hcl(key(permission))}]"
        yield _block(address, rule.id)


def _block(address: str, id_: str | None) -> str:
    return f"import {{\n  to = {address}\n  id = {hcl(id_)}\n}}\n"


def _names(groups: Iterable[tuple[str, ObservedGroup]]) -> Iterator[str]:
    for role, group in groups:
        yield (
            f"  {hcl(role)} = {{\n"
            f"    name        = {hcl(group.name)}\n"
            f"    description = {hcl(group.description)}\n"
            "  }"
        )


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())
