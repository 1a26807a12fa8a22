"""What `generate` says about its deployments and files, on standard error."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from generator.cli import terminal
from generator.cli.batch import Batch
from generator.cli.facts import WARNINGS
from generator.cli.jobs import Work
from generator.cli.named_files import some
from generator.cli.steps import INLINE
from generator.cli.target import Target


def summarize(work: Work, target: Target, batch: Batch) -> None:
    """Print what a person wants to know: the deployments, the number of files, the next step.

    A comparison needs no summary: it has said what differs.
    """
    request = work.request
    if request.compares:
        return
    if request.verbose:
        for path in sorted(batch.verbs):
            terminal.echo(f"{batch.verbs[path]} {path}")
    if request.quiet:
        return
    lines = _many(batch) if work.is_large else _few(work, batch)
    for line in (*lines, *_counts(target, batch), *_too_large(work, batch)):
        terminal.echo(line, err=True)
    if work.is_first_look:
        terminal.echo("next: cvo-sg init acme.yaml  (a deployment file to edit)", err=True)


def _few(work: Work, batch: Batch) -> Iterator[str]:
    """A line for each preset that is only an example; a paragraph for any other deployment."""
    examples = [job.is_example(origin) for job, _, origin in work.deployments]
    found = zip(examples, batch.names, batch.described, strict=False)
    for is_example, some_of_them in groupby(found, key=lambda each: each[0]):
        alike = list(some_of_them)
        width = max(len(name) for _, name, _ in alike)
        for _, name, text in alike:
            yield f"{name:{width}}  {text}" if is_example else text


def _many(batch: Batch) -> Iterator[str]:
    """The number of deployments, and of which of them there is something to know."""
    yield f"{len(batch.names):,} deployments"
    for fact, names in batch.facts.items():
        yield f"  {names.total:,} {fact}: {names}"
    for kind, names in batch.warned.items():
        if kind in WARNINGS:  # the facts have the others
            yield terminal.warning(f"{names.total:,} deployments {WARNINGS[kind]}: {names}")
    if batch.warned:
        yield "details: name one of these deployments in the command, and no others"


def _counts(target: Target, batch: Batch) -> Iterator[str]:
    """Per output folder, how many files were written, removed and left as they are."""
    if target.archive:
        yield f"{target.archive}: {'written' if batch.written else 'up to date'}"
        return
    for out in target.outs:
        numbers = {
            "written": batch.written[out],
            "removed": batch.removed[out],
            "up to date": batch.files[out] - batch.written[out],
        }
        counts = (f"{files(number)} {kind}" for kind, number in numbers.items() if number)
        yield f"{out}: {', '.join(counts) or 'nothing to generate'}"


def _too_large(work: Work, batch: Batch) -> Iterator[str]:
    """The templates that CloudFormation takes from a bucket only."""
    if work.is_large and batch.too_large:
        names = some([str(path) for path, _ in batch.too_large])
        yield (
            f"{len(batch.too_large):,} templates have more than the {INLINE:,} bytes that "
            f"CloudFormation takes inline: deploy them through a bucket, as their READMEs show: "
            f"{names}"
        )
        return
    for path, size in batch.too_large:
        yield (
            f"{path} has {size:,} bytes, and CloudFormation takes {INLINE:,} inline: deploy it "
            "through a bucket, as its README shows"
        )


def files(number: int) -> str:
    """So many files, in words."""
    return f"{number:,} file" if number == 1 else f"{number:,} files"


def list_kept(work: Work, batch: Batch) -> None:
    """Say which folders stay as they are: what nobody asked for, and what looks like a copy."""
    if found := [*_not_asked_for(work, batch)]:
        from generator.cli.next_steps import to_render  # which few runs need

        terminal.echo(to_render(found), err=True)
    for folder in sorted(batch.copies):
        terminal.echo(
            f"kept {folder}: its files were generated for another folder. Remove it unless it is a "
            "copy that you need",
            err=True,
        )


def _not_asked_for(work: Work, batch: Batch) -> Iterator[Path]:
    """The folders of formats that an earlier run was asked for, and this one was not."""
    from generator.render import default_formats, formats

    start = 0
    for job in work.jobs:
        names = batch.names[start : start + len(job.deployments)]
        start += len(job.deployments)
        if job.formats or job.owned or work.request.archive:
            continue
        more = {*formats(job.root.templates)}.difference(default_formats(job.root.templates))
        for path in (job.out / name / each for name in names for each in sorted(more)):
            if path.is_dir():
                yield path
