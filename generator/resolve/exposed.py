"""Inbound rules for everybody: rule by rule, or in one sentence for a deployment."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from generator.errors import choices
from generator.model import EVERYWHERE, Permission, Release, Resolved
from generator.resolve.permissions import granted, open_to_everybody


def exposed(resolved: Resolved, release: Release) -> Iterator[str]:
    """A sentence for each inbound rule that is open to the internet."""
    chains = _chains(resolved)
    for rule in _exposed_rules(resolved):
        document = release.document_of(rule.group)
        names = ", ".join(rule.rows)
        key, *fallbacks = chains[rule.group, rule.endpoint]
        all_of_them = f", or {fallbacks[-1]} for all like it" if fallbacks else ""
        part = "" if rule.peer.value in EVERYWHERE.values() else ", part of the whole internet"
        yield (
            f"{resolved.name}: group {rule.group} has an inbound rule for {rule.traffic} from "
            f'{rule.peer.value}{part} (row {names} of "{document}": {rule.description}). Name who '
            f"needs it under endpoints: {key}: [10.0.0.0/8]{all_of_them}"
        )


def exposed_together(resolved: Resolved, release: Release) -> Iterator[str]:
    """One sentence for all inbound rules that are open to the internet, with their number."""
    rules = _exposed_rules(resolved)
    if len(rules) == 1:
        yield from exposed(resolved, release)
    if len(rules) < 2:
        return
    chains = _chains(resolved)
    keys = dict.fromkeys(chains[rule.group, rule.endpoint][0] for rule in rules)
    ends = {chains[rule.group, rule.endpoint][-1] for rule in rules}
    peers = ", ".join(dict.fromkeys(rule.peer.value for rule in rules))
    groups = (
        f"{role} ({_traffic(same)})" for role, same in groupby(rules, lambda rule: rule.group)
    )
    shared = min(ends) if len(ends) == 1 and not ends & {*keys} else None
    first, *others = ([shared] if shared else []) + list(keys)
    for_all = " for all of them" if shared else ""
    yield (
        f"{resolved.name}: {len(rules)} inbound rules are open to the internet ({peers}): "
        f"{', '.join(groups)}. Name who needs them under endpoints: {first}: [10.0.0.0/8]{for_all}"
        + (f", or one by one: {choices(others)}" if others else "")
    )


def _exposed_rules(resolved: Resolved) -> tuple[Permission, ...]:
    return open_to_everybody(r for r in granted(resolved) if r.direction == "inbound")


def _chains(resolved: Resolved) -> dict[tuple[str, str], tuple[str, ...]]:
    """By group and endpoint, the keys of a deployment file that bind it, the closest first."""
    return {(g.role, line.endpoint): line.chain for g in resolved.groups for line in g.ingress}


def _traffic(rules: Iterable[Permission]) -> str:
    """The traffic of rules, with a protocol written once for its ports: `TCP 22, 80, UDP 53`."""
    found, before = [], ""
    for text in dict.fromkeys(str(rule.traffic) for rule in rules):
        protocol, _, port = text.partition(" ")
        found.append(port if protocol == before and port[:1].isdigit() else text)
        before = protocol
    return ", ".join(found)
