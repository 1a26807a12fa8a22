"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from generator.load import RuleData

rule_data = click.option(
    "--rule-data",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="A folder of rule data that replaces the built-in one.",
)


def names(
    of: Callable[[RuleData], Iterable[str]],
) -> Callable[[click.Context, click.Parameter, str], list[str]]:
    """A completion of an option by the names that the built-in rule data has."""

    def complete(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
        from generator.load import RuleData, shipped

        return [name for name in of(RuleData(shipped("rule_data"))) if name.startswith(incomplete)]

    return complete


presets = names(lambda data: data.presets())
releases = names(lambda data: data.releases())
groups = names(lambda data: data.catalogue.groups)

only_releases = click.option(
    "--release",
    "-r",
    "release_ids",
    multiple=True,
    metavar="R",
    shell_complete=releases,
    help="Only the rules of this release; `cvo-sg rules --releases` lists them. Repeatable.",
)
