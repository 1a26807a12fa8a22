"""Permissions compared by identity: what opens, what closes, and what only has another name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from generator.model import Direction, Identity, Permission, Traffic
from generator.resolve import open_to_everybody

Names = tuple[str, ...]
Pair = tuple[Permission, Permission]
"""The same permission before and after."""


class Differences(NamedTuple):
    """What is not the same in two sets of permissions."""

    added: tuple[Permission, ...] = ()
    removed: tuple[Permission, ...] = ()
    opened: tuple[Permission, ...] = ()
    """Those of the new side that let the whole internet in, and did not before."""
    renamed: tuple[Pair, ...] = ()
    """The same to EC2, for an endpoint or peer with another name."""
    reworded: tuple[Pair, ...] = ()
    """The same to EC2, with another description."""
    moved: tuple[Pair, ...] = ()
    """The same to EC2, under another logical id of CloudFormation."""
    gone: Names = ()
    """The parameters that have rules on the old side, where the new side writes networks out."""
    come: Names = ()
    """The parameters that have rules on the new side, where the old side writes networks out."""

    @property
    def change_what_is_permitted(self) -> bool:
        """Whether anything opens or closes."""
        return bool(self.added or self.removed)


def compare(old: Iterable[Permission], new: Iterable[Permission]) -> Differences:
    """What changes from one set of permissions to the other, in the order of the sets."""
    before, after = ({p.identity: p for p in side} for side in (old, new))
    same = [(before[key], p) for key, p in after.items() if key in before]
    moved = tuple((a, b) for a, b in same if a.parameter != b.parameter)
    gone = (a.parameter for a, _ in moved if a.parameter)
    come = (b.parameter for a, b in moved if not a.parameter)
    was_open = _let_in_everybody(before.values())
    return Differences(
        added=tuple(p for key, p in after.items() if key not in before),
        removed=tuple(p for key, p in before.items() if key not in after),
        opened=tuple(p for p in _let_in_everybody(after.values()) if not _covered(p, was_open)),
        renamed=tuple((a, b) for a, b in same if _names(a) != _names(b)),
        reworded=tuple((a, b) for a, b in same if a.description != b.description),
        moved=moved,
        gone=tuple(dict.fromkeys([*gone, *_parameters(before, after)])),
        come=tuple(dict.fromkeys([*come, *_parameters(after, before)])),
    )


def _let_in_everybody(permissions: Iterable[Permission]) -> tuple[Permission, ...]:
    return open_to_everybody(p for p in permissions if p.direction == "inbound")


def _covered(permission: Permission, was_open: Iterable[Permission]) -> bool:
    """Whether the same traffic was open, maybe port by port.

    The stack may have narrowed a parameter, whatever its default, until a network is written out.
    """
    same = (
        p.traffic
        for p in was_open
        if (p.group, p.peer.kind) == (permission.group, permission.peer.kind)
        and (permission.parameter or not p.parameter)
    )
    ranges: list[Traffic] = []
    for traffic in sorted(same, key=lambda traffic: traffic.first_port):
        unions = (each.joined_with(traffic) for each in ranges)
        ranges.append(next(filter(None, unions), traffic))
    return any(each.covers(permission.traffic) for each in ranges)


def _parameters(
    side: Mapping[Identity, Permission], other: Mapping[Identity, Permission]
) -> Iterator[str]:
    """The parameters of one side where the other one has networks of its own, and no parameter.

    What whoever deploys gives a parameter is not known here: it may be one of those networks.
    """
    written_out = {
        _place(p)
        for key, p in other.items()
        if p.peer.kind == "cidr_ipv4" and not p.parameter and key not in side
    }
    kept = {(_place(p), p.parameter) for p in other.values()}
    found = (p for p in side.values() if p.parameter and _place(p) in written_out)
    return (p.parameter for p in found if (_place(p), p.parameter) not in kept)


def _place(permission: Permission) -> tuple[str, Direction, Traffic]:
    return permission.group, permission.direction, permission.traffic


def _names(permission: Permission) -> tuple[str, str]:
    return permission.endpoint, permission.peer.name
