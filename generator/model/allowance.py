"""Deviations that are accepted: the entries of the file for `cvo-sg audit --allow`."""

from __future__ import annotations

from datetime import date

from generator.errors import FieldError
from generator.light import dataclass
from generator.model.names import MAX_TEXT, check_date, check_line
from generator.model.peers import Peer
from generator.model.tables import Direction
from generator.model.traffic import Traffic


@dataclass(frozen=True)
class Day:
    """A date such as 2027-01-31."""

    value: date

    @classmethod
    def parse(cls, text: str) -> Day:
        """Read year, month and day, else FieldError."""
        check_date(text, None)
        return cls(date.fromisoformat(text))

    def __str__(self) -> str:
        return self.value.isoformat()


@dataclass(frozen=True)
class Allowance:
    """One deviation that is accepted, and why."""

    group: str
    """The role of the group."""
    direction: Direction
    """`inbound` or `outbound`."""
    traffic: str
    """The traffic, such as TCP 22, UDP 161-162, all ICMP or all traffic."""
    reason: str
    """Why the deviation is accepted."""
    peer: Peer | None = None
    """The peer, as in a deployment file. Only what is missing may leave it out, for every peer."""
    missing: bool = False
    """Whether the rule may be missing; otherwise, it may be there although nothing asks for it."""
    until: Day | None = None
    """The last day on which the deviation is accepted; if left out, it always is."""

    def __post_init__(self) -> None:
        try:
            Traffic.from_text(self.traffic)
        except FieldError as error:
            raise FieldError(str(error), "traffic") from None
        check_line(self.reason, "reason", MAX_TEXT)
        if not self.missing and self.peer is None:
            raise FieldError(
                "missing key 'peer': name who may have the rule, such as 10.9.0.0/16 or "
                "sg-0123456789abcdef0, or use missing: true for a rule that may be missing"
            )

    @property
    def accepted(self) -> Traffic:
        """The traffic as EC2 stores it."""
        return Traffic.from_text(self.traffic)

    def __str__(self) -> str:
        """The rule for people: `manager inbound TCP 22 from 10.9.0.0/16`."""
        way = "from" if self.direction == "inbound" else "to"
        who = f" {way} {self.peer}" if self.peer else ""
        return f"{self.group} {self.direction} {self.accepted}{who}"
