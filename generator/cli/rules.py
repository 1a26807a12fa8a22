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
@click.option(
    "--supplements", is_flag=True, help="List the rules of the supplements, not documented ones."
)
@options.rule_data
def rules(
    release_ids: tuple[str, ...],
    roles: tuple[str, ...],
    output: str,
    supplements: bool,
    rule_data: Path | None,
) -> None:
    """List the documented rules, row by row, with the permissions that they mean.

    \b
    Examples:
      cvo-sg rules --group manager
      cvo-sg rules --release 3.7 --output json
      cvo-sg rules --supplements
    """
    from generator.show import ROW_FORMATS, documented_rows, supplement_rows

    data = options.open_rule_data(rule_data)
    for role in roles:
        if role not in data.catalogue.groups:
            raise UsageError(unknown("group", role, list(data.catalogue.groups)))
    if supplements and release_ids:
        raise UsageError("--supplements lists no rules of a release: leave out --release")
    if supplements:
        rows = supplement_rows(data.catalogue, roles)
    else:
        releases = [data.release(name) for name in release_ids or data.releases()]
        rows = [row for release in releases for row in documented_rows(release, roles)]
    terminal.echo(ROW_FORMATS[output](rows), nl=False)
