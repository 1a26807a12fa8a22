"""What a change to the repository permits: its deployments now, against those at a revision."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from generator.cli import terminal
from generator.cli.at_revision import State, deployment_file, file_then, texts_then
from generator.cli.batch import Batch
from generator.cli.jobs import Request, Work
from generator.cli.replacements import renamed_folders
from generator.cli.target import Target
from generator.errors import UsageError

if TYPE_CHECKING:
    from generator.compare import Summary
    from generator.observe import Revision


class Source(NamedTuple):
    """The deployment file behind a folder, now and at the revision."""

    file: str
    old: str
    new: str


class Base(NamedTuple):
    """What changed since a revision."""

    name: str
    summaries: list[Summary]
    sources: Mapping[str, Source]
    """By folder; where there is no file, there is none."""


def base_revision(request: Request) -> Revision | None:
    """The revision to compare with, if any. Raises UsageError for one that does not exist."""
    if request.against_base:
        return _base_of_the_change(request)
    if request.against is None:
        return None
    if not request.compares:
        raise UsageError("--against needs --diff or --check")
    if request.to_stdout or request.archive:
        raise UsageError("--against compares folders: leave out --stdout and --zip")
    from generator.observe import revision

    return revision(request.against, Path.cwd())


def _base_of_the_change(request: Request) -> Revision | None:
    """What a pull request is merged into, as GitHub's runner and pre-commit name it."""
    branch = os.environ.get("GITHUB_BASE_REF")
    name = f"origin/{branch}" if branch else os.environ.get("PRE_COMMIT_FROM_REF")
    if not name:
        return None
    try:
        return base_revision(request._replace(against=name, against_base=False))
    except UsageError as error:
        terminal.echo(terminal.warning(f"not compared with {name}: {error}"), err=True)
        return None


def compared_with(work: Work, target: Target, batch: Batch, revision: Revision) -> Base:
    """What the deployments permit that they did not permit at the revision, and the reverse."""
    from generator.compare import summaries

    now = State(work, target, batch)
    old = texts_then(now, revision)
    paths = list(dict.fromkeys([*now.texts, *old]))
    texts = [(path, old.get(path, ""), now.texts.get(path, "")) for path in paths]
    changed = [each for each in texts if each[1] != each[2]]
    same = [path for path, before, after in texts if before == after]
    renamed = renamed_folders(changed)
    return Base(revision.name, summaries(changed, same, renamed), dict(_sources(now, revision)))


def _sources(now: State, revision: Revision) -> Iterator[tuple[str, Source]]:
    """By folder of each format, the deployment file that it comes from."""
    for job, name, origin in now.deployments:
        path = deployment_file(now.work, origin)
        if path is None:
            continue
        old, new = file_then(revision, path), path.read_bytes()
        source = Source(path.as_posix(), _decoded(old or b""), _decoded(new))
        for format_ in now.work.formats_of(job):
            yield (job.out / name / format_).as_posix(), source


def _decoded(data: bytes) -> str:
    return data.decode("utf-8", "replace")
