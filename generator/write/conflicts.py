"""Generated files that git has merged: with conflict markers, or as a mix of two versions.

The digests of two branches always conflict, so a merge leaves files whose digest is wrong although
nobody edited them. They may be generated again if that loses nothing: both versions are as they
were generated, and the file holds nothing but lines of theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path

from generator.render import digest, is_edited
from generator.write.files import Change

Merge = tuple[bytes, bytes, bytes]
"""Two versions of a file, and git's merge of them, with markers where they conflict."""
_STEPS = {
    ("both", b"<"): "ours",
    ("ours", b"|"): "ancestor",
    ("ours", b"="): "theirs",
    ("ancestor", b"="): "theirs",
    ("theirs", b">"): "both",
}
"""From one part of a file with conflict markers to the next, by the sign of the marker."""


def judged(change: Change, merged: Callable[[Path], Iterable[Merge]]) -> Change:
    """The change of an edited file, or that git changed it: `merged` finds what it may have merged.

    A file in a conflict that cannot be shown to be free of edits is disputed.
    """
    if change.kind != "edited" or change.old is None:
        return change
    both = sides(change.old)
    if both is None:
        is_merge = any(_are_merged([change.old], each) for each in merged(change.path))
        return change._replace(kind="merged") if is_merge else change
    intact = not any(map(is_edited, both))
    proven = intact or any(_are_merged(both, each) for each in merged(change.path))
    return change._replace(kind="conflict" if proven else "disputed")


def sides(content: bytes) -> tuple[bytes, bytes] | None:
    """Both sides of a file with conflict markers; None without any, or if they are incomplete.

    What the diff3 and zdiff3 styles show of the common ancestor belongs to neither side.
    """
    placed = list(_placed(content.replace(b"\r\n", b"\n")))
    if not {part for part, _ in placed} & {"ours", "theirs"} or placed[-1][0] == "open":
        return None
    ours, theirs = (
        b"".join(line for part, line in placed if part in (side, "both"))
        for side in ("ours", "theirs")
    )
    return ours, theirs


def _placed(content: bytes) -> Iterator[tuple[str, bytes]]:
    """The lines but for markers, each with the part of a conflict that it is in, or `both`.

    At the end comes `open` if a conflict does not end.
    """
    part = "both"
    for line in content.splitlines(keepends=True):
        step = _STEPS.get((part, _sign(line)))
        if step:
            part = step
        elif part != "ancestor":
            yield part, line
    if part != "both":
        yield "open", b""


def _sign(line: bytes) -> bytes:
    """The first character of a conflict marker, which stands there seven times; else nothing."""
    first = line[:1]
    return first if first * 7 == line.rstrip(b"\n").split(b" ")[0] else b""


def _are_merged(texts: Sequence[bytes], found: Merge) -> bool:
    """Whether texts come from a merge of two versions that are as they were generated.

    The digests say which versions these are; with both sides of a conflict, each has its own.
    """
    one, other, merge = (each.replace(b"\r\n", b"\n") for each in found)
    if is_edited(one) or is_edited(other):
        return False
    named = {digest(text) for text in texts}
    parts = list(_parts(merge))
    return named <= {digest(one), digest(other)} and all(_fits(text, parts) for text in texts)


def _parts(content: bytes) -> Iterator[tuple[bool, list[bytes]]]:
    """The lines between the markers of a merge: whether they conflict, and those of both sides."""
    for conflict, lines in groupby(_placed(content), key=lambda each: each[0] != "both"):
        yield conflict, [line for _, line in lines]


def _fits(text: bytes, parts: Sequence[tuple[bool, list[bytes]]]) -> bool:
    """Whether a text has what a merge has outside of conflicts, and in them lines of either side.

    So a line that somebody added, or changed or removed outside of a conflict, is found.
    """
    lines = text.splitlines(keepends=True)
    places = {0}
    """How many lines of the text the parts so far can have."""
    for conflict, part in parts:
        if not conflict:
            size = len(part)
            places = {at + size for at in places if lines[at : at + size] == part}
            continue
        for at in sorted(places):
            while at < len(lines) and lines[at] in part and at + 1 not in places:
                at += 1
                places.add(at)
    return len(lines) in places
