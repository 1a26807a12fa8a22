"""Files to start from: a deployment with every endpoint explained, and a repository's settings."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from generator.model import Catalogue, Endpoint, Mode, Release, Topology
from generator.show.releases import release_choice

WIDTH = 96
SCHEMA = "deployment.schema.json"


class Answers(NamedTuple):
    """The first values of a deployment file; endpoints in YAML, such as `["10.0.0.2/32"]`."""

    name: str
    topology: Topology = "ha"
    outbound: Mode = "advanced"
    endpoints: Mapping[str, str] = {}


def starter(
    release: Release, known: Sequence[Release], catalogue: Catalogue, answers: Answers
) -> str:
    """The text of a valid deployment file with the answers, and everything else in comments.

    `known` are the releases to choose from, and `catalogue` has the defaults of the chosen one.
    """
    groups = [r for r in release.info.groups if not catalogue.groups[r].created_by_product]
    uses = _uses(release, catalogue, groups)
    sections = _sections(catalogue, uses)
    to_decide = "".join(f"#   {name}: left out, {why}\n" for name, why in _to_decide(sections))
    head = f"""\
# yaml-language-server: $schema={SCHEMA}
#
# Decide these first:
#   name: the output folder, and the prefix of the group names. A later change replaces the groups
#   release, topology and outbound: which of the documented rules apply
{to_decide}\
# Then run: cvo-sg generate <this file>

name: "{answers.name}"

# The release is the one for your version of the product:
{_choices(known)}\
release: "{release.id}"
topology: {answers.topology}  # ha or single-node
outbound: {answers.outbound}  # basic: all ports; advanced: only the documented ports

# The groups to generate. Left out, it is every group of the topology:
# groups: [{", ".join(groups)}]

{_connected(groups)}# Tags for every group:
# tags: {{CostCenter: "4711"}}

# The quota of rules per group and direction, if AWS has raised it from 60:
# quota: 120

# Join adjacent ports and networks into fewer rules:
# compact: true
{_optional(release, catalogue)}
# Who is at the other end of the rules. A peer is an IPv4 or IPv6 CIDR, a prefix list (pl-...), a
# security group (sg-...), or a group of this deployment (group:<role>). For the rules of one group
# only, write <group>/<endpoint>: [...]. Use a list, or give each peer a name:
#   dns: {{first: 10.0.0.2/32, second: 10.0.1.2/32}}
# [] means nobody: no rule. An endpoint that is left out takes its default; without a default, it
# becomes a variable of the Terraform module and a parameter of the CloudFormation template.
endpoints:
"""
    return head + "\n".join(
        f"  # {heading}\n\n"
        + "\n".join(
            _block(name, endpoint, uses[name], answers.endpoints.get(name))
            for name, endpoint in section.items()
        )
        for heading, section in sections.items()
        if section
    )


def _connected(groups: Sequence[str]) -> str:
    if len(groups) == 1:
        return ""
    return """\
# Let the groups reach each other where the documented rules of one side are missing or narrower:
connect_groups: true

"""


def settings(file: str, out: str) -> str:
    """The text of a `cvo-sg.yaml` that lists a deployment file; both paths are relative to it."""
    plain = re.fullmatch(r"[A-Za-z][A-Za-z0-9._/-]*", file)
    return f"""\
# `cvo-sg generate` writes these files, and `cvo-sg generate --check` fails if one is out of date.
# For completion in editors, see: cvo-sg schema project
outputs:
  - out: {out}
    deployments:  # files, or patterns such as sites/*.yaml
      - {file if plain else json.dumps(file, ensure_ascii=False)}
"""


def attributes(out: str) -> str:
    """The line of a .gitattributes for generated files: collapsed in diffs, the same bytes."""
    return f"{out}/** linguist-generated text eol=lf\n"


OPEN = "Open to the internet, unless you bind them:"
EMPTY = "Nobody, until you or whoever deploys binds them:"
OTHER = "These have a default:"


def _sections(
    catalogue: Catalogue, uses: Mapping[str, list[str]]
) -> dict[str, dict[str, Endpoint]]:
    """The endpoints in use by what happens if they are left out, the most urgent first."""
    sections: dict[str, dict[str, Endpoint]] = {OPEN: {}, EMPTY: {}, OTHER: {}}
    for name, endpoint in catalogue.endpoints.items():
        if name in uses:
            inbound = not any(" outbound " in use for use in uses[name])
            is_open = inbound and not {"0.0.0.0/0", "::/0"}.isdisjoint(endpoint.default.cidrs)
            heading = OPEN if is_open else EMPTY if endpoint.default.is_open else OTHER
            sections[heading][name] = endpoint
    return sections


def _to_decide(sections: Mapping[str, Mapping[str, Endpoint]]) -> Iterator[tuple[str, str]]:
    for name in sections[OPEN]:
        yield name, "the whole internet may connect"


def _choices(known: Iterable[Release]) -> str:
    """The releases and what each is for, in comments."""
    return "".join(f'#   "{each.id}": {release_choice(each)}\n' for each in known)


def _optional(release: Release, catalogue: Catalogue) -> str:
    """The available supplements and features, in comments."""
    text = ""
    supplements = {
        name: supplement
        for name, supplement in catalogue.supplements.items()
        if any(role in release.rules for role, *_ in supplement.tables(release.id))
    }
    if supplements:
        names = "\n".join(f"#   - {name}  # {s.title}" for name, s in supplements.items())
        text += (
            f"\n# Rules that the document leaves out and you may need:\n# supplements:\n{names}\n"
        )
    if release.features:
        names = "\n".join(f"#   {name}: false" for name in release.features)
        text += (
            f"\n# Features that you do not use; their rules are left out:\n# features:\n{names}\n"
        )
    return text


def _block(name: str, endpoint: Endpoint, uses: list[str], answer: str | None) -> str:
    lines = [*_comment(f"{endpoint.title}. {endpoint.full_help}")]
    lines += _comment(f"Default: {default_of(endpoint)}.")
    lines += _comment(f"Used for {'; '.join(uses)}.") if uses else ()
    lines.append(f"  {name}: {answer}" if answer else f"  # {name}: []")
    return "\n".join(lines) + "\n"


def _comment(text: str) -> Iterator[str]:
    wrap = textwrap.TextWrapper(WIDTH, break_on_hyphens=False, break_long_words=False)
    return (f"  # {line}" for line in wrap.wrap(text))


def default_of(endpoint: Endpoint) -> str:
    """Who an endpoint is if nobody binds it, in words."""
    default = endpoint.default
    if default.cidrs:
        return ", ".join(default.cidrs)
    if default.endpoint:
        return f"same as {default.endpoint}"
    if default.group:
        return f"the group {default.group}, if this deployment has it"
    return "the group itself" if default.own_group else "none"


def _uses(release: Release, catalogue: Catalogue, groups: list[str]) -> dict[str, list[str]]:
    """The uses of each endpoint of the release; none for one that is only a default of others."""
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
