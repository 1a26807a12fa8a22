"""All deployments of a run, one after the other: what becomes of them, in little memory."""

from __future__ import annotations

import gc
from collections import Counter, defaultdict
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from generator.cli import terminal
from generator.cli.format_names import formats_of
from generator.cli.jobs import Job, Work
from generator.cli.leftovers import leftovers, prepare_leftovers
from generator.cli.named_files import some
from generator.cli.prepared import Prepared
from generator.cli.selection import Listed, read_listed
from generator.cli.steps import (
    note_remains,
    prepare,
)
from generator.cli.target import Target, refuse_several
from generator.cli.workers import cores, in_order
from generator.errors import GeneratorError, InputError, UsageError

if TYPE_CHECKING:
    from generator.render import Origin
    from generator.resolve import Advice

SHOWN = 8
"""Of many names, so many are kept to be printed."""
_WORTH = 16
"""From how many deployments on another process pays. It loads what it needs, and lints, anew."""


class Names:
    """The first of many names, and how many there are."""

    def __init__(self) -> None:
        self.first: list[str] = []
        self.total = 0

    def add(self, name: str) -> None:
        """Count a name."""
        self.total += 1
        if len(self.first) < SHOWN:
            self.first.append(name)

    def __str__(self) -> str:
        return some(self.first, self.total)


class Batch:
    """What the run says of its deployments, and what it needs of them later."""

    def __init__(self) -> None:
        self.names: list[str] = []
        """In the order of the deployments."""
        self.failures: list[GeneratorError] = []
        self.failed = 0
        self.findings: list[str] = []
        self.left_out: list[str] = []
        self.advice: list[Advice] = []
        self.warned: dict[str, Names] = defaultdict(Names)
        """Of many deployments, those with warnings of each kind."""
        self.replaced: list[Advice] = []
        self.refused: list[str] = []
        self.described: list[str] = []
        self.facts: dict[str, Names] = defaultdict(Names)
        self.too_large: list[tuple[Path, int]] = []
        self.files: Counter[Path] = Counter()
        """By output folder, as are `written` and `removed`."""
        self.written: Counter[Path] = Counter()
        self.removed: Counter[Path] = Counter()
        self.verbs: dict[Path, str] = {}
        self.contents: dict[Path, bytes] = {}
        self.kept: set[Path] = set()
        """Folders of formats that the quota leaves no room for: what was generated there stays."""
        self.copies: set[Path] = set()
        self.left: set[Path] = set()
        """Folders that none of today's deployments has."""
        self.merged: list[Path] = []
        """The files that git merged, and that are generated again."""
        self.renamed: set[Path] = set()
        """The folders of deployments that had another name before."""

    def add(self, work: Work, target: Target, out: Path, found: Prepared) -> None:
        """Take over what became of one deployment, or of a folder that none has."""
        if found.failure:
            self.failed += 1
            self.failures.append(found.failure)
            return
        self.findings += found.findings
        self.left_out += found.left_out
        if work.is_large and not work.request.strict:
            for kind in {each.kind for each in found.advice}:
                self.warned[kind].add(found.name)
        else:
            self.advice += found.advice
        self.replaced += found.replaced
        self.refused += found.refused
        self.described.append(found.described)
        for fact in found.facts:
            self.facts[fact].add(found.name)
        self.too_large += found.too_large
        for counter, number in (
            (self.files, found.files),
            (self.written, found.written),
            (self.removed, found.removed),
        ):
            counter[out] += number
        self.verbs.update(found.verbs)
        self.contents.update(found.contents)
        if target.compared is not None and found.compared and found.compared.changes:
            target.compared.append(found.compared)
        self.copies.update(found.copies)
        self.renamed.update(found.renamed)
        self.kept.update(found.kept)
        self.merged += found.merged


