"""The last step of `generate`: print, compare or write the files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from generator.cli import terminal
from generator.cli.against import Base, NotCompared, compared_with
from generator.cli.annotations import workflow_commands
from generator.cli.jobs import Request, Work
from generator.cli.repository_paths import from_top, in_summary
from generator.cli.target import Target, differences, list_copies, put
from generator.cli.terminal import Styled, colored_diff, safe

if TYPE_CHECKING:
    from generator.compare import Summary
    from generator.observe import Revision
    from generator.write import Change

MANY = 20
"""More files than these are listed in a part of the summary that opens with a click."""


def deliver(
    work: Work, target: Target, revision: Revision | NotCompared | None
) -> tuple[Change, ...]:
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


def _report(work: Work, target: Target, revision: Revision | NotCompared | None) -> None:
    """Print what writing the files would change, and what changed since the revision.

    Exits with 1 if any file differs.
    """
    request = work.request
    changes = differences(target)
    missing = revision if isinstance(revision, NotCompared) else None
    base = None
    if revision and not isinstance(revision, NotCompared):
        base = compared_with(work, target, revision)
    told = base.summaries if base else _summaries(target, changes) if request.diff else []
    if request.form == "github":
        terminal.echo_commands(workflow_commands(changes, told, base, missing))
    elif request.form == "markdown":
        terminal.echo(in_summary(_markdown(changes, told, request, base, missing)), nl=False)
    else:
        write = {"text": _text, "json": _json}[request.form]
        terminal.echo(write(changes, told, request, base), nl=False)
    if not request.quiet:
        list_copies(target)
    if changes:
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
    changes: tuple[Change, ...],
    told: list[Summary],
    request: Request,
    base: Base | None,
    missing: NotCompared | None,
) -> str:
    """What a reviewer reads first: what opens and closes, and then the files."""
    from generator.compare import as_markdown
    from generator.model import markdown, markdown_code

    told = [each._replace(folders=tuple(map(from_top, each.folders))) for each in told]
    words = as_markdown(told, request.verbose)
    if missing:
        unknown = "**What this change opens and closes is unknown:**"
        words = f"{unknown} {markdown(missing)}.\n\n{words}"
    elif base and not told:
        words = f"{markdown(_nothing(base.name))}\n\n"
    elif base:
        words = f"Since {markdown_code(base.name)}: {words}"
    if not changes:
        return f"{words}Every generated file is up to date.\n"
    items = "".join(f"- {markdown_code(from_top(c.path))} {c.sentence}\n" for c in changes)
    if len(changes) > MANY:
        items = f"<details><summary>{_files(len(changes))}</summary>\n\n{items}\n</details>\n"
    return f"{words}### Files\n\n{items}"


def _nothing(name: str) -> str:
    return f"since {name}, what is permitted stays the same"


def _decoded(content: bytes | None) -> str:
    return (content or b"").decode("utf-8", "replace")


def _files(number: int) -> str:
    return f"{number} file" if number == 1 else f"{number} files"
