"""`cvo-sg validate`: what a repository holds, checked without a network or an account."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from generator.cli.options import rule_data as rule_data_option
from generator.errors import InputError, UsageError

if TYPE_CHECKING:
    from generator.check import Check, Finding, Report
    from generator.load import RuleData

TEMPLATES = (".yaml", ".yml", ".json", ".template")
MODULES = (".tf", ".tf.json")
_KEY = re.compile(r"""^["']?(name|release|topology|outbound|endpoints)["']?\s*:""", re.MULTILINE)
ENOUGH = 2  # keys by which a deployment file is known among others; one that is named needs fewer


class Target(NamedTuple):
    """A thing to check: a template or a deployment with its text, or a module's folder."""

    path: Path
    text: str | None


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option(
    "--output",
    "-o",
    default="text",
    show_default=True,
    type=click.Choice(["text", "json", "github", "sarif", "junit", "markdown"]),
    help="How to print the findings.",
)
@click.option("--strict", is_flag=True, help="Take warnings as seriously as errors.")
@click.option(
    "--require-terraform",
    is_flag=True,
    help="Fail if Terraform or a provider cannot be had, instead of saying so.",
)
@click.option(
    "--skip-others",
    is_flag=True,
    help="Pass over files that are no template, module or deployment, as hooks give them.",
)
@click.option("--quiet", "-q", is_flag=True, help="Print findings only.")
@click.option("--verbose", "-v", is_flag=True, help="Say also what is checked.")
@rule_data_option
@click.pass_context
def validate(
    ctx: click.Context,
    /,
    paths: tuple[str, ...],
    output: str,
    strict: bool,
    require_terraform: bool,
    skip_others: bool,
    quiet: bool,
    verbose: bool,
    rule_data: Path | None,
) -> None:
    """Check templates, modules and deployment files.

    CloudFormation templates go through cfn-lint with rules of our own, Terraform modules through
    `terraform fmt -check` and `terraform validate`, deployment files through the rules that they
    are about. Of a folder, everything in it is checked. Exit status: 0 clean, 1 findings, 2 wrong
    usage.

    \b
    Examples:
      cvo-sg validate out
      cvo-sg validate template.yaml --strict
      cvo-sg validate . --output sarif > findings.sarif
    """
    from generator.check import REPORTS, Report
    from generator.load import RuleData, shipped

    data = RuleData(rule_data or shipped("rule_data"))
    if "" in paths:
        raise UsageError("a path is empty: write . for the working directory")
    found_targets = (t for path in paths for t in _targets(Path(path), skip_others))
    targets = list(dict.fromkeys(found_targets))
    for target in targets if verbose else ():
        click.echo(f"checking {target.path}", err=True)
    visible = sys.stderr.isatty() and not quiet and "CI" not in os.environ and len(targets) > 1
    with click.progressbar(targets, label="checking", file=sys.stderr, hidden=not visible) as steps:
        report = Report(tuple(_check(target, data) for target in steps), strict)
    click.echo(REPORTS[output](report), nl=False)
    for reason in report.skipped:
        click.echo(f"warning: {reason}", err=True)
    if not quiet:
        click.echo(_told(report), err=True)
    if report.failed:
        ctx.exit(1)
    if report.skipped and require_terraform:
        raise UsageError(
            "--require-terraform: install Terraform, or give it a way to its providers, for what "
            "is not checked above"
        )


def _told(report: Report) -> str:
    """How it went, in a line."""
    checked = _number(len(report.checks), "place")
    if report.skipped:
        checked += f", {len(report.skipped)} of them not wholly"
    if not report.findings:
        return f"checked {checked}: nothing found"
    errors = sum(finding.severity == "error" for finding in report.findings)
    warnings = _number(len(report.findings) - errors, "warning")
    hint = "" if report.failed else "; --strict takes warnings as errors"
    return f"checked {checked}: {_number(errors, 'error')}, {warnings}{hint}"


def _number(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _targets(path: Path, skip_others: bool) -> Iterator[Target]:
    """What there is to check at a path that the user gives."""
    if path.is_dir():
        found = list(_within(path))
        if not found:
            raise UsageError(f"{path} holds no template, no module and no deployment file")
        yield from found
    elif path.name.endswith(MODULES) and path.is_file():
        yield Target(path.parent, None)
    else:
        try:
            text = path.read_bytes().decode("utf-8", "replace")
        except OSError as error:
            raise UsageError(f"{path}: {error.strerror}") from None
        if _is_template(text) or _is_deployment(text, ENOUGH if skip_others else 1):
            yield Target(path, text)
        elif not skip_others:
            raise UsageError(
                f"{path} is neither a CloudFormation template, nor a file of a Terraform module "
                "(*.tf), nor a deployment file (with name: and release:)"
            )


def _within(folder: Path) -> Iterator[Target]:
    for name, folders, files in os.walk(folder):
        folders[:] = sorted(f for f in folders if not f.startswith(".") and f != "node_modules")
        here = Path(name)
        if any(file.endswith(MODULES) for file in files):
            yield Target(here, None)
        for file in sorted(files):
            if file.endswith(TEMPLATES) and not file.endswith(MODULES):
                try:
                    text = (here / file).read_bytes().decode("utf-8", "replace")
                except OSError:  # a link to nowhere
                    continue
                if _is_template(text) or _is_deployment(text):
                    yield Target(here / file, text)


def _is_template(text: str) -> bool:
    from generator.check import is_cloudformation

    return is_cloudformation(text)


def _is_deployment(text: str, enough: int = ENOUGH) -> bool:
    """Whether it has enough keys of a deployment file; one may be misspelt, or missing."""
    return len({match[1] for match in _KEY.finditer(text)}) >= enough


def _check(target: Target, data: RuleData) -> Check:
    """What is found about one target."""
    from generator.check import Check

    if target.text is None:
        from generator.check import check_module

        return check_module(target.path)
    place = str(target.path)
    if _is_template(target.text):
        from generator.check import lint

        return Check(place, tuple(lint(target.text, place)))
    return Check(place, tuple(_about_deployment(target, data)))


def _about_deployment(target: Target, data: RuleData) -> Iterator[Finding]:
    from generator.check import Finding
    from generator.errors import ResolveError
    from generator.resolve import advise, over_quota, resolve

    file = str(target.path)
    try:
        deployment = data.deployment(target.path)
        release = data.release(deployment.release)
        resolved = resolve(deployment, release, data.catalogue)
        too_many = dict.fromkeys(over_quota(resolved, "") + over_quota(resolved, "cloudformation"))
    except InputError as error:
        for mistake in error.mistakes:
            yield Finding(*mistake[:3], "error", "deployment", mistake.message)
    except ResolveError as error:
        yield Finding(file, 0, 0, "error", "deployment", str(error))
    else:
        for sentence in too_many:
            yield Finding(file, 0, 0, "error", "deployment", sentence)
        for advice in advise(resolved, release):
            yield Finding(file, 0, 0, "warning", advice.kind, advice.message)
