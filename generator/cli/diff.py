"""`cvo-sg diff`: the changes from one release, deployment or observed source to another."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from generator.cli import options, terminal
from generator.cli.comparison import print_page, titles
from generator.cli.sides import Side, read_side, state_of
from generator.errors import UsageError

if TYPE_CHECKING:
    from generator.compare import Beside, State
    from generator.load import RuleData

_NAMED = 5  # so many groups are listed; of more, their number


@click.command()
@click.argument("old", metavar="OLD", shell_complete=options.releases)
@click.argument("new", metavar="NEW", shell_complete=options.releases)
@click.option(
    "--output",
    "-o",
    default="table",
    show_default=True,
    type=click.Choice(["table", "json", "markdown", "html"]),
    help="The output format; html is a page with all flows, those added and removed marked.",
)
@click.option(
    "--wording", is_flag=True, help="Also list the rows in which only the wording differs."
)
@click.option(
    "--verbose",
    "-v",
    is_flag=True,
    help="List every rule on a line of its own, also those that change together.",
)
@click.option(
    "--parameter",
    "parameters",
    multiple=True,
    metavar="K=V",
    help="The value of a parameter of a CloudFormation template instead of its default. "
    "Repeatable.",
)
@options.rule_data
@click.pass_context
def diff(
    ctx: click.Context,
    /,
    old: str,
    new: str,
    output: str,
    wording: bool,
    verbose: bool,
    parameters: tuple[str, ...],
    rule_data: Path | None,
    config: Path | None,
) -> None:
    """Compare any two of: a release, a preset, a deployment file, and observed security groups.

    Releases differ in documented rows and the permissions that they mean; deployments in the rows
    that they use, and in permissions with peers. With a deployment file and a release, the command
    shows what changes if the deployment moves to that release.

    Observed security groups are the JSON of `aws ec2 describe-security-groups`, of
    `describe-security-group-rules` or of `terraform show -json`, a file or folder of Terraform, or
    a CloudFormation template; - is standard input. Beside a deployment, a group has the role that
    an output of ours, its name or its Name tag shows. REV:PATH is a deployment file or an observed
    source at a revision of git. A release goes before a file of its name: use ./NAME for that.

    Exit status: 0 same permissions, 1 different permissions, 2 usage or input error.

    \b
    Examples:
      cvo-sg diff 3.7 3.8
      cvo-sg diff customer.yaml console --output markdown
      cvo-sg diff before.yaml after.yaml
      cvo-sg diff origin/main:deployments/acme.yaml deployments/acme.yaml
      cvo-sg diff HEAD:template.yaml template.yaml --parameter Dns=10.0.0.2/32
      aws ec2 describe-security-groups | cvo-sg diff acme.yaml -
    """
    from generator.compare import CHANGE_FORMATS, changes

    if old == new == "-":
        raise UsageError("standard input can be read once: name a file for OLD or NEW")
    given = _parameters(parameters)
    data = options.open_rule_data(rule_data, config, near=(old, new))
    sides = [read_side(name, data, given) for name in (old, new)]
    told: list[str] = []
    before, after = _states(sides[0], sides[1], data, told)
    found = changes(before, after)
    if output == "html":
        from generator.compare import marked_changes

        releases = [each for side in sides if (each := _release(side))]
        whoever = bool(releases) and not any(side.deployment for side in sides)
        page = marked_changes(before, after, titles(data, releases), whoever, told)
        print_page(page, config, near=old if sides[0].deployment else new)
    else:
        text = CHANGE_FORMATS[output](found, wording, verbose)
        terminal.echo(terminal.changes(text) if output == "table" else text, nl=False)
    if found.permissions.change_what_is_permitted:
        ctx.exit(1)


def _release(side: Side) -> str | None:
    return side.deployment.release if side.deployment else side.release


def _parameters(given: tuple[str, ...]) -> Mapping[str, str]:
    pairs = [each.partition("=") for each in given]
    for name, equals, _ in pairs:
        if not (name and equals):
            raise UsageError(f"--parameter {name}: use <parameter>=<value>")
    return {name: value for name, _, value in pairs}


def _states(old: Side, new: Side, data: RuleData, told: list[str]) -> tuple[State, State]:
    """Both sides, in words that they share; what is not compared is said, and added to `told`."""
    from generator.compare import beside_each_other

    for side in (old, new):
        for sentence in side.observed.left_out if side.observed else ():
            told.append(sentence)
            terminal.echo(terminal.warning(sentence), err=True)
    if old.observed and new.observed:
        return beside_each_other(old.name, old.observed, new.name, new.observed)
    if new.observed:
        found = _beside(new, old, data, told)
        return found.other, found.observed
    if old.observed:
        found = _beside(old, new, data, told)
        return found.observed, found.other
    return state_of(old, new, data), state_of(new, old, data)


def _beside(observed: Side, other: Side, data: RuleData, told: list[str]) -> Beside:
    """What was read beside a release or deployment; what is not compared is said."""
    from generator.compare import beside_deployment, beside_release
    from generator.resolve import resolve

    assert observed.observed
    state = state_of(other, observed, data)
    if other.deployment:
        release = data.release(other.deployment.release)
        resolved = resolve(other.deployment, release, data.catalogue)
        roles = [group.role for group in resolved.groups]
        beside = beside_deployment
    else:
        roles = [*data.release(str(other.release)).rules]
        beside = beside_release
    outputs = {role: data.catalogue.groups[role].output for role in roles}
    found = beside(observed.name, observed.observed, state, outputs)
    for role in found.absent:
        sentence = f"{observed.name} has no group for {role}: none of its rules are there"
        told.append(sentence)
        terminal.echo(terminal.warning(sentence), err=True)
    if found.unmatched:
        names = [group.name or group.key for group in found.unmatched[:_NAMED]]
        more = len(found.unmatched) - len(names)
        names += [f"{more} more"] if more else []
        told.append(f"not compared, because they have no role: {', '.join(names)}")
        terminal.echo(told[-1], err=True)
    return found
