"""`cvo-sg init`: a deployment file to start from, and what a repository needs around it."""

from __future__ import annotations

import os
import re
import shlex
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from generator.cli import terminal
from generator.cli.options import PATH, open_rule_data, releases
from generator.cli.options import rule_data as rule_data_option
from generator.errors import FieldError, UsageError, unknown

if TYPE_CHECKING:
    from generator.load import RuleData
    from generator.model import Catalogue, Release
    from generator.show import Answers

ATTRIBUTES = ".gitattributes"


@click.command()
@click.argument("file", metavar="FILE", type=PATH)
@click.option(
    "--release",
    "-r",
    metavar="R",
    shell_complete=releases,
    help="The release whose rules apply: the one for your version of the product. "
    "`cvo-sg rules --releases` lists them.",
)
@click.option("--interactive", "-i", is_flag=True, help="Ask for the most important values.")
@click.option(
    "--project",
    is_flag=True,
    help="Also write cvo-sg.yaml, which lists the file, and .gitattributes for the output folder.",
)
@click.option("--force", is_flag=True, help="Overwrite existing files.")
@rule_data_option
def init(
    file: Path,
    release: str | None,
    interactive: bool,
    project: bool,
    force: bool,
    rule_data: Path | None,
    config: Path | None,
) -> None:
    """Write a deployment file with every endpoint explained, ready to edit.

    The JSON Schema for completion in editors goes beside it.

    \b
    Examples:
      cvo-sg init acme.yaml
      cvo-sg init acme.yaml --project
      cvo-sg init acme.yaml --interactive
    """
    from generator.show import SCHEMA, Answers, starter

    _check_name(file)
    files = _project_files(file, config, force) if project else {}
    _refuse_existing([file, *files], force)
    data = open_rule_data(rule_data, None if project else config, near=file)
    known = data.history()
    chosen = data.release(release) if release else known[0]
    answers = Answers(_name_of(file))
    if interactive and not sys.stdin:
        raise UsageError("--interactive: standard input is closed, so nobody can answer")
    if interactive and not release and len(known) > 1:
        chosen = _ask_release(known)
    catalogue = data.catalogue.of(chosen.info)
    if interactive:
        answers = _ask(answers, chosen, catalogue)
    text = starter(chosen, known, catalogue, answers)
    data.parse_deployment(text.encode(), str(file))
    _write({file: text, **_schema(file.parent / SCHEMA, data, force), **files})
    word = shlex.quote(f"./{file}" if str(file).startswith("-") else str(file))
    listed = project and not config  # otherwise, it depends on where the command runs
    command = "cvo-sg generate" if listed else f"cvo-sg generate {word}"
    terminal.echo(f"next: edit {word}, then run: {command}", err=True)


def _check_name(file: Path) -> None:
    """Refuse names under which no command would find a deployment file."""
    from generator.load import PROJECT_FILES
    from generator.show import SCHEMA

    if file.name in (*PROJECT_FILES, SCHEMA, ATTRIBUTES):
        message = f"{file.name} is not a deployment file: choose a name such as acme.yaml"
        hint = "; --project writes cvo-sg.yaml beside it" if file.name in PROJECT_FILES else ""
        raise UsageError(message + hint)
    if str(file) == "-" or file.is_dir() or not str(file).isprintable():
        raise UsageError(f"{str(file)!r} is not a file name: choose one such as acme.yaml")


def _refuse_existing(files: list[Path], force: bool) -> None:
    existing = [str(file) for file in files if os.path.lexists(file)]
    if existing and not force:
        verb = "exists" if len(existing) == 1 else "exist"
        raise UsageError(
            f"{' and '.join(existing)} already {verb}: choose another name, or use --force"
        )


def _schema(path: Path, data: RuleData, force: bool) -> dict[Path, str]:
    """The schema that the deployment file names, unless its folder has one."""
    from generator.cli.schema import schema_text
    from generator.load import read
    from generator.write import with_lf

    text = schema_text("deployment", data)
    if path.exists() and not force:
        if with_lf(read(path, str(path))) != text.encode():
            terminal.echo(f"{path} differs from this version's: --force overwrites it", err=True)
        return {}
    return {path: text}


