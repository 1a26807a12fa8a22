"""How changes of permissions are written: as lines for people, as Markdown, as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from generator.compare.permissions import Differences, Pair
from generator.model import Permission, markdown

# CloudFormation creates before it deletes: what it cannot do in one step, and the way out.
TWICE = "the same rule under a new id: CloudFormation would create it twice"
NOBODY = "a network of its own that nobody has, such as 192.0.2.1/32"
STEPS = "In two steps, between which these rules permit nobody"
INTO_THE_FILE = (
    f"{STEPS}: give each of these parameters {NOBODY}, and deploy; then deploy the new template"
)
INTO_A_PARAMETER = (
    f"{STEPS}: deploy the new template while each of these parameters has {NOBODY}; then fill them "
    "in"
)


def sentence(permission: Permission) -> str:
    """A permission as a person says it: `manager inbound TCP 22 from 10.0.0.0/8 (bastion)`."""
    way = "from" if permission.direction == "inbound" else "to"
    who = permission.peer.named
    if permission.peer.kind == "input" and permission.parameter:
        who += " (left open)"
    return f"{permission.group} {permission.direction} {permission.traffic} {way} {who}"


def _purpose(permission: Permission) -> str:
    named = permission.endpoint and permission.peer.kind != "input"
    endpoint = f", {permission.endpoint}" if named else ""
    return f"{sentence(permission)}{endpoint}: {permission.description}"


def text_lines(found: Differences) -> Iterator[str]:
    """Lines for a terminal."""
    yield from (f"- {_purpose(p)}" for p in found.removed)
    yield from (f"+ {_purpose(p)}" for p in found.added)
    yield from (f"OPEN TO THE INTERNET from now on: {_purpose(p)}" for p in found.opened)
    yield from _moved(found)
    yield from (f"= {renamed(pair)}" for pair in found.renamed)
    if found.reworded:
        yield _reworded(found)


def markdown_lines(found: Differences) -> Iterator[str]:
    """Items of a list."""
    yield from (
        f"- **Open to the internet from now on:** {markdown(_purpose(p))}" for p in found.opened
    )
    yield from (f"- removed: {markdown(_purpose(p))}" for p in found.removed)
    yield from (f"- added: {markdown(_purpose(p))}" for p in found.added if p not in found.opened)
    yield from (f"- {markdown(line)}" for line in _moved(found))
    yield from (f"- renamed: {markdown(renamed(pair))}" for pair in found.renamed)
    if found.reworded:
        yield f"- {_reworded(found)}"


def as_record(found: Differences) -> dict[str, Any]:
    """An object: lists of permissions, and of pairs for what only has another name or text."""
    return {
        "added": [record(p) for p in found.added],
        "removed": [record(p) for p in found.removed],
        "opened": [record(p) for p in found.opened],
        **{
            kind: [{"old": record(old), "new": record(new)} for old, new in pairs]
            for kind, pairs in (
                ("renamed", found.renamed),
                ("reworded", found.reworded),
                ("moved", found.moved),
            )
        },
        "parameters_gone": list(found.gone),
        "parameters_come": list(found.come),
    }


def record(permission: Permission) -> dict[str, Any]:
    """A permission as an object of texts and numbers."""
    group, _, mode = permission.group.partition(" ")  # of a release, a table of one mode
    return {
        "group": group,
        "mode": mode or None,
        "direction": permission.direction,
        "ip_protocol": permission.traffic.ip_protocol,
        "from_port": permission.traffic.from_port,
        "to_port": permission.traffic.to_port,
        "peer": str(permission.peer),
        "peer_name": permission.peer.name,
        "endpoint": permission.endpoint,
        "parameter": permission.parameter,
        "description": permission.description,
    }


def renamed(pair: Pair) -> str:
    """What has another name on both sides of a pair."""
    old, new = pair
    changes = [
        f"{what} {before} is now {after}"
        for what, before, after in (
            ("endpoint", old.endpoint, new.endpoint),
            ("peer", old.peer.name, new.peer.name),
        )
        if before != after
    ]
    return f"{sentence(new)}: {', '.join(changes)}"


def _moved(found: Differences) -> Iterator[str]:
    """What CloudFormation, which creates before it deletes, cannot do in one step."""
    if found.gone:
        yield (
            f"networks in the file take the place of parameters ({', '.join(found.gone)}). A "
            f"network that one of them has in the stack, or falls back to, is {TWICE}. "
            f"{INTO_THE_FILE}"
        )
    if found.come:
        yield (
            f"parameters take the place of networks in the file ({', '.join(found.come)}). One of "
            f"those as what a parameter has, or falls back to, is {TWICE}. {INTO_A_PARAMETER}"
        )


def _reworded(found: Differences) -> str:
    number = len(found.reworded)
    return f"{number} {'description' if number == 1 else 'descriptions'} changed"
