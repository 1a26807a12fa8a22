"""`cvo-sg diff`: the changes from one release or deployment to another."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from generator.cli import options, terminal
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
    help="The output format.",
)
@click.option(
    "--wording", is_flag=True, help="Also list the rows in which only the wording differs."
)
@options.rule_data
@click.pass_context
def diff(
    ctx: click.Context, /, old: str, new: str, output: str, wording: bool, rule_data: Path | None
) -> None:
    """Compare two releases, two deployment files, or a deployment file and a release.

    Releases differ in documented rows and the permissions that they mean; deployments in the rows
    that they use, and in permissions with peers. With a deployment file and a release, the command
    shows what changes if the deployment moves to that release.

    Exit status: 0 same permissions, 1 different permissions, 2 usage or input error.

    \b
    Examples:
      cvo-sg diff 3.7 3.8
      cvo-sg diff customer.yaml console --output markdown
      cvo-sg diff before.yaml after.yaml
    """
    from generator.compare import CHANGE_FORMATS, changes

    data = options.open_rule_data(rule_data)
    files = [name for name in (old, new) if name not in data.releases()]
    sides = [_side(name, data, files) for name in (old, new)]
    found = changes(*sides)
    text = CHANGE_FORMATS[output](found, wording)
    terminal.echo(terminal.changes(text) if output == "table" else text, nl=False)
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
