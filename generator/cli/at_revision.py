"""The files of a revision, as they were generated then.

They are in the repository, if what is generated is kept there. If nothing is, the deployment files
of the revision are rendered as today's are.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from generator.cli import terminal
from generator.cli.batch import Batch
from generator.cli.format_names import formats_of
from generator.cli.jobs import Job, Work
from generator.cli.target import Target, texts_in
from generator.errors import GeneratorError

if TYPE_CHECKING:
    from generator.observe import Revision
    from generator.render import Origin

_CANNOT_BE_READ = "\n"  # a file that is there, and lists no permissions


class State:
    """What there is today: the deployments, and the texts of their files."""

    def __init__(self, work: Work, target: Target, batch: Batch) -> None:
        self.work, self.target = work, target
        self.deployments = [
            (job, name, origin)
            for (job, _, origin), name in zip(work.deployments, batch.names, strict=False)
        ]
        self.texts = {
            path: data.decode("utf-8", "replace") for path, data in batch.contents.items()
        }
        self.commands = {(job.out, o.command) for job, _, o in self.deployments if o.unique}
        self.folders = {
            folder
            for job, name, _ in self.deployments
            for folder in (
                [job.out]
                if job.owned
                else [job.out / name / f for f in job.formats]
                if job.formats
                else [job.out / name]
            )
        }
        self.kept_out = batch.kept
        """Folders of formats that the quota leaves no room for: what is there stays."""

    def has(self, out: Path, path: Path, command: str) -> bool:
        """Whether a generated file belongs to the deployments, by its folder or by its command."""
        if not self.kept_out.isdisjoint(path.parents):
            return False
        return not self.folders.isdisjoint(path.parents) or (out, command) in self.commands


def texts_then(now: State, revision: Revision) -> dict[Path, str]:
    """The text of each file at the revision, by the path that it has today or had then."""
    from generator.render import label

    found: dict[Path, str] = {}
    kept: set[Path] = set()
    for out in sorted(now.target.outs):
        for path, data in _generated(out, now.target, revision):
            kept.add(out)
            of = label(data)
            if of and now.has(out, path, of.command):
                found[path] = data.decode("utf-8", "replace")
    for job in now.work.jobs:
        if job.out not in kept:
            found.update(_rendered(now, job, revision))
    return found


def _generated(out: Path, target: Target, revision: Revision) -> Iterator[tuple[Path, bytes]]:
    """The files that were generated in an output folder, and not copied there."""
    from generator.observe import files
    from generator.render import is_generated, label
    from generator.write import with_lf

    start = os.path.relpath(out)

    def parts(name: str) -> tuple[str, ...]:
        return Path(os.path.relpath(name, start)).parts

    def in_place(name: str) -> bool:
        return len(parts(name)) == 3 and parts(name)[1] in target.formats

    for name, data in files(revision, [out], in_place).items():
        of = label(data)
        if is_generated(data) and of and of.deployment == parts(name)[0]:
            yield out.joinpath(*parts(name)), with_lf(data)


def _rendered(now: State, job: Job, revision: Revision) -> dict[Path, str]:
    """The deployment files of the revision, rendered. What comes from no file stays the same."""
    found: dict[Path, str] = {}
    work = now.work
    for each, name, origin in now.deployments:
        if each is not job:
            continue
        path = deployment_file(job, origin)
        if path is None:
            mine = job.out / name
            found.update({p: t for p, t in now.texts.items() if p.is_relative_to(mine)})
        elif (data := file_then(revision, path)) is not None:
            found.update(_render(work, job, f"{revision.name}:{path}", data, origin, name))
    for path, data in _gone(job, revision):
        found.update(_render(work, job, f"{revision.name}:{path}", data, None, ""))
    return found


def _render(
    work: Work,
    job: Job,
    file: str,
    data: bytes,
    origin: Origin | None,
    now: str,
) -> dict[Path, str]:
    """The files of a deployment as it was; if it cannot be read any more, that there was one."""
    from generator.cli.selection import changed
    from generator.render import Origin, render
    from generator.resolve import resolve

    names = formats_of(job)
    try:
        rules = job.root.data
        then = rules.parse_deployment(data, file)
        then = changed(then, work.request.changes)
        resolved = resolve(then, rules.release(then.release), rules.catalogue)
        found = {
            name: render(resolved, job.root.templates, name, origin or Origin("")) for name in names
        }
    except GeneratorError as error:
        terminal.echo(terminal.warning(f"not compared: {error}"), err=True)
        texts = {name: {"README.md": _CANNOT_BE_READ} for name in names} if now else {}
        folder = now
    else:
        texts = {name: dict(texts_in(files)) for name, files in found.items()}
        folder = then.name
    return {
        job.out / folder / name / file: text
        for name, files in texts.items()
        for file, text in files.items()
    }


def _gone(job: Job, revision: Revision) -> Iterator[tuple[Path, bytes]]:
    """The deployment files that the settings list, and that are not there any more."""
    from generator.observe import files

    root = Path(os.path.relpath(job.root.place.root))
    outputs = [o for o in job.root.place.outputs if Path(os.path.relpath(root / o.out)) == job.out]
    patterns = [Path(each).parts for output in outputs for each in output.deployments]
    if not (job.owned and patterns):
        return

    def listed(name: str) -> bool:
        parts = Path(os.path.relpath(name, root)).parts
        return not os.path.lexists(name) and any(matches(parts, each) for each in patterns)

    for name, data in files(revision, [root], listed).items():
        yield Path(name), data


def matches(parts: tuple[str, ...], pattern: tuple[str, ...]) -> bool:
    """Whether a path is one that a pattern of the settings means."""
    if not pattern or not parts:
        return not pattern and not parts
    first, *rest = pattern
    if first == "**":
        return matches(parts, tuple(rest) or ("*",)) or matches(parts[1:], pattern)
    same = fnmatchcase(parts[0], first) if "*" in first else parts[0] == first
    return same and matches(parts[1:], tuple(rest))


def deployment_file(job: Job, origin: Origin) -> Path | None:
    """A deployment file in the repository, from the working directory; None for others."""
    if not origin.file:
        return None
    path = Path(os.path.relpath(job.root.place.root / origin.file))
    return path if path.is_file() else None


def file_then(revision: Revision, path: Path) -> bytes | None:
    """What a file was at the revision, if it was there."""
    from generator.observe import files

    return files(revision, [path], lambda _: True).get(path.as_posix())
