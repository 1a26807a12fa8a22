"""How changes of permissions are written: as lines for people, as Markdown, as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from generator.compare.alike import alike, endpoint_of, renamings, sentence, together
from generator.compare.permissions import Differences
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


def _purpose(permission: Permission) -> str:
    named = endpoint_of(permission)
    endpoint = f", {named}" if named else ""
    return f"{sentence(permission)}{endpoint}: {permission.description}"


def text_lines(found: Differences, verbose: bool = False) -> Iterator[str]:
    """Lines for a terminal. Rules that change for one reason share a line, unless `verbose`."""
    yield from (f"- {line}" for line in _purposes(found.removed, verbose))
    yield from (f"+ {line}" for line in _purposes(found.added, verbose))
    yield from (
        f"OPEN TO THE INTERNET from now on: {line}" for line in _purposes(found.opened, verbose)
    )
    yield from _moved(found)
    yield from (f"= {line}" for line in renamings(found.renamed, verbose))
    if found.reworded:
        yield _reworded(found)


def markdown_lines(found: Differences, verbose: bool = False) -> Iterator[str]:
    """Items of a list. Rules that change for one reason share an item, unless `verbose`."""
    added = [p for p in found.added if p not in found.opened]
    for title, permissions in (
        ("**Open to the internet from now on:**", found.opened),
        ("removed:", found.removed),
        ("added:", added),
    ):
        yield from (f"- {title} {markdown(line)}" for line in _purposes(permissions, verbose))
    yield from (f"- {markdown(line)}" for line in _moved(found))
    yield from (f"- renamed: {markdown(line)}" for line in renamings(found.renamed, verbose))
    if found.reworded:
        yield f"- {_reworded(found)}"


def by_kind(found: Differences, verbose: bool = False) -> dict[str, tuple[str, ...]]:
    """Sentences by kind: what opens, to the internet or to others, what closes, and the rest."""
    opened = {p.identity for p in found.opened}
    added = [p for p in found.added if p.identity not in opened]
    return {
        "internet": tuple(_purposes(found.opened, verbose)),
        "opens": tuple(_purposes(added, verbose)),
        "closes": tuple(_purposes(found.removed, verbose)),
        "other": (
            *_moved(found),
            *(f"renamed: {line}" for line in renamings(found.renamed, verbose)),
            *([_reworded(found)] if found.reworded else []),
        ),
    }


def _purposes(permissions: Iterable[Permission], verbose: bool) -> Iterator[str]:
    for same in alike(permissions, verbose):
        yield _purpose(same[0]) if len(same) == 1 else together(same)


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
