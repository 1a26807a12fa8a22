"""The settings that count for a command: those of `--config`, or the nearest to what it names.

A repository can have several settings files, each for the folder that it is in, its root.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from generator.cli import terminal
from generator.errors import UsageError
from generator.light import NamedTuple

if TYPE_CHECKING:
    from generator.load import Output, Project, RuleData


class Place(NamedTuple):
    """A root, and its settings, if it has any."""

    root: Path
    """The base of paths in generated files."""
    top: Path
    """The root of the repository around it; without one, the same folder."""
    file: Path | None = None
    project: Project | None = None

    @property
    def outputs(self) -> tuple[Output, ...]:
        """The folders that the project lists."""
        return self.project.outputs if self.project else ()

    def relative(self, path: Path) -> str:
        """A path from the root, for generated files; only the name of a file outside of the
        repository, which is elsewhere on every machine."""
        shown = Path(os.path.relpath(path, self.root)).as_posix()
        shown = shown if self.in_repository(path) else path.name
        if not shown.isprintable():
            raise UsageError(f"{shown!r} contains a control character: rename it")
        return shown

    def holds(self, path: Path) -> bool:
        """Whether a path is below the root."""
        return _is_below(path, self.root)

    def in_repository(self, path: Path) -> bool:
        """Whether a path is below the root of the repository."""
        return _is_below(path, self.top)

    def folder(self, option: Path | None, setting: str | None) -> Path | None:
        """The folder from an option, or else from the settings."""
        return option or (shown(self.root / setting) if setting else None)

    def templates(self, option: Path | None) -> list[Path]:
        """The folders of templates; the first that has a file wins."""
        from generator.load import shipped

        own = self.folder(option, self.project.templates if self.project else None)
        return [*([own] if own else []), shipped("templates")]

    def config(self, file: Path | None = None) -> list[str]:
        """The option that a command in the root needs to find these settings for a file, if any."""
        if not self.file:
            return []
        found = (nearest(file) if file else None) or nearest(self.file)
        return [] if found == self.file else ["--config", self.relative(self.file)]


class Root(NamedTuple):
    """A place with what its deployments are read with and rendered with."""

    place: Place
    data: RuleData
    templates: list[Path]
    """Folders of templates; the first that has a file wins."""


def place(config: Path | None = None, near: Path | None = None) -> Place:
    """The root of a command, given what `--config` names and a file that it is about."""
    from generator.load import find_project

    if config:
        return place_of(named(config))
    return place_of((nearest(near) if near else None) or find_project(Path.cwd()))


def place_of(file: Path | None) -> Place:
    """The root of a settings file; without one, that of the repository."""
    from generator.load import project_root, read_project, repository

    if file is None:
        root = project_root(Path.cwd())
        return Place(root, root)
    top = repository(file.parent) or file.parent
    return Place(file.parent, top, file, read_project(file, str(shown(file))))


def named(config: Path) -> Path:
    """The settings file that `--config` names. Raises UsageError if there is none."""
    if config.is_dir():
        raise UsageError(
            f"--config {config} is a folder: name the file in it, such as {config / 'cvo-sg.yaml'}"
        )
    if not config.exists():
        raise UsageError(f"--config {config}: there is no such file")
    return Path(os.path.normpath(Path.cwd() / config))


def nearest(file: Path) -> Path | None:
    """The settings file nearest to a file, in its folder or above; None without one."""
    from generator.load import find_project

    folder = Path(os.path.normpath(Path.cwd() / file)).parent
    return find_project(folder, Path.cwd()) if folder.is_dir() else None


def rule_data_of(
    option: Path | None, config: Path | None, quiet: bool, near: Iterable[Path] = ()
) -> RuleData:
    """The rule data of an option, or else of the settings, or the built-in; settings that are used
    are named, unless `quiet`.

    Raises UsageError for files whose settings name different rule data.
    """
    from generator.load import RuleData, find_project, shipped

    if option:
        return RuleData(option)
    if config:
        files = [named(config)]
    else:
        files = list(dict.fromkeys(filter(None, map(nearest, near))))
        files = files or list(filter(None, [find_project(Path.cwd())]))
    found = {folder: file for file in files if (folder := _setting(file))}
    if len(found) > 1:
        names = " and ".join(str(shown(file)) for file in found.values())
        raise UsageError(
            f"{names} name different rule data: choose one of them with --config, or use "
            "--rule-data"
        )
    for folder, file in found.items():
        if not quiet:
            terminal.echo(f"settings: {shown(file)}", err=True)
        return RuleData(shown(folder))
    return RuleData(shipped("rule_data"))


def _setting(file: Path) -> Path | None:
    from generator.load import rule_data_setting

    return rule_data_setting(file, str(shown(file)))


def shown(path: Path) -> Path:
    """A path relative to the working directory."""
    return Path(os.path.relpath(path))


def _is_below(path: Path, folder: Path) -> bool:
    return Path(os.path.relpath(path, folder)).parts[:1] != ("..",)
