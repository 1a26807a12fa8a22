"""The last step of `generate`: print, compare or write the files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from generator.cli import terminal
from generator.cli.against import Base, compared_with
from generator.cli.annotations import workflow_commands
from generator.cli.conflicts import resolved, to_resolve
from generator.cli.jobs import Request, Work
from generator.cli.target import Target, differences, list_copies, put
from generator.cli.terminal import Styled, colored_diff, safe
from generator.cli.verdict import Verdict, verdict

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
        for line in resolved(changes):
            terminal.echo(line, err=True)
        if not request.quiet:
            list_copies(target)
        return changes
    return ()


def _report(work: Work, target: Target, revision: Revision | None) -> None:
    """Print what writing the files would change, and what changed since the revision.

    Exits with 1 if any file differs.
    """
    request = work.request
    changes = differences(target)
    base = compared_with(work, target, revision) if revision else None
    here = _summaries(target, changes) if changes else []
    first = verdict(target, changes, here)
    told = base.summaries if base else here if request.diff else []
    if request.form == "github":
        terminal.echo_commands(workflow_commands(changes, told, base, first))
    else:
        write = {"text": _text, "json": _json, "markdown": _markdown}[request.form]
        terminal.echo(write(changes, told, request, base, first), nl=False)
    if not request.quiet:
        list_copies(target)
    for line in to_resolve(changes):
        terminal.echo(line, err=True)
    if changes:
        if first and request.form == "text" and not request.diff:
            terminal.echo(str(first), err=True)
        verb = "differs" if len(changes) == 1 else "differ"
        terminal.echo(
            f"{_files(len(changes))} {verb} from what would be generated: to update, run the same "
            "command without --check and --diff",
            err=True,
        )
        raise click.exceptions.Exit(1)
    if not request.quiet:
        terminal.echo(f"{_files(len(target.contents))} up to date", err=True)


def _summaries(target: Target, changes: tuple[Change, ...]) -> list[Summary]:
    from generator.compare import summaries

    texts = [(c.path, _decoded(c.old), _decoded(c.new)) for c in changes if c.kind != "foreign"]
    return summaries(texts, unchanged=target.contents.keys() - {c.path for c in changes})


def _text(
    changes: tuple[Change, ...],
    told: list[Summary],
    request: Request,
    base: Base | None,
    first: Verdict | None,
) -> str:
    from generator.compare import as_text
    from generator.write import unified_diff

    listed = "".join(f"{change}\n" for change in changes)
    lines = colored_diff("".join(map(unified_diff, changes))) if request.diff else safe(listed)
    words = as_text(told, request.verbose)
    if base:
        words = f"since {base.name}:\n\n{words}" if told else f"{_nothing(base.name)}\n"
    between = "\n" if words and (lines or request.diff) else ""
    head = safe(f"{first}\n\n") if first and request.diff else ""
    return Styled(head + lines + between + safe(words))


def _json(
    changes: tuple[Change, ...],
    told: list[Summary],
    _: Request,
    base: Base | None,
    first: Verdict | None,
) -> str:
    from generator.compare import as_json

    found = {
        "files": [{"path": change.path.as_posix(), "kind": change.kind} for change in changes],
        **({"permissions": first.as_json()} if first else {}),
        **({"against": base.name} if base else {}),
        "deployments": as_json(told),
    }
    return json.dumps(found, indent=2, ensure_ascii=False) + "\n"


def _markdown(
    changes: tuple[Change, ...],
    told: list[Summary],
    request: Request,
    base: Base | None,
    first: Verdict | None,
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
    head = f"**{markdown(str(first))}**\n\n" if first else ""
    return f"{head}{words}### Files\n\n{files}"


def _nothing(name: str) -> str:
    return f"since {name}, what is permitted stays the same"


def _decoded(content: bytes | None) -> str:
    return (content or b"").decode("utf-8", "replace")


def _files(number: int) -> str:
    return f"{number} file" if number == 1 else f"{number} files"
