"""Where each deployment comes from: its file, and the command that generates it in its root."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from generator.cli.roots import Place, shown

if TYPE_CHECKING:
    from generator.cli.jobs import Request
    from generator.render import Origin

DEFAULT = Path("out")


def default_out(where: Place) -> Path:
    """The folder of what no settings list: here, or in a root that is somewhere else."""
    return DEFAULT if where.holds(Path.cwd()) else shown(where.root / DEFAULT)


def origins(request: Request, where: Place, out: Path | None) -> list[Origin]:
    """For each deployment, in the order of `select`, its file and the command that generates it.

    Without `out`, the settings determine the folder.
    """
    from generator.render import Origin

    options = request.changes.words()
    for name, folder in (("--rule-data", request.rule_data), ("--templates", request.templates)):
        options += [name, where.relative(folder)] if folder else []
    if out and where.in_repository(out) and (shown_out := where.relative(out)) != str(DEFAULT):
        options += ["--out", shown_out]
    settings = {Path(f).parent: where.config(Path(f)) for f in one_a_folder(request.files)}
    found = []
    for file in request.files:
        config = settings[Path(file).parent]
        if file == "-":
            found.append(Origin(_command(file, *config, *options)))
        else:
            path = where.relative(Path(file))
            unique = (not out or where.holds(out)) and where.holds(Path(file))
            found.append(Origin(_command(path, *config, *options), path, unique))
    options = [*where.config(), *options]
    found += [Origin(_command("--preset", name, *options)) for name in request.presets]
    return found or [Origin(_command(*options))]


def one_a_folder(files: tuple[str, ...]) -> Iterable[str]:
    """One file of each folder: all files in it have the same settings."""
    return {Path(file).parent: file for file in files}.values()


def _command(*words: str) -> str:
    import shlex

    return shlex.join(["cvo-sg", "generate", *words])
