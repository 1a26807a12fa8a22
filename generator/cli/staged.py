"""What the next commit holds of what is generated: the deployments in it, and their files.

pre-commit hides changes of tracked files that are not staged, and leaves untracked files where they
are. So only the index says whether a commit is complete.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from generator.cli import terminal
from generator.cli.batch import Batch
from generator.cli.jobs import Job, Work
from generator.cli.selection import Listed, read_listed
from generator.cli.target import Target
from generator.errors import GeneratorError, UsageError

if TYPE_CHECKING:
    from generator.observe import Staged
    from generator.render import Origin
    from generator.write import Change

MANY = 12
"""More paths than this are too long a command, if folders with files that are staged will do."""


class Commit(NamedTuple):
    """What the next commit lacks, and holds in vain."""

    changes: tuple[Change, ...] = ()
    """The files for which the index is to change."""
    steps: tuple[str, ...] = ()
    """Sentences with the commands that change it."""
    files: frozenset[Path] = frozenset()
    """What it holds in the output folders."""

    def on_the_disk(self, changes: Iterable[Change]) -> list[Change]:
        """The changes that are made on the disk: `git rm` removes files there, too."""
        removed = {c.path for c in self.changes if c.new is None}
        return [c for c in changes if c.kind != "orphaned" or _here(c.path) not in removed]

    def on_disk_too(self, changes: Iterable[Change]) -> tuple[Change, ...]:
        """The changes on the disk that matter to the commit."""
        return tuple(c for c in changes if c.new is not None or _here(c.path) in self.files)


def of_the_commit(work: Work) -> Work:
    """The work without deployment files that a pattern finds but git does not know.

    They are not in the commit, and so need no files in it. What they generated stays. One whose
    files are in the commit belongs there, too: it was forgotten, or moved from another file.
    """
    request = work.request
    if request.to_stdout or request.archive:
        raise UsageError("--staged compares folders: leave out --stdout and --zip")
    from generator.observe import staged

    found = {_file(job, o) for job, _, o in work.deployments if o.file}
    unknown = found - staged(Path.cwd(), found, ()).files.keys() - _named(work)
    jobs, apart = [], []
    for job in work.jobs:
        places = {
            _file(job, o): _place(work, job, listed)
            for listed, o in job.deployments
            if _file(job, o) in unknown
        }
        forgotten = {f for f, p in places.items() if p and staged(Path.cwd(), [_here(p)], ()).files}
        unknown -= forgotten
        known = [(d, o) for d, o in job.deployments if _file(job, o) not in unknown]
        apart += [place for f, place in places.items() if place and f not in forgotten]
        jobs.append(job._replace(deployments=known))
    for path in sorted(unknown) if not request.quiet else ():
        terminal.echo(f"{path} is not staged: it and its files are not checked", err=True)
    return work._replace(jobs=jobs, apart=tuple(apart))


def _place(work: Work, job: Job, listed: Listed) -> Path | None:
    """The folder of a deployment; None for a file that cannot be read yet."""
    try:
        return job.out / read_listed(job.root.data, listed, work.request.changes).name
    except GeneratorError:
        return None


def commit(work: Work, target: Target, batch: Batch) -> Commit:
    """What the index lacks and holds in vain, with --staged; nothing without."""
    if not work.request.staged:
        return Commit()
    from generator.observe import staged
    from generator.write import compare_staged

    outs = {_here(out) for out in target.outs}
    files = {_here(path): new for path, new in batch.contents.items()}
    index = staged(Path.cwd(), outs, files)
    kept = list(map(_here, batch.kept))
    found = [
        change
        for change in compare_staged(
            {path: new for path, new in files.items() if path not in index.ignored},
            index.files,
            outs,
            list(map(_here, _folders(work, batch))),
            target.formats,
        )
        if not any(map(change.path.is_relative_to, kept))
    ]
    changes = (*_inputs(work), *found)
    steps = tuple(_steps(changes, outs, files.keys(), index))
    return Commit(changes, steps, frozenset(index.files))


def _folders(work: Work, batch: Batch) -> Iterator[Path]:
    """The folders that belong to the deployments: other generated files in them are stale."""
    names = iter(batch.names)
    for job in work.jobs:
        for name in islice(names, len(job.deployments)):
            place = job.out / name
            yield from [place / each for each in job.formats] or [place]
        if job.owned:
            yield job.out
    yield from batch.left


def fail_if_not_staged(work: Work, target: Target, batch: Batch) -> None:
    """After files were written: exit with 1 unless the index holds them, and say what to run."""
    steps = () if work.request.compares else commit(work, target, batch).steps
    for step in steps:
        terminal.echo(terminal.error(step), err=True)
    if steps:
        raise click.exceptions.Exit(1)


def _inputs(work: Work) -> Iterator[Change]:
    """What the outputs come from, as far as it is not staged as it is."""
    from generator.observe import staged, unstaged
    from generator.write import Change

    places = {_file(job, o) for job, _, o in work.deployments if o.file}
    for root in work.roots:
        settings, project = root.place.file, root.place.project
        places |= {_here(settings)} if settings else set()
        folders = (project.rule_data, project.templates) if project else ()
        places |= {_here(root.place.root / folder) for folder in folders if folder}
    changed, gone = unstaged(Path.cwd(), places)
    gone += _removed_deployments(work)
    then = staged(Path.cwd(), [*changed, *gone], ()).files
    for path in changed:
        kind = "unstaged" if path in then else "untracked"
        yield Change(path, kind, then.get(path), path.read_bytes())  # type: ignore[arg-type]
    for path in sorted(set(gone)):
        yield Change(path, "unremoved", then.get(path), None)


def _removed_deployments(work: Work) -> list[Path]:
    """Deployment files that the index still has, and that a pattern would find were they there."""
    from generator.cli.at_revision import matches
    from generator.observe import unstaged

    found: list[Path] = []
    for place in [] if work.request.says_what else [root.place for root in work.roots]:
        patterns = [Path(each).parts for o in place.outputs for each in o.deployments]
        if not patterns:
            continue
        root = _here(place.root)
        _, gone = unstaged(Path.cwd(), [root])
        parts = {path: Path(os.path.relpath(path, root)).parts for path in gone}
        found += [path for path in gone if any(matches(parts[path], each) for each in patterns)]
    return found


def _steps(
    changes: Iterable[Change], outs: Iterable[Path], generated: Iterable[Path], index: Staged
) -> Iterator[str]:
    """What to run, so that the commit is complete: one command each to add and to remove."""
    from generator.observe import differs_from_head
    from generator.write import shortest

    add = {c.path for c in changes if c.new is not None}
    old = {c.path: c.old for c in changes if c.new is None}
    if add:
        there = {*index.files, *_on_disk(outs)} - old.keys() | index.ignored
        paths = shortest(add, there - add, [*outs])
        if len(paths) > MANY:
            paths = shortest(add, there - {*generated}, [*outs])
        yield f"the commit lacks {_files(len(add))}: run `{_git('add', paths)}`"
    if old:
        paths = shortest(old, index.files.keys() - old.keys(), [*outs])
        on_disk = {path: path.read_bytes() for path in old if path.is_file()}
        lost = [path for path, data in on_disk.items() if data != old[path]]
        # Without -f, git keeps what is neither in the last commit nor elsewhere.
        force = ["-f"] if lost or (on_disk and differs_from_head(Path.cwd(), on_disk)) else []
        folders = ["-r"] if set(paths) - old.keys() else []
        command = _git("rm", paths, *force, *folders)
        verb = "is" if len(old) == 1 else "are"
        yield f"the commit holds {_files(len(old))} that {verb} no longer needed: run `{command}`"


def _git(word: str, paths: Iterable[Path], *options: str) -> str:
    names = [path.as_posix() for path in paths]
    marked = ["--"] if any(name.startswith("-") for name in names) else []
    return shlex.join(["git", word, *options, *marked, *names])


def _named(work: Work) -> set[Path]:
    """The deployment files that the command line or the settings name, rather than match."""
    listed = {
        _here(root.place.root / each)
        for root in work.roots
        for output in root.place.outputs
        for each in output.deployments
        if "*" not in each
    }
    return listed | {_here(Path(file)) for file in work.request.files}


def _on_disk(outs: Iterable[Path]) -> Iterator[Path]:
    for out in outs:
        for folder, _, names in os.walk(out):
            yield from (_here(Path(folder, name)) for name in names)


def _file(job: Job, origin: Origin) -> Path:
    return _here(job.root.place.root / (origin.file or ""))


def _here(path: Path) -> Path:
    return Path(os.path.relpath(path))


def _files(number: int) -> str:
    return "1 file" if number == 1 else f"{number} files"
