"""`cvo-sg diff`: what changes from one release or deployment to another."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from generator.cli import options
from generator.errors import UsageError, choices

if TYPE_CHECKING:
    from generator.compare import State
    from generator.load import RuleData
    from generator.model import Deployment


@click.command()
@click.argument("old", metavar="OLD", shell_complete=options.releases)
@click.argument("new", metavar="NEW", shell_complete=options.releases)
@click.option(
    "--output",
    "-o",
    default="table",
    show_default=True,
    type=click.Choice(["table", "json", "markdown"]),
    help="How to print it.",
)
@click.option("--wording", is_flag=True, help="Show also the rows that only say the same anew.")
@options.rule_data
@click.pass_context
def diff(
    ctx: click.Context, /, old: str, new: str, output: str, wording: bool, rule_data: Path | None
) -> None:
    """Compare two releases, two deployment files, or a deployment file and a release.

    The documented rows are compared, and what they come to at AWS; of deployments, the rows that
    they use, and the permissions with their peers. A deployment and a release show what it means to
    move there.
    Exit status: 0 if the permissions are the same, 1 if they differ, 2 wrong usage or input.

    \b
    Examples:
      cvo-sg diff 3.7 3.8
      cvo-sg diff customer.yaml console --output markdown
      cvo-sg diff before.yaml after.yaml
    """
    from generator.compare import CHANGE_FORMATS, changes
    from generator.load import RuleData, shipped

    data = RuleData(rule_data or shipped("rule_data"))
    files = [name for name in (old, new) if name not in data.releases()]
    sides = [_side(name, data, files) for name in (old, new)]
    found = changes(*sides)
    click.echo(CHANGE_FORMATS[output](found, wording), nl=False)
    if found.permissions.change_what_is_permitted:
        ctx.exit(1)


def _side(name: str, data: RuleData, files: list[str]) -> State:
    """A release; a deployment; or, beside one, the same deployment in a release."""
    from generator.compare import of_deployment, of_release

    if name in data.releases():
        if not files:
            return of_release(data.release(name))
        moved = replace(_deployment(files[0], data), release=name)
        for _, message in data.problems(moved):
            raise UsageError(f"{files[0]} cannot move to {name}: {message}")
        return of_deployment(name, moved, data.release(name), data.catalogue)
    deployment = _deployment(name, data)
    return of_deployment(name, deployment, data.release(deployment.release), data.catalogue)


def _deployment(name: str, data: RuleData) -> Deployment:
    if not Path(name).is_file():
        raise UsageError(
            f"{name} is neither a release ({choices(data.releases())}) nor a deployment file"
        )
    return data.deployment(Path(name))
