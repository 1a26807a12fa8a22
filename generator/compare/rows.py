"""Releases and deployments compared: their documented rows, and what EC2 would see.

A row is the same in two releases if it has the same id in the same table. What EC2 would see is
told apart from what only has other words.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Literal, NamedTuple

from generator.compare.permissions import Differences, compare
from generator.compare.writers import as_record, markdown_lines, text_lines
from generator.model import (
    Catalogue,
    Default,
    Deployment,
    Dropped,
    Peer,
    Permission,
    Release,
    Rule,
    markdown,
)
from generator.resolve import granted, not_filled_in, resolve, select_rows

Kind = Literal["added", "removed", "changed", "reworded"]
Table = tuple[str, str]
"""A role, and a direction with its mode, if it has one: `outbound advanced`."""
Key = tuple[Table, str]
"""A table, and the id of a row in it."""
CELLS = ("service", "protocol", "port", "source", "destination", "purpose")


class State(NamedTuple):
    """One side: a release, or a deployment."""

    name: str
    rows: Mapping[Key, Rule]
    permissions: tuple[Permission, ...]
    defaults: Mapping[tuple[str, str], Default]
    """The defaults that the release sets itself, by role and endpoint."""
    without: tuple[Dropped, ...] = ()


class RowChange(NamedTuple):
    """A documented row that is not the same on both sides."""

    kind: Kind
    group: str
    table: str
    id: str
    old: Rule | None
    new: Rule | None


class Changes(NamedTuple):
    """What is not the same on both sides."""

    old: str
    new: str
    rows: tuple[RowChange, ...]
    permissions: Differences
    dropped: tuple[Dropped, ...]
    """The features that only the new side does without."""
    restored: tuple[Dropped, ...]
    """The features that only the old side does without."""

    @property
    def reworded(self) -> tuple[RowChange, ...]:
        """The rows that only say the same in other words."""
        return tuple(row for row in self.rows if row.kind == "reworded")


def of_release(release: Release) -> State:
    """Every row and permission that a release documents, whoever is at the other end."""
    documented: dict[Key, Rule] = {}
    permissions: dict[object, Permission] = {}
    for role, group in release.rules.items():
        for direction, mode, rules in group.tables():
            table = f"{direction} {mode}" if mode else direction
            for rule in rules:
                documented[(role, table), rule.id] = rule
                for endpoint in rule.endpoints:
                    who = endpoint + _default(release.info.defaults.get(endpoint))
                    peer = Peer("input", who, who)
                    for traffic in rule.traffic:
                        # One table for each outbound mode: they are alternatives.
                        found = Permission(
                            f"{role} {mode}" if mode else role,
                            direction,
                            traffic,
                            peer,
                            rule.purpose,
                            endpoint,
                        )
                        permissions.setdefault(found.identity, found)
    defaults = {
        (role, endpoint): default
        for role in release.rules
        for endpoint, default in release.info.defaults.items()
    }
    return State(release.id, documented, tuple(permissions.values()), defaults)


def of_deployment(
    name: str, deployment: Deployment, release: Release, catalogue: Catalogue
) -> State:
    """Every row and permission of a deployment, with its peers; an open input counts as one."""
    resolved = resolve(deployment, release, catalogue)
    used: dict[Key, Rule] = {}
    for group in resolved.groups:
        for direction, _ in group.tables:
            for row in select_rows(deployment, release, catalogue, group.role, direction):
                used.setdefault(((group.role, direction), row.id), row)
    free = {
        (group.role, endpoint): default
        for group in resolved.groups
        for endpoint, default in release.info.defaults.items()
        if deployment.peers(deployment.key(endpoint, group.role)) is None
        and endpoint not in deployment.open
    }
    permissions = (*granted(resolved), *not_filled_in(resolved))
    return State(name, used, permissions, free, resolved.dropped)


def _default(default: Default | None) -> str:
    """The default that only this release gives an endpoint, in words."""
    if default is None:
        return ""
    own = "the group itself" if default.own_group else "nobody"
    stands_for = default.group or default.endpoint or " ".join(default.cidrs) or own
    return f" (default: {stands_for})"


def changes(old: State, new: State) -> Changes:
    """What is added, removed, changed and reworded from one side to the other."""
    return Changes(
        old.name,
        new.name,
        tuple(_rows(old, new)),
        compare(old.permissions, new.permissions),
        _only_in(new, old),
        _only_in(old, new),
    )


def _only_in(one: State, other: State) -> tuple[Dropped, ...]:
    """The features that one side does without and the other has."""
    features = {each.feature for each in other.without}
    return tuple(each for each in one.without if each.feature not in features)


def _rows(old: State, new: State) -> Iterator[RowChange]:
    for key in _in_order(old.rows, new.rows):
        (group, table), name = key
        before, after = old.rows.get(key), new.rows.get(key)
        kind: Kind
        if before is None or after is None:
            kind = "added" if after else "removed"
        elif _meaning(before, group, old) != _meaning(after, group, new):
            kind = "changed"
        elif any(getattr(before, cell) != getattr(after, cell) for cell in CELLS):
            kind = "reworded"
        else:
            continue
        yield RowChange(kind, group, table, name, before, after)


def _in_order(old: Iterable[Key], new: Iterable[Key]) -> list[Key]:
    """The rows of both sides in the old order.

    A new row follows the row above it, and the rows in that place that the new side does not have.
    """
    order, kept = list(old), list(new)
    place = 0
    for key in kept:
        if key in order:
            place = order.index(key) + 1
            continue
        while place < len(order) and order[place] not in kept and order[place][0] == key[0]:
            place += 1
        order.insert(place, key)
        place += 1
    return order


def _meaning(rule: Rule, role: str, side: State) -> tuple[object, ...]:
    """What EC2 sees of a row of a group, while nothing is bound."""
    return rule.traffic, rule.endpoints, [side.defaults.get((role, e)) for e in rule.endpoints]


def as_table(found: Changes, wording: bool, verbose: bool = False) -> str:
    """Lines for a terminal: rows, then what EC2 would see."""
    lines = [f"{found.old} -> {found.new}"]
    signs = {"added": "+", "removed": "-", "changed": "~", "reworded": "="}
    shown = [row for row in found.rows if wording or row.kind != "reworded"]
    if found.rows:
        lines += ["", "rows"]
    for row in shown:
        lines.append(f"  {signs[row.kind]} {row.group} {row.table} {row.id}: {_cells(row)}")
    if found.reworded and not wording:
        lines.append(f"  = {_only_reworded(found)}: --wording lists them")
    if found.dropped or found.restored:
        lines += ["", "features"]
        lines += [f"  - {feature}" for feature in found.dropped]
        lines += [f"  + {feature}" for feature in found.restored]
    lines += ["", "permissions"]
    if not found.permissions.change_what_is_permitted:
        lines.append("  what is permitted stays the same")
    lines += [f"  {line}" for line in text_lines(found.permissions, verbose)]
    return "".join(f"{line}\n" for line in lines)


def as_markdown(found: Changes, wording: bool, verbose: bool = False) -> str:
    """The same as lists under headings."""
    lines = [f"## {markdown(found.old)} → {markdown(found.new)}", "", "### Rows", ""]
    shown = [row for row in found.rows if wording or row.kind != "reworded"]
    lines += [f"- {r.kind}: `{r.group}` {r.table} `{r.id}`: {markdown(_cells(r))}" for r in shown]
    if found.reworded and not wording:
        lines.append(f"- {_only_reworded(found)}")
    if found.dropped or found.restored:
        lines += ["", "### Features", ""]
        lines += [f"- dropped: {feature}" for feature in found.dropped]
        lines += [f"- restored: {feature}" for feature in found.restored]
    lines += ["", "### Permissions", ""]
    if not found.permissions.change_what_is_permitted:
        lines.append("- what is permitted stays the same")
    lines += markdown_lines(found.permissions, verbose)
    return "".join(f"{line}\n" for line in lines)


def as_json(found: Changes, _wording: bool, _verbose: bool = False) -> str:
    """An object with everything."""
    value: dict[str, Any] = {
        "old": found.old,
        "new": found.new,
        "rows": [
            {
                "kind": row.kind,
                "group": row.group,
                "table": row.table,
                "id": row.id,
                "old": _record(row.old),
                "new": _record(row.new),
            }
            for row in found.rows
        ],
        "features": {
            kind: [each._asdict() for each in side]
            for kind, side in (("dropped", found.dropped), ("restored", found.restored))
        },
        "permissions": as_record(found.permissions),
    }
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


CHANGE_FORMATS: Mapping[str, Callable[[Changes, bool, bool], str]] = {
    "table": as_table,
    "json": as_json,
    "markdown": as_markdown,
}


def _only_reworded(found: Changes) -> str:
    number = len(found.reworded)
    return f"{number} {'row has' if number == 1 else 'rows have'} other words only"


def _record(rule: Rule | None) -> dict[str, Any] | None:
    if rule is None:
        return None
    cells = {cell: getattr(rule, cell) for cell in CELLS}
    return {**cells, "endpoints": rule.endpoints, "permissions": [str(t) for t in rule.traffic]}


def _cells(row: RowChange) -> str:
    """A row in its cells; of one that changed, the cells that did."""
    if row.old and row.new:
        return ", ".join(_changed(_record(row.old) or {}, _record(row.new) or {}))
    rule = row.old or row.new
    cells = (getattr(rule, cell) for cell in CELLS)
    return ", ".join(cell for cell in cells if cell)


def _changed(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterable[str]:
    for name in old:
        if old[name] != new[name]:
            yield f"{name} {_plain(old[name])} -> {_plain(new[name])}"


def _plain(value: Any) -> str:
    if value is None:
        return "none"
    return " and ".join(value) if isinstance(value, (list, tuple)) else repr(value)
