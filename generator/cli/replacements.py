"""Groups that new files would replace or delete, and deployments that have another name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from generator.resolve import Advice
    from generator.write import Change

File = tuple[Path, str, str]


def texts(changes: Iterable[Change]) -> list[File]:
    """Changed files of ours with their old and new texts."""
    return [(c.path, _text(c.old), _text(c.new)) for c in changes if c.kind != "foreign"]


def renamed_folders(files: Iterable[File]) -> dict[Path, Path]:
    """The new folder of each deployment that has another name, by the old one.

    The headers tell: what generated the files that go generates those that come.
    """
    from generator.render import HEAD, label

    gone: dict[tuple[Path, str], set[Path]] = defaultdict(set)
    come: dict[tuple[Path, str], set[Path]] = defaultdict(set)
    for path, old, new in files:
        of = label((old or new)[:HEAD].encode())
        folder = path.parent.parent
        if of and of.deployment == folder.name and bool(old) != bool(new):
            (gone if old else come)[folder.parent, of.command].add(folder)
    pairs = [(gone[key], come[key]) for key in gone if key in come]
    return {min(old): min(new) for old, new in pairs if len(old) == len(new) == 1 and old != new}


def replacements(files: list[File]) -> Iterator[Advice]:
    """The advice about each deployment of which groups would be replaced or deleted, or renamed."""
    if not any(old for _, old, _ in files):
        return
    from generator.compare import followed, rename_lines, replaced, summaries
    from generator.resolve import Advice, deletion, replacement

    renamed = renamed_folders(files)
    by_folder: dict[Path, list[File]] = defaultdict(list)
    for path, old, new in followed(files, renamed):
        by_folder[path.parent.parent].append((path, old, new))
    for folder, found in by_folder.items():
        roles = {path: replaced(old, new) for path, old, new in found if old}
        every = sorted({role for each in roles.values() for role in each})
        if every and not any(new for _, _, new in found):
            yield deletion(folder.name, every)
        elif every:
            named = sorted(str(path) for path, each in roles.items() if each)
            yield replacement(folder.name, every, named)
    for each in summaries(files, (), renamed):
        if each.renamed and each.renamed.formats:
            first, *rest = rename_lines(each.renamed)
            yield Advice("renamed", "\n".join([first, *(f"  {line}".rstrip() for line in rest)]))


def _text(content: bytes | None) -> str:
    return (content or b"").decode("utf-8", "replace")
