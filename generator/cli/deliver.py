"""The last step of `generate`: print, compare or write the files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from generator.cli import terminal
from generator.cli.against import Base, compared_with
from generator.cli.annotations import workflow_commands
from generator.cli.jobs import Request, Work
from generator.cli.next_steps import next_steps
from generator.cli.replacements import renamed_folders, texts
from generator.cli.staged import commit
from generator.cli.target import Target, differences, list_copies, put
from generator.cli.terminal import Styled, colored_diff, safe

if TYPE_CHECKING:
    from generator.compare import Summary
    from generator.observe import Revision
    from generator.write import Change


def deliver(work: Work, target: Target, revision: Revision | None) -> tuple[Change, ...]:
    """Print, compare or write the files; what was written. A difference found exits with 1."""
    request = work.request
    if request.to_stdout:
        terminal.echo_file("\n".join(target.texts.values()))
    elif request.compares:
        _report(work, target, revision)
    else:
        changes = put(target, request.force)
        if not request.quiet:
            list_copies(target)
        return changes
    return ()


def _report(work: Work, target: Target, revision: Revision | None) -> None:
    """Print what writing the files would change, and what changed since the revision.

    Exits with 1 if any file differs.
    """
    request = work.request
    about = commit(work, target)
    changes = about.beside(differences(target)) if request.staged else differences(target)
    base = compared_with(work, target, revision) if revision else None
    told = base.summaries if base else _summaries(target, changes) if request.diff else []
    if request.form == "github":
        terminal.echo_commands(workflow_commands(changes, told, base))
    else:
        write = {"text": _text, "json": _json, "markdown": _markdown}[request.form]
        terminal.echo(write(changes, told, request, base), nl=False)
    if not request.quiet:
        list_copies(target)
    if changes:
        for step in (*next_steps(work, about.on_the_disk(changes)), *about.steps):
            terminal.echo(step, err=True)
        raise click.exceptions.Exit(1)
    if not request.quiet:
        terminal.echo(f"{_files(len(target.contents))} up to date", err=True)


def _summaries(target: Target, changes: tuple[Change, ...]) -> list[Summary]:
    from generator.compare import summaries

    found = texts(changes)
    unchanged = target.contents.keys() - {c.path for c in changes}
    return summaries(found, unchanged, renamed_folders(found))


def _text(
    changes: tuple[Change, ...], told: list[Summary], request: Request, base: Base | None
) -> str:
    from generator.compare import as_text
    from generator.write import unified_diff

    listed = "".join(f"{change}\n" for change in changes)
    lines = colored_diff("".join(map(unified_diff, changes))) if request.diff else safe(listed)
    words = as_text(told, request.verbose)
    if base:
        words = f"since {base.name}:\n\n{words}" if told else f"{_nothing(base.name)}\n"
    between = "\n" if words and (lines or request.diff) else ""
    return Styled(lines + between + safe(words))


def _json(changes: tuple[Change, ...], told: list[Summary], _: Request, base: Base | None) -> str:
    from generator.compare import as_json

    found = {
        "files": [{"path": change.path.as_posix(), "kind": change.kind} for change in changes],
        **({"against": base.name} if base else {}),
        "deployments": as_json(told),
    }
    return json.dumps(found, indent=2, ensure_ascii=False) + "\n"


def _markdown(
    changes: tuple[Change, ...], told: list[Summary], request: Request, base: Base | None
) -> str:
    from generator.compare import as_markdown
    from generator.model import markdown, markdown_code

    words = as_markdown(told, request.verbose)
    if base and not told:
        words = f"{markdown(_nothing(base.name))}\n\n"
    elif base:
        words = f"Since {markdown_code(base.name)}:\n\n{words}"
    if not changes:
        return f"{words}Every generated file is up to date.\n"
    files = "".join(f"- {markdown_code(change.path)} {change.sentence}\n" for change in changes)
    return f"{words}### Files\n\n{files}"


def _nothing(name: str) -> str:
    return f"since {name}, what is permitted stays the same"


def _files(number: int) -> str:
    return f"{number} file" if number == 1 else f"{number} files"
