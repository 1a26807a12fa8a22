"""Whether any permission changes if the files are generated again: the first thing to know.

A new version of the tool can change every file at once, and no permission.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from generator.cli.target import Target

if TYPE_CHECKING:
    from generator.compare import Summary
    from generator.write import Change

_INTACT = ("missing", "changed", "orphaned")


class Verdict(NamedTuple):
    """The deployments with files that differ, by what happens to their permissions."""

    files: str
    """How many files there are, and what is the matter with them."""
    changed: tuple[str, ...]
    """Their permissions change, or a group of theirs is replaced or deleted."""
    unknown: tuple[str, ...]
    """The old permissions are not known: files were edited or merged, or list none."""
    same: tuple[str, ...]

    def __str__(self) -> str:
        if not (self.changed or self.unknown):
            return f"{self.files}; no permission changes: the permissions of {_kept(self.same)}"
        parts = [self.files]
        if self.changed:
            parts.append(f"permissions change in {', '.join(self.changed)}")
        if self.unknown:
            parts.append(f"what changes in {', '.join(self.unknown)} cannot be told")
        if self.same:
            parts.append(f"the permissions of {_kept(self.same, 'other ')}")
        return "; ".join(parts)

    def as_json(self) -> dict[str, Any]:
        """The deployments by what happens to their permissions."""
        return {"changed": self.changed, "unknown": self.unknown, "same": self.same}


def verdict(target: Target, changes: Iterable[Change], told: Iterable[Summary]) -> Verdict | None:
    """What the changes mean for permissions, given what is told of each folder.

    Nothing is said of an archive, or without changes.
    """
    changes = list(changes)
    if target.archive or not changes:
        return None
    told = list(told)
    changing = {_deployment(Path(f)) for each in told if each.known for f in each.folders}
    unknown = {_deployment(Path(f)) for each in told if not each.known for f in each.folders}
    unknown |= {_deployment(c.path.parent) for c in changes if c.kind not in _INTACT}
    touched = {_deployment(change.path.parent) for change in changes}
    unknown |= touched - _listing(target, changes)
    return Verdict(
        _counted(changes),
        tuple(sorted(changing)),
        tuple(sorted(unknown - changing)),
        tuple(sorted(touched - changing - unknown)),
    )


def _counted(changes: list[Change]) -> str:
    one = len(changes) == 1
    files = "1 file" if one else f"{len(changes)} files"
    stale = all(change.kind == "changed" for change in changes)
    return f"{files} out of date" if stale else f"{files} {'differs' if one else 'differ'}"


def _listing(target: Target, changes: Iterable[Change]) -> set[str]:
    """The deployments with a file that lists permissions, in any format."""
    from generator.compare import lists_permissions

    old = ((c.path, (c.old or b"").decode("utf-8", "replace")) for c in changes)
    texts = [*target.texts.items(), *old]
    return {_deployment(path.parent) for path, text in texts if lists_permissions(text)}


def _deployment(folder: Path) -> str:
    """The folder of a deployment, from that of a format."""
    return folder.parent.as_posix()


def _kept(same: tuple[str, ...], other: str = "") -> str:
    one = len(same) == 1
    return f"{len(same)} {other}deployment{'' if one else 's'} stay the same"
