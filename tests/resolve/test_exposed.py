"""Rules that are open to the internet, told rule by rule and in one sentence."""

from __future__ import annotations

import pytest
from strategies import DATA, resolved

from generator.model import Deployment, Peer
from generator.resolve import advise


def told(together, **more):
    deployment = Deployment(name="acme", release="3.7", outbound="basic", **more)
    release = DATA.release("3.7")
    return [a.message for a in advise(resolved(deployment), release, together)]


def test_one_rule_alone_has_its_row():
    endpoints = dict.fromkeys(("administrators", "mediator-api-clients"), ())
    endpoints["administrators"] = (Peer.parse("0.0.0.0/0"),)
    for together in (True, False):
        [sentence] = told(together, groups=("ha-mediator",), endpoints=endpoints)
        assert "an inbound rule for TCP 22 from 0.0.0.0/0 (row inbound-tcp-22 of" in sentence


def test_several_are_one_sentence_with_their_number():
    assert len(told(False, groups=("ha-mediator",))) == 2
    assert told(True, groups=("ha-mediator",)) == [
        "acme: 2 inbound rules are open to the internet (0.0.0.0/0): ha-mediator (TCP 22, 3000). "
        "Name who needs them under endpoints: inbound-clients: [10.0.0.0/8] for all of them, or "
        "one by one: administrators or mediator-api-clients"
    ]


@pytest.mark.parametrize("peers", [["0.0.0.0/1", "128.0.0.0/1"], ["::/0", "0.0.0.0/0"]])
def test_all_networks_are_named(peers):
    endpoints = {"inbound-clients": tuple(map(Peer.parse, peers))}
    [sentence] = told(True, groups=("ha-mediator",), endpoints=endpoints)
    assert f"open to the internet ({', '.join(peers)})" in sentence
    assert sentence.startswith("acme: 4 inbound rules")
