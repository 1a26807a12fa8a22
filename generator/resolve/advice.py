"""Advice: what a resolved deployment permits or leaves out, and had better not.

A deployment with any of it works as it says; `--strict` takes it for an error.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from generator.light import NamedTuple
from generator.model import EVERYWHERE, Need, Permission, Release, Resolved, ResolvedGroup
from generator.resolve.connections import OTHER, Connections
from generator.resolve.exposed import exposed, exposed_together
from generator.resolve.permissions import granted
from generator.resolve.quota import usage

Kind = Literal[
    "open-to-the-internet",
    "quota-nearly-used",
    "quota-per-interface",
    "quota-unknown",
    "outbound-incomplete",
    "one-way",
    "without-effect",
    "group-replaced",
    "renamed",
]
NEARLY = 0.9  # of the quota: the next network may not fit
PER_INTERFACE = 1000  # rules per group times groups per network interface (Amazon VPC quotas)
GROUPS_PER_INTERFACE = 5  # the default quota


class Advice(NamedTuple):
    """One thing to change in a deployment, and what to write instead."""

    kind: Kind
    message: str


def advise(resolved: Resolved, release: Release, together: bool = False) -> Iterator[Advice]:
    """What to change in a deployment, group by group; `together`: one sentence for one fact."""
    yield from (Advice("without-effect", f"{resolved.name}: {w}") for w in resolved.warnings)
    in_sentences = exposed_together if together else exposed
    yield from (Advice("open-to-the-internet", s) for s in in_sentences(resolved, release))
    yield from _quota(resolved)
    permitted = [*granted(resolved)]
    unused = frozenset(each.feature for each in resolved.dropped)
    for group in resolved.groups:
        for need in release.rules[group.role].needs:
            if not (need.is_idle(unused) or _met(need, group, resolved, permitted)):
                traffic = " or ".join(map(str, need.permissions))
                yield Advice(
                    "outbound-incomplete",
                    f"{resolved.name}: group {group.role} has no outbound rule for {traffic} to "
                    f"{need.group or need.endpoints[0]}: {need.reason} ({need.source}). "
                    f"{need.remedy}",
                )
    yield from _one_way(resolved, release, permitted)


def replacement(name: str, roles: Sequence[str], files: Iterable[str]) -> Advice:
    """The advice about files whose new content has AWS replace or delete groups."""
    return Advice(
        "group-replaced",
        f"{name}: the new content REPLACES OR DELETES {_groups(roles)} ({', '.join(files)}), and "
        "may take the storage system behind along. Keep name: and groups: as they were, or move "
        "the group in the state or stack first",
    )


def deletion(name: str, roles: Sequence[str]) -> Advice:
    """The advice about a deployment that is not there any more."""
    return Advice(
        "group-replaced",
        f"{name} is no longer generated: whoever applies that DELETES {_groups(roles)}, and may "
        "take the storage system behind along. Check first that nothing uses what is deleted",
    )


def _groups(roles: Sequence[str]) -> str:
    if len(roles) == 1:
        return f"the security group {roles[0]}"
    return f"the security groups {', '.join(roles[:-1])} and {roles[-1]}"


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


def _one_way(
    resolved: Resolved, release: Release, permitted: Sequence[Permission]
) -> Iterator[Advice]:
    for p in Connections(permitted, resolved.between).one_way():
        there, direction = p.peer.value, OTHER[p.direction]
        what = f"may connect to {there}" if p.direction == "outbound" else f"lets {there} connect"
        rows = [
            row
            for table, mode, rules in release.rules[there].tables()
            for row in rules
            if table == direction and mode in (None, resolved.outbound)
            if any(traffic.covers(p.traffic) for traffic in row.traffic)
        ]
        why, remedy = f"it has no row for {p.traffic}", ""
        if rows:
            endpoint = rows[0].endpoints[0]
            who = dict.fromkeys(
                str(q.peer)
                for q in permitted
                if (q.group, q.direction, q.endpoint) == (there, direction, endpoint)
            )
            value = ", ".join([*who, f'"group:{p.group}"'])
            why = f"its row {rows[0].id} is for {endpoint}"
            remedy = f", or endpoints: {{{endpoint}: [{value}]}}"
        yield Advice(
            "one-way",
            f"{resolved.name}: group {p.group} {what} on {p.traffic} (row {', '.join(p.rows)}), "
            f"but group {there} has no {direction} rule for it: {why}. Write connect_groups: "
            f"true{remedy}.",
        )


def _met(
    need: Need, group: ResolvedGroup, resolved: Resolved, permitted: Sequence[Permission]
) -> bool:
    """Whether a group permits what it needs, to those it needs or to everywhere.

    What counts is in force while nobody fills anything in, not that there is a row for it.
    """
    if need.group:
        connections = Connections(permitted, resolved.between)
        return need.group not in {g.role for g in resolved.groups} or all(
            connections.permit(group.role, "outbound", need.group, traffic)
            for traffic in need.permissions
        )
    everywhere = set(EVERYWHERE.values())
    inputs = {i.id: i for i in resolved.inputs}
    outward = {
        line.traffic
        for line in group.egress
        if line.endpoint in need.endpoints
        and (line.group or any(inputs[name].peers for name in line.inputs))
    }
    outward |= {
        rule.traffic
        for rule in permitted
        if (rule.group, rule.direction) == (group.role, "outbound")
        and rule.peer.value in everywhere
    }
    return all(any(traffic.covers(t) for traffic in outward) for t in need.permissions)
