"""The settings of a repository: `cvo-sg.yaml`, or `[tool.cvo-sg]` in pyproject.toml."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from generator.errors import InputError, Mistake
from generator.load.strict_yaml import parse

FILE = "cvo-sg.yaml"
TOML = "pyproject.toml"
PROJECT_FILES = (FILE, TOML)
"""The files that can list what a repository generates; the first one wins in a folder."""


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
    """The formats to generate; if left out, all."""


@dataclass(frozen=True)
class Project:
    """What a repository generates."""

    outputs: tuple[Output, ...]
    """The folders of generated files."""
    rule_data: str | None = None
    """A folder of rule data that replaces the built-in one, relative to this file."""
    templates: str | None = None
    """A folder of templates to use in addition to the built-in ones, relative to this file."""


def find_project(start: Path) -> Path | None:
    """The settings file in a folder or in the nearest parent, up to the root of the repository."""
    for folder in (start, *start.parents):
        if (folder / FILE).is_file():
            return folder / FILE
        if (folder / TOML).is_file() and _has_section(_text(folder / TOML)):
            return folder / TOML
        if (folder / ".git").exists():
            return None
    return None


def project_root(start: Path) -> Path:
    """The base of paths in generated files: the folder of the settings, or of the repository."""
    found = find_project(start)
    if found:
        return found.parent
    return next((f for f in (start, *start.parents) if (f / ".git").exists()), start)


def read_project(path: Path, name: str) -> Project:
    """The settings in a file; its mistakes call it `name`. Raises InputError."""
    if path.name == FILE:
        project: Project = parse(_bytes(path, name), Project, name).value
    else:
        project = _from_toml(path, name)
    mistakes = [Mistake(name, 0, 0, message) for message in _mistakes(path, project)]
    if mistakes:
        raise InputError(mistakes)
    return project


def listed_deployments(path: Path, output: Output) -> list[Path]:
    """The deployment files of an output without duplicates, in the order of patterns and names."""
    found = (file for pattern in output.deployments for file in _matching(path.parent, pattern))
    return list(dict.fromkeys(found))


def _matching(folder: Path, pattern: str) -> list[Path]:
    if "*" not in pattern:
        return [folder / pattern]
    below = f"{pattern}/*" if pattern.endswith("**") else pattern  # Pythons differ about the folder
    return sorted(path for path in folder.glob(below) if path.is_file())


def _mistakes(path: Path, project: Project) -> Iterator[str]:
    if not project.outputs:
        yield "outputs: add at least one folder with deployments or presets"
    for output in project.outputs:
        if not (output.deployments or output.presets):
            yield f"{output.out}: add deployments or presets for this folder"
        for pattern in output.deployments:
            if Path(pattern).is_absolute():
                yield f"{pattern}: use a path relative to {path.name}"
            elif any("**" in part and part != "**" for part in Path(pattern).parts):
                yield f"{pattern}: ** matches whole folders only: use **/*.yaml for their files"
            elif not _matching(path.parent, pattern):
                yield (
                    f"{pattern}: no deployment file matches. If you deleted the last one, remove "
                    f"this entry, and its generated files in {output.out}"
                )
        if Path(output.out).is_absolute():
            yield f"{output.out}: use a path relative to {path.name}"
    folders = [output.out for output in project.outputs]
    for folder in sorted({f for f in folders if folders.count(f) > 1}):
        yield f"{folder} is listed twice: merge the entries"


def _has_section(text: str) -> bool:
    if "cvo-sg" not in text:
        return False
    import tomllib

    try:
        tool = tomllib.loads(text).get("tool")
    except tomllib.TOMLDecodeError:
        return "tool.cvo-sg" in text  # reading it will report the error
    return isinstance(tool, dict) and "cvo-sg" in tool


def _from_toml(path: Path, name: str) -> Project:
    import json
    import tomllib

    try:
        section: dict[str, Any] = tomllib.loads(_text(path))["tool"]["cvo-sg"]
    except tomllib.TOMLDecodeError as error:
        message = f"[tool.cvo-sg] cannot be read, because the file is not valid TOML: {error}"
        raise InputError([Mistake(name, 0, 0, message)]) from None
    except (KeyError, TypeError):
        raise InputError([Mistake(name, 0, 0, "[tool.cvo-sg] must be a table")]) from None
    try:
        project: Project = parse(json.dumps(section, default=str).encode(), Project, name).value
    except InputError as error:  # the line numbers are those of the JSON
        lines = [Mistake(name, 0, 0, f"[tool.cvo-sg] {m.message}") for m in error.mistakes]
        raise InputError(lines) from None
    return project


def _bytes(path: Path, name: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError([Mistake(name, 0, 0, error.strerror or str(error))]) from None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
