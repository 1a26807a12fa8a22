"""Which of the groups that were read has which role: as their names and outputs say, or the user.

What several groups could be is nobody's guess: it is listed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from generator.errors import FieldError, UsageError, choices
from generator.model import Observation, ObservedGroup, Peer, pascal

NAMED = 5  # so many groups are listed in a sentence


class Role(NamedTuple):
    """A group that is looked for."""

    role: str
    output: str
    """The name of the output with its id; in CloudFormation, the same in PascalCase."""
    name: str = ""
    """The name that the deployment gives the group; empty without a deployment."""


class Matching(NamedTuple):
    """The groups by role, and what has none."""

    groups: Mapping[str, ObservedGroup]
    how: Mapping[str, str]
    """By role, why it is that group."""
    ids: Mapping[str, str]
    """By role, the id of a group that the user gives and no source describes."""
    ambiguous: Mapping[str, tuple[ObservedGroup, ...]]
    """By role, the groups of which each could be it."""
    absent: tuple[str, ...]
    """The roles without a group."""
    others: tuple[ObservedGroup, ...]
    """The groups that are none of the roles."""


def match_groups(
    found: Observation, wanted: Iterable[Role], known: Iterable[str], chosen: Mapping[str, str]
) -> Matching:
    """The groups by role.

    `known` are all the roles that names can end in, `chosen` what the user says. Raises UsageError
    for a chosen group that is not there, or for one that is chosen twice.
    """
    wanted, known = [*wanted], [*known]
    groups: dict[str, ObservedGroup] = {}
    how: dict[str, str] = {}
    ids: dict[str, str] = {}
    for role, text in chosen.items():
        group = _chosen(role, text, found.groups)
        if group is None:
            ids[role] = text
        elif other := next((r for r, g in groups.items() if g.key == group.key), None):
            raise UsageError(f"--group: {text} is given for {other} and {role}: use it once")
        else:
            groups[role], how[role] = group, "--group"
    ambiguous: dict[str, tuple[ObservedGroup, ...]] = {}
    for reason, fits in _evidence(known):
        taken = {group.key for group in groups.values()}
        left = [role for role in wanted if role.role not in {*groups, *ids, *ambiguous}]
        fitting = {
            role.role: tuple(g for g in found.groups if g.key not in taken and fits(role, g))
            for role in left
        }
        uses = Counter(group.key for several in fitting.values() for group in several)
        for role, several in fitting.items():
            if len(several) == 1 and uses[several[0].key] == 1:
                groups[role], how[role] = several[0], reason
            elif several:
                ambiguous[role] = several
    used = {group.key for group in groups.values()}
    used |= {group.key for several in ambiguous.values() for group in several}
    return Matching(
        groups,
        how,
        ids,
        ambiguous,
        tuple(r.role for r in wanted if r.role not in {*groups, *ids, *ambiguous}),
        tuple(group for group in found.groups if group.key not in used),
    )


def _evidence(
    known: Iterable[str],
) -> tuple[tuple[str, Callable[[Role, ObservedGroup], bool]], ...]:
    """What shows that a group has a role, the surest first."""
    known = [*known]
    return (
        ("output", lambda role, group: group.output in _outputs(role)),
        ("name", lambda role, group: bool(role.name) and role.name in _names(group)),
        ("name", lambda role, group: role.role in _roles(group, known)),
    )


def _outputs(role: Role) -> tuple[str, str]:
    return role.output, pascal(role.output)


def _names(group: ObservedGroup) -> Iterator[str]:
    yield from filter(None, (group.name, group.tags.get("Name")))


def _roles(group: ObservedGroup, known: Iterable[str]) -> Iterator[str]:
    """The roles that the names of a group end in: the longest one of each."""
    known = [*known]
    for name in _names(group):
        ends = [role for role in known if re.search(rf"(?<![a-z0-9]){role}$", name.casefold())]
        if ends:
            yield max(ends, key=len)


def _chosen(role: str, text: str, groups: Iterable[ObservedGroup]) -> ObservedGroup | None:
    """The group that the user means; None for an id that no source describes."""
    groups = [*groups]
    fitting = [g for g in groups if text in (g.key, g.id, g.name, g.output, g.place.what)]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        several = choices(group.key for group in fitting)
        raise UsageError(f"--group {role}={text}: {text} is the name of several groups: {several}")
    try:
        if Peer.parse(text).kind == "security_group":
            return None
    except FieldError:
        pass
    raise UsageError(f"--group {role}={text}: no such group. There is {listed(groups)}")


def listed(groups: Iterable[ObservedGroup]) -> str:
    """Groups in a sentence: by key and name; of many, some and the number of the others."""
    groups = [*groups]
    names = [described(group) for group in groups[:NAMED]]
    more = len(groups) - len(names)
    names += [f"{more} more"] if more else []
    return ", ".join(names) or "no group"


def described(group: ObservedGroup) -> str:
    """A group for people: `sg-0123456789abcdef0 (acme-manager)`."""
    name = next((n for n in _names(group) if n != group.key), "")
    return f"{group.key} ({name})" if name else group.key
