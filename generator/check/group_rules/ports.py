"""Protocols and ports that EC2 refuses: E9303."""

from __future__ import annotations

from collections.abc import Iterator

from generator.check.group_rules.cases import WITH_PORTS
from generator.errors import FieldError
from generator.model import ALL_TRAFFIC, Observed, Traffic


def port_problems(rule: Observed) -> Iterator[str]:
    """Why EC2 would refuse the protocol and ports of a rule, as far as they are known."""
    protocol, first, last = rule.ip_protocol, rule.from_port, rule.to_port
    if protocol is None:
        return
    if protocol in WITH_PORTS:
        if first is not None and last is not None:
            try:
                Traffic(protocol, first, last)
            except FieldError as error:
                yield f"{error}: EC2 would refuse it"
    elif protocol != ALL_TRAFFIC and not (protocol.isdecimal() and int(protocol) <= 255):
        yield (
            f"invalid protocol {protocol!r}: use tcp, udp, icmp, icmpv6, -1 for all, or a number "
            "up to 255"
        )
