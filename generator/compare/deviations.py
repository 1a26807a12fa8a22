"""The shapes of an audit's result."""

from __future__ import annotations

from typing import Literal, NamedTuple

from generator.model import Direction, Permission, Place

Kind = Literal["missing", "narrower", "uneven", "too-much", "wider"]
LACKS = ("missing", "narrower", "uneven")


class Deviation(NamedTuple):
    """One permission that is not as it should be."""

    kind: Kind
    """`missing`: there is nothing of it; `narrower`: only a part; `uneven`: an open endpoint has
    the peer in other rows; `too-much`: nothing asks for it; `wider`: more than what asks for it."""
    permission: Permission
    """Of a lack, the permission that there should be; otherwise the one that is there."""
    beside: tuple[Permission, ...]
    """Of a lack, what is there in part; otherwise what is asked for and part of it."""
    place: Place
    features: tuple[str, ...] = ()
    """The features that need what is lacking; none if it is always needed."""
    reason: str = ""
    """What does not work without it, where more is known than the purpose."""

    @property
    def is_lack(self) -> bool:
        """Whether something is not permitted; otherwise, more is permitted than is asked for."""
        return self.kind in LACKS


class Opened(NamedTuple):
    """An endpoint that the deployment leaves open, and the peers that the group has for it."""

    endpoint: str
    direction: Direction
    peers: tuple[str, ...]
    """As deployment files write them; none if nobody is permitted."""


class Unknown(NamedTuple):
    """A rule that EC2 would refuse, or of which too little is known."""

    place: Place
    reason: str


class GroupAudit(NamedTuple):
    """The result for one group."""

    role: str
    same: int
    """The permissions that are there and are asked for, as they are or as a part."""
    deviations: tuple[Deviation, ...]
    opened: tuple[Opened, ...] = ()
    unknown: tuple[Unknown, ...] = ()
    there: tuple[Permission, ...] = ()
    """The permissions that the group has, as they are or too much."""
