"""Where generated files go: printed, compared with the files that are there, or written."""

from __future__ import annotations

import json
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from generator.cli import terminal
from generator.cli.jobs import Job, Work
from generator.cli.terminal import Styled, colored_diff, safe
from generator.errors import UsageError, choices

if TYPE_CHECKING:
    from generator.cli.steps import Rendered
    from generator.compare import Summary
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
    every_format = tuple(formats(work.templates))
    left_out = tuple(
        job.out / deployment.name / format_
        for job in work.jobs
        for deployment, _ in job.deployments
        for format_ in job.formats or every_format
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


def deliver(work: Work, target: Target) -> tuple[Change, ...]:
    """Print, compare or write the files; what was written. A difference found exits with 1."""
    request = work.request
    if request.to_stdout:
        terminal.echo_file("\n".join(target.texts.values()))
    elif request.compares:
        report(target, request.diff, request.form, request.quiet)
    else:
        changes = put(target, request.force)
        if not request.quiet:
            _list_copies(target)
        return changes
    return ()


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
    return tuple(c for c in changes if not any(map(c.path.is_relative_to, target.left_out)))


def _notify(sentence: str) -> None:
    terminal.echo(f"cvo-sg: {sentence}", err=True)


def _list_copies(target: Target) -> None:
    """Say which folders look like copies of generated ones, and so stay as they are."""
    from generator.write import copies

    found = copies(target.outs, target.folders, target.formats)
    for folder in sorted({*target.doubtful, *found}):
        terminal.echo(
            f"kept {folder}: its files were generated for another folder. Remove it unless it is a "
            "copy that you need",
            err=True,
        )


def report(target: Target, diff: bool, form: str, quiet: bool) -> None:
    """Print what writing the files would change; exit with 1 if anything."""
    changes = differences(target)
    told = _summaries(target, changes) if diff else []
    if form == "github":
        terminal.echo_commands(_github(changes, told))
    else:
        formats = {"text": _text, "json": _json, "markdown": _markdown}
        terminal.echo(formats[form](changes, told, diff), nl=False)
    if not quiet:
        _list_copies(target)
    if changes:
        verb = "differs" if len(changes) == 1 else "differ"
        terminal.echo(
            f"{_files(len(changes))} {verb} from what would be generated: to update, run the same "
            "command without --check and --diff",
            err=True,
        )
        raise click.exceptions.Exit(1)
    if not quiet:
        terminal.echo(f"{_files(len(target.contents))} up to date", err=True)


def put(target: Target, force: bool) -> tuple[Change, ...]:
    """Write what differs, and return it."""
    from generator.write import locked, write

    with ExitStack() as stack:
        for out in sorted(set(target.outs)):
            stack.enter_context(locked(out, _notify))
        changes = _compare(target)
        write(target.outs, changes, force)
    return changes


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
    lines = colored_diff("".join(map(unified_diff, changes)))
    return Styled(lines + (f"\n{safe(words)}" if words else ""))


def _json(changes: tuple[Change, ...], told: list[Summary], _: bool) -> str:
    from generator.compare import as_json

    found = {
        "files": [{"path": change.path.as_posix(), "kind": change.kind} for change in changes],
        "deployments": as_json(told),
    }
    return json.dumps(found, indent=2, ensure_ascii=False) + "\n"


def _markdown(changes: tuple[Change, ...], told: list[Summary], _: bool) -> str:
    from generator.compare import as_markdown
    from generator.model import markdown_code

    if not changes:
        return "Every generated file is up to date.\n"
    files = "".join(f"- {markdown_code(change.path)} {change.sentence}\n" for change in changes)
    return f"{as_markdown(told)}### Files\n\n{files}"


def _github(changes: tuple[Change, ...], told: list[Summary]) -> str:
    from generator.check import REPORTS, Check, Finding, Report
    from generator.compare import sentence

    found = [
        Finding(change.path.as_posix(), 0, 0, "error", change.kind, str(change))
        for change in changes
    ]
    for each in told:
        file = each.folders[0]
        for role in each.replaced:
            message = f"REPLACES OR DELETES THE SECURITY GROUP {role}"
            found.append(Finding(file, 0, 0, "error", "group-replaced", message))
        for p in each.permissions.opened:
            message = f"open to the internet from now on: {sentence(p)}"
            found.append(Finding(file, 0, 0, "warning", "open-to-the-internet", message))
    return REPORTS["github"](Report((Check("", tuple(found)),)))


def _decoded(content: bytes | None) -> str:
    return (content or b"").decode("utf-8", "replace")


def _files(number: int) -> str:
    return f"{number} file" if number == 1 else f"{number} files"