def _project_files(file: Path, config: Path | None, force: bool) -> dict[Path, str]:
    """The settings that list the deployment file, and .gitattributes unless there is one.

    `config` names the settings file, for a folder that is to be a root of its own.
    """
    from generator.cli.origins import DEFAULT
    from generator.cli.roots import shown
    from generator.load import PROJECT_FILES, find_project, project_root, read
    from generator.show import attribute, attributes, settings

    root = project_root(Path.cwd())
    found = find_project(Path.cwd())
    if config:
        if config.name != PROJECT_FILES[0]:
            raise UsageError(f"--config {config}: --project writes a file {PROJECT_FILES[0]}")
        root = Path.cwd() / config.parent
        found = config if os.path.lexists(config) else None
    listed = Path(os.path.relpath(file, root)).as_posix()
    if listed.startswith("../"):
        raise UsageError(f"{file} is outside {root}: cvo-sg.yaml lists files below its own folder")
    if found and not (force and found.name == PROJECT_FILES[0]):
        raise UsageError(
            f"{shown(found)} already exists: list {listed} there, and leave out --project"
        )
    files = {shown(root / PROJECT_FILES[0]): settings(_pattern(file, listed), str(DEFAULT))}
    path, line = shown(root / ATTRIBUTES), attribute(str(DEFAULT))
    if not os.path.lexists(path):
        files[path] = attributes(str(DEFAULT))
    elif line.encode() not in read(path, str(path)).splitlines():
        terminal.echo(f"{path} already exists: add this line to it: {line}", err=True)
    return files


def _pattern(file: Path, listed: str) -> str:
    """What lists the file, and others that come beside it, unless other YAML is there already.

    With a pattern, deleting the last one is an ordinary run, and a new one needs no entry.
    """
    folder = listed.rpartition("/")[0]
    others = [path for path in file.parent.glob("*.y*ml") if path.name != file.name]
    if not folder or others or file.suffix not in (".yaml", ".yml") or "*" in folder:
        return listed
    return f"{folder}/*{file.suffix}"


def _write(files: dict[Path, str]) -> None:
    """Write the files, whole or none of them."""
    from generator.write import Change, write

    write(
        [file.parent for file in files],
        [Change(file, "missing", None, text.encode()) for file, text in files.items()],
    )
    for file in files:
        terminal.echo(f"wrote {file}")


def _ask_release(known: list[Release]) -> Release:
    """Ask which release is for the user's version of the product."""
    from generator.show import release_choice

    for release in known:
        terminal.echo(f"{release.id}: {release_choice(release)}", err=True)
    by_id = {release.id: release for release in known}
    answer = click.prompt("Release", type=click.Choice([*by_id]), default=known[0].id, err=True)
    return by_id[answer]


def _ask(answers: Answers, release: Release, catalogue: Catalogue) -> Answers:
    """Ask for the name, the topology, the outbound mode, and the endpoints to decide first."""
    answers = answers._replace(
        name=click.prompt("Name", default=answers.name, value_proc=_name, err=True),
        topology=click.prompt(
            "Topology", type=click.Choice(["ha", "single-node"]), default="ha", err=True
        ),
        outbound=click.prompt(
            "Outbound rules", type=click.Choice(["basic", "advanced"]), default="advanced", err=True
        ),
    )
    roles = tuple(
        role
        for role in release.info.groups
        if not catalogue.groups[role].created_by_product
        and (answers.topology == "ha" or not catalogue.groups[role].ha_only)
    )
    used = {
        name
        for group in release.rules.values()
        for _, mode, rules in group.tables()
        if mode in (None, answers.outbound)
        for rule in rules
        for name in rule.endpoints
    }
    relied_on = {fallback for name in used for fallback in catalogue.chain(name)[1:]}
    endpoints = {}
    for name, endpoint in catalogue.endpoints.items():
        default = endpoint.default
        falls_back_here = name in relied_on and not default.endpoint
        if falls_back_here or (name in used and default.is_open):
            terminal.echo(f"\n{endpoint.title}: {endpoint.full_help}", err=True)
            peers = click.prompt(
                "Peers, separated by commas (empty: keep the default)",
                default="",
                show_default=False,
                value_proc=partial(_peers, roles=roles),
                err=True,
            )
            if peers:
                endpoints[name] = peers
    return answers._replace(endpoints=endpoints)


def _name_of(file: Path) -> str:
    """A valid deployment name, made from the file name where possible."""
    name = re.sub("[^a-z0-9]+", "-", file.stem.lower())[:64].strip("-")
    from generator.model import name_mistake

    return "customer" if name_mistake(name) else name


def _name(text: str) -> str:
    from generator.model import name_mistake

    message = name_mistake(text)
    if message:
        raise click.UsageError(message)
    return text


def _peers(text: str, roles: tuple[str, ...]) -> str:
    """The peers as a YAML list, or an empty string without any."""
    from generator.model import Peer

    values = [value.strip() for value in text.split(",") if value.strip()]
    try:
        for value in values:
            peer = Peer.parse(value)
            if peer.kind == "group" and peer.value not in roles:
                raise FieldError(unknown("group of this deployment", peer.value, roles))
    except FieldError as error:
        raise click.UsageError(str(error)) from None
    quoted = (f'"{value}"' for value in values)
    return f"[{', '.join(quoted)}]" if values else ""
