"""What `generate` has to do: from its arguments, or from the settings of the repository."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from generator.cli import terminal
from generator.cli.empty_patterns import warn_of_empty_patterns
from generator.cli.format_names import ALL, with_every_format
from generator.cli.named_files import deployment_files
from generator.cli.old_attributes import warn_of_old_attributes
from generator.cli.origins import default_out, one_a_folder, origins
from generator.cli.roots import Place, Root, nearest, place, place_of, shown
from generator.cli.selection import Changes, Listed, listed
from generator.errors import UsageError
from generator.light import NamedTuple

if TYPE_CHECKING:
    from generator.load import Output, RuleData
    from generator.render import Origin

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
    config: Path | None
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


class Job(NamedTuple):
    """Deployments of one root to generate into one folder."""

    root: Root
    out: Path
    deployments: list[tuple[Listed, Origin]]
    """Each is read when it is its turn."""
    formats: tuple[str, ...]
    """The formats; if empty, those that are rendered where none is named."""
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
    roots: list[Root]
    jobs: list[Job]
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
        return not (self.request.says_what or any(root.place.outputs for root in self.roots))


def gather(request: Request) -> Work:
    """Read the settings, the deployments and the rule data.

    Raises UsageError where a check, or a run that nobody watches, has nothing to work on.
    """
    request = request._replace(files=deployment_files(request.files, request.quiet))
    number = len(request.files) + len(request.presets)
    if request.changes.name and number > 1:
        raise UsageError(f"--name needs a single deployment, but there are {number}")
    parts = _by_place(request)
    for where, _ in parts:
        warn_of_empty_patterns(where)
        if not request.says_what:
            warn_of_old_attributes(where)
    unwatched = request.compares or request.quiet
    if unwatched and not (request.says_what or any(where.outputs for where, _ in parts)):
        raise UsageError(NOTHING_LISTED)
    for where, _ in parts if not request.quiet else ():
        if where.file:
            terminal.echo(f"settings: {shown(where.file)}", err=True)
    known: dict[Path, RuleData] = {}
    roots = [_root(request, where, known) for where, _ in parts]
    found = [
        job
        for root, (_, part) in zip(roots, parts, strict=True)
        for job in with_every_format(jobs(part, root), root.templates)
    ]
    return Work(request, roots, found)


def _by_place(request: Request) -> list[tuple[Place, Request]]:
    """The parts of a request, each with the root that it belongs to.

    The settings nearest to a file count, or else those of the working directory. Without any, a
    request that names nothing means all settings below, if this is a repository.
    """
    from generator.load import find_project, projects_below, repository

    if request.config:
        return [(place(request.config), request)]
    if not request.files:
        around = place()
        below: list[Path] = []
        if not request.says_what and not around.file and repository(Path.cwd()):
            below = projects_below(Path.cwd())
        return [(place_of(file), request) for file in below] or [(around, request)]
    nearby = {Path(file).parent: nearest(Path(file)) for file in one_a_folder(request.files)}
    here = None if all(nearby.values()) and not request.presets else find_project(Path.cwd())
    by_settings: dict[Path | None, list[str]] = {}
    for file in request.files:
        by_settings.setdefault(nearby[Path(file).parent] or here, []).append(file)
    if request.presets:
        by_settings.setdefault(here, [])
    return [
        (
            place_of(settings),
            request._replace(
                files=tuple(files), presets=request.presets if settings == here else ()
            ),
        )
        for settings, files in by_settings.items()
    ]


def _root(request: Request, where: Place, known: dict[Path, RuleData]) -> Root:
    """A place with its rule data, which places can share, and its templates."""
    from generator.load import RuleData, shipped

    settings = where.project
    folder = where.folder(request.rule_data, settings.rule_data if settings else None)
    folder = folder or shipped("rule_data")
    data = known.setdefault(folder, RuleData(folder))
    return Root(where, data, where.templates(request.templates))


def jobs(request: Request, root: Root) -> list[Job]:
    """What to generate in a root: what the request names, else what is listed, else presets.

    What the settings list goes to their folder, unless the request names another.
    """
    where, data = root.place, root.data
    all_presets = ALL in request.presets
    request = _by_name(request, data)
    outputs = [o for o in where.outputs if _goes(request, where.root / o.out)]
    if outputs:
        parts = [_part(request, output, data, where) for output in outputs]
        named = _names(request)
        if not request.says_what or (named and named == set().union(*map(_names, parts))):
            owned = not (request.says_what or request.formats)
            return [
                _job(output, part, owned, root)._replace(
                    all_presets=all_presets or ALL in output.presets
                )
                for output, part in zip(outputs, parts, strict=True)
                if _names(part) or not request.says_what
            ]
    if not (request.files or request.presets or request.changes.name):
        all_presets = True
        request = _by_name(request._replace(presets=(ALL,)), data)
    out = request.out or default_out(where)
    found = listed(request.files, request.presets, request.changes)
    pairs = list(zip(found, origins(request, where, out), strict=True))
    return [Job(root, out, pairs, request.formats, False, all_presets)]


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


def _job(output: Output, part: Request, owned: bool, root: Root) -> Job:
    out = shown(root.place.root / output.out)
    found = listed(part.files, part.presets, part.changes)
    commands = origins(part, root.place, None)
    pairs = list(zip(found, commands, strict=True)) if _names(part) else []
    return Job(root, out, pairs, part.formats or output.formats, owned)


def _absolute(path: Path | str) -> Path:
    """The absolute path, without resolving symbolic links."""
    return Path(os.path.normpath(Path.cwd() / path))
