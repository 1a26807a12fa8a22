"""How cells of the document are read, and what EC2 would refuse or misunderstand."""

import pytest

from generator.errors import FieldError
from generator.model import Traffic, read_cells

EVERY_TCP = Traffic("tcp", 0, 65535)
EVERY_UDP = Traffic("udp", 0, 65535)
EVERY_ICMP = Traffic("icmp", -1, -1)
EVERYTHING = Traffic("-1")


def by_id(names, cases):
    """Parametrize by a table from a case's id, its reason, to its values."""
    return pytest.mark.parametrize(names, cases.values(), ids=cases.keys())


READ = {
    "ssh-is-tcp": ("SSH", "22", [Traffic("tcp", 22, 22)]),
    "http-is-tcp": ("HTTP", "80", [Traffic("tcp", 80, 80)]),
    "https-is-tcp": ("HTTPS", "443", [Traffic("tcp", 443, 443)]),
    "tcp": ("TCP", "88", [Traffic("tcp", 88, 88)]),
    "udp": ("UDP", "53", [Traffic("udp", 53, 53)]),
    "lowest-port": ("TCP", "0", [Traffic("tcp", 0, 0)]),
    "highest-port": ("UDP", "65535", [Traffic("udp", 65535, 65535)]),
    "all-tcp-is-every-port": ("All TCP", "All", [EVERY_TCP]),
    "all-udp-is-every-port": ("All UDP", "All", [EVERY_UDP]),
    "all-icmp-is-every-type-and-code": ("All ICMP", "All", [EVERY_ICMP]),
    "all-traffic-has-no-ports": ("All traffic", "All", [EVERYTHING]),
    "all-traffic-said-twice": ("All traffic", "All traffic", [EVERYTHING]),
    "range": ("TCP", "161-162", [Traffic("tcp", 161, 162)]),
    "en-dash-range": ("TCP", "18600–18699", [Traffic("tcp", 18600, 18699)]),
    "two-in-one": ("TCP & UDP", "389", [Traffic("tcp", 389, 389), Traffic("udp", 389, 389)]),
}


@by_id("protocol, port, traffic", READ)
def test_cells_are_read_as(protocol, port, traffic):
    assert read_cells(protocol, port) == tuple(traffic)


NO_PORT = "invalid port {!r}: use a number, a range such as 161-162, or All"
UNREADABLE = (
    "unknown protocol {!r}: use TCP, UDP, TCP & UDP, SSH, HTTP, HTTPS, All TCP, All UDP, All ICMP "
    "or All traffic, or list the traffic of the row in `permissions`"
)
UNREAD = {
    "too-high": ("TCP", "70000", "port", "port 70000 is outside 0 to 65535"),
    "inverted-range": ("TCP", "162-161", "port", "port range 162-161 is reversed"),
    "empty-port": ("TCP", "", "port", NO_PORT.format("")),
    "port-by-name": ("TCP", "ssh", "port", NO_PORT.format("ssh")),
    "negative-port": ("TCP", "-1", "port", NO_PORT.format("-1")),
    "list-of-ports": ("TCP", "80,443", "port", NO_PORT.format("80,443")),
    "space-before-port": ("TCP", " 80", "port", NO_PORT.format(" 80")),
    "sexagesimal": ("TCP", "22:22", "port", NO_PORT.format("22:22")),
    "all-but-one": ("All TCP", "22", "port", "protocol 'All TCP' needs port 'All', not '22'"),
    "icmp-port-1-takes-a-decision": ("ICMP", "1", "protocol", UNREADABLE.format("ICMP")),
    "unknown-protocol": ("SCTP", "22", "protocol", UNREADABLE.format("SCTP")),
    "not-as-documented": ("tcp", "22", "protocol", UNREADABLE.format("tcp")),
}


@by_id("protocol, port, field, message", UNREAD)
def test_cells_are_refused(protocol, port, field, message):
    with pytest.raises(FieldError) as refusal:
        read_cells(protocol, port)
    assert (refusal.value.field, str(refusal.value)) == (field, message)


NO_TPC = "invalid protocol 'tpc': use tcp, udp, icmp, icmpv6, -1 or the number of another protocol"
NO_ICMP = "ICMP type or code {} is outside -1 to 255"
REFUSED = {
    "misspelt-protocol": (("tpc", 22, 22), NO_TPC),
    "tcp-without-ports": (("tcp",), "tcp needs from_port and to_port"),
    "udp-without-to-port": (("udp", 53), "udp needs from_port and to_port"),
    "icmp-without-code": (("icmp", 8), "icmp needs from_port and to_port"),
    "ports-on-all-traffic": (
        ("-1", 0, 65535),
        "protocol -1 (all traffic) has no ports",
    ),
    "from-greater-than-to": (("tcp", 443, 80), "port range 443-80 is reversed"),
    "port-too-high": (("udp", 1, 65536), "port 65536 is outside 0 to 65535"),
    "icmp-ports-on-tcp": (("tcp", -1, -1), "port -1 is outside 0 to 65535"),
    "icmp-type-too-high": (("icmp", 300, 0), NO_ICMP.format(300)),
    "icmpv6-code-too-high": (("icmpv6", 128, 256), NO_ICMP.format(256)),
    "one-code-of-every-icmp-type": (
        ("icmp", -1, 8),
        "ICMP type -1 (all types) needs code -1 (all codes)",
    ),
}


@by_id("traffic, message", REFUSED)
def test_traffic_that_ec2_would_refuse_is_refused(traffic, message):
    with pytest.raises(FieldError) as refusal:
        Traffic(*traffic)
    assert str(refusal.value) == message


CALLED = {
    "one-port": (Traffic("tcp", 88, 88), "tcp-88", "TCP 88"),
    "range": (Traffic("udp", 161, 162), "udp-161-162", "UDP 161-162"),
    "all-tcp": (EVERY_TCP, "tcp", "all TCP"),
    "all-udp": (EVERY_UDP, "udp", "all UDP"),
    "all-icmp": (EVERY_ICMP, "icmp", "all ICMP"),
    "all-icmpv6": (Traffic("icmpv6", -1, -1), "icmpv6", "all ICMPv6"),
    "ping": (Traffic("icmp", 8, 0), "icmp-8-0", "ICMP 8-0"),
    "any-code": (Traffic("icmpv6", 128, -1), "icmpv6-128-any", "ICMPv6 128-any"),
    "all-traffic": (EVERYTHING, "all", "all traffic"),
}


@by_id("traffic, slug, text", CALLED)
def test_traffic_is_called(traffic, slug, text):
    assert (traffic.slug, str(traffic)) == (slug, text)
    assert Traffic.from_text(text) == traffic


@pytest.mark.parametrize(
    "text", ["", "tcp", "TCP", "SSH 22", "TCP 22, 23", "TCP 70000", "TCP 2-1", "udp 22-any", "-1"]
)
def test_no_other_text_is_read_as_traffic(text):
    with pytest.raises(FieldError):
        Traffic.from_text(text)
