"""`cvo-sg rules`: the documented rules."""

from __future__ import annotations

import json
from pathlib import Path

import click

from generator.cli import options, terminal
from generator.errors import UsageError, unknown


@click.command()
@options.only_releases
@click.option(
    "--releases",
    "list_releases",
    is_flag=True,
    help="List the releases instead, with the versions of the product that each is for.",
)
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
    list_releases: bool,
    roles: tuple[str, ...],
    output: str,
    supplements: bool,
    rule_data: Path | None,
    config: Path | None,
) -> None:
    """List the documented rules, row by row, with the permissions that they mean.

    A release is one published set of rules. To see which one is for your version of the product,
    use --releases.

    \b
    Examples:
      cvo-sg rules --releases
      cvo-sg rules --group manager
      cvo-sg rules --release 3.7 --output json
      cvo-sg rules --supplements
    """
    from generator.show import (
        ROW_FORMATS,
        documented_rows,
        release_list,
        release_records,
        supplement_rows,
    )

    data = options.open_rule_data(rule_data, config)
    for role in roles:
        if role not in data.catalogue.groups:
            raise UsageError(unknown("group", role, list(data.catalogue.groups)))
    if supplements:
        if list_releases:
            raise UsageError("--supplements lists no releases: leave out --releases")
        for name in release_ids:
            data.release(name)
        found = supplement_rows(data.catalogue, roles, release_ids)
        terminal.echo(ROW_FORMATS[output](found), nl=False)
        return
    releases = [data.release(name) for name in release_ids] or data.history()
    if list_releases:
        if roles or output not in ("table", "json"):
            raise UsageError("--releases: use it without --group, and with --output table or json")
        as_json = json.dumps(release_records(releases), indent=2, ensure_ascii=False) + "\n"
        terminal.echo(release_list(releases) if output == "table" else as_json, nl=False)
        return
    terminal.echo(
        ROW_FORMATS[output](r for release in releases for r in documented_rows(release, roles)),
        nl=False,
    )
