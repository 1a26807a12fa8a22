"""`cvo-sg explain`: the rules about a port, a group or an endpoint."""

from __future__ import annotations

from pathlib import Path

import click

from generator.cli import options, terminal
from generator.errors import UsageError, unknown


@click.command()
@click.argument("what", metavar="PORT|GROUP|ENDPOINT")
@options.only_releases
@options.rule_data
def explain(
    what: str, release_ids: tuple[str, ...], rule_data: Path | None, config: Path | None
) -> None:
    """Show every rule about a port, a group or an endpoint, and its history.

    PORT is a number or a range with or without a protocol (443, 53/udp, tcp/18600-18699), or a
    protocol (icmp, ssh). Rules for all traffic match every port. Each rule is shown once, as the
    last release that has it documents it, with the first release that has it and what changed
    later; --release shows it as that release does. Supplements come last.

    \b
    Examples:
      cvo-sg explain 3000
      cvo-sg explain 53/udp --release 3.7
      cvo-sg explain ssh
      cvo-sg explain dns
    """
    from generator.show import default_of, ports, reasons
    from generator.show import explain as as_text

    data = options.open_rule_data(rule_data, config)
    catalogue = data.catalogue
    names = list(dict.fromkeys([*catalogue.groups, *catalogue.endpoints, *catalogue.supplements]))
    known = data.history()
    for name in release_ids:
        data.release(name)
    releases = [release for release in known if release.id in (release_ids or data.releases())]
    if what not in names and not ports(what, releases):
        raise UsageError(unknown("port, group, endpoint or supplement", what, names))
    if what in catalogue.endpoints:
        endpoint = catalogue.endpoints[what]
        if not release_ids or any(what not in release.info.help for release in releases):
            told = f"{endpoint.full_help} Default: {default_of(endpoint)}."
            terminal.echo(f"{endpoint.title}: {told}\n")
        for release in releases:
            if what in release.info.help:
                own = catalogue.of(release.info).endpoints[what]
                told = f"{own.full_help} Default: {default_of(own)}."
                terminal.echo(f"In {release.id}: {told}\n")
    text = as_text(reasons(what, releases, catalogue, known))
    terminal.echo(text or "No documented rule matches.\n", nl=False)
