"""Traffic as EC2 stores it, and how the Protocol and Port cells of a documented table are read.

The numbers and limits are those of IpPermission in the EC2 API: ports 0 to 65535 for tcp and udp,
which need them; for icmp and icmpv6, from_port is the type and to_port the code, each -1 for all or
0 to 255 (RFC 792, RFC 4443: 8 bits), and type -1 needs code -1; protocol -1 is all traffic and has
no ports.
"""

from __future__ import annotations

import re
from functools import cache

from generator.errors import FieldError, choices
from generator.light import dataclass

ALL_PORTS = (0, 65535)
ALL_TYPES = -1
ICMP_MAX = 255
ICMP = ("icmp", "icmpv6")
ALL_TRAFFIC = "-1"
# Numbers of other protocols, such as 50 for ESP: 0 to 255, but for those that have a name.
_OTHER_PROTOCOL = r"(?!(?:1|6|17|58)\Z)(?:\d|[1-9]\d|1\d\d|2[0-4]\d|25[0-5])"


@dataclass(frozen=True)
class Traffic:
    """What a rule permits, whoever the peer is: a protocol and a range of ports.

    Raises FieldError for what EC2 would reject, or store as something else.
    """

    ip_protocol: str
    from_port: int | None = None
    to_port: int | None = None

    def __post_init__(self) -> None:
        if self.ip_protocol == ALL_TRAFFIC:
            if (self.from_port, self.to_port) != (None, None):
                raise FieldError("protocol -1 (all traffic) has no ports", "ip_protocol")
        elif self.ip_protocol in ("tcp", "udp"):
            self._check(*ALL_PORTS, "port")
            if self._range()[0] > self._range()[1]:
                raise FieldError(
                    f"port range {self.from_port}-{self.to_port} is reversed",
                    "from_port",
                )
        elif self.ip_protocol in ICMP:
            self._check(ALL_TYPES, ICMP_MAX, "ICMP type or code")
            if self.from_port == ALL_TYPES != self.to_port:
                raise FieldError("ICMP type -1 (all types) needs code -1 (all codes)", "to_port")
        elif not re.fullmatch(_OTHER_PROTOCOL, self.ip_protocol, re.ASCII):
            known = choices(["tcp", "udp", *ICMP, ALL_TRAFFIC, "the number of another protocol"])
            raise FieldError(f"invalid protocol {self.ip_protocol!r}: use {known}", "ip_protocol")
        elif (self.from_port, self.to_port) != (None, None):
            raise FieldError(f"protocol {self.ip_protocol} has no ports", "ip_protocol")

    def _range(self) -> tuple[int, int]:
        if self.from_port is None or self.to_port is None:
            raise FieldError(f"{self.ip_protocol} needs from_port and to_port")
        return self.from_port, self.to_port

    def _check(self, low: int, high: int, what: str) -> None:
        for value in self._range():
            if not low <= value <= high:
                raise FieldError(f"{what} {value} is outside {low} to {high}")

    @property
    def first_port(self) -> int:
        """The first port; -1 for traffic without ports."""
        return -1 if self.from_port is None else self.from_port

    def joined_with(self, other: Traffic) -> Traffic | None:
        """The union with other traffic, if that is a single range of ports."""
        if self.ip_protocol != other.ip_protocol or self.ip_protocol not in ("tcp", "udp"):
            return None
        (a, b), (c, d) = self._range(), other._range()
        if c > b + 1 or a > d + 1:
            return None
        return Traffic(self.ip_protocol, min(a, c), max(b, d))

    def covers(self, other: Traffic) -> bool:
        """Whether other traffic is part of this."""
        if self.ip_protocol == ALL_TRAFFIC or self == other:
            return True
        if self.ip_protocol in ICMP and self.ip_protocol == other.ip_protocol:
            return self.from_port == ALL_TYPES or (
                self.from_port == other.from_port and self.to_port == ALL_TYPES
            )
        return self.joined_with(other) == self

    @property
    def slug(self) -> str:
        """The traffic as part of a rule's key: `tcp-88`, `tcp-161-162`, `icmp`, `all`."""
        if self.ip_protocol == ALL_TRAFFIC:
            return "all"
        if self.from_port is None:
            return self.ip_protocol
        if (self.from_port, self.to_port) in (ALL_PORTS, (-1, -1)):
            return self.ip_protocol
        if self.ip_protocol in ICMP:  # a type and a code, not a range
            code = "any" if self.to_port == -1 else self.to_port
            return f"{self.ip_protocol}-{self.from_port}-{code}"
        ports = dict.fromkeys([self.from_port, self.to_port])
        return "-".join([self.ip_protocol, *map(str, ports)])

    @classmethod
    def from_text(cls, text: str) -> Traffic:
        """Read what `str` writes: `TCP 161-162`. Raises FieldError for anything else."""
        if text == "all traffic":
            return cls(ALL_TRAFFIC)
        if text.startswith("protocol "):
            return cls(text.removeprefix("protocol "))
        match = re.fullmatch(_WRITTEN, text, re.ASCII | re.IGNORECASE)
        if not match:
            raise FieldError(f"invalid traffic {text!r}: use TCP 443, all ICMP or the like")
        protocol = (match["every"] or match["icmp"] or match["protocol"]).lower()
        if match["every"]:
            return cls(protocol, *((-1, -1) if protocol in ICMP else ALL_PORTS))
        if match["icmp"]:
            code = match["code"]
            return cls(protocol, int(match["type"]), -1 if code == "any" else int(code))
        return cls(protocol, int(match["first"]), int(match["last"] or match["first"]))

    def __str__(self) -> str:
        """The traffic for people: `TCP 88`, `TCP 161-162`, `all ICMP`, `all traffic`."""
        if self.ip_protocol == ALL_TRAFFIC:
            return "all traffic"
        if self.ip_protocol.isdigit():
            return f"protocol {self.ip_protocol}"
        protocol = self.ip_protocol.upper().replace("V6", "v6")
        if self.slug == self.ip_protocol:
            return f"all {protocol}"
        return self.slug.replace(f"{self.ip_protocol}-", f"{protocol} ", 1)


