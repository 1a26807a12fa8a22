"""Jinja2 as the templates use it: one environment per format, and errors with file and line."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import jinja2

from generator.cache import user_cache
from generator.errors import TemplateError
from generator.render import bounds
from generator.render.bytecode import Compiled
from generator.render.filters import (
    aligned,
    all_empty,
    any_of,
    comment,
    csp,
    csv_row,
    equalities,
    hcl,
    hcl_map,
    html,
    lanes,
    logical_id,
    markdown,
    mermaid,
    pascal,
    size,
    snake,
    table,
    yaml,
)

SUFFIX = ".jinja"


def output_templates(folders: tuple[Path, ...]) -> list[str]:
    """The templates that become files: those whose name does not begin with `_`, sorted."""
    return _environment(folders).list_templates(filter_func=_is_output)


def render_template(
    folders: tuple[Path, ...], name: str, context: Mapping[str, Any]
) -> tuple[str, str]:
    """The text that a template renders, and the template's file. Raises TemplateError.

    Templates of others are bounded: see `bounds`.
    """
    try:
        if len(folders) == 1:
            template = _environment(folders).get_template(name)
            return template.render(context), str(template.filename)
        with bounds.limited(bounds.SECONDS):
            template = _environment(folders).get_template(name)
            return bounds.joined(template.generate(context)), str(template.filename)
    except jinja2.TemplateSyntaxError as error:
        place = f"{error.filename}:{error.lineno}"
        raise TemplateError(f"{place}: invalid Jinja2: {error.message}") from None
    except jinja2.TemplateNotFound as error:
        if error.name == name:  # which was found in a folder
            raise TemplateError(f"{name}: this template is not a regular file") from None
        raise TemplateError(f"{_place(name, error)}: there is no template {error.name!r}") from None
    except bounds.OutOfTime:
        file = next(path for folder in folders if (path := folder / name).is_file())
        reason = f"the template took more than {bounds.SECONDS:g} seconds: is a loop endless?"
        raise TemplateError(f"{file}: {reason}") from None
    except OSError as error:
        raise TemplateError(f"{error.filename or name}: {error.strerror or error}") from None
    except Exception as error:  # templates compute, so they can fail in any way
        reason = str(error) or type(error).__name__
        raise TemplateError(f"{_place(name, error)}: the template failed: {reason}") from None


def _is_output(name: str) -> bool:
    return name.endswith(SUFFIX) and not name.rpartition("/")[2].startswith("_")


def _place(name: str, error: BaseException) -> str:
    """The template's file and line where an error was raised."""
    line, traceback = 0, error.__traceback__
    while traceback:
        if traceback.tb_frame.f_code.co_filename.endswith(SUFFIX):
            name, line = traceback.tb_frame.f_code.co_filename, traceback.tb_lineno
        traceback = traceback.tb_next
    return f"{name}:{line}" if line else name


def _kind(folders: tuple[Path, ...]) -> type[jinja2.Environment]:
    """A sandbox, unless only the last folder is there: that has our own templates.

    A sandbox looks at every attribute, which takes as long as everything else in rendering.
    """
    if len(folders) == 1:
        return jinja2.Environment
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    return ImmutableSandboxedEnvironment


@cache
def _environment(folders: tuple[Path, ...]) -> jinja2.Environment:
    kind = _kind(folders)
    environment = kind(
        loader=bounds.Loader(folders, encoding="utf-8"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
        bytecode_cache=Compiled(user_cache())
        if kind is jinja2.Environment
        else None,  # code differs by kind
    )
    filters = (
        *(aligned, all_empty, any_of, comment, csp, csv_row, equalities, hcl, hcl_map, html),
        *(lanes, logical_id, markdown, mermaid, pascal, size, snake, table, yaml),
    )
    environment.filters.update({function.__name__: function for function in filters})
    return environment
