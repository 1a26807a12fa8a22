"""`cvo-sg show`: the flow matrix of a deployment, a preset or a release."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from generator.cli import options, terminal
from generator.errors import UsageError, no_source, unknown

if TYPE_CHECKING:
    from generator.cli.roots import Place
    from generator.load import RuleData
    from generator.model import Deployment
    from generator.render import Origin

TABLE = "table"
PAGE = "html"


@click.command()
@click.argument("what", metavar="[DEPLOYMENT|RELEASE]", default="predefined")
@click.option(
    "--group",
    "-g",
    "roles",
    multiple=True,
    metavar="G",
    shell_complete=options.groups,
    help="Only the flows of this group, in a table. Repeatable.",
)
@click.option(
    "--direction",
    type=click.Choice(["inbound", "outbound"]),
    help="Only the flows in this direction, in a table.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    metavar="N",
    help="Only the flows that this TCP or UDP port is among, in a table.",
)
@click.option(
    "--output",
    "--format",
    "-o",
    "output",
    default=TABLE,
    show_default=True,
    metavar="F",
    help="`table`, or a format that `generate` has, such as markdown or csv.",
)
@click.option(
    "--open",
    "opens",
    is_flag=True,
    help="Write the format html to a temporary file, print its path, and open it in the browser.",
)
@options.rule_data
@options.templates
def show(
    what: str,
    roles: tuple[str, ...],
    direction: str | None,
    port: int | None,
    output: str,
    opens: bool,
    rule_data: Path | None,
    config: Path | None,
    templates: Path | None,
) -> None:
    """Show who may talk to whom, on what, why, and where it is documented.

    DEPLOYMENT is a deployment file or a preset, by default the preset predefined. Of a RELEASE,
    every documented group is shown, with the advanced outbound rules, and nobody is filled in.

    \b
    Examples:
      cvo-sg show customer.yaml
      cvo-sg show advanced --group manager --direction inbound
      cvo-sg show advanced --port 445
      cvo-sg show 3.7 --output markdown
      cvo-sg show customer.yaml --output xlsx > customer.xlsx
      cvo-sg show customer.yaml --open
    """
    from generator.resolve import matrix, resolve

    if opens and output not in (TABLE, PAGE):
        raise UsageError(f"--open shows the format {PAGE}: use it without --output {output}")
    data = options.open_rule_data(rule_data, config, near=what)
    deployment = _deployment(what, data)
    resolved = resolve(deployment, data.release(deployment.release), data.catalogue)
    if opens or output != TABLE:
        if roles or direction or port is not None:
            raise UsageError(
                "--group, --direction and --port choose rows of a table: use --output table"
            )
        from generator.cli.roots import place
        from generator.render import VOUCHER, render

        where = place(config, Path(what))
        folders = where.templates(templates)
        files = render(resolved, folders, PAGE if opens else output, _origin(what, where))
        shown = {name: content for name, content in files.items() if name != VOUCHER}
        for name, content in shown.items():
            if isinstance(content, bytes):
                terminal.echo_binary(name, content)
                return
        text = "\n".join(map(str, shown.values()))
        if opens:
            _open(text)
        else:
            terminal.echo_file(text)
        return
    from generator.show import matrix_table

    found = matrix(resolved)
    for role in roles:
        if role not in (names := [group.name for group in found.groups]):
            raise UsageError(unknown("group", role, names))
    flows = [
        flow
        for flow in found.flows
        if (not roles or flow.group in roles)
        and direction in (None, flow.direction)
        and (port is None or flow.covers(port))
    ]
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    terminal.echo(terminal.flows(matrix_table(found, flows, width)))


def _deployment(what: str, data: RuleData) -> Deployment:
    from generator.model import Deployment

    path = Path(what)
    if path.is_file():
        return data.deployment(path)
    if what in data.presets():
        return data.preset(what)
    if what not in data.releases():
        raise UsageError(no_source(what, data.releases(), data.presets()))
    info = data.release(what).info
    endpoints = data.catalogue.of(info).endpoints.items()
    return Deployment(
        name="release-" + re.sub(r"[._]", "-", what.lower()),
        release=what,
        groups=info.groups,
        open=tuple(name for name, e in endpoints if e.default.cidrs or e.default.endpoint),
    )


def _origin(what: str, where: Place) -> Origin:
    from generator.render import Origin

    file = where.relative(Path(what)) if Path(what).is_file() else None
    return Origin(shlex.join(["cvo-sg", "show", file or what]), file)


def _open(text: str) -> None:
    """Write the page to a folder of its own, print where it is, and have it shown."""
    folder = Path(tempfile.mkdtemp(prefix="cvo-sg-"))
    page = folder / "matrix.html"
    page.write_text(text, encoding="utf-8")
    terminal.echo(str(page))
    if os.environ.get("CI"):
        terminal.echo("no browser is started in CI: open the file yourself", err=True)
    elif not _started(page):
        terminal.echo("no browser could be started: open the file yourself", err=True)


def _started(page: Path) -> bool:
    import webbrowser

    try:
        return webbrowser.open(page.as_uri())
    except (webbrowser.Error, OSError):
        return False
