"""Options that several commands share."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from generator.cache import without_cache
from generator.errors import GeneratorError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from generator.load import RuleData

PATH = click.Path(path_type=Path)
"""The type of all paths: each object looks for a translation of its name on the disk."""
_rule_data = click.option(
    "--rule-data",
    type=PATH,
    metavar="DIR",
    help="A folder of rule data that adds to the built-in one, or replaces it. [default: as set in "
    "cvo-sg.yaml]",
)
_config = click.option(
    "--config",
    type=PATH,
    metavar="FILE",
    help="The settings file. [default: the cvo-sg.yaml or pyproject.toml nearest to the deployment "
    "file, or to the working directory]",
)
templates = click.option(
    "--templates",
    type=PATH,
    metavar="DIR",
    help="A folder of templates that add a format, or replace files of the built-in ones.",
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


jobs = click.option(
    "--jobs",
    "-j",
    type=click.IntRange(min=1),
    metavar="N",
    help="Use so many processes. [default: one per processor, where there is much to do]",
)


def rule_data(command: Any) -> Any:
    """The options `--rule-data` and `--config`."""
    return _rule_data(_config(command))


def open_rule_data(
    option: Path | None,
    config: Path | None = None,
    quiet: bool = False,
    near: Path | str | Iterable[str] = (),
) -> RuleData:
    """The rule data of the options, or else of the settings near files, or the built-in.

    Settings that are used are named, unless `quiet`.
    """
    from generator.cli.roots import rule_data_of

    names = [near] if isinstance(near, (str, Path)) else near
    return rule_data_of(option, config, quiet, map(Path, names))


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
