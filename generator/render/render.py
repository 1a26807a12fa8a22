"""Render: a resolved deployment through the templates of a format, to the text of its files."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from generator.errors import TemplateError, UsageError, unknown
from generator.model import Matrix, Resolved, bad_file_name
from generator.render.header import (
    MARK,
    VOUCHER,
    Origin,
    digest_line,
    encoded,
    header,
    is_generated,
    sealed,
    uncommented,
)
from generator.resolve import granted, matrix, not_filled_in, overfull

UNKNOWN = Origin("cvo-sg generate")
ON_REQUEST = "_on-request"
"""A file of this name in a format's folder: the format is rendered only where it is named."""


class _LazyMatrix:
    """The flow matrix of a deployment, computed for the formats that read it."""

    def __init__(self, resolved: Resolved) -> None:
        self._resolved = resolved

    @cached_property
    def _matrix(self) -> Matrix:
        return matrix(self._resolved)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._matrix, name)


def formats(folders: Sequence[Path]) -> list[str]:
    """The formats of folders of templates, in the order of their names."""
    for folder in folders:
        if not folder.is_dir():
            raise UsageError(f"{folder} is not a folder of templates")
    found = [f for folder in folders for f in folder.iterdir() if f.is_dir()]
    names = {f.name for f in found if not f.name.startswith(".")}
    for folder in found:
        if folder.name in names and (reason := bad_file_name(folder.name)):
            raise TemplateError(f"{folder}: {reason}")
    return sorted(names)


def default_formats(folders: Sequence[Path]) -> list[str]:
    """The formats to render where none is named. The first folder that has a format decides."""
    return [name for name in formats(folders) if not _on_request(folders, name)]


def _on_request(folders: Sequence[Path], format_: str) -> bool:
    """Whether a format is rendered only where it is named."""
    first = next(f / format_ for f in folders if (f / format_).is_dir())
    return (first / ON_REQUEST).is_file()


def render(
    resolved: Resolved, folders: Sequence[Path], format_: str, origin: Origin = UNKNOWN
) -> dict[str, str | bytes]:
    """The format's files for one deployment: from a file's name to its text, or a workbook's bytes.

    A template is taken from the first of the folders that has it. Raises UsageError for a format
    that does not exist, TemplateError for a template that fails.
    """
    known = formats(folders)
    if format_ not in known:
        raise UsageError(unknown("format", format_, known))
    from generator.render.environment import SUFFIX, output_templates, render_template

    places = tuple(folder / format_ for folder in folders)
    if _on_request(folders, format_):
        origin = origin.asking_for(format_)
    lines = header(resolved, origin)
    files: dict[str, str | bytes] = {}
    context = {
        "deployment": resolved,
        "granted": tuple(granted(resolved)),
        "not_filled_in": tuple(not_filled_in(resolved)),
        "overfull": overfull(resolved),
        "matrix": _LazyMatrix(resolved),
        "header": lines,
        "files": files,
    }
    names = output_templates(places)
    for name in names:
        if reason := bad_file_name(name.removesuffix(SUFFIX)):
            raise TemplateError(f"{folders[0] / format_ / name}: {reason}")
    if not names:
        raise TemplateError(f"{folders[0] / format_}: there is no template NAME{SUFFIX}")
    vouched = f"{VOUCHER}{SUFFIX}" in names
    for name in sorted(names, key=_explains):  # what explains the others comes last
        text, template = render_template(places, name, context)
        file = name.removesuffix(SUFFIX)
        content = _content(file, text, template, format_)
        binary = isinstance(content, bytes)
        if vouched and not _explains(name) and (binary or MARK not in text):
            lines = (*lines, digest_line(file, encoded(content)))
            context["header"] = lines
            files[file] = content
        elif binary:
            reason = f"a workbook cannot hold the header: add {VOUCHER}{SUFFIX}, which prints it"
            raise TemplateError(f"{template}: {reason}")
        else:
            files[file] = _with_header(text, template, lines)
    vouches = len(lines) > len(header(resolved, origin))
    # What a file vouches for is written before it, so that an interrupted run leaves no stranger.
    return dict(sorted(files.items(), key=lambda item: (vouches and item[0] == VOUCHER, item[0])))


def _content(file: str, text: str, template: str, format_: str) -> str | bytes:
    """What the file holds, given what its template renders."""
    if not file.endswith(".xlsx"):
        return text
    from generator.render.workbook import workbook  # which few formats need

    return workbook(text, template, format_)


def _explains(name: str) -> bool:
    return ".md." in name


def _with_header(text: str, template: str, header: Sequence[str]) -> str:
    """The text with its digest. Raises TemplateError where the header is not at its beginning."""
    printed = uncommented(text)
    missing = [line for line in header if uncommented(line) not in printed]
    if missing:
        reason = f"print the lines of the variable `header`: {missing[0]!r}"
        raise TemplateError(f"{template}: {reason}")
    text = sealed(text)
    if not is_generated(text.encode()):
        reason = "print the lines of the variable `header` at the beginning"
        raise TemplateError(f"{template}: {reason}")
    return text
