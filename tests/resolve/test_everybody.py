"""Everybody bound at one endpoint, and what that leaves of the others."""

from __future__ import annotations

from dataclasses import replace

import pytest
from samples import peers, resolved, variant
from stack import Stack, template_of

from generator.errors import ResolveError
from generator.model import Deployment


def stack(deployment, **values):
    found = Stack(template_of(deployment), **values)
    assert found.refusals == []
    return [rule for rule in found.rules() if rule.direction == "inbound"]


def test_everybody_at_one_endpoint_opens_nothing_else():
    pings = variant("predefined", release="3.8", supplements=("snapmirror-icmp",))
    everybody = replace(pings, endpoints={"ping-clients": peers("0.0.0.0/0")})
    names = [{*template_of(d)["Parameters"]} for d in (pings, everybody)]
    assert names[0] - names[1] == {"PingClients"}, "the other parameters stay"
    narrowed = stack(everybody, InboundClients="10.0.0.0/8")
    assert {r.protocol for r in narrowed if r.peer == "0.0.0.0/0"} == {"icmp"}
    assert {r.peer for r in narrowed} == {"0.0.0.0/0", "10.0.0.0/8"}
    filled = stack(everybody, SnapmirrorPeers="172.16.8.0/24", InboundClients="10.0.0.0/8")
    assert {r.peer for r in filled if r.protocol == "icmp"} == {"0.0.0.0/0"}, "who are in it"
    assert {r.peer for r in filled if r.first == 11104} == {"172.16.8.0/24"}


def test_a_parameter_that_adds_nothing_is_left_out():
    manager = variant(
        groups=("manager",), endpoints={"ontap-cluster-management-lif": peers("0.0.0.0/0")}
    )
    assert "OutboundInternet" not in template_of(manager)["Parameters"]
    installer = replace(manager, supplements=("installer",))
    template = template_of(installer)
    assert "OutboundInternet" in template["Parameters"], "for TCP 80, where it does"
    rules = Stack(template, OutboundInternet="10.0.0.0/8").rules()
    outbound = {(r.first, r.peer) for r in rules if r.direction == "outbound"}
    assert {(443, "0.0.0.0/0"), (80, "10.0.0.0/8")} <= outbound


def test_the_placeholder_is_no_peer():
    with pytest.raises(ResolveError, match=r"outbound-anywhere is bound to 127\.0\.0\.1/32, which"):
        resolved(variant("predefined", endpoints={"outbound-anywhere": peers("127.0.0.1/32")}))
    fsx = Deployment("fsx", "fsx-ontap")
    refused = Stack(template_of(fsx), OutboundAnywhere="127.0.0.1/32").refusals
    assert any(
        "OutboundAnywhere is a network for which there is a rule already" in each
        for each in refused
    )
    assert Stack(template_of(fsx), OutboundAnywhere="10.0.0.0/8").refusals == []


def test_inbound_clients_in_two_halves_have_to_be_decided_as_everybody_has():
    halves = variant("predefined", endpoints={"inbound-clients": peers("0.0.0.0/1", "128.0.0.0/1")})
    assert [i.id for i in resolved(halves).to_be_decided] == ["inbound-clients"]
