"""Options that several commands share."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from generator.cache import without_cache
from generator.cli import terminal
from generator.errors import GeneratorError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from generator.load import RuleData

rule_data = click.option(
    "--rule-data",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="A folder of rule data that adds to the built-in one, or replaces it. [default: as set in "
    "cvo-sg.yaml]",
)


def _without_cache(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if value:
        ctx.with_resource(without_cache())


no_cache = click.option(
    "--no-cache",
    is_flag=True,
    expose_value=False,
    callback=_without_cache,
    help="Neither use nor keep what earlier runs have found out, such as templates in which "
    "cfn-lint found nothing.",
)


def open_rule_data(option: Path | None, quiet: bool = False) -> RuleData:
    """The rule data of the option, or else of the settings of the repository, or the built-in.

    Settings that are used are named, unless `quiet`.
    """
    from generator.load import RuleData, find_project, rule_data_setting, shipped

    folder = option
    settings = None if option else find_project(Path.cwd())
    if settings:
        name = os.path.relpath(settings)
        setting = rule_data_setting(settings, name)
        folder = Path(os.path.relpath(setting)) if setting else None
        if folder and not quiet:
            terminal.echo(f"settings: {name}", err=True)
    return RuleData(folder or shipped("rule_data"))


def names(
    of: Callable[[RuleData], Iterable[str]],
) -> Callable[[click.Context, click.Parameter, str], list[str]]:
    """A completion of an option by the names that the rule data has."""

    def complete(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
        with suppress(GeneratorError):
            return [
                name for name in of(open_rule_data(None, quiet=True)) if name.startswith(incomplete)
            ]
        return []

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
