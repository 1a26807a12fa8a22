"""Where generated files go: compared with what is there, reported, or written."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

if TYPE_CHECKING:
    from generator.write import Change


class Target(NamedTuple):
    """Files with their contents, and the folders in which there should be no others of ours."""

    out: Path
    contents: dict[Path, bytes]
    folders: tuple[Path, ...]
    force: bool


def differences(target: Target) -> tuple[Change, ...]:
    """What writing the files would change."""
    from generator.render import MARK
    from generator.write import compare

    return compare(target.out, target.contents, target.folders, MARK.encode())


def report(ctx: click.Context, target: Target, diff: bool) -> None:
    """Say, or show, what writing the files would change; exit with 1 if anything."""
    from generator.write import unified_diff

    changes = differences(target)
    for change in changes:
        click.echo(unified_diff(change) if diff else str(change), nl=not diff)
    if changes:
        verb = "is" if len(changes) == 1 else "are"
        click.echo(
            f"{_files(len(changes))} {verb} not as generated: run the same command without "
            "--check and --diff to refresh",
            err=True,
        )
        ctx.exit(1)
    click.echo(f"{_files(len(target.contents))} up to date", err=True)


def put(target: Target) -> None:
    """Write what differs, and say so."""
    from generator.write import locked, write

    with locked(target.out):
        changes = differences(target)
        write(target.out, changes, target.force)
    for change in changes:
        click.echo(f"{'removed' if change.new is None else 'wrote'} {change.path}")
    unchanged = len(target.contents) - sum(change.new is not None for change in changes)
    if unchanged:
        click.echo(f"{_files(unchanged)} up to date", err=True)


def _files(number: int) -> str:
    return f"{number} file" if number == 1 else f"{number} files"
