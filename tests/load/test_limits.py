"""Input of any size is read or refused soon: in time by its size, and with mistakes to act on."""

from __future__ import annotations

import time

import pytest

from generator.errors import MAX_MISTAKES, InputError
from generator.model import Peer
from generator.resolve import merge

HEAD = b'name: a\nrelease: "3.7"\n'
SECOND = 1.0


def joined(form: str, number: int) -> bytes:
    return "".join(form.format(i) for i in range(number)).encode()


@pytest.fixture
def quick():
    """Fail a test that takes more than a second of the processor."""
    began = time.process_time()
    yield
    assert time.process_time() - began < SECOND


def mistakes(number):
    """Deployments with that many mistakes of a kind, and how the first of them begins."""
    return [
        pytest.param(joined("x{}: 1\n", number), "unknown key 'x0'", id="keys"),
        pytest.param(
            b"endpoints:\n" + joined("  x{}: []\n", number), "unknown endpoint 'x0'", id="names"
        ),
        pytest.param(
            b"endpoints: {dns: [" + joined("x{}, ", number) + b"]}", "invalid peer 'x0'", id="peers"
        ),
        pytest.param(
            b"endpoints: {dns: [" + joined("group:x{}, ", number) + b"]}",
            "group 'x0' is not in this deployment",
            id="groups-as-peers",
        ),
        pytest.param(
            b"open: [" + joined("x{}, ", number) + b"]", "unknown endpoint 'x0'", id="open"
        ),
        pytest.param(b"open: [" + joined("dns, ", number) + b"]", "duplicate 'dns'", id="twice"),
        pytest.param(
            b"groups: [" + joined("manager, ", number) + b"]",
            "duplicate group 'manager'",
            id="groups-twice",
        ),
        pytest.param(
            b"supplements: [" + joined("x{}, ", number) + b"]",
            "unknown supplement 'x0'",
            id="supplements",
        ),
        pytest.param(
            b"features:\n" + joined("  x{}: true\n", number), "unknown feature 'x0'", id="features"
        ),
        pytest.param(
            b"tags:\n" + joined("  aws:{}: a\n", number), "invalid tag key 'aws:0'", id="tags"
        ),
        pytest.param(
            b"topolgy: ha\nopen: [" + joined("x{}, ", number) + b"]",
            "'topolgy'",
            id="of-both-kinds",
        ),
    ]


def check_that_the_first_ones_are_reported(data, text, first):
    with pytest.raises(InputError) as raised:
        data.parse_deployment(HEAD + text, "a.yaml")
    more, *listed = str(raised.value).splitlines()
    assert more == "a.yaml: more than 100 mistakes, the first of which are listed"
    assert len(listed) == MAX_MISTAKES
    assert first in listed[0]


@pytest.mark.parametrize(("text", "first"), mistakes(1000))
def test_of_many_mistakes_the_first_ones_are_reported(data, text, first):
    check_that_the_first_ones_are_reported(data, text, first)


@pytest.mark.slow
@pytest.mark.parametrize(("text", "first"), mistakes(20_000))
def test_many_mistakes_are_reported_soon(data, text, first):
    data.releases()
    data.release("3.7")
    began = time.process_time()
    check_that_the_first_ones_are_reported(data, text, first)
    assert time.process_time() - began < 2 * SECOND  # of which reading the YAML is half


def test_as_many_mistakes_as_are_looked_for_are_all_of_them(data):
    with pytest.raises(InputError) as raised:
        data.parse_deployment(HEAD + joined("x{}: 1\n", MAX_MISTAKES), "a.yaml")
    assert len(raised.value.mistakes) == MAX_MISTAKES
    assert "more than" not in str(raised.value)


@pytest.mark.parametrize("collapse", [False, True])
@pytest.mark.parametrize(
    "form",
    [
        pytest.param("10.{}.{}.0/24", id="IPv4"),
        pytest.param("2001:db8:1{:x}:1{:x}::/64", id="IPv6"),
    ],
)
@pytest.mark.usefixtures("quick")
def test_many_networks_are_merged_soon(form, collapse):
    texts = [form.format(i // 128, i % 128 * 2) for i in range(4000)]
    assert len(merge(map(Peer.parse, texts), collapse)) == 4000


@pytest.mark.parametrize(
    ("texts", "kept"),
    [
        pytest.param(["10.0.0.0/8", "10.1.0.0/16"], ["10.0.0.0/8"], id="inside"),
        pytest.param(["10.1.0.0/16", "0.0.0.0/0"], ["0.0.0.0/0"], id="in-everything"),
        pytest.param(["10.0.0.0/9", "10.0.0.0/8"], ["10.0.0.0/8"], id="same-address"),
        pytest.param(["0.0.0.0/0", "::/0"], ["0.0.0.0/0", "::/0"], id="two-families"),
        pytest.param(["::/0", "2001:db8::/32"], ["::/0"], id="ipv6"),
        pytest.param(["10.0.0.0/9", "10.128.0.0/9"], ["10.0.0.0/9", "10.128.0.0/9"], id="halves"),
        pytest.param(["10.0.0.0/8", "10.0.0.0/8"], ["10.0.0.0/8"], id="twice"),
        pytest.param(["10.0.0.0/8", "sg-01234567"], ["10.0.0.0/8", "sg-01234567"], id="group"),
    ],
)
def test_a_network_inside_another_one_is_left_out(texts, kept):
    assert [peer.value for peer in merge(map(Peer.parse, texts))] == kept
