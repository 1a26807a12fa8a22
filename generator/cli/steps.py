"""The steps of `generate` between reading and writing: resolve, render and check."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from generator.cli import terminal
from generator.cli.jobs import Work
from generator.cli.target import Target, differences
from generator.errors import ResolveError

if TYPE_CHECKING:
    from generator.load import RuleData
    from generator.model import Deployment, Resolved
    from generator.resolve import Advice

Place = tuple[Path, str, str]
"""An output folder, a deployment and a format."""
Rendered = dict[Place, dict[str, str]]
"""The text of each file by its name."""


def resolve_all(work: Work) -> list[Resolved]:
    """Every deployment of the jobs resolved, in their order. Raises ResolveError."""
    from generator.resolve import resolve

    found = []
    for data, deployment in _with_data(work):
        try:
            release = data.release(deployment.release)
            resolved = resolve(deployment, release, data.catalogue)
        except ResolveError as error:
            raise ResolveError(f"{deployment.name}: {error}") from None
        found.append(resolved)
    return found


def _with_data(work: Work) -> list[tuple[RuleData, Deployment]]:
    """Every deployment of the jobs, with the rule data of its root."""
    return [(job.root.data, each) for job in work.jobs for each, _ in job.deployments]


def left_out(work: Work, resolved: list[Resolved]) -> dict[Place, list[str]]:
    """The outputs that would exceed the quota of rules, with a sentence for each group.

    Raises ResolveError for a deployment that fits in none of its formats.
    """
    from generator.render import formats
    from generator.resolve import over_quota

    found: dict[Place, list[str]] = {}
    outs = (job for job in work.jobs for _ in job.deployments)
    for job, each in zip(outs, resolved, strict=True):
        names = job.formats or formats(job.root.templates)
        over = {(job.out, each.name, name): over_quota(each, name) for name in names}
        if all(over.values()):
            raise ResolveError("\n".join(over_quota(each, "") or next(iter(over.values()))))
        found.update({place: sentences for place, sentences in over.items() if sentences})
    return found


def render_all(work: Work, resolved: list[Resolved]) -> Rendered:
    """The files of every job, whose deployments are resolved in the same order."""
    from generator.render import formats, render

    pairs = zip(
        ((job, origin) for job in work.jobs for _, origin in job.deployments), resolved, strict=True
    )
    without = left_out(work, resolved)
    return {
        (job.out, each.name, format_): render(each, job.root.templates, format_, origin)
        for (job, origin), each in pairs
        for format_ in job.formats or formats(job.root.templates)
        if (job.out, each.name, format_) not in without
    }


def fail_if_left_out(work: Work, resolved: list[Resolved]) -> None:
    """Exit with 1 if the quota allows fewer rules than an output needs, which `check_all` says."""
    if left_out(work, resolved):
        raise click.exceptions.Exit(1)


def check_all(work: Work, resolved: list[Resolved], target: Target) -> None:
    """Lint the templates, and print the warnings and what is left out.

    Exits with 1 for findings of cfn-lint and, under --strict, for warnings.
    """
    request = work.request
    if request.lint and _lint(target.texts, request.quiet):
        _refuse("cfn-lint found errors in the templates")
    for (_, _, format_), sentences in left_out(work, resolved).items():
        for sentence in sentences:
            terminal.echo(terminal.error(f"{format_} is not generated: {sentence}"), err=True)
    warnings = [*_warnings(work, resolved), *_replacements(target)]
    for each in warnings:
        if request.strict:
            terminal.echo(each.message)
        elif each.kind != "open-to-the-internet":  # the summary counts these
            terminal.echo(terminal.warning(each.message), err=True)
    if warnings and request.strict:
        one = len(warnings) == 1
        number = "1 warning is an error" if one else f"{len(warnings)} warnings are errors"
        _refuse(f"{number} under --strict")


def _refuse(reason: str) -> None:
    terminal.echo(terminal.error(f"nothing was written: {reason}"), err=True)
    raise click.exceptions.Exit(1)


def _lint(texts: dict[Path, str], quiet: bool) -> bool:
    """Whether cfn-lint finds anything in the templates; the findings are printed."""
    from generator.check import is_cloudformation, lint

    templates = {path: text for path, text in texts.items() if is_cloudformation(text)}
    findings = []
    visible = len(templates) > 1 and not quiet and terminal.shows_progress()
    with click.progressbar(
        templates.items(),
        label="cfn-lint",
        file=sys.stderr,
        hidden=not visible,
    ) as steps:
        for path, text in steps:
            findings += lint(text, str(path), advice=False)
    for finding in findings:
        terminal.echo(str(finding))
    return bool(findings)


def _warnings(work: Work, resolved: list[Resolved]) -> Iterator[Advice]:
    """What to warn about in the deployments.

    Presets that nobody chose by name are examples: what is wrong with them concerns --strict only.
    """
    from generator.resolve import advise

    request = work.request
    if not request.strict and (request.compares or request.quiet):
        return
    several = zip(resolved, work.examples, _with_data(work), strict=True)
    for each, is_example, (data, _) in several:
        if request.strict or not is_example:
            yield from advise(each, data.release(each.release))


def _replacements(target: Target) -> Iterator[Advice]:
    """The groups in the files on the disk that the new files would replace or delete."""
    changes = [c for c in differences(target) if c.old and c.kind != "foreign"]
    if not changes:
        return
    from generator.compare import replaced
    from generator.resolve import replacement

    for change in changes:
        for role in replaced(_text(change.old), _text(change.new)):
            yield replacement(str(change.path), role)


def _text(content: bytes | None) -> str:
    return (content or b"").decode("utf-8", "replace")
