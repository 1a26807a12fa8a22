"""The deployment files that the arguments of `generate` name: files, patterns and folders."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from generator.cli import terminal
from generator.errors import UsageError

ENDINGS = (".yaml", ".yml")
_WILD = frozenset("*?[")
_SHOWN = 5


def deployment_files(arguments: tuple[str, ...], quiet: bool) -> tuple[str, ...]:
    """The files, each once, in the order of the arguments.

    A folder means the deployment files in it and in the folders below. Its other YAML files are
    skipped, and named unless `quiet`. A pattern means every file that it matches.
    """
    found: dict[str, None] = {}
    skipped: list[str] = []
    for argument in arguments:
        if argument and os.path.isdir(argument):
            files = [*_below(argument)]
            deployments = [file for file in files if _is_deployment(file)]
            if not deployments:
                raise UsageError(
                    f"{argument} has no deployment files (*.yaml or *.yml with name: and "
                    "release:): name another folder, or run `cvo-sg init` to create one"
                )
            found.update(dict.fromkeys(deployments))
            skipped += sorted({*files} - {*deployments})
        elif _WILD.intersection(argument) and not os.path.lexists(argument):
            import glob

            every = glob.glob(argument, recursive=True)  # noqa: PTH207 - of any path
            matches = sorted(path for path in every if not os.path.isdir(path))
            if not matches:
                raise UsageError(f"{argument}: no file matches this pattern")
            found.update(dict.fromkeys(matches))
        else:
            found[argument] = None
    if skipped and not quiet:
        terminal.echo(f"skipped, not deployment files: {some(skipped)}", err=True)
    return tuple(found)


def some(names: list[str], total: int | None = None) -> str:
    """The first few of names, and how many there are besides."""
    total = len(names) if total is None else total
    shown = names[:_SHOWN] if total > _SHOWN + 1 else names
    more = total - len(shown)
    return ", ".join(shown) + (f" and {more:,} more" if more else "")


def _below(folder: str) -> Iterator[str]:
    """The YAML files in a folder and below it, but for hidden ones, sorted."""
    for here, folders, names in os.walk(folder, onerror=_raise):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if name.endswith(ENDINGS) and not name.startswith("."):
                yield str(Path(here, name))


def _is_deployment(file: str) -> bool:
    """Whether a file has the keys of a deployment, of which one may be misspelt or missing."""
    from generator.check import ENOUGH
    from generator.load import read
    from generator.observe import decode, deployment_keys

    return len(deployment_keys(decode(read(Path(file), file)))) >= ENOUGH


def _raise(error: OSError) -> None:
    raise error
