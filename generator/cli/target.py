"""Where generated files go, and what is there already."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from generator.cli import terminal
from generator.cli.jobs import Job, Work
from generator.errors import UsageError, choices

if TYPE_CHECKING:
    from generator.cli.steps import Rendered
    from generator.write import Change


class Target(NamedTuple):
    """Files with their contents, and the folders in which there should be no others of ours."""

    texts: dict[Path, str]
    """The generated texts, by the path of their file: on the disk, or in the archive."""
    outs: tuple[Path, ...]
    contents: dict[Path, bytes]
    folders: tuple[Path, ...]
    archive: Path | None = None
    formats: tuple[str, ...] = ()
    """The formats that there are."""
    doubtful: tuple[Path, ...] = ()
    """Folders that may be copies of generated ones, and so are not ours to remove."""
    left_out: tuple[Path, ...] = ()
    """Folders of formats that the quota leaves no room for: what was generated there stays."""

    def leaves_out(self, path: Path) -> bool:
        """Whether a file is in one of these folders."""
        return any(map(path.is_relative_to, self.left_out))


def destination(work: Work, rendered: Rendered) -> Target:
    """Where the rendered files go: to standard output, into an archive, or into folders."""
    request = work.request
    if request.to_stdout:
        return Target(_only_one(work, rendered), (), {}, ())
    texts = {
        (Path() if request.archive else out) / name / format_ / file: text
        for (out, name, format_), contents in rendered.items()
        for file, text in contents.items()
    }
    contents = {path: text.encode() for path, text in texts.items()}
    if request.archive:
        from generator.write import zipped

        if len(texts) < sum(map(len, rendered.values())):
            raise UsageError("two deployments have the same name: an archive cannot hold both")
        archive = {request.archive: zipped(contents)}
        return Target(texts, (request.archive.parent,), archive, (), request.archive)
    from generator.render import formats

    outs = tuple(job.out for job in work.jobs)
    found = [_renamed(job) for job in work.jobs if not job.formats]
    folders = _folders(work, rendered).union(*(proven for proven, _ in found))
    doubtful = tuple(folder for _, folders in found for folder in folders)
    every_format = tuple(dict.fromkeys(f for r in work.roots for f in formats(r.templates)))
    left_out = tuple(
        job.out / deployment.name / format_
        for job in work.jobs
        for deployment, _ in job.deployments
        for format_ in job.formats or formats(job.root.templates)
        if (job.out, deployment.name, format_) not in rendered
    )
    return Target(
        texts, outs, contents, tuple(sorted(folders)), None, every_format, doubtful, left_out
    )


def _only_one(work: Work, rendered: Rendered) -> dict[Path, str]:
    """The files of the only deployment and format, but for those that only explain them."""
    names = list(dict.fromkeys(name for _, name, _ in rendered))
    formats = list(dict.fromkeys(format_ for *_, format_ in rendered))
    missing = []
    if len(names) > 1:
        presets = not any(origin.file for _, origin in work.deployments)
        missing.append(f"{'--preset' if presets else 'one of the deployments'} {choices(names)}")
    if len(formats) > 1:
        missing.append(f"--format {choices(formats)}")
    if missing:
        wanted = "; and ".join(missing)
        raise UsageError(f"--stdout prints one deployment in one format: add {wanted}")
    ((_, contents),) = rendered.items()
    return {Path(name): text for name, text in contents.items() if not name.endswith(".md")}


def _folders(work: Work, rendered: Rendered) -> set[Path]:
    """The folders that belong to the jobs: generated files in them that no job has are stale."""
    owned = {job.out for job in work.jobs if job.owned}
    return {
        out if out in owned else out / name / format_ if job.formats else out / name
        for job in work.jobs
        for out, name, format_ in rendered
        if out == job.out
    }


def _renamed(job: Job) -> tuple[list[Path], list[Path]]:
    """Where the job's deployment files were generated under other names: certainly, and perhaps."""
    from generator.write import renamed

    names = [deployment.name for deployment, _ in job.deployments]
    commands = [origin.command for _, origin in job.deployments if origin.unique]
    return renamed(job.out, names, commands)


def differences(target: Target) -> tuple[Change, ...]:
    """What writing the files would change, when no other run is writing there."""
    from generator.write import settled

    with ExitStack() as stack:
        for out in sorted(set(target.outs)):
            stack.enter_context(settled(out, _notify))
        return _compare(target)


def _compare(target: Target) -> tuple[Change, ...]:
    from generator.write import compare

    changes = compare(target.outs, target.contents, target.folders, target.formats)
    return tuple(c for c in changes if not target.leaves_out(c.path))


def _notify(sentence: str) -> None:
    terminal.echo(f"cvo-sg: {sentence}", err=True)


def list_copies(target: Target) -> None:
    """Say which folders look like copies of generated ones, and so stay as they are."""
    from generator.write import copies

    found = copies(target.outs, target.folders, target.formats)
    for folder in sorted({*target.doubtful, *found}):
        terminal.echo(
            f"kept {folder}: its files were generated for another folder. Remove it unless it is a "
            "copy that you need",
            err=True,
        )


def put(target: Target, force: bool) -> tuple[Change, ...]:
    """Write what differs, and return it."""
    from generator.write import locked, write

    with ExitStack() as stack:
        for out in sorted(set(target.outs)):
            stack.enter_context(locked(out, _notify))
        changes = _compare(target)
        write(target.outs, changes, force)
    return changes
