"""The page of a comparison, for `diff` and `audit`: its titles, and its printing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from generator.cli import terminal

if TYPE_CHECKING:
    from generator.load import RuleData
    from generator.model import Comparison


def titles(data: RuleData, releases: Iterable[str]) -> Mapping[str, str]:
    """What people call endpoints and the groups of some releases; the last one decides."""
    found = {name: endpoint.title for name, endpoint in data.catalogue.endpoints.items()}
    for name in dict.fromkeys(releases):
        found |= {role: group.title for role, group in data.release(name).rules.items()}
    return found


def print_page(comparison: Comparison, config: Path | None, near: str) -> None:
    """Print the page, with the templates of the settings near a file, if there are any."""
    from generator.cli.roots import place
    from generator.render import comparison_page

    folders = place(config, Path(near)).templates(None)
    terminal.echo_file(comparison_page(comparison, folders))
