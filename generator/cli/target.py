"""Where generated files go: to standard output, into an archive, or into folders."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from generator.cli import terminal
from generator.cli.jobs import Job, Work
from generator.errors import UsageError, choices
from generator.light import NamedTuple

if TYPE_CHECKING:
    from generator.cli.prepared import Compared
    from generator.write import Spool, Staging


class Target(NamedTuple):
    """The output folders, while no other run writes there."""

    outs: tuple[Path, ...]
    formats: tuple[str, ...]
    """The formats that there are."""
    staged: Staging | None = None
    """Where changed files wait until everything has passed; None where none are written."""
    archive: Path | None = None
    compared: Spool[Compared] | None = None
    """What --check and --diff found until then; None where files are written."""

    def place(self, job: Job, name: str) -> Path:
        """The folder of a deployment: on the disk, or in the archive."""
        return (Path() if self.archive else job.out) / name


@contextmanager
def destination(work: Work) -> Iterator[Target]:
    """Hold the output folders. What is staged and not put into place in the end is removed."""
    from generator.render import formats
    from generator.write import Spool, clear, locked, settled, staging

    request = work.request
    every_format = tuple(dict.fromkeys(f for r in work.roots for f in formats(r.templates)))
    if request.to_stdout:
        yield Target((), every_format)
        return
    archive = request.archive
    outs = (archive.parent,) if archive else tuple(dict.fromkeys(job.out for job in work.jobs))
    with ExitStack() as stack:
        hold = settled if request.compares else locked
        for out in sorted(outs):
            stack.enter_context(hold(out, _notify))
        if request.compares:
            spool: Spool[Compared] = stack.enter_context(Spool())
            yield Target(outs, every_format, None, archive, spool)
            return
        for out in outs:
            clear(out)
        yield Target(outs, every_format, stack.enter_context(staging(outs)), archive)


def refuse_several(work: Work, names: list[str], formats: list[str]) -> None:
    """Raise UsageError where --stdout would print several deployments or formats."""
    missing = []
    if len(names) > 1:
        presets = not any(origin.file for _, _, origin in work.deployments)
        missing.append(f"{'--preset' if presets else 'one of the deployments'} {choices(names)}")
    if len(formats) > 1:
        missing.append(f"--format {choices(formats)}")
    if missing:
        wanted = "; and ".join(missing)
        raise UsageError(f"--stdout prints one deployment in one format: add {wanted}")


def texts_in(files: Mapping[str, str | bytes]) -> Iterator[tuple[str, str]]:
    """The files that hold text, by name: no workbooks."""
    yield from ((name, text) for name, text in files.items() if isinstance(text, str))


def refuse_binary(rendered: Mapping[str, Mapping[str, str | bytes]]) -> None:
    """Raise UsageError where --stdout would print a file that holds no text."""
    for format_, files in rendered.items():
        for name in files.keys() - dict(texts_in(files)).keys():
            raise UsageError(
                f"--stdout prints text, and {name} is a workbook: write it with --out or --zip, or "
                f"use `cvo-sg show ... --output {format_} > {name}`"
            )


def _notify(sentence: str) -> None:
    terminal.echo(f"cvo-sg: {sentence}", err=True)
