"""Deviations that somebody accepted, and entries that no longer accept anything."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple

from generator.compare.deviations import Deviation, GroupAudit
from generator.compare.regions import ANYBODY, Region, region
from generator.model import Allowance, Permission


class Accepted(NamedTuple):
    """What is left of an audit after the accepted deviations."""

    groups: tuple[GroupAudit, ...]
    deviations: tuple[tuple[Deviation, int], ...]
    """The accepted ones, each with the index of the entry that accepts it."""
    expired: tuple[int, ...]
    """The entries whose date has passed, by index."""
    unused: tuple[int, ...]
    """The entries that are in force and accept nothing, by index."""


def accept(groups: Iterable[GroupAudit], allowances: Sequence[Allowance], today: date) -> Accepted:
    """The result without the deviations that an entry accepts on this day."""
    expired = tuple(
        i for i, each in enumerate(allowances) if each.until and each.until.value < today
    )
    valid = [(i, each) for i, each in enumerate(allowances) if i not in expired]
    left, accepted = [], []
    for group in groups:
        kept = []
        for deviation in group.deviations:
            index = next((i for i, each in valid if accepts(each, deviation)), None)
            if index is None:
                kept.append(deviation)
            else:
                accepted.append((deviation, index))
        left.append(group._replace(deviations=tuple(kept)))
    used = {index for _, index in accepted}
    unused = tuple(i for i, _ in valid if i not in used)
    return Accepted(tuple(left), tuple(accepted), expired, unused)


def accepts(allowance: Allowance, deviation: Deviation) -> bool:
    """Whether an entry is about a deviation: about all of it, or about more than it.

    A peer in some rows of an open endpoint is accepted as an addition, too, with all its rows.
    """
    if deviation.kind == "uneven" and not allowance.missing:
        return all(_covers(allowance, p) for p in deviation.beside)
    if allowance.missing != deviation.is_lack:
        return False
    return _covers(allowance, deviation.permission)


def _covers(allowance: Allowance, permission: Permission) -> bool:
    if (allowance.group, allowance.direction) != (permission.group, permission.direction):
        return False
    if not allowance.accepted.covers(permission.traffic):
        return False
    if allowance.peer is None:
        return True
    whole = region(permission._replace(traffic=allowance.accepted, peer=allowance.peer))
    if permission.peer.kind == "input":
        return whole.contains(Region(permission.traffic, ANYBODY))
    return whole.contains(region(permission))