def prepare_all(work: Work, target: Target) -> Batch:
    """Every deployment prepared, and the folders that deployments have left."""
    everything = work.deployments
    if work.request.to_stdout and not everything:
        raise UsageError("--stdout prints one deployment in one format: name a deployment")
    if work.request.to_stdout and len(everything) > 1:
        _refuse_all_but_one(work, everything)
    # Many values that refer to each other come and go. Only a program of ours has switched the
    # collector off, and leaves out what is loaded: others may look for their objects.
    if work.is_large and not gc.isenabled():
        gc.enable()
        gc.freeze()
    batch = Batch()
    jobs = work.request.jobs or min(cores(), len(everything) // _WORTH)
    prepared = in_order(lambda i: prepare(work, target, *everything[i]), len(everything), jobs)
    # Closed at once if the run is interrupted: no worker stages anything after the clean-up.
    with (
        closing(prepared) as results,
        terminal.progress(results, len(everything), "generate", work.request.quiet) as steps,
    ):
        seen: dict[Path, dict[str, int]] = defaultdict(dict)
        for i, found in enumerate(steps):
            job, source, _ = everything[i]
            out = Path() if target.archive else job.out
            if found.name and (first := seen[out].setdefault(found.name, i)) != i:
                found = _twice(found, everything[first][1], source)
            batch.names.append(found.name)
            batch.add(work, target, job.out, found)
    if not batch.failures and not target.archive:
        if places := list(leftovers(work, batch)):
            apart = {str(out / name) for out, names in seen.items() for name in names}
            prepare_leftovers(work, target, batch, places, apart)
        note_remains(target)
    return batch


def _twice(found: Prepared, first: Listed, second: Listed) -> Prepared:
    both = f"in {first} and {second}" if first != second else f"in {first}, which is named twice"
    message = f"duplicate deployment name {found.name!r} {both}: rename one"
    return Prepared(found.name, failure=UsageError(message))


def _refuse_all_but_one(work: Work, everything: list[tuple[Job, Listed, Origin]]) -> None:
    """Raise UsageError, before anything is rendered, for what --stdout cannot print."""
    names = [read_listed(j.root.data, s, work.request.changes).name for j, s, _ in everything]
    formats = (f for job, _, _ in everything for f in formats_of(job))
    refuse_several(work, list(dict.fromkeys(names)), list(dict.fromkeys(formats)))


def refuse(work: Work, batch: Batch) -> None:
    """Say what is wrong with the deployments, and what to think of; end the run where it must.

    Exits with 2 for mistakes, and with 1 for findings of cfn-lint and, under --strict, for
    warnings. Raises WriteError for files that must not be overwritten.
    """
    from generator.errors import WriteError

    request = work.request
    for finding in batch.findings:
        terminal.echo(finding)
    if batch.failures:
        _fail(work, batch)
    if batch.findings:
        _refuse("cfn-lint found errors in the templates")
    for sentence in batch.left_out:
        terminal.echo(terminal.error(sentence), err=True)
    warnings = [*batch.advice, *batch.replaced]
    for each in warnings:
        if request.strict:
            terminal.echo(each.message)
        elif each.kind == "renamed" and request.diff:
            continue  # which the summary of the changes says
        elif each.kind != "open-to-the-internet":  # the summary counts these
            terminal.echo(terminal.warning(each.message), err=True)
    if warnings and request.strict:
        one = len(warnings) == 1
        number = "1 warning is an error" if one else f"{len(warnings)} warnings are errors"
        _refuse(f"{number} under --strict")
    if batch.refused:
        raise WriteError("\n".join(batch.refused))


def _fail(work: Work, batch: Batch) -> None:
    """Print the mistakes of all deployments, and exit with 2."""
    sentences: dict[str, GeneratorError] = {str(error): error for error in batch.failures}
    others = [error for error in sentences.values() if not isinstance(error, InputError)]
    mistakes = [m for e in batch.failures if isinstance(e, InputError) for m in e.mistakes]
    if mistakes:
        terminal.echo(terminal.mistakes(str(InputError(mistakes))), err=True)
    for error in others:
        terminal.echo(terminal.error(str(error)), err=True)
    total = len(work.deployments)
    is_the_commands = batch.failed == total and len(sentences) == 1
    if total > 1 and not is_the_commands:
        have = "has a mistake" if batch.failed == 1 else "have mistakes"
        done = "" if work.request.compares else "nothing was written: "
        sentence = f"{done}{batch.failed:,} of {total:,} deployments {have}"
        terminal.echo(terminal.error(sentence), err=True)
    raise click.exceptions.Exit(2)


def _refuse(reason: str) -> None:
    terminal.echo(terminal.error(f"nothing was written: {reason}"), err=True)
    raise click.exceptions.Exit(1)


def fail_if_left_out(batch: Batch) -> None:
    """Exit with 1 if the quota allows fewer rules than an output needs, which `refuse` says."""
    if batch.left_out:
        raise click.exceptions.Exit(1)
