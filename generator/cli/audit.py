"""`cvo-sg audit`: what security groups that exist lack, and what they have too much."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from generator.cli import options, terminal
from generator.cli.audit_report import print_result, summary
from generator.cli.comparison import print_page, titles
from generator.cli.observed import STDIN, pairs, read_observed, shown
from generator.cli.selection import Changes, deployments
from generator.errors import UsageError, unknown

if TYPE_CHECKING:
    from generator.compare import Audited, Entry, Expected
    from generator.load import RuleData


@click.command()
@click.argument("names", nargs=-1, metavar="[DEPLOYMENT] OBSERVED...")
@click.option(
    "--preset",
    "-p",
    metavar="NAME",
    shell_complete=options.presets,
    help="Compare with this preset instead of a deployment file.",
)
@click.option(
    "--release",
    "-r",
    metavar="R",
    shell_complete=options.releases,
    help="Compare with every documented row of this release, whoever the peer is, instead of a "
    "deployment file.",
)
@click.option(
    "--topology",
    type=click.Choice(["ha", "single-node"]),
    help="Use this topology instead of the deployment's; with --release, ha is the default.",
)
@click.option(
    "--outbound",
    type=click.Choice(["basic", "advanced"]),
    help="Use these outbound rules instead of the deployment's; with --release, the default is the "
    "table that fits better.",
)
@click.option(
    "--endpoint",
    "-e",
    "endpoints",
    multiple=True,
    metavar="E=PEER,...",
    help="Bind an endpoint to these peers instead of the deployment's, as in generate. Repeatable.",
)
@click.option(
    "--group",
    "-g",
    "chosen",
    multiple=True,
    metavar="ROLE=GROUP",
    shell_complete=options.groups,
    help="The group with this role, by its id, name, address or logical id, such as "
    "manager=sg-0123456789abcdef0. Repeatable.",
)
@click.option(
    "--parameter",
    "parameters",
    multiple=True,
    metavar="K=V",
    help="The value of a parameter of a CloudFormation template; otherwise its default. "
    "Repeatable.",
)
@click.option(
    "--allow",
    type=options.PATH,
    metavar="FILE",
    help="A list of accepted deviations, each with a reason, and with a date if it is temporary.",
)
@click.option(
    "--output",
    "-o",
    default="text",
    show_default=True,
    type=click.Choice(["text", "json", "github", "sarif", "junit", "markdown", "html"]),
    help="The format of the result: for people, for scripts, as annotations of GitHub Actions, "
    "for code scanning (SARIF 2.1.0), as a JUnit test report, for the summary of a run, or "
    "as a page with the flows, those missing and superfluous marked.",
)
@click.option("--quiet", "-q", is_flag=True, help="Print the result only.")
@click.option("--verbose", "-v", is_flag=True, help="Print every rule on a line of its own.")
@options.rule_data
@click.pass_context
def audit(
    ctx: click.Context,
    /,
    names: tuple[str, ...],
    preset: str | None,
    release: str | None,
    topology: str | None,
    outbound: str | None,
    endpoints: tuple[str, ...],
    chosen: tuple[str, ...],
    parameters: tuple[str, ...],
    allow: Path | None,
    output: str,
    quiet: bool,
    verbose: bool,
    rule_data: Path | None,
    config: Path | None,
) -> None:
    """Compare security groups that exist with a deployment: what is missing, what is too much.

    OBSERVED is a file with security groups, or - for standard input, such as the JSON of `aws ec2
    describe-security-groups` or `describe-security-group-rules`. Several are read together.

    A group has the role of a group of the deployment if its output or name is the one that
    generated files give it, if its name or Name tag ends in the role, or if --group says so.
    Groups that fit no role, or roles that several groups fit, are listed. For endpoints that the
    deployment leaves open, the result shows the peers that the groups have.

    Exit status: 0 nothing deviates, 1 deviations, 2 usage or input error.

    \b
    Examples:
      aws ec2 describe-security-groups | cvo-sg audit acme.yaml -
      cvo-sg audit acme.yaml groups.json --group manager=sg-0123456789abcdef0
      cvo-sg audit acme.yaml groups.json --allow accepted.yaml --output sarif
      cvo-sg audit --release 3.7 groups.json
    """
    if preset and release:
        raise UsageError("use --preset or --release, not both")
    data = options.open_rule_data(rule_data, config, near=names[:1])
    changes = Changes(None, None, topology, outbound, (), endpoints)
    expected, file, sources, known = _expected(data, names, preset, release, changes)
    groups = pairs("--group", chosen, "<role>=<group>, such as manager=sg-0123456789abcdef0")
    roles = [each.role for each in expected.roles]
    for role in groups:
        if role not in roles:
            raise UsageError(f"--group: {unknown('group', role, roles)}")
    values = pairs("--parameter", parameters, "<parameter>=<value>")
    entries = _entries(allow, data)
    found = _audited(data, expected, file or shown(sources[0]), sources, groups, values, entries)
    found = found._replace(apart=verbose)
    if output == "html":
        from generator.compare import marked_audit

        print_page(marked_audit(found, titles(data, [known])), config, near=names[0])
    else:
        print_result(found, output)
    if not quiet:
        terminal.echo(summary(found), err=True)
    if found.failed:
        ctx.exit(1)


def _expected(
    data: RuleData,
    names: tuple[str, ...],
    preset: str | None,
    release: str | None,
    changes: Changes,
) -> tuple[Expected, str, tuple[str, ...], str]:
    """What there should be, the file that says so, if any, the sources to compare with it, and the
    release."""
    from generator.compare import of_deployed, of_documented

    file, sources = "", names
    if not preset and not release and names:
        file, sources = names[0], names[1:]
    if not sources:
        raise UsageError(
            "nothing to compare: name a deployment file, or use --preset or --release, and then a "
            "file with security groups, or - for standard input"
        )
    if names.count(STDIN) > 1:
        raise UsageError("standard input can be read once: name a file instead of one -")
    if release:
        if changes.endpoints:
            raise UsageError("--endpoint needs a deployment: with --release, any peer will do")
        topology, outbound = changes.topology or "ha", changes.outbound
        documented = of_documented(data.release(release), data.catalogue, topology, outbound)  # type: ignore[arg-type]
        return documented, "", sources, release
    [deployment] = deployments(data, (file,) if file else (), (preset,) if preset else (), changes)
    there = data.release(deployment.release)
    expected = of_deployed(deployment, there, data.catalogue)
    return expected, file and shown(file), sources, deployment.release


def _entries(allow: Path | None, data: RuleData) -> tuple[Entry, ...]:
    from generator.compare import Entry
    from generator.load import read_allowances
    from generator.model import Place

    if allow is None:
        return ()
    allowed = read_allowances(allow, list(data.catalogue.groups))
    return tuple(Entry(each.allowance, Place(each.file, each.line)) for each in allowed)


def _audited(
    data: RuleData,
    expected: Expected,
    file: str,
    sources: tuple[str, ...],
    groups: dict[str, str],
    parameters: dict[str, str],
    entries: tuple[Entry, ...],
) -> Audited:
    from generator.compare import Audited, accept, match_groups
    from generator.compare import audit as compared

    found = read_observed(sources, parameters)
    matching = match_groups(found, expected.roles, data.catalogue.groups, groups)
    result = compared(expected, found, matching)
    accepted = accept(result, [entry.allowance for entry in entries], date.today())
    return Audited(
        expected,
        file,
        tuple(map(shown, sources)),
        matching,
        accepted,
        entries,
        found.left_out,
    )
