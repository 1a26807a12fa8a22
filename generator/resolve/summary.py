"""Summary: what a person wants to know of a deployment, in a few lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from generator.model import Resolved
from generator.resolve.permissions import granted, open_to_everybody
from generator.resolve.quota import Usage, usage


def summary(resolved: Resolved) -> str:
    """The rules and the quota, what is left open, and what is open to the internet."""
    return "\n".join(
        [
            f"{resolved.name}: {resolved.product}, {resolved.topology}, "
            f"{resolved.outbound} outbound",
            *_rules(resolved),
            *_details(resolved),
        ]
    )


def _rules(resolved: Resolved) -> Iterator[str]:
    used = {(each.group, each.direction): each for each in usage(resolved)}
    width = max(len(group.role) for group in resolved.groups)
    for group in resolved.groups:
        inbound, outbound = (used[group.role, direction] for direction, _ in group.tables)
        counts = f"{_count(inbound)} inbound, {_count(outbound)} outbound"
        yield f"  {group.role:{width}}  {counts} of {resolved.quota} rules each"
    unknown = dict.fromkeys(name for each in used.values() for name in each.unknown)
    if unknown:
        names = ", ".join(unknown)
        yield f"  not counted: {names}, which count by their maximum entries (write max_entries)"
    for each in used.values():
        if each.filled_in > resolved.quota >= each.in_format("cloudformation"):
            yield (
                f"  with every CloudFormation parameter filled in, {each.group} needs "
                f"{each.filled_in} {each.direction} rules of {resolved.quota}"
            )


def _count(each: Usage) -> str:
    return f"at least {each.rules}" if each.unknown else f"{each.rules:3}"


def _details(resolved: Resolved) -> Iterator[str]:
    if resolved.dropped:
        yield f"  without: {', '.join(map(str, resolved.dropped))}"
    if resolved.left_open:
        names = ", ".join(each.id for each in resolved.left_open)
        yield f"  left open, so nothing is permitted: {names}"
    inbound = (rule for rule in granted(resolved) if rule.direction == "inbound")
    exposed = Counter(rule.group for rule in open_to_everybody(inbound))
    if exposed:
        groups = ", ".join(
            f"{role} ({count} {'rule' if count == 1 else 'rules'})"
            for role, count in exposed.items()
        )
        yield f"  open to the internet: {groups}"
