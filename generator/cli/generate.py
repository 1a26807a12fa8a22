"""`cvo-sg generate`: deployments and presets become files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from generator.cli.options import rule_data as rule_data_option
from generator.errors import UsageError

if TYPE_CHECKING:
    from generator.load import RuleData
    from generator.model import Deployment
    from generator.resolved import Resolved
    from generator.write import Change


@click.command()
@click.argument("files", nargs=-1, metavar="[DEPLOYMENT]...", type=click.Path(path_type=Path))
@click.option(
    "--preset",
    "-p",
    "presets",
    multiple=True,
    metavar="NAME",
    help="Render this preset; may be repeated.",
)
@click.option("--release", "-r", metavar="R", help="Use the rules of another release.")
@click.option(
    "--group",
    "-g",
    "roles",
    multiple=True,
    metavar="G",
    help="Generate this group only; may be repeated.",
)
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
    "--check",
    is_flag=True,
    help="Write nothing; exit with 1 if a file is not as it would be written.",
)
@click.option(
    "--diff",
    is_flag=True,
    help="Write nothing; print what would change, and exit with 1 if anything would.",
)
@click.option("--force", is_flag=True, help="Overwrite files that this tool did not generate.")
@click.option(
    "--lint/--no-lint",
    default=True,
    show_default=True,
    help="Check the CloudFormation templates with cfn-lint first.",
)
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
    files: tuple[Path, ...],
    presets: tuple[str, ...],
    release: str | None,
    roles: tuple[str, ...],
    formats: tuple[str, ...],
    out: Path,
    to_stdout: bool,
    check: bool,
    diff: bool,
    force: bool,
    lint: bool,
    rule_data: Path | None,
    templates: Path | None,
) -> None:
    """Render deployments, or the presets, to OUT/<deployment>/<format>/.

    Without arguments, every preset is rendered in every format. Files that are up to date are not
    touched; files of an earlier run that are generated no longer are removed.

    \b
    Examples:
      cvo-sg generate
      cvo-sg generate --preset advanced --format terraform --out modules
      cvo-sg generate --preset predefined --format cloudformation --stdout
      cvo-sg generate --check --diff
    """
    from generator.load import RuleData, shipped

    data = RuleData(rule_data or shipped("rule_data"))
    deployments = _deployments(data, files, presets, release, roles)
    rendered = _render(data, deployments, templates or shipped("templates"), formats)
    if to_stdout:
        _require_one(rendered)
    texts = {
        out / name / format_ / file: text
        for (name, format_), contents in rendered.items()
        for file, text in contents.items()
    }
    if lint and _lint(texts):
        click.echo("nothing was written: cfn-lint refuses the templates above", err=True)
        ctx.exit(1)
    if to_stdout:
        click.echo("\n".join(texts.values()), nl=False)
        return
    folders = (
        [out / name / format_ for name, format_ in rendered]
        if formats
        else [out / deployment.name for deployment in deployments]
    )
    _put(ctx, out, texts, folders, check=check, diff=diff, force=force)


def _deployments(
    data: RuleData,
    files: tuple[Path, ...],
    presets: tuple[str, ...],
    release: str | None,
    roles: tuple[str, ...],
) -> list[Deployment]:
    names = presets or (() if files else data.presets())
    deployments = [data.deployment(path) for path in files] + [data.preset(n) for n in names]
    if release or roles:
        deployments = [
            replace(d, release=release or d.release, groups=roles or d.groups) for d in deployments
        ]
        for deployment in deployments:
            for _, message in data.problems(deployment):
                raise UsageError(message)
    seen: set[str] = set()
    for deployment in deployments:
        if deployment.name in seen:
            raise UsageError(f"two deployments have the name {deployment.name!r}: rename one")
        seen.add(deployment.name)
    return deployments


def _render(
    data: RuleData, deployments: list[Deployment], templates: Path, formats: tuple[str, ...]
) -> dict[tuple[str, str], dict[str, str]]:
    from generator import render
    from generator.resolve import resolve

    rendered: dict[tuple[str, str], dict[str, str]] = {}
    for deployment in deployments:
        resolved = resolve(deployment, data.release(deployment.release), data.catalogue)
        _warn(resolved)
        for format_ in formats or render.formats(templates):
            rendered[deployment.name, format_] = render.render(resolved, templates, format_)
    return rendered


def _warn(resolved: Resolved) -> None:
    for warning in resolved.warnings:
        click.echo(f"warning: {resolved.name}: {warning}", err=True)


def _require_one(rendered: dict[tuple[str, str], dict[str, str]]) -> None:
    if len(rendered) != 1:
        raise UsageError(
            f"--stdout prints one deployment in one format, but this would print {len(rendered)}: "
            "choose with --preset and --format"
        )


def _lint(texts: dict[Path, str]) -> bool:
    from generator.lint import is_cloudformation, lint

    templates = {path: text for path, text in texts.items() if is_cloudformation(text)}
    findings = [f for path, text in templates.items() for f in lint(text, str(path))]
    for finding in findings:
        click.echo(str(finding))
    return bool(findings)


def _put(
    ctx: click.Context,
    out: Path,
    texts: dict[Path, str],
    folders: list[Path],
    *,
    check: bool,
    diff: bool,
    force: bool,
) -> None:
    from generator.render import MARK
    from generator.write import compare, locked, unified_diff, write

    contents = {path: text.encode() for path, text in texts.items()}
    if check or diff:
        changes = compare(contents, folders, MARK.encode())
        for change in changes:
            click.echo(unified_diff(change) if diff else str(change), nl=not diff)
        if changes:
            click.echo(f"{_count(changes)} not as generated: run `cvo-sg generate`", err=True)
            ctx.exit(1)
        click.echo(f"{_files(len(texts))} up to date", err=True)
        return
    with locked(out):
        changes = compare(contents, folders, MARK.encode())
        write(changes, force)
    for change in changes:
        click.echo(f"{'removed' if change.new is None else 'wrote'} {change.path}")
    unchanged = len(texts) - sum(change.new is not None for change in changes)
    if unchanged:
        click.echo(f"{_files(unchanged)} up to date", err=True)


def _count(changes: tuple[Change, ...]) -> str:
    return f"{_files(len(changes))} {'is' if len(changes) == 1 else 'are'}"


def _files(number: int) -> str:
    return f"{number} file" if number == 1 else f"{number} files"
