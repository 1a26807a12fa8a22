"""What `generate` says about its deployments and files, on standard error."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import TYPE_CHECKING

from generator.cli import terminal
from generator.cli.jobs import Work
from generator.cli.target import Target

INLINE = 51_200  # bytes of a template passed inline ("AWS CloudFormation quotas", TemplateBody)

if TYPE_CHECKING:
    from generator.model import Resolved
    from generator.write import Change


def summarize(
    work: Work, resolved: list[Resolved], target: Target, changes: tuple[Change, ...]
) -> None:
    """Print what a person wants to know: each deployment, the number of files, the next step.

    A comparison needs no summary: it has said what differs.
    """
    request = work.request
    if request.compares:
        return
    if request.verbose:
        _list_files(target, changes)
    if request.quiet:
        return
    pairs = zip(work.examples, resolved, strict=True)
    for is_example, some in groupby(pairs, key=lambda pair: pair[0]):
        _describe([each for _, each in some], is_example)
    for line in _counts(target, changes):
        terminal.echo(line, err=True)
    for line in _too_large(target):
        terminal.echo(line, err=True)
    if work.is_first_look:
        terminal.echo("next: cvo-sg init acme.yaml  (a deployment file to edit)", err=True)


def _describe(resolved: list[Resolved], examples: bool) -> None:
    """A line for each preset that is only an example; a paragraph for any other deployment."""
    from generator.resolve import summary

    width = max(len(each.name) for each in resolved)
    for each in resolved:
        line = f"{each.name:{width}}  {each.product}, {each.topology}, {each.outbound} outbound"
        terminal.echo(line if examples else summary(each), err=True)


def _list_files(target: Target, changes: tuple[Change, ...]) -> None:
    """Every file with what became of it, on standard output."""
    verbs = {c.path: "removed" if c.new is None else "wrote" for c in changes}
    for path in sorted(target.contents.keys() | verbs.keys()):
        terminal.echo(f"{verbs.get(path, 'unchanged')} {path}")


def _counts(target: Target, changes: tuple[Change, ...]) -> list[str]:
    """Per output folder, how many files were written, removed and left as they are."""
    removed = {c.path for c in changes if c.new is None}
    written = {c.path for c in changes} - removed
    unchanged = target.contents.keys() - written
    if target.archive:
        return [f"{target.archive}: {'written' if written else 'up to date'}"]
    kinds = {"written": written, "removed": removed, "up to date": unchanged}
    lines = []
    for out in dict.fromkeys(target.outs):
        numbers = {kind: sum(p.is_relative_to(out) for p in paths) for kind, paths in kinds.items()}
        counts = (f"{_files(number)} {kind}" for kind, number in numbers.items() if number)
        lines.append(f"{out}: {', '.join(counts) or 'nothing to generate'}")
    return lines


def _too_large(target: Target) -> Iterator[str]:
    """The templates that CloudFormation takes from a bucket only."""
    from generator.check import is_cloudformation

    for path, text in target.texts.items():
        size = len(text.encode())
        if size > INLINE and is_cloudformation(text):
            yield (
                f"{path} has {size:,} bytes, and CloudFormation takes {INLINE:,} inline: deploy it "
                "through a bucket, as its README shows"
            )


def _files(number: int) -> str:
    return f"{number} file" if number == 1 else f"{number} files"
