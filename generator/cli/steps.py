"""The steps of `generate` between reading and writing, and what they tell the user."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from generator.cli.jobs import Job
from generator.cli.target import Target, differences
from generator.errors import ResolveError, UsageError

if TYPE_CHECKING:
    from generator.load import RuleData
    from generator.model import Deployment, Resolved
    from generator.resolve import Advice

Rendered = dict[tuple[Path, str, str], dict[str, str]]
"""By folder, deployment and format, the files."""


def resolve_all(data: RuleData, deployments: list[Deployment]) -> list[Resolved]:
    """Every deployment with its decisions taken."""
    from generator.resolve import over_quota, resolve

    found = []
    for deployment in deployments:
        try:
            resolved = resolve(deployment, data.release(deployment.release), data.catalogue)
        except ResolveError as error:
            raise ResolveError(f"{deployment.name}: {error}") from None
        too_many = over_quota(resolved, "")
        if too_many:
            raise ResolveError("\n".join(too_many))
        found.append(resolved)
    return found


def render_all(todo: list[Job], resolved: list[Resolved], templates: list[Path]) -> Rendered:
    """The files of every job, whose deployments are resolved in the same order."""
    from generator.render import formats, render

    pairs = zip(
        ((job, origin) for job in todo for _, origin in job.deployments), resolved, strict=True
    )
    return {
        (job.out, each.name, format_): render(each, templates, format_, origin)
        for (job, origin), each in pairs
        for format_ in job.formats or formats(templates)
    }


def the_one(rendered: Rendered) -> dict[Path, str]:
    """The files of the only deployment and format, but for those that only explain them."""
    if len(rendered) != 1:
        raise UsageError(
            f"--stdout prints one deployment in one format, but this would print {len(rendered)}: "
            "choose with --preset and --format"
        )
    ((_, contents),) = rendered.items()
    return {Path(name): text for name, text in contents.items() if not name.endswith(".md")}


def lint_all(texts: dict[Path, str], quiet: bool) -> bool:
    """Whether cfn-lint refuses any of the templates; what it finds is told."""
    from generator.check import is_cloudformation, lint

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


def advice_on(data: RuleData, deployments: list[Resolved]) -> list[Advice]:
    """What there is to warn of in the deployments."""
    from generator.resolve import advise

    return [
        advice
        for resolved in deployments
        for advice in advise(resolved, data.release(resolved.release))
    ]


def replaced_by(target: Target) -> list[Advice]:
    """The groups that the files on the disk have, and that the new ones replace or delete."""
    changes = [c for c in differences(target) if c.old and c.kind != "foreign"]
    if not changes:
        return []
    from generator.compare import replaced
    from generator.resolve import replacement

    return [
        replacement(str(change.path), role)
        for change in changes
        for role in replaced(_text(change.old), _text(change.new))
    ]


def _text(content: bytes | None) -> str:
    return (content or b"").decode("utf-8", "replace")


def summarize(deployments: list[Resolved]) -> None:
    """Tell what a person wants to know of each deployment."""
    from generator.resolve import summary

    for resolved in deployments:
        click.echo(summary(resolved), err=True)
