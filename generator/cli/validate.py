"""`cvo-sg validate`: what a repository holds, checked without a network or an account."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Generator, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from generator.cache import user_cache
from generator.cli import options, terminal
from generator.cli.options import open_rule_data
from generator.cli.repository_paths import at_root, in_summary
from generator.cli.roots import nearest
from generator.cli.staged_modules import modules_with_removals, with_files_not_staged
from generator.cli.workers import cores, in_order
from generator.errors import InputError, UsageError

if TYPE_CHECKING:
    from generator.check import Check, Finding, Report, Target
    from generator.load import RuleData


PEOPLE = ("text", "markdown", "github")
"""The formats that people read."""
_WORTH = 2
"""From how many templates on another process pays: each is linted whole."""


@click.command()
@click.argument("paths", nargs=-1, metavar="PATH...")
@click.option(
    "--output",
    "-o",
    default="text",
    show_default=True,
    type=click.Choice(["text", "json", "github", "sarif", "junit", "markdown"]),
    help="The format of the findings: for people, for scripts, as annotations of GitHub Actions, "
    "for code scanning (SARIF 2.1.0), as a JUnit test report, or for the summary of a run.",
)
@click.option("--strict", is_flag=True, help="Treat warnings as errors.")
@click.option(
    "--no-suppressions",
    is_flag=True,
    help="Ignore the settings for cfn-lint in the metadata of templates, such as ignore_checks.",
)
@click.option(
    "--download",
    is_flag=True,
    help="Let Terraform download the modules and providers that a module names, and run the "
    "providers. Only for modules that you trust.",
)
@click.option(
    "--require-terraform",
    is_flag=True,
    help="Fail if a module cannot be validated because Terraform, a provider or a module is "
    "missing.",
)
@click.option(
    "--skip-others",
    is_flag=True,
    help="Ignore files that are not a template, module or deployment file; for hooks.",
)
@click.option(
    "--staged",
    is_flag=True,
    help="Also check the modules from which the next commit removes files, and that the modules "
    "have all of their files in the index of git. Needs no PATH; for hooks.",
)
@click.option("--quiet", "-q", is_flag=True, help="Print findings only.")
@click.option("--verbose", "-v", is_flag=True, help="Also print what is checked.")
@options.jobs
@options.no_cache
@options.rule_data
@click.pass_context
def validate(
    ctx: click.Context,
    /,
    paths: tuple[str, ...],
    output: str,
    strict: bool,
    no_suppressions: bool,
    download: bool,
    require_terraform: bool,
    skip_others: bool,
    staged: bool,
    quiet: bool,
    verbose: bool,
    jobs: int | None,
    rule_data: Path | None,
    config: Path | None,
) -> None:
    """Check templates, modules, plans and deployment files.

    CloudFormation templates are checked with cfn-lint and additional rules; Terraform modules with
    `terraform fmt -check`, `terraform validate` and the same rules, as far as values are written
    out; the output of `terraform show -json` with these rules; deployment files as `generate`
    checks them. A folder is searched for all of them. Nothing is downloaded without --download.
    Exit status: 0 clean, 1 findings, 2 wrong usage.

    \b
    Examples:
      cvo-sg validate out
      cvo-sg validate template.yaml --strict
      cvo-sg validate . --output sarif > findings.sarif
    """
    from generator.check import REPORTS, Kind, Report

    if "" in paths:
        raise UsageError("a path is empty: use . for the working directory")
    if not paths and not staged:
        raise UsageError("name what to check: files or folders, such as . for everything here")
    targets = [target for path in paths for target in _targets(Path(path), skip_others)]
    if staged:
        targets += modules_with_removals()
    targets = list(dict.fromkeys(targets))
    data = _rule_data(targets, rule_data, config, quiet)
    for target in targets if verbose else ():
        terminal.echo(f"checking {target.path}", err=True)
    modules = [target.path for target in targets if target.kind is Kind.MODULE]
    check = partial(_check, data, not no_suppressions, download, output in PEOPLE)
    both = len(targets) + (len(modules) if len(modules) > 1 else 0)
    with (
        closing(_checks(targets, modules, check, download, jobs)) as found,
        terminal.progress(found, both, "checking", quiet) as steps,
    ):
        checks = tuple(filter(None, steps))
    if staged:
        checks = tuple(map(with_files_not_staged, targets, checks))
    report = Report(checks, strict)
    report = report if output in ("text", "json") else at_root(report)
    if output == "github":
        terminal.echo_commands(REPORTS[output](report))
    else:
        text = REPORTS[output](report)
        text = in_summary(text) if output == "markdown" else text
        terminal.echo(terminal.findings(text) if output == "text" else text, nl=False)
    for reason in report.skipped:
        terminal.echo(terminal.warning(reason), err=True)
    if not quiet:
        terminal.echo(_summary(report), err=True)
    if report.failed:
        ctx.exit(1)
    places = {str(module) for module in modules}
    if require_terraform and any(c.skipped and c.place in places for c in report.checks):
        raise UsageError(
            "--require-terraform: install Terraform and the providers of the modules listed above, "
            "or use --download"
        )


def _rule_data(
    targets: list[Target], option: Path | None, config: Path | None, quiet: bool
) -> Mapping[Path, RuleData]:
    """By folder, the rule data that its deployment files are read with."""
    from generator.check import Kind

    files = {each.path.parent: each.path for each in targets if each.kind is Kind.DEPLOYMENT}
    settings = {folder: nearest(file) for folder, file in files.items()}
    by_settings = {
        each: open_rule_data(option, config, quiet, near=each or ())
        for each in dict.fromkeys(settings.values())
    }
    return {folder: by_settings[each] for folder, each in settings.items()}


def _summary(report: Report) -> str:
    checked = _number(len(report.checks), "place")
    if report.skipped:
        checked += f", {len(report.skipped)} of them not completely"
    found = {
        severity: sum(finding.severity == severity for finding in report.findings)
        for severity in ("error", "warning", "note")
    }
    if not any(found.values()):
        return f"checked {checked}: nothing found"
    counts = [_number(found["error"], "error"), _number(found["warning"], "warning")]
    counts += [_number(found["note"], "note")] if found["note"] else []
    hint = "; --strict treats warnings as errors" if found["warning"] and not report.failed else ""
    return f"checked {checked}: {', '.join(counts)}{hint}"


def _number(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _targets(path: Path, skip_others: bool) -> Iterator[Target]:
    """What there is to check at a path on the command line."""
    from generator.check import ENOUGH, Kind, target_at, targets_below

    if os.path.isdir(path):
        found = list(targets_below(path))
        if not found:
            raise UsageError(f"{path} holds no template, no module and no deployment file")
        yield from found
        return
    with suppress(PermissionError):  # which is a finding
        os.lstat(path)
    target = target_at(path, ENOUGH if skip_others else 1)
    if target.kind is not Kind.OTHER:
        yield target
    elif not skip_others:
        raise UsageError(
            f"{path} is not a CloudFormation template, a file of a Terraform module (*.tf), the "
            "output of terraform show -json, or a deployment file (with name: and release:)"
        )


def _checks(
    targets: Sequence[Target],
    modules: Sequence[Path],
    check: Callable[[Collection[Path], Target], Check],
    download: bool,
    jobs: int | None,
) -> Generator[Check | None, None, None]:
    """What is found in each target, in their order; before, None while modules are tried together.

    Several processes lint templates. Terraform, which takes much memory, runs once at a time.
    """
    from generator.check import Kind, clean_modules

    clean: set[Path] = set()
    for some in clean_modules(modules, download):
        clean.update(some)
        yield None
    templates = [target for target in targets if target.kind is Kind.TEMPLATE]
    jobs = jobs or min(cores(), len(templates) // _WORTH)
    with closing(in_order(lambda i: check(clean, templates[i]), len(templates), jobs)) as linted:
        for target in targets:
            yield next(linted) if target.kind is Kind.TEMPLATE else check(clean, target)


def _check(
    data: Mapping[Path, RuleData],
    suppressions: bool,
    download: bool,
    together: bool,
    clean: Collection[Path],
    target: Target,
) -> Check:
    """What is found in one target; a failure while checking it is a finding of it, too.

    `together`: the warnings of a deployment file that repeat one fact are one finding.
    """
    from generator.check import Check, Finding, Kind, Linter, check_module, check_plan

    place = str(target.path)
    try:
        match target.kind:
            case Kind.MODULE:
                return check_module(target.path, download, clean)
            case Kind.PLAN:
                return check_plan(target.text, place)
            case Kind.TEMPLATE:
                linter = Linter(user_cache())
                found = linter.lint(target.text, place, suppressions=suppressions)
                return Check(place, tuple(found))
            case Kind.DEPLOYMENT:
                rules = data[target.path.parent]
                return Check(place, tuple(_about_deployment(target, rules, together)))
            case Kind.UNREADABLE:
                return Check(place, (Finding(place, 0, 0, "error", "unreadable", target.text),))
            case _:
                return Check(place, skipped=target.text)
    except Exception as error:
        message = f"checking this failed: {type(error).__name__}: {error}"
        return Check(place, (Finding(place, 0, 0, "error", "failure", message),))


def _about_deployment(target: Target, data: RuleData, together: bool) -> Iterator[Finding]:
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
        for line in str(error).splitlines():
            yield Finding(file, 0, 0, "error", "deployment", line)
    else:
        for sentence in too_many:
            yield Finding(file, 0, 0, "error", "deployment", sentence)
        for advice in advise(resolved, release, together):
            yield Finding(file, 0, 0, "warning", advice.kind, advice.message)
