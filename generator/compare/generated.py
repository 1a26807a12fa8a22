"""Generated files: what becomes of a deployment when they change, in words of permissions.

The files say it themselves. A README holds the permissions as a table between two comments, one
line each, and where a group is defined a comment says which lines it is identified by. So the old
state can be read from files of any age, and of formats that are not ours.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

from generator.compare.permissions import Differences, compare
from generator.compare.renames import Renamed, followed, lines
from generator.compare.writers import as_record, markdown_lines, text_lines
from generator.errors import FieldError
from generator.model import Peer, Permission, Traffic, from_markdown, markdown, markdown_code

IDENTITY = re.compile(r"# A change to the next (\d+) lines replaces the security group (\S+)\.")
_TABLE = re.compile(r"^<!-- permissions -->$(.*?)^<!-- /permissions -->$", re.DOTALL | re.MULTILINE)
_NAMED = re.compile(r"(\S+)(?: \((.+)\))?")
_UNKNOWN = "which permissions change is unknown: the old README, which lists them, is missing"


class Summary(NamedTuple):
    """What changes for the permissions of one deployment."""

    folders: tuple[str, ...]
    replaced: tuple[str, ...]
    """The roles of the groups that AWS would replace or delete."""
    permissions: Differences = Differences()
    known: bool = True
    """Whether the old permissions could be read; if not, none is said to change."""
    renamed: Renamed | None = None
    """What the deployment was called, if it has another name now."""


def summaries(
    files: Iterable[tuple[Path, str, str]],
    unchanged: Iterable[Path] = (),
    renamed: Mapping[Path, Path] | None = None,
) -> list[Summary]:
    """What changes, by deployment, given each changed file with its old and its new text.

    The formats of a deployment say the same; folders of which the same is to be said share it.
    `renamed` has the new folder of a deployment by its old one.
    """
    old = {new: old for old, new in (renamed or {}).items()}
    kept = {path.parent for path in unchanged}
    folders: dict[Path, list[tuple[str, str]]] = {}
    for path, before, after in followed(files, renamed or {}):
        folders.setdefault(path.parent, []).append((before, after))
    alike: dict[Summary, list[Summary]] = {}
    for folder, texts in folders.items():
        summary = _summary(texts, folder in kept)._replace(folders=(folder.as_posix(),))
        if folder.parent in old:
            stay = (folder.name,) if any(_identities(before) for before, _ in texts) else ()
            then, now = old[folder.parent].name, folder.parent.name
            found = Renamed(then, now, folder.parent.as_posix(), stay)
            summary = summary._replace(renamed=found)
        alike.setdefault(_of_every_format(summary), []).append(summary)
    every = (_together(same) for same in alike.values())
    return [each for each in every if each._replace(folders=()) != Summary((), ())]


def replaced(old: str, new: str) -> list[str]:
    """The groups, by role, that a change of a file would have AWS replace or delete.

    Templates mark the lines that a group is identified by with a comment above them, `IDENTITY`.
    A role whose marked lines differ, or are gone, is not the same group any more.
    """
    before, after = (_identities(text) for text in (old, new))
    return [role for role, lines in before.items() if after.get(role) != lines]


def as_text(found: Iterable[Summary], verbose: bool = False) -> str:
    """Paragraphs for a terminal."""
    told = []
    for each in found:
        told.append(f"{', '.join(each.folders)}:")
        told += [f"  REPLACES OR DELETES THE SECURITY GROUP {role}" for role in each.replaced]
        told += [f"  {line}".rstrip() for line in lines(each.renamed)] if each.renamed else []
        told += [f"  {line}" for line in text_lines(each.permissions, verbose)]
        told += [] if each.known else [f"  {_UNKNOWN}"]
    return "".join(f"{line}\n" for line in told)


def as_markdown(found: Iterable[Summary], verbose: bool = False) -> str:
    """Sections for a comment on a pull request."""
    told = []
    for each in found:
        told += [f"### {', '.join(map(markdown_code, each.folders))}", ""]
        told += [
            f"- **REPLACES OR DELETES THE SECURITY GROUP {markdown_code(r)}**"
            for r in each.replaced
        ]
        told += _renamed_in_markdown(each.renamed) if each.renamed else []
        told += markdown_lines(each.permissions, verbose)
        told += [] if each.known else [f"- {_UNKNOWN}"]
        told.append("")
    return "".join(f"{line}\n" for line in told)


def _renamed_in_markdown(found: Renamed) -> Iterator[str]:
    """Items of a list, with code as code."""
    for is_code, block in groupby(lines(found), lambda line: not line or line.startswith(" ")):
        if is_code:
            yield from ("", "  ```hcl", *(line[2:] for line in block), "  ```", "")
        else:
            yield from (f"- {markdown(line)}" for line in block)


def as_json(found: Iterable[Summary]) -> list[dict[str, Any]]:
    """Objects for other programs."""
    return [
        {
            "folders": each.folders,
            "replaced": each.replaced,
            "known": each.known,
            "formerly": each.renamed.old if each.renamed else None,
            **as_record(each.permissions),
        }
        for each in found
    ]


def _summary(pairs: Iterable[tuple[str, str]], kept: bool) -> Summary:
    """What changes in a folder; `kept` says whether other files there stay as they are."""
    pairs = list(pairs)
    before, after = (
        [p for text in side for p in listed(text)] for side in zip(*pairs, strict=True)
    )
    gone = tuple(dict.fromkeys(role for old, new in pairs for role in replaced(old, new)))
    if after and not before and (kept or any(old for old, _ in pairs)):
        return Summary((), gone, known=False)
    found = compare(before, after)
    added, removed, opened = map(_in_any_format, (found.added, found.removed, found.opened))
    return Summary((), gone, found._replace(added=added, removed=removed, opened=opened))


def _in_any_format(permissions: Iterable[Permission]) -> tuple[Permission, ...]:
    """Permissions in force as every format lists them: only some formats have parameters."""
    return tuple(p if p.peer.kind == "input" else p._replace(parameter="") for p in permissions)


def _of_every_format(summary: Summary) -> Summary:
    """What each format says of the same change: parameters are known to some only."""
    found = summary.permissions

    def plain(permissions: Iterable[Permission]) -> tuple[Permission, ...]:
        return tuple(p._replace(parameter="") for p in permissions if p.peer.kind != "input")

    shared = Differences(plain(found.added), plain(found.removed), plain(found.opened))
    renamed = summary.renamed and summary.renamed._replace(formats=())
    return summary._replace(folders=(), permissions=shared, renamed=renamed)


def _together(same: list[Summary]) -> Summary:
    """The summary of the format that says most, for the folders of all."""
    fullest = max(same, key=lambda each: sum(map(len, each.permissions)))
    if fullest.renamed:
        formats = tuple(f for each in same if each.renamed for f in each.renamed.formats)
        fullest = fullest._replace(renamed=fullest.renamed._replace(formats=formats))
    return fullest._replace(folders=tuple(name for each in same for name in each.folders))


def lists_permissions(text: str) -> bool:
    """Whether a text is a README with a table of permissions, which may be empty."""
    return bool(_TABLE.search(text))


def listed(text: str) -> Iterator[Permission]:
    """The permissions that a README lists; lines that cannot be read are passed over."""
    table = _TABLE.search(text)
    lines = table[1].strip().splitlines() if table else []
    cells = [[cell.strip().strip("`") for cell in line.strip("| ").split(" | ")] for line in lines]
    for values in cells[2:]:
        try:
            yield _permission(dict(zip(cells[0], values, strict=True)))
        except (FieldError, KeyError, ValueError):
            continue


def _permission(row: Mapping[str, str]) -> Permission:
    match = _NAMED.fullmatch(row["peer"])
    if not match or row["direction"] not in ("inbound", "outbound"):
        raise ValueError
    if match[1] == "nobody":
        peer = Peer("input", row["parameter"], row["parameter"])
    else:
        peer = Peer.parse(match[1], match[2])
    return Permission(
        row["group"],
        "inbound" if row["direction"] == "inbound" else "outbound",
        Traffic.from_text(row["traffic"]),
        peer,
        from_markdown(row["purpose"]),
        row["endpoint"],
        parameter=row.get("parameter", ""),
    )


def _identities(text: str) -> dict[str, list[str]]:
    lines = text.splitlines()
    marks = ((i, IDENTITY.fullmatch(line.strip())) for i, line in enumerate(lines, start=1))
    return {mark[2]: lines[i : i + int(mark[1])] for i, mark in marks if mark}
