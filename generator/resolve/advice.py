"""Advice: what a resolved deployment permits or leaves out, and had better not.

A deployment with any of it works as it says; `--strict` takes it for an error.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

from generator.model import ALL_TRAFFIC, Need, Release, Resolved, ResolvedGroup, Traffic
from generator.resolve.permissions import EVERYWHERE, granted, open_to_everybody
from generator.resolve.quota import usage

Kind = Literal[
    "open-to-the-internet",
    "quota-nearly-used",
    "quota-per-interface",
    "quota-unknown",
    "outbound-incomplete",
    "without-effect",
    "group-replaced",
]
NEARLY = 0.9  # of the quota: the next network may not fit
PER_INTERFACE = 1000  # rules per group times groups per network interface (Amazon VPC quotas)
GROUPS_PER_INTERFACE = 5  # the default quota


class Advice(NamedTuple):
    """One thing to change in a deployment, and what to write instead."""

    kind: Kind
    message: str


def advise(resolved: Resolved, release: Release) -> Iterator[Advice]:
    """What to change in a deployment, group by group."""
    yield from (Advice("without-effect", f"{resolved.name}: {w}") for w in resolved.warnings)
    yield from _open(resolved, release)
    yield from _quota(resolved)
    unused = {each.feature for each in resolved.dropped}
    for group in resolved.groups:
        for need in release.rules[group.role].needs:
            idle = bool(need.features) and unused.issuperset(need.features)
            if not (idle or _met(need, group, resolved)):
                yield Advice(
                    "outbound-incomplete",
                    f"{resolved.name}: group {group.role} has no outbound rule for "
                    f"{' or '.join(map(str, need.permissions))}: {need.reason} "
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
    chains = {(g.role, line.endpoint): line.chain for g in resolved.groups for line in g.ingress}
    inbound = (rule for rule in granted(resolved) if rule.direction == "inbound")
    for rule in open_to_everybody(inbound):
        document = release.document_of(rule.group)
        names = ", ".join(rule.rows)
        key, *fallbacks = chains[rule.group, rule.endpoint]
        all_of_them = f", or {fallbacks[-1]} for all like it" if fallbacks else ""
        part = "" if rule.peer.value in EVERYWHERE.values() else ", part of the whole internet"
        yield Advice(
            "open-to-the-internet",
            f"{resolved.name}: group {rule.group} has an inbound rule for {rule.traffic} from "
            f'{rule.peer.value}{part} (row {names} of "{document}": {rule.description}). Name who '
            f"needs it under endpoints: {key}: [10.0.0.0/8]{all_of_them}",
        )


def _quota(resolved: Resolved) -> Iterator[Advice]:
    if resolved.quota > PER_INTERFACE // GROUPS_PER_INTERFACE:
        groups = PER_INTERFACE // resolved.quota
        yield Advice(
            "quota-per-interface",
            f"{resolved.name}: with quota: {resolved.quota}, a network interface takes at most "
            f"{groups} security {'group' if groups == 1 else 'groups'}, because AWS limits rules "
            f"per group times groups per interface to {PER_INTERFACE:,}",
        )
    for each in usage(resolved):
        if NEARLY * resolved.quota < each.rules <= resolved.quota:
            biggest = ", ".join(f"{name} ({count})" for name, count in each.by_endpoint[:3])
            compact = "" if resolved.compact else "compact: true, "
            yield Advice(
                "quota-nearly-used",
                f"{resolved.name}: group {each.group} uses {each.rules} {each.direction} rules of "
                f"{resolved.quota}, most of them for {biggest}. Write {compact}wider networks or "
                "a prefix list there, or have AWS raise the quota and write quota: N",
            )
        for name in each.unknown:
            yield Advice(
                "quota-unknown",
                f"{resolved.name}: group {each.group} refers to {name} in {each.direction} rules, "
                "which count by its maximum entries. Write {id: "
                f"{name}, max_entries: N}} once under endpoints",
            )


def _met(need: Need, group: ResolvedGroup, resolved: Resolved) -> bool:
    """Whether a group has outbound rules for what it needs, to those it needs or to everywhere."""
    everywhere = set(EVERYWHERE.values())
    outward = {line.traffic for line in group.egress if line.endpoint in need.endpoints}
    outward |= {
        rule.traffic
        for rule in granted(resolved)
        if (rule.group, rule.direction) == (group.role, "outbound")
        and rule.peer.value in everywhere
    }
    return all(any(_covers(traffic, t) for traffic in outward) for t in need.permissions)


def _covers(traffic: Traffic, needed: Traffic) -> bool:
    return traffic.ip_protocol == ALL_TRAFFIC or traffic.joined_with(needed) == traffic
