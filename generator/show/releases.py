"""The releases, oldest first: which versions of the product each is for, and what it documents."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from generator.model import Release


def release_records(releases: Iterable[Release]) -> list[dict[str, Any]]:
    """One record for each release: its versions, and its pages with their dates."""
    return [
        {
            "release": release.id,
            "product": release.info.product,
            "versions": release.info.versions,
            "groups": list(release.rules),
            "rows": sum(len(t) for g in release.rules.values() for *_, t in g.tables()),
            "pages": [{"title": title, "date": date} for title, date in release.pages.items()],
        }
        for release in releases
    ]


def release_choice(release: Release) -> str:
    """What a release is for, in words: its versions, or else its product."""
    return release.info.versions or release.info.product


def release_list(releases: Iterable[Release]) -> str:
    """Lines for a terminal: each release with its versions, and its pages below."""
    releases = list(releases)
    width = max((len(release.id) for release in releases), default=0)
    lines = []
    for release, record in zip(releases, release_records(releases), strict=True):
        below = [titled(**page) for page in record["pages"]]
        below.append(f"{record['rows']} rows: {', '.join(record['groups'])}")
        lines.append(f"{release.id.ljust(width)}  {release_choice(release)}")
        lines += [f"{' ' * width}    {line}" for line in below]
    return "".join(f"{line}\n" for line in lines)


def titled(title: str, date: str | None) -> str:
    """The title of a page, with its date if that is known."""
    return f"{title} ({date})" if date else title
