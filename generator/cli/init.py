"""`cvo-sg init`: a deployment file to start from."""

from __future__ import annotations

import re
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from generator.cli.options import rule_data as rule_data_option
from generator.errors import FieldError, UsageError, unknown
from generator.model import name_mistake

if TYPE_CHECKING:
    from generator.model import Catalogue, Release
    from generator.show import Answers


@click.command()
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--release", "-r", metavar="R", help="The release whose rules apply.")
@click.option("--interactive", "-i", is_flag=True, help="Ask for what matters most.")
@click.option("--force", is_flag=True, help="Overwrite a file that is there.")
@rule_data_option
def init(
    file: Path, release: str | None, interactive: bool, force: bool, rule_data: Path | None
) -> None:
    """Write a deployment file with every endpoint explained, ready to be edited.

    \b
    Examples:
      cvo-sg init customer.yaml
      cvo-sg init customer.yaml --interactive
    """
    from generator.load import RuleData, shipped
    from generator.show import Answers, starter
    from generator.write import Change, write

    if file.exists() and not force:
        raise UsageError(f"{file} is there already: choose another name, or add --force")
    data = RuleData(rule_data or shipped("rule_data"))
    chosen = data.release(release or data.releases()[0])
    catalogue = data.catalogue.of(chosen.info)
    answers = Answers(_name_of(file))
    if interactive and not sys.stdin:
        raise UsageError("--interactive: standard input is closed, so nobody can answer")
    if interactive:
        answers = _ask(answers, chosen, catalogue)
    text = starter(chosen, catalogue, answers).encode()
    data.parse_deployment(text, str(file))
    write([file.parent], [Change(file, "missing", None, text)])
    click.echo(f"wrote {file}")
    click.echo(f"edit it, then run: cvo-sg generate {file}", err=True)


def _ask(answers: Answers, release: Release, catalogue: Catalogue) -> Answers:
    """Ask for the name, topology and mode, for whom everybody falls back to, and what is open."""
    answers = answers._replace(
        name=click.prompt("Name", default=answers.name, value_proc=_name, err=True),
        topology=click.prompt(
            "Topology", type=click.Choice(["ha", "single-node"]), default="ha", err=True
        ),
        outbound=click.prompt(
            "Outbound rules", type=click.Choice(["basic", "advanced"]), default="advanced", err=True
        ),
    )
    roles = tuple(
        role
        for role in release.info.groups
        if not catalogue.groups[role].created_by_product
        and (answers.topology == "ha" or not catalogue.groups[role].ha_only)
    )
    used = {
        name
        for group in release.rules.values()
        for _, mode, rules in group.tables()
        if mode in (None, answers.outbound)
        for rule in rules
        for name in rule.endpoints
    }
    relied_on = {e.default.endpoint for e in catalogue.endpoints.values()}
    endpoints = {}
    for name, endpoint in catalogue.endpoints.items():
        default = endpoint.default
        falls_back_here = name in relied_on and not default.endpoint
        if falls_back_here or (name in used and default.is_open):
            click.echo(f"\n{endpoint.title}: {endpoint.help}", err=True)
            peers = click.prompt(
                "Peers, separated by commas (nothing: leave it as it is)",
                default="",
                show_default=False,
                value_proc=partial(_peers, roles=roles),
                err=True,
            )
            if peers:
                endpoints[name] = peers
    return answers._replace(endpoints=endpoints)


def _name_of(file: Path) -> str:
    """A legal name of a deployment, from the name of its file where that is possible."""
    name = re.sub("[^a-z0-9]+", "-", file.stem.lower())[:64].strip("-")
    return "customer" if name_mistake(name) else name


def _name(text: str) -> str:
    message = name_mistake(text)
    if message:
        raise click.UsageError(message)
    return text


def _peers(text: str, roles: tuple[str, ...]) -> str:
    """The peers as a YAML list; nothing for nothing."""
    from generator.model import Peer

    values = [value.strip() for value in text.split(",") if value.strip()]
    try:
        for value in values:
            peer = Peer.parse(value)
            if peer.kind == "group" and peer.value not in roles:
                raise FieldError(unknown("group of this deployment", peer.value, roles))
    except FieldError as error:
        raise click.UsageError(str(error)) from None
    quoted = (f'"{value}"' for value in values)
    return f"[{', '.join(quoted)}]" if values else ""
