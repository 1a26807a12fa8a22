"""A deployment file to start from: every endpoint of a release, explained and commented out."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from generator.model import Catalogue, Endpoint, Mode, Release, Topology

WIDTH = 96
SCHEMA = "deployment.schema.json"


class Answers(NamedTuple):
    """What the file says from the start; endpoints as they stand in YAML, as `["10.0.0.2/32"]`."""

    name: str
    topology: Topology = "ha"
    outbound: Mode = "advanced"
    endpoints: Mapping[str, str] = {}


def starter(release: Release, catalogue: Catalogue, answers: Answers) -> str:
    """The text of a valid deployment file with the answers, and the rest in comments."""
    groups = [
        role
        for role in release.info.groups
        if not catalogue.groups[role].created_by_product
        and (answers.topology == "ha" or not catalogue.groups[role].ha_only)
    ]
    head = f"""\
# yaml-language-server: $schema={SCHEMA}
# Completion in editors: cvo-sg schema deployment > {SCHEMA}
# Generate the files: cvo-sg generate <this file>

name: "{answers.name}"
release: "{release.id}"  # {release.info.product}
topology: {answers.topology}  # ha or single-node
groups: [{", ".join(groups)}]
outbound: {answers.outbound}  # basic: everything; advanced: the documented ports only

# Tags of every group:
# tags: {{CostCenter: "4711"}}

# Rules that AWS allows per group and direction, if it is not 60:
# quota: 120

# Join neighbouring ports and networks into fewer rules:
# compact: true
{_optional(release, catalogue)}
# Who is at the other end. A peer is an IPv4 or IPv6 network, a prefix list pl-..., a security group
# sg-..., or a group of this file, group:<role>. Write a list, or names for the peers:
#   dns: {{first: 10.0.0.2/32, second: 10.0.1.2/32}}
# [] is nobody: no rule. An endpoint that is left out takes its default; one without a default
# becomes a variable of the Terraform module and a parameter of the CloudFormation template.
endpoints:
"""
    uses = _uses(release, catalogue, groups)
    blocks = (
        _block(name, endpoint, uses[name], answers.endpoints.get(name))
        for name, endpoint in catalogue.endpoints.items()
        if name in uses
    )
    return head + "\n".join(blocks)


def _optional(release: Release, catalogue: Catalogue) -> str:
    """The supplements and features that there are, in comments."""
    text = ""
    if catalogue.supplements:
        names = "\n".join(f"#   - {name}  # {s.title}" for name, s in catalogue.supplements.items())
        text += f"\n# Rules that the document leaves out, of these:\n# supplements:\n{names}\n"
    if release.features:
        names = "\n".join(f"#   {name}: false" for name in release.features)
        text += (
            f"\n# What is not used, so that its rules fall away, of these:\n# features:\n{names}\n"
        )
    return text


def _block(name: str, endpoint: Endpoint, uses: list[str], answer: str | None) -> str:
    lines = [*_comment(f"{endpoint.title}. {endpoint.help}")]
    lines += _comment(f"Default: {_default(endpoint)}.")
    lines += _comment(f"Used for {'; '.join(uses)}.") if uses else ()
    lines.append(f"  {name}: {answer}" if answer else f"  # {name}: []")
    return "\n".join(lines) + "\n"


def _comment(text: str) -> Iterator[str]:
    wrap = textwrap.TextWrapper(WIDTH, break_on_hyphens=False, break_long_words=False)
    return (f"  # {line}" for line in wrap.wrap(text))


def _default(endpoint: Endpoint) -> str:
    default = endpoint.default
    if default.cidrs:
        return ", ".join(default.cidrs)
    if default.endpoint:
        return f"what {default.endpoint} stands for"
    if default.group:
        return f"the group {default.group}, where this file has it"
    return "the group that has the rule" if default.own_group else "none"


def _uses(release: Release, catalogue: Catalogue, groups: list[str]) -> dict[str, list[str]]:
    """What each endpoint of the release is used for; for one only fallen back to, nothing."""
    ports: dict[str, dict[str, list[str]]] = {}
    for role in groups:
        for direction, mode, rules in release.rules[role].tables():
            for rule in rules:
                for name in rule.endpoints:
                    where = f"{role} {mode} {direction}" if mode else f"{role} {direction}"
                    traffic = ports.setdefault(name, {}).setdefault(where, [])
                    traffic += [str(t) for t in rule.traffic if str(t) not in traffic]
    for name in list(ports):
        for fallback in catalogue.chain(name):
            ports.setdefault(fallback, {})
    return {
        name: [f"{where} {', '.join(traffic)}" for where, traffic in by_group.items()]
        for name, by_group in ports.items()
    }
