"""What --check and --diff print: the files that would change, and what that means."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from itertools import chain
from typing import TYPE_CHECKING

import click

from generator.cli import terminal
from generator.cli.batch import Batch
from generator.cli.conflicts import to_resolve
from generator.cli.jobs import Request, Work
from generator.cli.next_steps import next_steps
from generator.cli.prepared import Compared
from generator.cli.replacements import texts
from generator.cli.repository_paths import from_top, in_summary, summary_from_top
from generator.cli.staged import Commit, commit
from generator.cli.steps import without_contents
from generator.cli.summary import files, list_kept
from generator.cli.target import Target
from generator.cli.terminal import colored_diff
from generator.cli.verdict import Verdict, verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from generator.cli.against import Base, NotCompared
    from generator.compare import Summary
    from generator.observe import Revision
    from generator.write import Spool

    Found = Spool[Compared] | Sequence[Compared]


MANY = 20
"""More files than these are listed in a part of the summary that opens with a click."""


def report_differences(
    work: Work, target: Target, batch: Batch, revision: Revision | NotCompared | None
) -> None:
    """Print what writing the files would change, and what to do. Exits with 1 if anything would."""
    assert target.compared is not None
    base = _since(work, target, batch, revision) if revision else None
    about = commit(work, target, batch)
    found = _of_the_commit(target.compared, about) if work.request.staged else target.compared
    _report(found, batch, work.request, base)
    _end(found, work, batch, about)


def _since(
    work: Work, target: Target, batch: Batch, revision: Revision | NotCompared
) -> Base | NotCompared:
    from generator.cli.against import NotCompared, compared_with

    if isinstance(revision, NotCompared):
        return revision
    return compared_with(work, target, batch, revision)


def _apart(compared: Base | NotCompared | None) -> tuple[Base | None, NotCompared | None]:
    """What changed since the base, or why that is unknown."""
    if compared is None:
        return None, None
    from generator.cli.against import NotCompared

    return (None, compared) if isinstance(compared, NotCompared) else (compared, None)


def _of_the_commit(found: Spool[Compared], about: Commit) -> list[Compared]:
    """What differs on the disk and matters to the commit, and what differs in the index."""
    from generator.compare import summaries

    shown = [each._replace(changes=about.on_disk_too(each.changes)) for each in found]
    known = {change.path for each in shown for change in each.changes}
    more = tuple(change for change in about.changes if change.path not in known)
    index = Compared(tuple(map(without_contents, more)), "", tuple(summaries(texts(more))))
    return [each for each in (*shown, index) if each.changes]


def _report(
    found: Found, batch: Batch, request: Request, compared: Base | NotCompared | None
) -> None:
    """Print what writing the files would change, and what changed since the revision."""
    base, missing = _apart(compared)
    first = verdict(found, batch.renamed)
    if request.form == "github":
        from generator.cli.annotations import workflow_commands

        changes = tuple(change for each in found for change in each.changes)
        told = base.summaries if base else list(_told(found, batch))
        terminal.echo_commands(workflow_commands(changes, told, base, missing, first))
        return
    if request.form == "markdown":
        told = base.summaries if base else list(_told(found, batch))
        text = in_summary(_markdown(found, told, request, base, missing, first))
        terminal.echo(text, nl=False)
        return
    write = {"text": _text, "json": _json}[request.form]
    summaries = base.summaries if base else _told(found, batch)
    for text in write(found, summaries, request, base, first):
        terminal.echo(text, nl=False)


def _told(found: Found, batch: Batch) -> Iterator[Summary]:
    """What changes, by deployment; deployments of which the same is to be said share it.

    One that has another name now is told of once, with what it left behind.
    """
    new = {folder.as_posix() for folder in batch.renamed}
    folders: dict[bytes, list[str]] = {}
    for each in found:
        for summary in each.summaries:
            if not summary.renamed and new & {f.rpartition("/")[0] for f in summary.folders}:
                continue
            folders.setdefault(_digest(summary), []).extend(summary.folders)
    for each in found:
        for summary in each.summaries:
            if shared := folders.pop(_digest(summary), None):
                yield summary._replace(folders=tuple(shared))


def _digest(summary: Summary) -> bytes:
    return hashlib.sha256(repr(summary._replace(folders=())).encode("utf-8", "replace")).digest()


def _text(
    found: Found,
    told: Iterator[Summary] | list[Summary],
    request: Request,
    base: Base | None,
    verdict: Verdict | None,
) -> Iterator[str]:
    if verdict and request.diff:
        yield f"{verdict}\n\n"
    for each in found:
        if request.diff:
            yield colored_diff(each.diff)
        else:
            yield "".join(f"{change}\n" for change in each.changes)
    words = (_words(summary, request) for summary in told)
    first = next(words, "")
    if base:
        first = f"since {base.name}:\n\n{first}" if first else f"{_nothing(base.name)}\n"
    if first and (len(found) or request.diff):
        yield "\n"
    yield first
    yield from words


def _words(summary: Summary, request: Request) -> str:
    from generator.compare import as_text

    return as_text([summary], request.verbose)


def _json(
    found: Found,
    told: Iterator[Summary] | list[Summary],
    _: Request,
    base: Base | None,
    verdict: Verdict | None,
) -> Iterator[str]:
    from generator.compare import as_json

    changes = chain.from_iterable(each.changes for each in found)
    yield '{\n  "files": '
    yield from _list({"path": c.path.as_posix(), "kind": c.kind} for c in changes)
    if verdict:
        found_there = json.dumps(verdict.as_json(), indent=2, ensure_ascii=False)
        yield ',\n  "permissions": ' + found_there.replace("\n", "\n  ")
    if base:
        yield f',\n  "against": {json.dumps(base.name, ensure_ascii=False)}'
    yield ',\n  "deployments": '
    yield from _list(as_json([summary])[0] for summary in told)
    yield "\n}\n"


def _list(values: Iterator[object]) -> Iterator[str]:
    """A list in a JSON document, as json.dumps would indent it there."""
    before = "[\n"
    for value in values:
        text = json.dumps(value, indent=2, ensure_ascii=False).replace("\n", "\n    ")
        yield f"{before}    {text}"
        before = ",\n"
    yield "[]" if before == "[\n" else "\n  ]"


def _markdown(
    found: Found,
    told: list[Summary],
    request: Request,
    base: Base | None,
    missing: NotCompared | None,
    verdict: Verdict | None,
) -> str:
    """What a reviewer reads first: what opens and closes, and then the files."""
    from generator.compare import as_markdown
    from generator.model import markdown, markdown_code

    told = [*map(summary_from_top, told)]
    words = as_markdown(told, request.verbose)
    if missing:
        unknown = "**What this change opens and closes is unknown:**"
        words = f"{unknown} {markdown(missing)}.\n\n{words}"
    elif base and not told:
        words = f"{markdown(_nothing(base.name))}\n\n"
    elif base:
        words = f"Since {markdown_code(base.name)}: {words}"
    if verdict and not verdict.changed:  # else the words begin with that
        words = f"**{markdown(str(verdict.from_top()))}**\n\n{words}"
    changes = [change for each in found for change in each.changes]
    if not changes:
        return f"{words}Every generated file is up to date.\n"
    items = "".join(f"- {markdown_code(from_top(c.path))} {c.sentence}\n" for c in changes)
    if len(changes) > MANY:
        summary = f"<summary>{files(len(changes))}</summary>"
        items = f"<details>{summary}\n\n{items}\n</details>\n"
    return f"{words}### Files\n\n{items}"


def _end(found: Found, work: Work, batch: Batch, about: Commit) -> None:
    """Say what to do about the files that differ. Exits with 1 if any does."""
    request = work.request
    if not request.quiet:
        list_kept(work, batch)
    changes = [change for each in found for change in each.changes]
    if changes:
        first = verdict(found, batch.renamed)
        if first and request.form == "text" and not request.diff:
            terminal.echo(str(first), err=True)
        merged = to_resolve(changes)
        others = [*next_steps(work, batch, about.on_the_disk(changes)), *about.steps]
        # What `generate` resolves, it does so only once nothing else stands in its way.
        refused = any(change.remedy for change in changes)
        for step in (*others, *merged) if refused else (*merged, *others):
            terminal.echo(step, err=True)
        raise click.exceptions.Exit(1)
    if not request.quiet:
        terminal.echo(f"{files(sum(batch.files.values()))} up to date", err=True)


def _nothing(name: str) -> str:
    return f"since {name}, what is permitted stays the same"
