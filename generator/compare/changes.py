"""Changes: what becomes of a deployment when generated files change, in words of permissions.

The files say it themselves. A README holds the permissions as a table between two comments, one
line each, and where a group is defined a comment says which lines it is identified by. So the old
state can be read from files of any age, and of formats that are not ours.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

IDENTITY = re.compile(r"# A change to the next (\d+) lines replaces the security group (\S+)\.")
_TABLE = re.compile(r"<!-- permissions -->\n(.*?)<!-- /permissions -->", re.DOTALL)
_UNKNOWN = "which permissions change cannot be said: the old README, which lists them, is missing"
_EVERYBODY = ("0.0.0.0/0", "::/0")


class Row(NamedTuple):
    """A permission as a README shows it."""

    group: str
    direction: str
    traffic: str
    endpoint: str
    peer: str
    purpose: str

    def __str__(self) -> str:
        way = "from" if self.direction == "inbound" else "to"
        return f"{self.group} {self.direction} {self.traffic} {way} {self.endpoint} {self.peer}: {self.purpose}"  # noqa: E501

    @property
    def identity(self) -> tuple[str, ...]:
        """What it permits, without its purpose."""
        return self[:5]

    @property
    def is_open(self) -> bool:
        """Whether it lets the whole internet in."""
        return self.direction == "inbound" and self.peer.split(" ")[0] in _EVERYBODY


class Summary(NamedTuple):
    """What changes for the permissions of one deployment."""

    folders: tuple[str, ...]
    replaced: tuple[str, ...]
    """The roles of the groups that AWS would replace or delete."""
    added: tuple[Row, ...]
    removed: tuple[Row, ...]
    reworded: int
    """How many permissions have another purpose."""
    known: bool = True
    """Whether the old state could be read; if not, nothing is added, removed or reworded."""

    @property
    def opened(self) -> tuple[Row, ...]:
        """What is newly open to the internet."""
        return tuple(row for row in self.added if row.is_open)


def summaries(
    files: Iterable[tuple[Path, str, str]], unchanged: Iterable[Path] = ()
) -> list[Summary]:
    """What changes, by deployment, given each changed file with its old and its new text.

    The formats of a deployment say the same; folders of which the same is to be said share it.
    """
    kept = {path.parent for path in unchanged}
    folders: dict[Path, list[tuple[str, str]]] = {}
    for path, old, new in files:
        folders.setdefault(path.parent, []).append((old, new))
    found: dict[Summary, list[str]] = {}
    for folder, texts in folders.items():
        found.setdefault(_summary(texts, folder in kept), []).append(folder.as_posix())
    return [
        summary._replace(folders=tuple(names))
        for summary, names in found.items()
        if summary != Summary((), (), (), (), 0)
    ]


def replaced(old: str, new: str) -> list[str]:
    """The groups, by role, that a change of a file would have AWS replace or delete.

    Templates mark the lines that a group is identified by with a comment above them, `IDENTITY`.
    A role whose marked lines differ, or are gone, is not the same group any more.
    """
    before, after = (_identities(text) for text in (old, new))
    return [role for role, lines in before.items() if after.get(role) != lines]


def as_text(found: Iterable[Summary]) -> str:
    """Paragraphs for a terminal."""
    lines = []
    for each in found:
        lines.append(f"{', '.join(each.folders)}:")
        lines += [f"  REPLACES OR DELETES THE SECURITY GROUP {role}" for role in each.replaced]
        lines += [f"  - {row}" for row in each.removed]
        lines += [f"  + {row}" for row in each.added]
        lines += [f"  OPEN TO THE INTERNET from now on: {row}" for row in each.opened]
        lines += [] if each.known else [f"  {_UNKNOWN}"]
        if each.reworded:
            lines.append(f"  {_reworded(each)}")
    return "".join(f"{line}\n" for line in lines)


def as_markdown(found: Iterable[Summary]) -> str:
    """Sections for a comment on a pull request."""
    lines = []
    for each in found:
        lines += [f"### {', '.join(f'`{folder}`' for folder in each.folders)}", ""]
        lines += [f"- **REPLACES OR DELETES THE SECURITY GROUP `{r}`**" for r in each.replaced]
        lines += [f"- **Open to the internet from now on:** {row}" for row in each.opened]
        lines += [f"- removed: {row}" for row in each.removed]
        lines += [f"- added: {row}" for row in each.added if not row.is_open]
        lines += [] if each.known else [f"- {_UNKNOWN}"]
        lines += [f"- {_reworded(each)}"] if each.reworded else []
        lines.append("")
    return "".join(f"{line}\n" for line in lines)


def as_json(found: Iterable[Summary]) -> list[dict[str, Any]]:
    """Objects for other programs."""
    return [
        {
            "folders": each.folders,
            "replaced": each.replaced,
            "opened": [row._asdict() for row in each.opened],
            "added": [row._asdict() for row in each.added],
            "removed": [row._asdict() for row in each.removed],
            "reworded": each.reworded,
            "known": each.known,
        }
        for each in found
    ]


def _reworded(summary: Summary) -> str:
    only = "" if summary.added or summary.removed else " only"
    return f"purposes worded anew:{only} {summary.reworded}"


def _summary(pairs: Iterable[tuple[str, str]], kept: bool) -> Summary:
    """What changes in a folder; `kept` says whether other files there stay as they are."""
    pairs = list(pairs)
    before, after = (
        {row.identity: row for text in side for row in _rows(text)}
        for side in zip(*pairs, strict=True)
    )
    gone = tuple(dict.fromkeys(role for old, new in pairs for role in replaced(old, new)))
    if after and not before and (kept or any(old for old, _ in pairs)):
        return Summary((), gone, (), (), 0, known=False)
    return Summary(
        folders=(),
        replaced=gone,
        added=tuple(row for key, row in after.items() if key not in before),
        removed=tuple(row for key, row in before.items() if key not in after),
        reworded=sum(row != before[key] for key, row in after.items() if key in before),
    )


def _rows(text: str) -> list[Row]:
    table = _TABLE.search(text)
    lines = table[1].strip().splitlines()[2:] if table else []
    cells = ([cell.strip().strip("`") for cell in line.strip("| ").split(" | ")] for line in lines)
    return [Row(*row) for row in cells if len(row) == len(Row._fields)]


def _identities(text: str) -> dict[str, list[str]]:
    lines = text.splitlines()
    marks = ((i, IDENTITY.search(line)) for i, line in enumerate(lines, start=1))
    return {mark[2]: lines[i : i + int(mark[1])] for i, mark in marks if mark}


FORMATS: Mapping[str, Callable[[Iterable[Summary]], str]] = {
    "text": as_text,
    "markdown": as_markdown,
    "json": lambda found: json.dumps(as_json(found), indent=2, ensure_ascii=False) + "\n",
}
