"""The deployments of a command: files and presets, with the changes that options make."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from generator.cli.options import groups, releases
from generator.errors import FieldError, InputError, Mistake, UsageError, choices
from generator.light import NamedTuple

if TYPE_CHECKING:
    from generator.load import RuleData
    from generator.model import Deployment, Peer


STDIN = "<stdin>"


class Changes(NamedTuple):
    """Values on the command line that replace those of the deployments."""

    name: str | None
    release: str | None
    topology: str | None
    outbound: str | None
    groups: tuple[str, ...]
    endpoints: tuple[str, ...]
    """Each is `<endpoint>=<peer>,<peer>`; without a peer, it means nobody."""

    def words(self) -> list[str]:
        """The same as options of the command line."""
        single = {k: v for k, v in self._asdict().items() if isinstance(v, str)}
        several = [("--group", g) for g in self.groups]
        several += [("--endpoint", e) for e in self.endpoints]
        options = [(f"--{name}", value) for name, value in single.items()] + several
        return [word for option in options for word in option]


def changes_options(command: Any) -> Any:
    """The options that `Changes` holds."""
    options = [
        click.option("--name", metavar="NAME", help="Use this name instead of the deployment's."),
        click.option(
            "--release",
            "-r",
            metavar="R",
            shell_complete=releases,
            help="Use this release instead of the deployment's; `cvo-sg rules --releases` lists "
            "them.",
        ),
        click.option(
            "--topology",
            type=click.Choice(["ha", "single-node"]),
            help="Use this topology instead of the deployment's.",
        ),
        click.option(
            "--outbound",
            type=click.Choice(["basic", "advanced"]),
            help="Use these outbound rules instead of the deployment's.",
        ),
        click.option(
            "--group",
            "-g",
            "groups",
            multiple=True,
            metavar="G",
            shell_complete=groups,
            help="Generate only this group. An endpoint that is a group left out becomes a "
            "variable or parameter. Repeatable.",
        ),
        click.option(
            "--endpoint",
            "-e",
            "endpoints",
            multiple=True,
            metavar="E=PEER,...",
            help="Bind an endpoint to these peers instead of the deployment's; without a peer, to "
            "nobody. <group>/<endpoint> binds it in the rules of one group only. Repeatable.",
        ),
    ]
    for option in reversed(options):
        command = option(command)
    return command


class Listed(NamedTuple):
    """A deployment that is to be read when it is its turn: there can be thousands."""

    file: str = ""
    """Its file, if it has one; `-` is standard input."""
    preset: str = ""
    """The name of its preset, if it is one. Without both, the options alone make it."""
    text: bytes | None = None
    """What was read from standard input."""
    name: str = ""
    """Its name, as soon as it was read."""

    def __str__(self) -> str:
        return self.file or (f"preset {self.preset}" if self.preset else "the options")


def listed(files: tuple[str, ...], presets: tuple[str, ...], changes: Changes) -> list[Listed]:
    """What files, presets and options mean, unread."""
    found = [_listed_file(file) for file in files] + [Listed(preset=name) for name in presets]
    found = found or [Listed()]
    if changes.name and len(found) > 1:
        raise UsageError(f"--name needs a single deployment, but there are {len(found)}")
    return found


def _listed_file(file: str) -> Listed:
    from generator.load import read_stream

    if not file:
        raise UsageError("the name of a deployment file is empty")
    if file != "-":
        return Listed(file)
    return Listed(file, text=read_stream(sys.stdin.buffer if sys.stdin else None, STDIN))


def read_listed(data: RuleData, source: Listed, changes: Changes) -> Deployment:
    """One deployment with the changes. Raises InputError or UsageError."""
    if source.text is not None:
        found = data.parse_deployment(source.text, STDIN)
    elif source.file:
        found = data.deployment(Path(source.file))
    elif source.preset:
        found = data.preset(source.preset)
    else:
        found = _new(data, changes)
    if any(changes):
        found = changed(found, changes)
        for _, message in data.problems(found):
            raise UsageError(message)
    return found


def deployments(
    data: RuleData, files: tuple[str, ...], presets: tuple[str, ...], changes: Changes
) -> list[Deployment]:
    """The deployments with the changes; without files and presets, the options make one."""
    found: list[Deployment] = []
    mistakes: list[Mistake] = []
    for source in listed(files, presets, changes):
        try:
            found.append(read_listed(data, source, changes))
        except InputError as error:
            mistakes += error.mistakes
    if mistakes:
        raise InputError(mistakes)
    return found


def _new(data: RuleData, changes: Changes) -> Deployment:
    from generator.model import Deployment

    if not changes.release:
        raise UsageError(f"--name also needs --release: use {choices(data.releases())}")
    return Deployment(name=changes.name or "", release=changes.release)


def changed(deployment: Deployment, changes: Changes) -> Deployment:
    """The deployment with what the options give in place of its own."""
    given: dict[str, Any] = {
        "name": changes.name,
        "release": changes.release,
        "topology": changes.topology,
        "outbound": changes.outbound,
        "groups": changes.groups or None,
        "endpoints": {**(deployment.endpoints or {}), **_bindings(changes.endpoints)} or None,
    }
    return replace(deployment, **{k: v for k, v in given.items() if v is not None})


def _bindings(options: tuple[str, ...]) -> Mapping[str, tuple[Peer, ...]]:
    from generator.model import Peer

    bindings = {}
    for option in options:
        endpoint, equals, peers = option.partition("=")
        if not equals:
            raise UsageError(f"--endpoint {option}: use <endpoint>=<peer>,<peer>")
        try:
            bindings[endpoint] = tuple(Peer.parse(p.strip()) for p in peers.split(",") if p.strip())
        except FieldError as error:
            raise UsageError(f"--endpoint {endpoint}: {error}") from None
    return bindings
