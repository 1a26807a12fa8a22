"""What a change permits, for whoever reviews it: the urgent first, of every deployment."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import PurePath
from typing import TYPE_CHECKING

from generator.compare.renames import Renamed
from generator.compare.renames import lines as renamed
from generator.compare.writers import by_kind
from generator.model import markdown, markdown_code

if TYPE_CHECKING:
    from generator.compare.generated import Summary

_TITLES = {
    "internet": "Opens to the internet",
    "opens": "Opens",
    "closes": "Closes",
    "replaced": "Replaces or deletes security groups",
    "renamed": "Renamed deployments",
    "unknown": "Unknown",
    "other": "Other changes",
}
_FOLDERS = 5
"""As many folders are named for what changes in several in the same way; of more, their number."""
UNKNOWN = "which permissions change is unknown: no README of the old files lists them"


def as_markdown(found: Iterable[Summary], verbose: bool = False) -> str:
    """A sentence with the numbers, and a section for each kind of change, by deployment."""
    summaries = [*found]
    if not summaries:
        return ""
    lines = [_headline(summaries), ""]
    items = [_items(each, verbose) for each in summaries]
    for kind, title in _TITLES.items():
        alike: dict[tuple[str, ...], list[str]] = {}
        for each, of_each in zip(summaries, items, strict=True):
            if of_each[kind]:
                alike.setdefault(of_each[kind], []).extend(_places(each))
        lines += [f"### {title}", ""] if alike else []
        for same, places in alike.items():
            mark = "" if kind == "renamed" else "- "  # which has blocks of code between its items
            lines += [f"{_named(places)}:", "", *(f"{mark}{item}" for item in same), ""]
    return "".join(f"{line}\n" for line in lines)


def _headline(found: list[Summary]) -> str:
    """How many rules open and close, and how many groups are replaced, in a sentence."""
    every = [each.permissions for each in found]
    opened = sum(len(p.opened) for p in every)
    counts = [
        (opened, "opens to the internet", "open to the internet"),
        (sum(len({*p.added} - {*p.opened}) for p in every), "opens", "open"),
        (sum(len(p.removed) for p in every), "closes", "close"),
    ]
    words = [
        f"{number} {'rule' if number == 1 else 'rules'} {one if number == 1 else many}"
        for number, one, many in counts
        if number
    ]
    replaced = sum(len(each.replaced) for each in found)
    if replaced:
        groups = "security group is" if replaced == 1 else "security groups are"
        words.append(f"{replaced} {groups} replaced or deleted")
    if opened:
        words[0] = f"**{words[0]}**"
    if replaced:
        words[-1] = f"**{words[-1]}**"
    if not words:
        unknown = not all(each.known for each in found)
        return "It is unknown what changes." if unknown else "No rule opens or closes."
    return f"{', '.join(words)}."


def _items(each: Summary, verbose: bool) -> dict[str, tuple[str, ...]]:
    """The items of each kind, as Markdown."""
    found = {
        kind: tuple(map(markdown, lines))
        for kind, lines in by_kind(each.permissions, verbose).items()
    }
    shouted = "**REPLACES OR DELETES THE SECURITY GROUP {}**"
    found["replaced"] = tuple(shouted.format(markdown_code(role)) for role in each.replaced)
    found["renamed"] = tuple(_renamed(each.renamed)) if each.renamed else ()
    found["unknown"] = () if each.known else (UNKNOWN,)
    return found


def _renamed(found: Renamed) -> Iterator[str]:
    """Items of a list, with code as code."""
    for is_code, block in groupby(renamed(found), lambda line: not line or line.startswith(" ")):
        if is_code:
            yield from ("", "  ```hcl", *(line[2:] for line in block), "  ```", "")
        else:
            yield from (f"- {markdown(line)}" for line in block)


def _places(each: Summary) -> Iterator[str]:
    """The folder of a deployment, if the same is said of several of its formats."""
    by_deployment: dict[PurePath, list[str]] = {}
    for folder in each.folders:
        by_deployment.setdefault(PurePath(folder).parent, []).append(folder)
    for parent, folders in by_deployment.items():
        yield folders[0] if len(folders) == 1 else parent.as_posix()


def _named(places: list[str]) -> str:
    more = len(places) - _FOLDERS
    shown = places if more <= 0 else places[:_FOLDERS]
    names = ", ".join(map(markdown_code, shown))
    return f"{names} and {more} more" if more > 0 else names