_WRITTEN = (
    r"all (?P<every>tcp|udp|icmp|icmpv6)"
    r"|(?P<icmp>icmp|icmpv6) (?P<type>\d+)-(?P<code>\d+|any)"
    r"|(?P<protocol>tcp|udp) (?P<first>\d+)(-(?P<last>\d+))?"
)

# Application names mean the protocol that carries them; the Port cell has the port.
_PROTOCOL_CELLS = {
    "TCP": ("tcp",),
    "UDP": ("udp",),
    "TCP & UDP": ("tcp", "udp"),
    "SSH": ("tcp",),
    "HTTP": ("tcp",),
    "HTTPS": ("tcp",),
    "All TCP": ("tcp",),
    "All UDP": ("udp",),
    "All ICMP": ("icmp",),
    "All traffic": (ALL_TRAFFIC,),
}
_PORT_RANGE = re.compile(
    r"([0-9]{1,9})(?:[-–]([0-9]{1,9}))?"
)  # documents write ranges with an en dash, too


@cache
def read_cells(protocol: str, port: str) -> tuple[Traffic, ...]:
    """The traffic of a row, from its Protocol and Port cells, such as `TCP & UDP` and `389`.

    Raises FieldError for ambiguous cells; such a row lists its traffic in `permissions`.
    """
    if protocol not in _PROTOCOL_CELLS:
        raise FieldError(
            f"unknown protocol {protocol!r}: use {choices(_PROTOCOL_CELLS)}, or list the traffic "
            "of the row in `permissions`",
            "protocol",
        )
    everything = port in ("All", "All traffic")
    if protocol.startswith("All ") and not everything:
        raise FieldError(f"protocol {protocol!r} needs port 'All', not {port!r}", "port")
    try:
        return tuple(
            Traffic(name, *_ports(name, port, everything)) for name in _PROTOCOL_CELLS[protocol]
        )
    except FieldError as error:
        raise FieldError(str(error), "port") from None


def _ports(ip_protocol: str, port: str, everything: bool) -> tuple[int | None, int | None]:
    if ip_protocol == ALL_TRAFFIC:
        return None, None
    if ip_protocol in ICMP:
        return -1, -1
    if everything:
        return ALL_PORTS
    match = _PORT_RANGE.fullmatch(port)
    if not match:
        raise FieldError(f"invalid port {port!r}: use a number, a range such as 161-162, or All")
    return int(match[1]), int(match[2] or match[1])
