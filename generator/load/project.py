"""The settings of a repository: `cvo-sg.yaml`, or `[tool.cvo-sg]` in pyproject.toml."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from generator.errors import InputError, KeyPath, Mistake
from generator.light import dataclass
from generator.load.files import read
from generator.load.parsed import Parsed
from generator.load.search import (
    below,
    is_believed,
    links_outside,
    matching,
    outside,
    searched,
)

FILE = "cvo-sg.yaml"
TOML = "pyproject.toml"
PROJECT_FILES = (FILE, TOML)
"""The files that can list what a repository generates; the first one wins in a folder."""
MAX_STEPS = 5_000_000  # of tomllib, at worst: under a second


@dataclass(frozen=True)
class Output:
    """A folder of generated files, and its deployments and presets."""

    out: str
    """The folder, relative to this file."""
    deployments: tuple[str, ...] = ()
    """Deployment files, relative to this file. `*` matches any name, `**` any folders."""
    presets: tuple[str, ...] = ()
    """Presets by name; `all` for every one."""
    formats: tuple[str, ...] = ()
    """The formats to generate, or `all`; if left out, all but those rendered only on request."""


@dataclass(frozen=True)
class Project:
    """What a repository generates."""

    outputs: tuple[Output, ...]
    """The folders of generated files."""
    rule_data: str | None = None
    """A folder of rule data that adds to the built-in one or replaces it, relative to this file."""
    templates: str | None = None
    """A folder of templates to use in addition to the built-in ones, relative to this file."""


def find_project(start: Path, here: Path | None = None) -> Path | None:
    """The settings file in a folder or in the nearest parent, up to the root of the repository.

    A file that somebody else has put there is passed over: neither the user, nor the owner of the
    folder `here`, where the user works.
    """
    found = (_settings_in(folder) for folder in searched(start, here))
    return next(filter(None, found), None)


def projects_below(start: Path) -> list[Path]:
    """The settings files in the folders below one, which is in a repository."""
    return sorted(file for folder in below(start) if (file := _settings_in(folder)))


def _settings_in(folder: Path) -> Path | None:
    for file in (folder / FILE, folder / TOML):
        if not os.path.lexists(file) or not is_believed(file):
            continue
        if file.name == FILE or _has_section(read(file, os.path.relpath(file))):
            return file
    return None


def repository(start: Path) -> Path | None:
    """The root of the repository around a folder, as far as it is searched; None without one."""
    folders = searched(start)
    return folders[-1] if folders and os.path.lexists(folders[-1] / ".git") else None


def project_root(start: Path) -> Path:
    """The base of paths in generated files: the folder of the settings, or of the repository."""
    found = find_project(start)
    if found:
        return found.parent
    return repository(start) or start


def read_project(path: Path, name: str) -> Project:
    """The settings in a file; its mistakes call it `name`. Raises InputError.

    Everything that it names is below its own folder, symbolic links resolved, and not in `.git`.
    """
    parsed = _parsed(path, name)
    mistakes = [*_mistakes(path, parsed.value), *_bad_folders(path, parsed.value)]
    if mistakes:
        raise InputError(parsed.mistake(at, message) for at, message in mistakes)
    return parsed.value


def rule_data_setting(path: Path, name: str) -> Path | None:
    """The folder of rule data that a settings file names, for commands that generate nothing.

    Raises InputError as `read_project` does, but not for what the settings list to generate.
    """
    parsed = _parsed(path, name)
    mistakes = [*_bad_folders(path, parsed.value)]
    if mistakes:
        raise InputError(parsed.mistake(at, message) for at, message in mistakes)
    return path.parent / parsed.value.rule_data if parsed.value.rule_data else None


def _parsed(path: Path, name: str) -> Parsed[Project]:
    if outside(path.parent, path):
        message = "the file is a link to a place outside its folder: put the file itself here"
        raise InputError([Mistake(name, 0, 0, message)])
    text = read(path, name)
    if path.suffix == ".toml":
        return _from_toml(text, name)
    from generator.load.strict_yaml import parse

    return parse(text, Project, name)


def listed_deployments(path: Path, output: Output) -> list[Path]:
    """The deployment files of an output without duplicates, in the order of patterns and names."""
    found = (file for pattern in output.deployments for file in matching(path.parent, pattern))
    return list(dict.fromkeys(found))


def _mistakes(path: Path, project: Project) -> Iterator[tuple[KeyPath, str]]:
    """What is wrong with what the settings list: where, and a sentence."""
    if not project.outputs:
        yield ("outputs",), "outputs: add at least one folder with deployments or presets"
    for i, output in enumerate(project.outputs):
        at = ("outputs", i)
        if not (output.deployments or output.presets):
            yield at, f"{output.out}: add deployments or presets for this folder"
        for j, pattern in enumerate(output.deployments):
            for message in _bad_pattern(path, pattern, output.out):
                yield (*at, "deployments", j), message
        for message in _bad_place(path, output.out):
            yield (*at, "out"), message
        if output.out in [other.out for other in project.outputs[:i]]:
            yield (*at, "out"), f"{output.out} is listed twice: merge the entries"


def _bad_folders(path: Path, project: Project) -> Iterator[tuple[KeyPath, str]]:
    for key, folder in (("rule_data", project.rule_data), ("templates", project.templates)):
        for message in _bad_folder(path, folder) if folder else ():
            yield (key,), message


def _bad_place(path: Path, setting: str) -> Iterator[str]:
    if Path(setting).is_absolute():
        yield f"{setting}: use a path relative to {path.name}"
    elif reason := outside(path.parent, path.parent / setting):
        yield f"{setting}: {reason}. Only an option on the command line can name such a place"


def _bad_folder(path: Path, setting: str) -> Iterator[str]:
    """What is wrong with a folder whose files are read."""
    bad = list(_bad_place(path, setting))
    yield from bad
    if not bad:
        try:
            for link in links_outside(path.parent, path.parent / setting):
                name = link.relative_to(path.parent)
                yield f"{name} is a link to a place that {path.name} cannot name: remove it"
        except OSError as error:
            if not isinstance(error, FileNotFoundError):
                yield f"{error.filename}: {error.strerror}"


def _bad_pattern(path: Path, pattern: str, out: str) -> Iterator[str]:
    parts = Path(pattern).parts
    if Path(pattern).is_absolute() or ("*" in pattern and ".." in parts):
        yield f"{pattern}: use a path relative to {path.name}, without .."
    elif any("**" in part and part != "**" for part in parts):
        yield f"{pattern}: ** matches whole folders only: use **/*.yaml for their files"
    else:
        try:
            found = matching(path.parent, pattern)
        except OSError as error:
            yield f"{pattern}: {error.filename}: {error.strerror}"
            return
        for file in found:
            yield from _bad_place(path, file.relative_to(path.parent).as_posix())
        if "*" not in pattern and not any(os.path.lexists(file) for file in found):
            yield (
                f"{pattern}: no such file. If you deleted it, remove this entry, and its generated "
                f"files in {out}"
            )


def _has_section(content: bytes) -> bool:
    if b"cvo-sg" not in content:
        return False
    try:
        tool = _load(content).get("tool")
    except (ValueError, RecursionError):
        return b"tool.cvo-sg" in content  # reading it will report the error
    return isinstance(tool, dict) and "cvo-sg" in tool


@lru_cache(10)
def _load(content: bytes) -> dict[str, Any]:
    """The TOML in a file. Raises ValueError, or RecursionError where it is nested too deeply.

    A command asks for the section of a file before it reads it, and for each of its outputs.
    tomllib walks from the top for every part of a key, and down the table's name for every line.
    """
    import tomllib

    dots = [line.count(b".") for line in content.split(b"\n")]
    if max(dots) * (sum(dots) + len(dots)) > MAX_STEPS:
        raise RecursionError
    return tomllib.loads(content.decode("utf-8", "replace"))


def _from_toml(content: bytes, name: str) -> Parsed[Project]:
    """The section of a pyproject.toml. Its parser tells no lines, so its mistakes have none."""
    import json
    import tomllib

    from generator.load.merge_markers import conflicts
    from generator.load.strict_yaml import parse

    if found := conflicts(content.decode("utf-8", "replace"), name):
        raise InputError(found)
    try:
        text = json.dumps(_load(content)["tool"]["cvo-sg"], default=str).encode()
    except RecursionError:
        message = "[tool.cvo-sg] cannot be read, because the TOML is nested too deeply"
        raise InputError([Mistake(name, 0, 0, message)]) from None
    except tomllib.TOMLDecodeError as error:
        message = f"[tool.cvo-sg] cannot be read, because the file is not valid TOML: {error}"
        raise InputError([Mistake(name, 0, 0, message)]) from None
    except ValueError:  # Python's own limit
        message = "[tool.cvo-sg] cannot be read, because a number has too many digits"
        raise InputError([Mistake(name, 0, 0, message)]) from None
    except KeyError:
        message = "the file has no [tool.cvo-sg]: add it, or write the settings into cvo-sg.yaml"
        raise InputError([Mistake(name, 0, 0, message)]) from None
    except TypeError:
        raise InputError([Mistake(name, 0, 0, "[tool.cvo-sg] must be a table")]) from None
    try:
        parsed: Parsed[Project] = parse(text, Project, name)
    except InputError as error:  # the line numbers are those of the JSON
        lines = [Mistake(name, 0, 0, f"[tool.cvo-sg] {m.message}") for m in error.mistakes]
        raise InputError(lines) from None
    return Parsed(parsed.value, name, dict.fromkeys(parsed.places, (0, 0)))
