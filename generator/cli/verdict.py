"""Whether any permission changes if the files are generated again: the first thing to know.

A new version of the tool can change every file at once, and no permission.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from generator.cli.repository_paths import from_top

if TYPE_CHECKING:
    from generator.cli.prepared import Compared
    from generator.compare import Summary
    from generator.write import Change

_INTACT = ("missing", "changed", "orphaned")
_IN_THE_INDEX = ("untracked", "unstaged", "staged", "unremoved")


class Outcome(NamedTuple):
    """What happens to the permissions of a deployment."""

    folder: str
    kind: Literal["changed", "unknown", "same"]
    """Unknown, if the files that list the old ones were edited or merged, or are missing."""


class Verdict(NamedTuple):
    """The deployments with files that differ, by what happens to their permissions."""

    files: str
    """How many files there are, and what is the matter with them."""
    changed: tuple[str, ...]
    unknown: tuple[str, ...]
    same: tuple[str, ...]

    def __str__(self) -> str:
        if not (self.changed or self.unknown):
            return f"{self.files}; no permission changes: the permissions of {_kept(self.same)}"
        parts = [self.files]
        if self.changed:
            parts.append(f"permissions change in {_some(self.changed)}")
        if self.unknown:
            parts.append(f"what changes in {_some(self.unknown)} cannot be told")
        if self.same:
            parts.append(f"the permissions of {_kept(self.same, 'other ')}")
        return "; ".join(parts)

    def from_top(self) -> Verdict:
        """The same, with folders as seen from the root of the repository."""
        changed, unknown, same = (
            tuple(map(from_top, each)) for each in (self.changed, self.unknown, self.same)
        )
        return self._replace(changed=changed, unknown=unknown, same=same)

    def as_json(self) -> dict[str, Any]:
        """The deployments by what happens to their permissions."""
        return {"changed": self.changed, "unknown": self.unknown, "same": self.same}


def verdict(found: Iterable[Compared], renamed: Collection[Path]) -> Verdict | None:
    """What all changes on the disk mean for permissions; None where there are none.

    A deployment that has another name now is told of by its old folder, not by its `renamed` one.
    """
    files, stale = 0, True
    kinds: dict[str, str] = {}
    new = {folder.as_posix() for folder in renamed}
    for each in found:
        kinds.update({o.folder: o.kind for o in each.outcomes if o.folder not in new})
        on_disk = [c.kind for c in each.changes if c.kind not in _IN_THE_INDEX]
        files += len(on_disk)
        stale = stale and set(on_disk) <= {"changed"}
    if not kinds:
        return None

    def of_kind(kind: str) -> tuple[str, ...]:
        return tuple(sorted(folder for folder, each in kinds.items() if each == kind))

    return Verdict(_counted(files, stale), of_kind("changed"), of_kind("unknown"), of_kind("same"))


def outcome(
    contents: Mapping[Path, bytes], changes: Collection[Change], told: Collection[Summary]
) -> tuple[Outcome, ...]:
    """What becomes of the deployment that all of these files belong to, given what is told of it.

    Two folders are told apart where a folder that no deployment has holds several.
    """
    changed = {_deployment(Path(f)) for each in told if _matters(each) for f in each.folders}
    unknown = {_deployment(Path(f)) for each in told if not each.known for f in each.folders}
    unknown |= {_deployment(c.path.parent) for c in changes if c.kind not in _INTACT}
    touched = {_deployment(change.path.parent) for change in changes}
    unknown |= touched - _listing(contents, changes)
    return tuple(
        Outcome(each, "changed" if each in changed else "unknown" if each in unknown else "same")
        for each in sorted(touched)
    )


def outcome_of_rename(found: tuple[Outcome, ...], told: Iterable[Summary]) -> tuple[Outcome, ...]:
    """The same for what a deployment left behind under another name."""
    changes = any(_matters(each) or not each.known for each in told)
    return found if changes else tuple(each._replace(kind="same") for each in found)


def _matters(told: Summary) -> bool:
    """Whether anything opens or closes, rather than being worded or named in another way."""
    return bool(told.replaced or told.permissions.change_what_is_permitted)


def _listing(contents: Mapping[Path, bytes], changes: Iterable[Change]) -> set[str]:
    """The deployments with a file that lists permissions, in any format."""
    from generator.compare import lists_permissions

    texts = [*contents.items(), *((c.path, c.old or b"") for c in changes)]
    return {
        _deployment(path.parent)
        for path, data in texts
        if path.suffix == ".md" and lists_permissions(data.decode("utf-8", "replace"))
    }


def _deployment(folder: Path) -> str:
    """The folder of a deployment, from that of a format."""
    return folder.parent.as_posix()


def _counted(number: int, stale: bool) -> str:
    files = "1 file" if number == 1 else f"{number:,} files"
    return f"{files} out of date" if stale else f"{files} {'differs' if number == 1 else 'differ'}"


def _kept(same: tuple[str, ...], other: str = "") -> str:
    one = len(same) == 1
    return f"{len(same):,} {other}deployment{'' if one else 's'} stay the same"


def _some(folders: tuple[str, ...]) -> str:
    from generator.cli.batch import SHOWN
    from generator.cli.named_files import some

    return some([*folders[:SHOWN]], len(folders))
