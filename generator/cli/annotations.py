"""Annotations of GitHub Actions: what differs, and what a change opens, closes and replaces."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from generator.cli.repository_paths import from_top, summary_from_top

if TYPE_CHECKING:
    from generator.check import Finding
    from generator.cli.against import Base, NotCompared, Source
    from generator.cli.verdict import Verdict
    from generator.compare import Summary
    from generator.model import Permission
    from generator.write import Change

_CHANGE = "permissions-change"


def workflow_commands(
    changes: tuple[Change, ...],
    told: list[Summary],
    base: Base | None,
    missing: NotCompared | None = None,
    first: Verdict | None = None,
) -> str:
    """Workflow commands, the worst first, with paths from the root of the repository."""
    from generator.check import REPORTS, Check, Finding, Report

    found = [*_about_the_base(missing), *_about_permissions(told, base), *_about_files(changes)]
    if first:
        file = from_top(changes[0].path)
        found.insert(0, Finding(file, 0, 0, "note", "permissions", str(first.from_top())))
    levels = ("error", "warning", "note")
    found.sort(key=lambda each: levels.index(each.severity))
    return REPORTS["github"](Report((Check("", tuple(found)),)))


def _about_files(changes: tuple[Change, ...]) -> Iterator[Finding]:
    from generator.check import Finding

    for change in changes:
        path = from_top(change.path)
        yield Finding(path, 0, 0, "error", change.kind, f"{path} {change.sentence}")


def _about_the_base(missing: NotCompared | None) -> Iterator[Finding]:
    from generator.check import Finding

    if missing:
        yield Finding("", 0, 0, "warning", "not-compared", str(missing))


def _about_permissions(told: list[Summary], base: Base | None) -> Iterator[Finding]:
    """On the changed line of each deployment file, where the revision shows which one it is."""
    for each in told:
        sources = [base.sources.get(folder) for folder in each.folders] if base else []
        for source in dict.fromkeys(filter(None, sources)) or [None]:
            yield from _of_summary(each, source, base is not None)


def _of_summary(told: Summary, source: Source | None, every: bool) -> Iterator[Finding]:
    """The annotations of one deployment; of permissions only the urgent ones, unless `every`."""
    from generator.check import Finding
    from generator.compare import UNKNOWN, alike, rename_lines, renamings

    told = summary_from_top(told)
    file = from_top(source.file) if source else told.folders[0]

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
    if not told.known:
        yield Finding(file, at(), 0, "warning", "unknown", UNKNOWN)
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
