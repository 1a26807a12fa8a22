"""What a change to the repository permits: its deployments now, against those at a revision."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from generator.cli import terminal
from generator.cli.at_revision import State, deployment_file, file_then, texts_then
from generator.cli.batch import Batch
from generator.cli.format_names import formats_of
from generator.cli.jobs import Request, Work
from generator.cli.replacements import File, renamed_folders
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


class NotCompared(NamedTuple):
    """The base of a pull request that there is nothing to compare with, and why."""

    name: str
    reason: str

    def __str__(self) -> str:
        return f"not compared with {self.name}: {self.reason}"


class Base(NamedTuple):
    """What changed since a revision."""

    name: str
    summaries: list[Summary]
    sources: Mapping[str, Source]
    """By folder; where there is no file, there is none."""


def base_revision(request: Request) -> Revision | NotCompared | None:
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


def _base_of_the_change(request: Request) -> Revision | NotCompared | None:
    """What a pull request is merged into, as GitHub's runner and pre-commit name it."""
    branch = os.environ.get("GITHUB_BASE_REF")
    name = f"origin/{branch}" if branch else os.environ.get("PRE_COMMIT_FROM_REF")
    if not name:
        return None
    try:
        base_revision(request._replace(against=name, against_base=False))
        return _merge_base(name)
    except UsageError as error:
        found = NotCompared(name, str(error))
        terminal.echo(terminal.warning(str(found)), err=True)
        return found


def _merge_base(name: str) -> Revision:
    """Where a branch of changes left its base, whose later commits are not part of the change."""
    from generator.observe import merge_base, revision

    here, head = Path.cwd(), revision("HEAD", Path.cwd())
    base = revision(name, here)
    if os.environ.get("GITHUB_EVENT_NAME") == "pull_request_target" and base.tree == head.tree:
        raise UsageError(
            "this is a checkout of the base itself, not of the pull request: run the workflow on "
            "pull_request, which is also safe for pull requests from forks"
        )
    common = merge_base(name, here)
    return revision(common, here)._replace(name=name) if common else base


def compared_with(work: Work, target: Target, batch: Batch, revision: Revision) -> Base:
    """What the deployments permit that they did not permit at the revision, and the reverse."""
    from generator.compare import summaries

    now = State(work, target, batch)
    old = texts_then(now, revision)
    paths = list(dict.fromkeys([*now.texts, *old]))
    texts = [(path, old.get(path, ""), now.texts.get(path, "")) for path in paths]
    changed = [each for each in texts if each[1] != each[2]]
    same = [path for path, before, after in texts if before == after]
    found = summaries(changed, same, renamed_folders(changed)) + _unlisted(texts, changed)
    return Base(revision.name, found, dict(_sources(now, revision)))


def _unlisted(texts: list[File], changed: list[File]) -> list[Summary]:
    """That it is unknown what changes for deployments of which no format lists the permissions."""
    from generator.compare import Summary, lists_permissions

    listed = {path.parent.parent for path, *sides in texts if any(map(lists_permissions, sides))}
    folders = {path.parent for path, _, _ in changed if path.parent.parent not in listed}
    shown = tuple(folder.as_posix() for folder in sorted(folders))
    return [Summary(shown, (), known=False)] if shown else []


def _sources(now: State, revision: Revision) -> Iterator[tuple[str, Source]]:
    """By folder of each format, the deployment file that it comes from."""
    for job, name, origin in now.deployments:
        path = deployment_file(job, origin)
        if path is None:
            continue
        old, new = file_then(revision, path), path.read_bytes()
        source = Source(path.as_posix(), _decoded(old or b""), _decoded(new))
        for format_ in formats_of(job):
            yield (job.out / name / format_).as_posix(), source


def _decoded(data: bytes) -> str:
    return data.decode("utf-8", "replace")
