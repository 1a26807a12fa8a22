"""Advice: what a resolved deployment permits or leaves out, and had better not.

A deployment with any of it works as it says; `--strict` takes it for an error.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

from generator.model import ALL_TRAFFIC, Need, Release, Resolved, ResolvedGroup, Traffic
from generator.resolve.permissions import EVERYWHERE, THE_INTERNET, granted, usage

Kind = Literal[
    "open-to-the-internet",
    "quota-nearly-used",
    "outbound-incomplete",
    "without-effect",
    "group-replaced",
]
NEARLY = 0.9  # of the quota: the next network may not fit


class Advice(NamedTuple):
    """One thing to change in a deployment, and what to write instead."""

    kind: Kind
    message: str


def advise(resolved: Resolved, release: Release) -> Iterator[Advice]:
    """What to change in a deployment, group by group."""
    yield from (Advice("without-effect", f"{resolved.name}: {w}") for w in resolved.warnings)
    yield from _open(resolved, release)
    yield from _nearly_full(resolved)
    unused = {each.feature for each in resolved.dropped}
    for group in resolved.groups:
        for need in release.rules[group.role].needs:
            idle = bool(need.features) and unused.issuperset(need.features)
            if not (idle or _met(need, group, resolved)):
                yield Advice(
                    "outbound-incomplete",
                    f"{resolved.name}: the group {group.role} lets out no "
                    f"{' and no '.join(map(str, need.permissions))}: {need.reason} "
                    f"({need.source}). {need.remedy}",
                )


def replacement(file: str, role: str) -> Advice:
    """The advice about a file whose new content has AWS replace or delete a group."""
    return Advice(
        "group-replaced",
        f"{file}: the new content REPLACES OR DELETES the security group {role}, and may take the "
        "storage system behind it along. Keep name: and groups: as they were, or move the group "
        "in the state or stack first",
    )


def _open(resolved: Resolved, release: Release) -> Iterator[Advice]:
    chains = {each.id: each.chain for each in resolved.inputs}
    for rule in granted(resolved):
        if rule.direction == "inbound" and rule.peer.value in THE_INTERNET:
            document = release.document_of(rule.role)
            names = ", ".join(rule.rows)
            fallback = chains[rule.endpoint][-1]
            all_of_them = f", or {fallback} for all like it" if fallback != rule.endpoint else ""
            yield Advice(
                "open-to-the-internet",
                f"{resolved.name}: {rule.role} takes {rule.traffic} from {rule.peer.value} (row "
                f'{names} of "{document}": {rule.description}). Name who needs it under '
                f"endpoints: {rule.endpoint}: [10.0.0.0/8]{all_of_them}",
            )


def _nearly_full(resolved: Resolved) -> Iterator[Advice]:
    for each in usage(resolved):
        if NEARLY * resolved.quota < each.rules <= resolved.quota:
            biggest = ", ".join(f"{name} ({count})" for name, count in each.by_endpoint[:3])
            compact = "" if resolved.compact else "compact: true, "
            yield Advice(
                "quota-nearly-used",
                f"{resolved.name}: {each.role} uses {each.rules} {each.direction} rules of "
                f"{resolved.quota}, most of them for {biggest}. Write {compact}wider networks or "
                "a prefix list there, or have AWS raise the quota and write quota: N",
            )


def _met(need: Need, group: ResolvedGroup, resolved: Resolved) -> bool:
    """Whether a group lets out what it has to, to those who have to get it or to everywhere."""
    outward = {p.traffic for p in group.egress if p.entries and p.endpoint in need.endpoints}
    outward |= {
        rule.traffic
        for rule in granted(resolved)
        if (rule.role, rule.direction) == (group.role, "outbound") and rule.peer.value == EVERYWHERE
    }
    return all(any(_covers(traffic, t) for traffic in outward) for t in need.permissions)


def _covers(traffic: Traffic, needed: Traffic) -> bool:
    return traffic.ip_protocol == ALL_TRAFFIC or traffic.joined_with(needed) == traffic
