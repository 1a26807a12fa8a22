"""The history of a documented row: since which release it exists, and what changed later."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from generator.model import Default, Direction, Mode, Release, Rule

_CELLS = ("service", "protocol", "port", "source", "destination", "purpose")


class History(NamedTuple):
    """The history of a row, in words."""

    since: str = ""
    """The first release that has the row; empty if a single release documents the group."""
    changes: str = ""
    """What changed in later ones, such as `purpose reworded in 3.8; withdrawn in 3.9`."""


def history(
    releases: Sequence[Release], role: str, direction: Direction, mode: Mode | None, row: str
) -> History:
    """The history of a row that one of the releases has.

    `releases` are in order, oldest first; those without the group say nothing about its rows.
    """
    documented = [release for release in releases if role in release.rules]
    rows = {release.id: _row(release, role, direction, mode, row) for release in documented}
    since = next(release.id for release in documented if rows[release.id])
    if len(documented) == 1:
        return History()
    events: dict[str, list[str]] = {}
    for old, new in pairwise(documented):
        before, after = rows[old.id], rows[new.id]
        for event in _events(old, before, new, after, is_first=new.id == since):
            events.setdefault(event, []).append(new.id)
    return History(since, "; ".join(f"{event} in {_list(ids)}" for event, ids in events.items()))


def _row(
    release: Release, role: str, direction: Direction, mode: Mode | None, row: str
) -> Rule | None:
    tables = (rules for *table, rules in release.rules[role].tables() if table == [direction, mode])
    return next((rule for rules in tables for rule in rules if rule.id == row), None)


def _events(
    old: Release, before: Rule | None, new: Release, after: Rule | None, is_first: bool
) -> Iterator[str]:
    """What became of a row from one release to the next, each as a clause without the release."""
    if before and not after:
        yield "withdrawn"
    elif after and not before and not is_first:
        yield "documented again"
    elif before and after:
        yield from _changes(before, after)
        for endpoint in after.endpoints:
            default = new.info.defaults.get(endpoint)
            if default != old.info.defaults.get(endpoint):
                yield f"{endpoint} defaults to {_words(default)}"


def _changes(before: Rule, after: Rule) -> Iterator[str]:
    if before.traffic != after.traffic:
        yield f"{_traffic(before)} changed to {_traffic(after)}"
    if before.endpoints != after.endpoints:
        yield f"{_list(before.endpoints)} replaced by {_list(after.endpoints)}"
    same = ("protocol", "port") if before.traffic != after.traffic else ()
    cells: dict[str, list[str]] = {}
    for cell in _CELLS:
        old, new = getattr(before, cell), getattr(after, cell)
        if old != new and cell not in same:
            verb = "added" if old is None else "removed" if new is None else "reworded"
            cells.setdefault(verb, []).append(cell)
    yield from (f"{_list(names)} {verb}" for verb, names in cells.items())


def _traffic(rule: Rule) -> str:
    return _list([str(traffic) for traffic in rule.traffic])


def _list(names: Sequence[str]) -> str:
    """The names as `a, b and c`."""
    *rest, last = names
    return f"{', '.join(rest)} and {last}" if rest else last


def _words(default: Default | None) -> str:
    """A default that a release documents; without one, the endpoint's own applies."""
    if default is None:
        return "what it is elsewhere"
    return (
        (default.group and f"the group {default.group}")
        or default.endpoint
        or ", ".join(default.cidrs)
        or ("the group itself" if default.own_group else "nobody")
    )
