"""What `generate` has to do: from its arguments, or from the settings of the repository."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from generator.cli import terminal
from generator.cli.empty_patterns import warn_of_empty_patterns
from generator.cli.named_files import deployment_files
from generator.cli.selection import Changes, Listed, listed
from generator.errors import UsageError

if TYPE_CHECKING:
    from generator.load import Output, Project, RuleData
    from generator.render import Origin

DEFAULT = Path("out")
ALL = "all"
FEW = 20
"""Of so many deployments there is a paragraph each."""
NOTHING_LISTED = (
    "this repository lists no deployments: run `cvo-sg init acme.yaml --project` to create "
    "cvo-sg.yaml, or name a deployment file, --preset NAME or --preset all"
)


class Request(NamedTuple):
    """The command line of `generate`."""

    files: tuple[str, ...]
    presets: tuple[str, ...]
    changes: Changes
    formats: tuple[str, ...]
    out: Path | None
    rule_data: Path | None
    templates: Path | None
    to_stdout: bool
    archive: Path | None
    check: bool
    diff: bool
    staged: bool
    """Whether the index of git is to hold what is generated, too."""
    against: str | None
    """The revision to compare permissions with."""
    against_base: bool
    """Whether that is what a pull request is merged into, if there is one."""
    form: str
    force: bool
    lint: bool
    strict: bool
    jobs: int | None
    """How many processes to use, if it says so."""
    quiet: bool
    verbose: bool

    @classmethod
    def of(cls, arguments: dict[str, Any]) -> Request:
        """The request from the arguments as click passes them, by name."""
        changes = Changes(*(arguments.pop(name) for name in Changes._fields))
        request = cls(changes=changes, **arguments)
        return request._replace(
            files=tuple(dict.fromkeys(request.files)),
            presets=tuple(dict.fromkeys(request.presets)),
            out=None if request.archive or request.to_stdout else request.out,
        )

    @property
    def says_what(self) -> bool:
        """Whether it names anything to generate, or where."""
        return bool(self.files or self.presets or any(self.changes) or self.out)

    @property
    def compares(self) -> bool:
        """Whether files are compared with those on the disk, rather than written or printed."""
        return self.check or self.diff


class Place(NamedTuple):
    """Where the command runs, and the settings of the repository around it, if it has any."""

    root: Path
    """The base of paths in generated files."""
    file: Path | None = None
    project: Project | None = None

    @property
    def outputs(self) -> tuple[Output, ...]:
        """The folders that the project lists."""
        return self.project.outputs if self.project else ()

    def relative(self, path: Path) -> str:
        """A path from the root, for generated files; only the name of a file outside of it."""
        shown = Path(os.path.relpath(path, self.root)).as_posix() if self.holds(path) else path.name
        if not shown.isprintable():
            raise UsageError(f"{shown!r} contains a control character: rename it")
        return shown

    def holds(self, path: Path) -> bool:
        """Whether a path is below the root."""
        return Path(os.path.relpath(path, self.root)).parts[:1] != ("..",)

    def folder(self, option: Path | None, setting: str | None) -> Path | None:
        """The folder from an option, or else from the settings."""
        return option or (shown(self.root / setting) if setting else None)


class Job(NamedTuple):
    """Deployments to generate into one folder."""

    out: Path
    deployments: list[tuple[Listed, Origin]]
    """Each is read when it is its turn."""
    formats: tuple[str, ...]
    """The formats; if empty, all."""
    owned: bool
    """Whether every generated file in the folder belongs to these deployments."""
    all_presets: bool = False
    """Whether its presets are all there are, rather than chosen by name."""

    def is_example(self, origin: Origin) -> bool:
        """Whether a deployment of this job is a preset that nobody chose by name."""
        return self.all_presets and not origin.file


class Work(NamedTuple):
    """What `generate` has read: what to do, and what to do it with."""

    request: Request
    place: Place
    jobs: list[Job]
    data: RuleData
    templates: list[Path]
    """Folders of templates; the first that has a file wins."""
    apart: tuple[Path, ...] = ()
    """Folders of deployments that are not in the commit: what is generated there stays."""

    @property
    def deployments(self) -> list[tuple[Job, Listed, Origin]]:
        """Those of all jobs, in their order."""
        return [(job, *pair) for job in self.jobs for pair in job.deployments]

    @property
    def is_large(self) -> bool:
        """Whether there are more deployments than anybody reads a paragraph each of."""
        return sum(len(job.deployments) for job in self.jobs) > FEW

    @property
    def is_first_look(self) -> bool:
        """Whether neither arguments nor settings say what to generate, so all presets are."""
        return not (self.request.says_what or self.place.outputs)


def gather(request: Request) -> Work:
    """Read the settings, the deployments and the rule data.

    Raises UsageError where a check, or a run that nobody watches, has nothing to work on.
    """
    from generator.load import RuleData, shipped

    request = request._replace(files=deployment_files(request.files, request.quiet))
    where = place()
    warn_of_empty_patterns(where)
    settings = where.project
    unwatched = request.compares or request.quiet
    if unwatched and not (request.says_what or where.outputs):
        raise UsageError(NOTHING_LISTED)
    if where.file and not request.quiet:
        terminal.echo(f"settings: {shown(where.file)}", err=True)
    data_folder = where.folder(request.rule_data, settings.rule_data if settings else None)
    data = RuleData(data_folder or shipped("rule_data"))
    own = where.folder(request.templates, settings.templates if settings else None)
    templates = [*([own] if own else []), shipped("templates")]
    return Work(request, where, jobs(request, data, where), data, templates)


def place() -> Place:
    """Where the command runs."""
    from generator.load import find_project, project_root, read_project

    here = Path.cwd()
    file = find_project(here)
    if file is None:
        return Place(project_root(here))
    return Place(file.parent, file, read_project(file, str(shown(file))))


def jobs(request: Request, data: RuleData, where: Place) -> list[Job]:
    """What to generate. A request that names nothing means what the settings list, or all presets.

    What the settings list goes to their folder, unless the request names another.
    """
    all_presets = ALL in request.presets
    request = _by_name(request, data)
    outputs = [o for o in where.outputs if _goes(request, where.root / o.out)]
    if outputs:
        parts = [_part(request, output, data, where) for output in outputs]
        named = _names(request)
        if not request.says_what or (named and named == set().union(*map(_names, parts))):
            owned = not (request.says_what or request.formats)
            return [
                _job(output, part, owned, where)._replace(
                    all_presets=all_presets or ALL in output.presets
                )
                for output, part in zip(outputs, parts, strict=True)
                if _names(part) or not request.says_what
            ]
    if not (request.files or request.presets or request.changes.name):
        all_presets = True
        request = _by_name(request._replace(presets=(ALL,)), data)
    out = request.out or DEFAULT
    found = listed(request.files, request.presets, request.changes)
    origins = _origins(request, where, out)
    pairs = list(zip(found, origins, strict=True))
    return [Job(out, pairs, request.formats, False, all_presets)]


def _by_name(request: Request, data: RuleData) -> Request:
    """The request with `all` replaced by the names of the presets."""
    every = data.presets()
    if ALL not in request.presets or ALL in every:
        return request
    presets = (name for p in request.presets for name in (every if p == ALL else [p]))
    return request._replace(presets=tuple(dict.fromkeys(presets)))


def _goes(request: Request, folder: Path) -> bool:
    """Whether a request concerns an output folder."""
    return not request.out or _absolute(request.out) == _absolute(folder)


def _part(request: Request, output: Output, data: RuleData, where: Place) -> Request:
    """The part of an output that a request names; all of it, if the request names nothing."""
    from generator.load import listed_deployments

    assert where.file
    files = [str(shown(path)) for path in listed_deployments(where.file, output)]
    whole = _by_name(request._replace(files=tuple(files), presets=output.presets), data)
    if not request.says_what:
        return whole
    names = _names(request)
    return whole._replace(
        files=tuple(file for file in whole.files if _absolute(file) in names),
        presets=tuple(name for name in whole.presets if name in request.presets),
    )


def _names(request: Request) -> set[Path | str]:
    """The files and presets of a request, with absolute paths to compare."""
    return {*map(_absolute, request.files), *request.presets}


def _job(output: Output, part: Request, owned: bool, where: Place) -> Job:
    out = shown(where.root / output.out)
    found = listed(part.files, part.presets, part.changes)
    origins = _origins(part, where, None)
    pairs = list(zip(found, origins, strict=True)) if _names(part) else []
    return Job(out, pairs, part.formats or output.formats, owned)


def _origins(request: Request, where: Place, out: Path | None) -> list[Origin]:
    """For each deployment, in the order of `select`, its file and the command that generates it.

    Without `out`, the settings determine the folder.
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
            path = file if (p := where.relative(Path(file))) == file else p  # one text in memory
            unique = inside and where.holds(Path(file))
            found.append(Origin(_command(path, *options), path, unique))
    found += [Origin(_command("--preset", name, *options)) for name in request.presets]
    return found or [Origin(_command(*options))]


def _absolute(path: Path | str) -> Path:
    """The absolute path, without resolving symbolic links."""
    return Path(os.path.normpath(Path.cwd() / path))


def _command(*words: str) -> str:
    import shlex

    return shlex.join(["cvo-sg", "generate", *words])


def shown(path: Path) -> Path:
    """A path relative to the working directory."""
    return Path(os.path.relpath(path))
