"""What a run of `generate` is to do: from its arguments, or from what the repository says."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from generator.cli.selection import Changes
from generator.cli.selection import deployments as select
from generator.errors import UsageError

if TYPE_CHECKING:
    from generator.load import Output, Project, RuleData
    from generator.model import Deployment
    from generator.render import Origin

DEFAULT = Path("out")


class Request(NamedTuple):
    """What the command line asks for."""

    files: tuple[str, ...]
    presets: tuple[str, ...]
    changes: Changes
    formats: tuple[str, ...]
    out: Path | None
    rule_data: Path | None
    templates: Path | None

    @property
    def says_what(self) -> bool:
        """Whether it names anything to generate, or where."""
        return bool(self.files or self.presets or any(self.changes) or self.out)


class Place(NamedTuple):
    """Where the command runs, and what the repository around it says, if it says anything."""

    root: Path
    """The folder that paths in generated files are relative to."""
    file: Path | None = None
    project: Project | None = None

    @property
    def outputs(self) -> tuple[Output, ...]:
        """The folders that the project lists."""
        return self.project.outputs if self.project else ()

    def relative(self, path: Path) -> str:
        """A path from the root, as generated files show it; outside, where it is is not theirs."""
        shown = Path(os.path.relpath(path, self.root)).as_posix() if self.holds(path) else path.name
        if not shown.isprintable():
            raise UsageError(f"{shown!r} cannot stand in a comment: rename it")
        return shown

    def holds(self, path: Path) -> bool:
        """Whether a path lies below the root."""
        return Path(os.path.relpath(path, self.root)).parts[:1] != ("..",)

    def folder(self, option: Path | None, setting: str | None) -> Path | None:
        """A folder that an option gives, or else the project."""
        return option or (shown(self.root / setting) if setting else None)


class Job(NamedTuple):
    """Deployments to generate into one folder."""

    out: Path
    deployments: list[tuple[Deployment, Origin]]
    formats: tuple[str, ...]
    """The formats; none means all."""
    owned: bool
    """Whether everything that is generated in the folder belongs to these deployments."""


def place() -> Place:
    """Where the command runs."""
    from generator.load import find_project, project_root, read_project

    here = Path.cwd()
    file = find_project(here)
    if file is None:
        return Place(project_root(here))
    return Place(file.parent, file, read_project(file, str(shown(file))))


def jobs(request: Request, data: RuleData, where: Place) -> list[Job]:
    """What to generate. A request that does not say means what the project says, or the presets.

    What the project lists goes where the project says, if the request does not.
    """
    outputs = [o for o in where.outputs if _goes(request, where.root / o.out)]
    if outputs:
        parts = [_part(request, output, where) for output in outputs]
        named = _names(request)
        if not request.says_what or (named and named == set().union(*map(_names, parts))):
            owned = not (request.says_what or request.formats)
            return [
                _job(output, part, owned, data, where)
                for output, part in zip(outputs, parts, strict=True)
                if _names(part)
            ]
    out = request.out or DEFAULT
    found = select(data, request.files, request.presets, request.changes)
    origins = _origins(request, where, out, [d.name for d in found])
    return [Job(out, list(zip(found, origins, strict=True)), request.formats, False)]


def _goes(request: Request, folder: Path) -> bool:
    """Whether a request may be about what goes to a folder."""
    return not request.out or _absolute(request.out) == _absolute(folder)


def _part(request: Request, output: Output, where: Place) -> Request:
    """What a request is about of what an output lists; all of it, if the request does not say."""
    from generator.load import listed_deployments

    assert where.file
    files = [str(shown(path)) for path in listed_deployments(where.file, output)]
    presets = output.presets
    if request.says_what:
        files = [file for file in files if _absolute(file) in _names(request)]
        presets = tuple(name for name in presets if name in request.presets)
    return request._replace(files=tuple(files), presets=presets)


def _names(request: Request) -> set[Path | str]:
    """The files and presets of a request, so that the same ones are equal."""
    return {*map(_absolute, request.files), *request.presets}


def _job(output: Output, part: Request, owned: bool, data: RuleData, where: Place) -> Job:
    out = shown(where.root / output.out)
    found = select(data, part.files, part.presets, part.changes)
    origins = _origins(part, where, None, [])
    formats = part.formats or output.formats
    return Job(out, list(zip(found, origins, strict=True)), formats, owned)


def _origins(request: Request, where: Place, out: Path | None, names: list[str]) -> list[Origin]:
    """Per deployment, in the order of `select`, the file and the command that generates it.

    Without `out`, the project says where.
    """
    from generator.render import Origin

    options = request.changes.words()
    for name, folder in (("--rule-data", request.rule_data), ("--templates", request.templates)):
        options += [name, where.relative(folder)] if folder else []
    inside = not out or where.holds(out)
    if out and inside and (shown_out := where.relative(out)) != str(DEFAULT):
        options += ["--out", shown_out]
    found = []
    for file in request.files:
        if file == "-":
            found.append(Origin(_command(file, *options)))
        else:
            path = where.relative(Path(file))
            unique = inside and where.holds(Path(file))
            found.append(Origin(_command(path, *options), path, unique))
    presets = list(request.presets)
    if not found and not presets:
        if request.changes.name:
            return [Origin(_command(*options))]
        presets = names
    return found + [Origin(_command("--preset", name, *options)) for name in presets]


def _absolute(path: Path | str) -> Path:
    """The path from the root of the file system; links stay what they are called."""
    return Path(os.path.normpath(Path.cwd() / path))


def _command(*words: str) -> str:
    import shlex

    return shlex.join(["cvo-sg", "generate", *words])


def shown(path: Path) -> Path:
    """A path from the working directory, as a user would write it."""
    return Path(os.path.relpath(path))
