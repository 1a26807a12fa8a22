"""Render: a resolved deployment through the templates of a format, to the text of its files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import jinja2

from generator.errors import TemplateError, UsageError, unknown
from generator.header import Origin, header, is_generated, sealed
from generator.resolved import Resolved
from generator.usage import granted

SUFFIX = ".jinja"
UNKNOWN = Origin("cvo-sg generate")
_PLAIN = re.compile(r"[A-Za-z]([A-Za-z0-9 _./()&,;+=-]*[A-Za-z0-9_./()])?")
_YAML_WORDS = {"y", "n", "yes", "no", "on", "off", "true", "false", "null"}


def formats(folders: Sequence[Path]) -> list[str]:
    """The formats of folders of templates, in the order of their names."""
    for folder in folders:
        if not folder.is_dir():
            raise UsageError(f"{folder} is not a folder of templates")
    return sorted({f.name for folder in folders for f in folder.iterdir() if f.is_dir()})


def render(
    resolved: Resolved, folders: Sequence[Path], format_: str, origin: Origin = UNKNOWN
) -> dict[str, str]:
    """The format's files for one deployment: from a file's name to its text.

    A template is taken from the first of the folders that has it. Raises UsageError for a format
    that does not exist, TemplateError for a template that fails.
    """
    if format_ not in formats(folders):
        raise UsageError(unknown("format", format_, formats(folders)))
    environment = _environment(tuple(folder / format_ for folder in folders))
    context = {
        "deployment": resolved,
        "granted": tuple(granted(resolved)),
        "header": header(resolved, origin),
    }
    names = environment.list_templates(filter_func=_is_output)
    if not names:
        raise TemplateError(f"{folders[0] / format_}: there is no template NAME{SUFFIX}")
    return {name.removesuffix(SUFFIX): _render(environment, name, context) for name in names}


def _is_output(name: str) -> bool:
    return name.endswith(SUFFIX) and not name.rpartition("/")[2].startswith("_")


def _render(environment: jinja2.Environment, name: str, context: Mapping[str, Any]) -> str:
    try:
        template = environment.get_template(name)
        text = template.render(context)
    except jinja2.TemplateSyntaxError as error:
        raise TemplateError(f"{error.filename}:{error.lineno}: {error.message}") from None
    except jinja2.TemplateNotFound as error:
        raise TemplateError(f"{_place(name, error)}: there is no template {error.name!r}") from None
    except Exception as error:  # templates compute, so they can fail in any way
        reason = str(error) or type(error).__name__
        raise TemplateError(f"{_place(name, error)}: {reason}") from None
    missing = [h for h in context["header"] if h not in text.replace("--&gt;", "-->")]
    if missing:
        reason = f"print the lines of the variable `header`: {missing[0]!r}"
        raise TemplateError(f"{template.filename}: {reason}")
    text = sealed(text)
    if not is_generated(text.encode()):
        reason = "print the lines of the variable `header` at the beginning"
        raise TemplateError(f"{template.filename}: {reason}")
    return text


def _place(name: str, error: BaseException) -> str:
    """The template's file and line where an error was raised."""
    line, traceback = 0, error.__traceback__
    while traceback:
        if traceback.tb_frame.f_code.co_filename.endswith(SUFFIX):
            name, line = traceback.tb_frame.f_code.co_filename, traceback.tb_lineno
        traceback = traceback.tb_next
    return f"{name}:{line}" if line else name


class _Compiled(jinja2.FileSystemBytecodeCache):
    """Compiled templates, kept between runs in a folder of the user's own.

    Compiling takes longer than everything else that rendering does. Without such a folder, or with
    a full one, templates are compiled anew.
    """

    def dump_bytecode(self, bucket: jinja2.bccache.Bucket) -> None:
        with suppress(OSError):
            super().dump_bytecode(bucket)


def _compiled() -> _Compiled | None:
    try:
        return _Compiled(pattern="__cvo_sg_%s.cache")
    except (OSError, RuntimeError):
        return None


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
        loader=jinja2.FileSystemLoader(folders, encoding="utf-8"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
        bytecode_cache=_compiled() if kind is jinja2.Environment else None,  # code differs by kind
    )
    filters = {"any_of": any_of, "hcl": hcl, "yaml": yaml, "snake": snake, "pascal": pascal}
    environment.filters.update(filters, table=table)
    return environment


def hcl(value: str | int | None) -> str:
    """An HCL literal; a string means exactly its text: no interpolation, no directives."""
    if not isinstance(value, str):
        return "null" if value is None else str(value)
    text = value.replace("\\", "\\\\").replace('"', '\\"')
    text = text.replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")
    text = text.replace("${", "$${").replace("%{", "%%{")
    return '"' + re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff]", _escape, text) + '"'


@cache
def yaml(text: str) -> str:
    """A YAML scalar that means exactly this text, whatever it looks like; for block context."""
    if _PLAIN.fullmatch(text) and text.casefold() not in _YAML_WORDS:
        return text
    text = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff]", _escape, text) + '"'


def _escape(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04x}"


def snake(slug: str) -> str:
    """An HCL identifier: `web-server` as `web_server`."""
    return slug.replace("-", "_")


@cache
def pascal(slug: str) -> str:
    """A CloudFormation logical id: `dns-tcp-161-162` as `DnsTcp161To162`.

    The signs of an address keep their places, since 10.1.10.0 and 10.11.0.0 have the same digits.
    """
    slug = re.sub(r"(?<=\d)-(?=\d)", "-to-", slug)
    slug = slug.translate({ord("."): "x", ord(":"): "x", ord("/"): "m"})
    return "".join(part[:1].upper() + part[1:] for part in re.split(r"[^a-zA-Z0-9]+", slug))


def any_of(conditions: list[str], indent: str) -> str:
    """One CloudFormation condition for any of several, as a block; Fn::Or takes two to ten."""
    if len(conditions) == 1:
        return conditions[0].replace("\n  ", "\n")
    if len(conditions) > 10:
        deeper = [c.replace("\n", "\n  ") for c in conditions]
        batches = [deeper[i : i + 10] for i in range(0, len(deeper), 10)]
        conditions = [any_of(batch, indent + "  ") for batch in batches]
    return "!Or" + "".join(f"\n{indent}- {condition}" for condition in conditions)


def table(rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table of rows, the first of which is its head, with columns of even width."""
    cells = [[str(cell) for cell in row] for row in rows]
    widths = [max(3, *map(len, column)) for column in zip(*cells, strict=True)]
    cells.insert(1, ["-" * width for width in widths])
    return "\n".join(
        f"| {' | '.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))} |"
        for row in cells
    )
