"""`cvo-sg rules`: the documented rules."""

from __future__ import annotations

from pathlib import Path

import click

from generator.cli import options, terminal
from generator.errors import UsageError, unknown


@click.command()
@options.only_releases
@click.option(
    "--group",
    "-g",
    "roles",
    multiple=True,
    metavar="G",
    shell_complete=options.groups,
    help="Only the rows of this group. Repeatable.",
)
@click.option(
    "--output",
    "-o",
    default="table",
    show_default=True,
    type=click.Choice(["table", "json", "csv", "markdown"]),
    help="The output format. In csv, a cell that begins with = + - @ or a tab, which a spreadsheet "
    "would take for a formula, has an apostrophe in front.",
)
@options.rule_data
def rules(
    release_ids: tuple[str, ...], roles: tuple[str, ...], output: str, rule_data: Path | None
) -> None:
    """List the documented rules, row by row, with the permissions that they mean.

    \b
    Examples:
      cvo-sg rules --group manager
      cvo-sg rules --release 3.7 --output json
    """
    from generator.load import RuleData, shipped
    from generator.show import ROW_FORMATS, documented_rows

    data = RuleData(rule_data or shipped("rule_data"))
    for role in roles:
        if role not in data.catalogue.groups:
            raise UsageError(unknown("group", role, list(data.catalogue.groups)))
    releases = [data.release(name) for name in release_ids or data.releases()]
    terminal.echo(
        ROW_FORMATS[output](r for release in releases for r in documented_rows(release, roles)),
        nl=False,
    )
