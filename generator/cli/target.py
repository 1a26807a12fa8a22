"""Where generated files go: compared with what is there, reported, or written."""

from __future__ import annotations

import json
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

if TYPE_CHECKING:
    from generator.compare import Summary
    from generator.write import Change


class Target(NamedTuple):
    """Files with their contents, and the folders in which there should be no others of ours."""

    outs: tuple[Path, ...]
    contents: dict[Path, bytes]
    folders: tuple[Path, ...]
    force: bool
    formats: tuple[str, ...] = ()
    """The formats that there are."""
    doubtful: tuple[Path, ...] = ()
    """Folders that may be copies of what is generated, and so are not ours to remove."""


def differences(target: Target) -> tuple[Change, ...]:
    """What writing the files would change, when no other run is writing there."""
    from generator.write import compare, settled

    with ExitStack() as stack:
        for out in sorted(set(target.outs)):
            stack.enter_context(settled(out, _tell))
        return compare(target.outs, target.contents, target.folders, target.formats)


def _tell(sentence: str) -> None:
    click.echo(f"cvo-sg: {sentence}", err=True)


def _tell_of_copies(target: Target) -> None:
    """Say which folders look like copies of generated ones, and so stay as they are."""
    from generator.write import copies

    found = copies(target.outs, target.folders, target.formats)
    for folder in sorted({*target.doubtful, *found}):
        click.echo(
            f"left {folder} as it is: its files were not generated for this folder. If it is not a "
            "copy that you need, remove it",
            err=True,
        )


def report(ctx: click.Context, target: Target, diff: bool, form: str, quiet: bool) -> None:
    """Say, or show, what writing the files would change; exit with 1 if anything."""
    changes = differences(target)
    told = _summaries(target, changes) if diff else []
    formats = {"text": _text, "json": _json, "markdown": _markdown, "github": _github}
    click.echo(formats[form](changes, told, diff), nl=False)
    if not quiet:
        _tell_of_copies(target)
    if changes:
        verb = "is" if len(changes) == 1 else "are"
        click.echo(
            f"{_files(len(changes))} {verb} not as generated: run the same command without "
            "--check and --diff to refresh",
            err=True,
        )
        ctx.exit(1)
    if not quiet:
        click.echo(f"{_files(len(target.contents))} up to date", err=True)


def put(target: Target, quiet: bool, verbose: bool) -> None:
    """Write what differs, and say so."""
    from generator.write import compare, locked, write

    with ExitStack() as stack:
        for out in sorted(set(target.outs)):
            stack.enter_context(locked(out, _tell))
        changes = compare(target.outs, target.contents, target.folders, target.formats)
        write(target.outs, changes, target.force)
    for change in changes:
        click.echo(f"{'removed' if change.new is None else 'wrote'} {change.path}")
    if not quiet:
        _tell_of_copies(target)
    unchanged = [path for path in target.contents if path not in {c.path for c in changes}]
    for path in unchanged if verbose else ():
        click.echo(f"{path} is up to date", err=True)
    if unchanged and not quiet:
        click.echo(f"{_files(len(unchanged))} up to date", err=True)


def _summaries(target: Target, changes: tuple[Change, ...]) -> list[Summary]:
    from generator.compare import summaries

    texts = [(c.path, _decoded(c.old), _decoded(c.new)) for c in changes if c.kind != "foreign"]
    return summaries(texts, unchanged=target.contents.keys() - {c.path for c in changes})


def _text(changes: tuple[Change, ...], told: list[Summary], diff: bool) -> str:
    from generator.compare import as_text
    from generator.write import unified_diff

    if not diff:
        return "".join(f"{change}\n" for change in changes)
    words = as_text(told)
    return "".join(map(unified_diff, changes)) + (f"\n{words}" if words else "")


def _json(changes: tuple[Change, ...], told: list[Summary], _: bool) -> str:
    from generator.compare import as_json

    found = {
        "files": [{"path": change.path.as_posix(), "kind": change.kind} for change in changes],
        "deployments": as_json(told),
    }
    return json.dumps(found, indent=2, ensure_ascii=False) + "\n"


def _markdown(changes: tuple[Change, ...], told: list[Summary], _: bool) -> str:
    from generator.compare import as_markdown

    if not changes:
        return "Every generated file is up to date.\n"
    files = "".join(f"- `{change.path}` {change.sentence}\n" for change in changes)
    return f"{as_markdown(told)}### Files\n\n{files}"


def _github(changes: tuple[Change, ...], told: list[Summary], _: bool) -> str:
    from generator.check import REPORTS, Check, Finding, Report

    found = [
        Finding(change.path.as_posix(), 0, 0, "error", change.kind, str(change))
        for change in changes
    ]
    for each in told:
        file = each.folders[0]
        for role in each.replaced:
            message = f"REPLACES OR DELETES THE SECURITY GROUP {role}"
            found.append(Finding(file, 0, 0, "error", "group-replaced", message))
        for row in each.opened:
            message = f"open to the internet from now on: {row}"
            found.append(Finding(file, 0, 0, "warning", "open-to-the-internet", message))
    return REPORTS["github"](Report((Check("", tuple(found)),)))


def _decoded(content: bytes | None) -> str:
    return (content or b"").decode("utf-8", "replace")


def _files(number: int) -> str:
    return f"{number} file" if number == 1 else f"{number} files"
