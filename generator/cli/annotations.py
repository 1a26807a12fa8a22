"""Annotations of GitHub Actions: what differs, and what a change opens, closes and replaces."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from generator.check import Finding
    from generator.cli.against import Base, Source
    from generator.cli.verdict import Verdict
    from generator.compare import Summary
    from generator.model import Permission
    from generator.write import Change

MOST = 10
"""GitHub shows so many annotations of a step and a level, and drops the others."""
_CHANGE = "permissions-change"


def workflow_commands(
    changes: tuple[Change, ...], told: list[Summary], base: Base | None, first: Verdict | None
) -> str:
    """Workflow commands, at most MOST of a kind."""
    from generator.check import REPORTS, Check, Finding, Report

    found = [*_about_permissions(told, base), *_about_files(changes)]
    if first:
        file = changes[0].path.as_posix()
        found.insert(0, Finding(file, 0, 0, "note", "permissions", str(first)))
    levels = ("error", "warning", "note")
    shown = [f for level in levels for f in _first([f for f in found if f.severity == level])]
    return REPORTS["github"](Report((Check("", tuple(shown)),)))


def _first(same: list[Finding]) -> list[Finding]:
    """As many as are shown; the last one counts the rest."""
    if len(same) <= MOST:
        return same
    rest = len(same) - MOST + 1
    last = same[MOST - 1]
    counted = last._replace(message=f"and {rest} more, listed in the summary of the run")
    return [*same[: MOST - 1], counted]


def _about_files(changes: tuple[Change, ...]) -> Iterator[Finding]:
    from generator.check import Finding

    for change in changes:
        yield Finding(change.path.as_posix(), 0, 0, "error", change.kind, str(change))


def _about_permissions(told: list[Summary], base: Base | None) -> Iterator[Finding]:
    """On the changed line of each deployment file, where the revision shows which one it is."""
    for each in told:
        sources = [base.sources.get(folder) for folder in each.folders] if base else []
        for source in dict.fromkeys(filter(None, sources)) or [None]:
            yield from _of_summary(each, source, base is not None)


def _of_summary(told: Summary, source: Source | None, every: bool) -> Iterator[Finding]:
    """The annotations of one deployment; of permissions only the urgent ones, unless `every`."""
    from generator.check import Finding
    from generator.compare import alike, rename_lines, renamings

    file = source.file if source else told.folders[0]

    def at(permission: Permission | None = None) -> int:
        return changed_line(source, permission) if source else 0

    for role in told.replaced:
        message = f"REPLACES OR DELETES THE SECURITY GROUP {role}"
        yield Finding(file, at(), 0, "error", "group-replaced", message)
    if told.renamed:
        message = ". ".join(line for line in rename_lines(told.renamed) if line[:1].strip())
        yield Finding(file, at(), 0, "warning", "renamed", message)
    found = told.permissions
    for same in alike(found.opened, False):
        message = f"open to the internet from now on: {_told(same)}"
        yield Finding(file, at(same[0]), 0, "warning", "open-to-the-internet", message)
    if not every:
        return
    opened = {p.identity for p in found.opened}
    added = [p for p in found.added if p.identity not in opened]
    for title, permissions in (("opens", added), ("closes", found.removed)):
        for same in alike(permissions, False):
            yield Finding(file, at(same[0]), 0, "note", _CHANGE, f"{title}: {_told(same)}")
    for line in renamings(found.renamed, False):
        yield Finding(file, at(), 0, "note", _CHANGE, f"renames: {line}")


def _told(same: list[Permission]) -> str:
    from generator.compare import sentence, together

    return sentence(same[0]) if len(same) == 1 else together(same)


def changed_line(source: Source, permission: Permission | None) -> int:
    """The changed line of a deployment file that a permission comes from, as it is now.

    That is the one with the peer, else with the endpoint, else the first one; 0 if none changed.
    """
    lines = _changed_lines(source)
    if permission:
        for name in (str(permission.peer), permission.endpoint):
            for number, text in lines:
                if name and re.search(rf"(?<![\w.:/-]){re.escape(name)}(?![\w.:/-]*\w)", text):
                    return number
    return lines[0][0] if lines else 0


def _changed_lines(source: Source) -> list[tuple[int, str]]:
    """The lines that came or went, each with the number of the line that is there now."""
    old, new = source.old.splitlines(), source.new.splitlines()
    found = []
    for kind, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind != "equal":
            found += [(number + 1, new[number]) for number in range(c, d)]
            found += [(min(c + 1, max(len(new), 1)), old[number]) for number in range(a, b)]
    return found
