"""The last step of `generate`: print, compare or write the files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.cli import terminal
from generator.cli.batch import Batch
from generator.cli.conflicts import resolved
from generator.cli.jobs import Work
from generator.cli.prepared import Compared
from generator.cli.steps import without_contents
from generator.cli.summary import list_kept
from generator.cli.target import Target

if TYPE_CHECKING:
    from generator.cli.against import NotCompared
    from generator.observe import Revision


def deliver(
    work: Work, target: Target, batch: Batch, revision: Revision | NotCompared | None
) -> None:
    """Print, compare or write the files. A difference found exits with 1."""
    request = work.request
    if target.archive:
        _archive(work, target, batch)
    if request.to_stdout:
        texts = (c.decode() for p, c in batch.contents.items() if p.suffix != ".md")
        terminal.echo_file("\n".join(texts))
    elif target.compared is not None:
        from generator.cli.differences import report_differences  # which few runs need

        report_differences(work, target, batch, revision)
    elif target.staged:
        from generator.write import put

        put(target.staged)
        for line in resolved(batch.merged):
            terminal.echo(line, err=True)
        if not request.quiet:
            list_kept(work, batch)


def _archive(work: Work, target: Target, batch: Batch) -> None:
    """Compare the archive of all files with the one on the disk, and write it if it differs."""
    from generator.write import compare, write, zipped

    assert target.archive
    changes = compare(target.outs, {target.archive: zipped(batch.contents)}, (), ())
    if target.compared is not None:
        batch.files = type(batch.files)({target.outs[0]: 1})
        if changes:
            target.compared.append(Compared(tuple(map(without_contents, changes))))
    else:
        write(target.outs, changes, work.request.force)
        batch.written.clear()
        batch.written.update({target.archive: 1} if changes else {})
