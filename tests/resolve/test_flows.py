"""The flow matrix: one flow per permission and peer, with what the document says about it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from generator.model import Deployment, Peer
from generator.resolve import granted, matrix, not_filled_in, resolve


def flows_of(data, deployment):
    """The matrix of a deployment."""
    return matrix(resolve(deployment, data.release(deployment.release), data.catalogue))


def preset(data, name):
    return flows_of(data, data.preset(name))


def only(found):
    (one,) = found
    return one


@pytest.mark.parametrize(
    "name", ["predefined", "advanced", "console-all-vpcs", "example-ha-active-directory"]
)
def test_every_permission_and_peer_is_one_flow(data, name):
    deployment = data.preset(name)
    resolved = resolve(deployment, data.release(deployment.release), data.catalogue)
    found = matrix(resolved).flows
    expected = [*granted(resolved), *not_filled_in(resolved)]
    assert sorted((f.group, f.direction, f.traffic, f.peer) for f in found) == sorted(
        (p.group, p.direction, str(p.traffic), "" if p.peer.kind == "input" else str(p.peer))
        for p in expected
    )
    assert len({f.id for f in found}) == len(expected)


def test_a_flow_says_what_the_document_says_of_its_row(data):
    flow = preset(data, "advanced").of("cloud-volumes-ontap", "inbound")[3]
    assert (flow.protocol, flow.ports, flow.service) == ("TCP", "22", "SSH")
    assert flow.rows == ("inbound-tcp-22",)
    assert flow.documents == ("Security group rules for AWS",)
    assert flow.purpose == (
        "SSH access to the IP address of the cluster management LIF or a node management LIF"
    )


def test_rows_that_are_one_permission_are_one_flow_with_every_purpose(data):
    flow = only(
        f for f in preset(data, "advanced").flows if f.traffic == "TCP 88" and len(f.rows) == 2
    )
    assert flow.purpose.count("Kerberos V authentication") == 1


def test_endpoints_with_the_same_peer_share_a_flow_that_names_both(data):
    peer = Peer.parse("10.0.0.2/32")
    endpoints = {"outbound-internet": (peer,), "ontap-cluster-management-lif": (peer,)}
    deployment = replace(data.preset("advanced"), groups=("manager",), endpoints=endpoints)
    flow = only(f for f in flows_of(data, deployment).of("manager", "outbound") if f.ports == "443")
    assert flow.endpoint_title == "Outbound internet and ONTAP cluster management LIF"
    assert "API calls" in flow.purpose


@pytest.mark.parametrize(
    ("peer", "source", "kind"),
    [
        ("10.1.2.0/28", "10.1.2.0/28 (bastion)", "endpoint"),
        ("0.0.0.0/0", "0.0.0.0/0 (bastion)", "everybody"),
        ("group:manager", "Cloud Manager", "group"),
    ],
)
def test_the_party_is_who_is_at_the_other_end(data, peer, source, kind):
    deployment = replace(
        data.preset("advanced"), endpoints={"administrators": {"bastion": Peer.parse(peer)}}
    )
    found = flows_of(data, deployment)
    flow = next(f for f in found.of("ha-mediator", "inbound") if f.ports == "22")
    assert (flow.source, flow.destination) == (
        source.replace("group:", ""),
        "HA mediator (external)",
    )
    assert found.party[flow.party].kind == kind


def test_an_endpoint_left_open_is_not_filled_in(data):
    flow = next(f for f in preset(data, "advanced").flows if f.endpoint == "dns")
    assert (flow.filled_in, flow.peer, flow.destination) == (False, "", "DNS servers")


def test_networks_that_together_are_the_internet_are_open_to_it(data):
    halves = {"a": Peer.parse("0.0.0.0/1", "a"), "b": Peer.parse("128.0.0.0/1", "b")}
    deployment = replace(data.preset("advanced"), endpoints={"administrators": halves})
    ports = {f.ports for f in flows_of(data, deployment).open_to_internet if f.peer_name == "a"}
    assert "22" in ports


def test_outbound_to_everywhere_is_everybody_but_not_open_to_the_internet(data):
    flow = preset(data, "predefined").of("manager", "outbound")[0]
    assert flow.everybody
    assert not flow.open_to_internet


def test_both_ends_of_a_connection_between_groups_are_a_pair(data):
    deployment = replace(data.preset("advanced"), connect_groups=True)
    found = flows_of(data, deployment).flows
    there = only(f for f in found if f.id == "ha-mediator_outbound_tcp-80_group-manager")
    back = only(f for f in found if f.id == "manager_inbound_tcp-80_group-ha-mediator")
    assert there.pair == back.pair == "ha-mediator_to_manager_tcp-80"
    assert not back.rows  # no table has it
    assert back.purpose.startswith("Counterpart of the outbound rule of ha-mediator")


def test_a_supplement_is_documented_where_it_says(data):
    found = preset(data, "example-ha-active-directory").flows
    flow = only(f for f in found if f.rows == ("autosupport-tcp-443",))
    assert flow.documents == ("Networking requirements for Cloud Volumes ONTAP in AWS",)


def test_icmp_of_an_ipv6_peer_is_icmpv6(data):
    found = preset(data, "example-ha-active-directory").flows
    assert {f.protocol for f in found if f.endpoint == "ping-clients"} == {"ICMP", "ICMPv6"}


def test_the_usage_counts_rules_of_the_quota(data):
    found = preset(data, "predefined")
    used = {(u.group, u.direction): u.rules for u in found.usage}
    assert used["cloud-volumes-ontap", "inbound"] == 24
    assert found.quota == 60


def test_needed_for_a_feature_only_if_no_row_is_always_needed(data):
    found = flows_of(data, Deployment("x", "3.7")).flows
    nfs = next(f for f in found if f.rows == ("inbound-tcp-2049",))
    ssh = next(f for f in found if f.rows == ("inbound-tcp-22",))
    assert (nfs.features, ssh.features) == (("nfs",), ())
