"""`cvo-sg generate`: deployments and presets become files."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from generator.cli.options import rule_data as rule_data_option
from generator.cli.selection import Changes, changes_options
from generator.cli.target import Target, differences, put, report
from generator.errors import ResolveError, UsageError

if TYPE_CHECKING:
    from generator.advice import Advice
    from generator.deployment import Deployment
    from generator.load import RuleData
    from generator.resolved import Resolved

Rendered = dict[tuple[str, str], dict[str, str]]


@click.command()
@click.argument("files", nargs=-1, metavar="[DEPLOYMENT]...")
@click.option(
    "--preset", "-p", "presets", multiple=True, metavar="NAME", help="Render this preset; may be "
    "repeated.",
)  # fmt: skip
@changes_options
@click.option(
    "--format",
    "-f",
    "formats",
    multiple=True,
    metavar="F",
    help="Render this format only; may be repeated.",
)
@click.option(
    "--out",
    "-o",
    default=Path("out"),
    show_default=True,
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Where the files go.",
)
@click.option(
    "--stdout",
    "to_stdout",
    is_flag=True,
    help="Print the one deployment in the one format that is asked for.",
)
@click.option(
    "--zip",
    "archive",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Put the files into an archive instead, the same bytes for the same files.",
)
@click.option(
    "--check", is_flag=True, help="Write nothing; exit with 1 if a file is not as it would be."
)
@click.option(
    "--diff", is_flag=True, help="Write nothing; print what would change, and exit as --check does."
)
@click.option("--force", is_flag=True, help="Overwrite files that this tool did not generate.")
@click.option(
    "--lint/--no-lint",
    default=True,
    show_default=True,
    help="Check the CloudFormation templates with cfn-lint first.",
)
@click.option(
    "--strict",
    is_flag=True,
    help="Write nothing and exit with 1 if there is anything to warn of: inbound open to the "
    "internet, a quota nearly used, outbound rules that break the product, a group replaced.",
)
@click.option("--quiet", "-q", is_flag=True, help="Print no summary and no progress.")
@rule_data_option
@click.option(
    "--templates",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Read another folder of templates.",
)
@click.pass_context
def generate(
    ctx: click.Context,
    /,
    files: tuple[str, ...],
    presets: tuple[str, ...],
    formats: tuple[str, ...],
    out: Path,
    to_stdout: bool,
    archive: Path | None,
    check: bool,
    diff: bool,
    force: bool,
    lint: bool,
    strict: bool,
    quiet: bool,
    rule_data: Path | None,
    templates: Path | None,
    **changes: object,
) -> None:
    """Render deployments, or the presets, to OUT/<deployment>/<format>/.

    A deployment is a file, `-` for standard input, or made of --name and --release alone. Without
    any, every preset is rendered. Files that are up to date are not touched; files of an earlier
    run that are generated no longer are removed.

    \b
    Examples:
      cvo-sg generate
      cvo-sg generate customer.yaml --out customers
      cvo-sg generate --preset predefined --format cloudformation --stdout
      cvo-sg generate --name demo --release 3.7 --endpoint dns=10.0.0.2/32 --zip demo.zip
      cvo-sg generate --check --diff
    """
    from generator.cli.selection import deployments as select
    from generator.load import RuleData, shipped

    data = RuleData(rule_data or shipped("rule_data"))
    deployments = select(data, files, presets, Changes(**changes))  # type: ignore[arg-type]
    resolved = _resolve(data, deployments)
    rendered = _render(resolved, templates or shipped("templates"), formats)
    if to_stdout:
        texts = _the_one(rendered)
    else:
        root = Path() if archive else out
        texts = {
            root / name / format_ / file: text
            for (name, format_), contents in rendered.items()
            for file, text in contents.items()
        }
    if lint and _lint(texts, quiet):
        click.echo("nothing was written: cfn-lint refuses the templates above", err=True)
        ctx.exit(1)
    contents = {path: text.encode() for path, text in texts.items()}
    folders = {out / name / format_ if formats else out / name for name, format_ in rendered}
    if archive:
        from generator.write import zipped

        out, contents, folders = archive.parent, {archive: zipped(contents)}, set()
    target = Target(out, contents, tuple(sorted(folders)), force)
    advice = _advice(data, resolved) if strict or not (check or diff or quiet) else []
    if not to_stdout:
        advice += _replaced(target)
    for each in advice:
        if strict or each.kind != "open-to-the-internet":  # which the summary sums up
            click.echo(each.message if strict else f"warning: {each.message}", err=not strict)
    if strict and advice:
        number = "is a warning" if len(advice) == 1 else f"are {len(advice)} warnings"
        click.echo(f"nothing was written: there {number}, and --strict is given", err=True)
        ctx.exit(1)
    if to_stdout:
        click.echo("\n".join(texts.values()), nl=False)
    elif check or diff:
        report(ctx, target, diff)
    else:
        put(target)
    if not (check or diff or quiet):
        _summarize(resolved)


def _resolve(data: RuleData, deployments: list[Deployment]) -> list[Resolved]:
    from generator.resolve import resolve
    from generator.usage import check_quota

    found = []
    for deployment in deployments:
        try:
            resolved = resolve(deployment, data.release(deployment.release), data.catalogue)
        except ResolveError as error:
            raise ResolveError(f"{deployment.name}: {error}") from None
        check_quota(resolved)
        for warning in resolved.warnings:
            click.echo(f"warning: {resolved.name}: {warning}", err=True)
        found.append(resolved)
    return found


def _advice(data: RuleData, deployments: list[Resolved]) -> list[Advice]:
    from generator.advice import advise

    return [
        advice
        for resolved in deployments
        for advice in advise(resolved, data.release(resolved.release))
    ]


def _replaced(target: Target) -> list[Advice]:
    """The groups that the files on the disk have, and that the new ones replace or delete."""
    from generator.advice import replacement
    from generator.render import replaced

    return [
        replacement(str(change.path), role)
        for change in differences(target)
        if change.old and change.kind != "foreign"
        for role in replaced(*(_text(content) for content in (change.old, change.new)))
    ]


def _text(content: bytes | None) -> str:
    return (content or b"").decode("utf-8", "replace")


def _render(deployments: list[Resolved], templates: Path, formats: tuple[str, ...]) -> Rendered:
    from generator import render

    return {
        (resolved.name, format_): render.render(resolved, templates, format_)
        for resolved in deployments
        for format_ in formats or render.formats(templates)
    }


def _summarize(deployments: list[Resolved]) -> None:
    from generator.usage import summary

    for resolved in deployments:
        click.echo(summary(resolved), err=True)


def _the_one(rendered: Rendered) -> dict[Path, str]:
    """The files of the only deployment and format, but for those that only explain them."""
    if len(rendered) != 1:
        raise UsageError(
            f"--stdout prints one deployment in one format, but this would print {len(rendered)}: "
            "choose with --preset and --format"
        )
    ((_, contents),) = rendered.items()
    return {Path(name): text for name, text in contents.items() if not name.endswith(".md")}


def _lint(texts: dict[Path, str], quiet: bool) -> bool:
    from generator.lint import is_cloudformation, lint

    templates = {path: text for path, text in texts.items() if is_cloudformation(text)}
    findings = []
    visible = sys.stderr.isatty() and not quiet and "CI" not in os.environ and len(templates) > 1
    with click.progressbar(
        templates.items(), label="cfn-lint", file=sys.stderr, hidden=not visible
    ) as steps:
        for path, text in steps:
            findings += lint(text, str(path), advice=False)
    for finding in findings:
        click.echo(str(finding))
    return bool(findings)
