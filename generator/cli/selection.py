"""Which deployments a command is about: files, presets, and what the options change in them."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from generator.cli.options import groups, releases
from generator.errors import FieldError, InputError, Mistake, UsageError

if TYPE_CHECKING:
    from generator.load import RuleData
    from generator.model import Deployment, Peer


class Changes(NamedTuple):
    """What the command line says about the deployments, in place of what they say."""

    name: str | None
    release: str | None
    topology: str | None
    outbound: str | None
    groups: tuple[str, ...]
    endpoints: tuple[str, ...]
    """Each `<endpoint>=<peer>,<peer>`; without a peer, nobody."""

    def words(self) -> list[str]:
        """The options that say the same."""
        single = {k: v for k, v in self._asdict().items() if isinstance(v, str)}
        several = [("--group", g) for g in self.groups]
        several += [("--endpoint", e) for e in self.endpoints]
        options = [(f"--{name}", value) for name, value in single.items()] + several
        return [word for option in options for word in option]


def changes_options(command: Any) -> Any:
    """The options that `Changes` holds."""
    options = [
        click.option("--name", metavar="NAME", help="Call the deployment so."),
        click.option(
            "--release",
            "-r",
            metavar="R",
            shell_complete=releases,
            help="Use the rules of this release.",
        ),
        click.option(
            "--topology", type=click.Choice(["ha", "single-node"]), help="Use this topology."
        ),
        click.option(
            "--outbound", type=click.Choice(["basic", "advanced"]), help="Use this outbound table."
        ),
        click.option(
            "--group",
            "-g",
            "groups",
            multiple=True,
            metavar="G",
            shell_complete=groups,
            help="Generate this group only; may be repeated.",
        ),
        click.option(
            "--endpoint",
            "-e",
            "endpoints",
            multiple=True,
            metavar="E=PEER,...",
            help="Bind an endpoint to these peers; without a peer, to nobody. May be repeated.",
        ),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def deployments(
    data: RuleData, files: tuple[str, ...], presets: tuple[str, ...], changes: Changes
) -> list[Deployment]:
    """The deployments with the changes; every preset if neither files nor names are given.

    With a name, but neither files nor presets, the options alone make a deployment.
    """
    found = _read_all(data, files) + [data.preset(name) for name in presets]
    if not found:
        found = [_new(data, changes)] if changes.name else [data.preset(n) for n in data.presets()]
    if changes.name and len(found) > 1:
        raise UsageError(f"--name is for one deployment, but these are {len(found)}")
    if any(changes):
        found = [_changed(deployment, changes) for deployment in found]
        for deployment in found:
            for _, message in data.problems(deployment):
                raise UsageError(message)
    seen: set[str] = set()
    for deployment in found:
        if deployment.name in seen:
            raise UsageError(f"two deployments have the name {deployment.name!r}: rename one")
        seen.add(deployment.name)
    return found


def _read_all(data: RuleData, files: tuple[str, ...]) -> list[Deployment]:
    """The deployments of files, `-` being standard input. The mistakes of all are reported."""
    from generator.load import read_stream

    found: list[Deployment] = []
    mistakes: list[Mistake] = []
    for file in files:
        try:
            if not file:
                raise UsageError("the name of a deployment file is empty")
            if file == "-":
                text = read_stream(sys.stdin.buffer if sys.stdin else None, "<stdin>")
                found.append(data.parse_deployment(text, "<stdin>"))
            else:
                found.append(data.deployment(Path(file)))
        except InputError as error:
            mistakes += error.mistakes
    if mistakes:
        raise InputError(mistakes)
    return found


def _new(data: RuleData, changes: Changes) -> Deployment:
    from generator.model import Deployment

    if not changes.release:
        known = " or ".join(data.releases())
        raise UsageError(f"say which rules apply to {changes.name}: --release {known}")
    return Deployment(name=changes.name or "", release=changes.release)


def _changed(deployment: Deployment, changes: Changes) -> Deployment:
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
            raise UsageError(f"--endpoint {option}: write <endpoint>=<peer>,<peer>")
        try:
            bindings[endpoint] = tuple(Peer.parse(p.strip()) for p in peers.split(",") if p.strip())
        except FieldError as error:
            raise UsageError(f"--endpoint {endpoint}: {error}") from None
    return bindings
