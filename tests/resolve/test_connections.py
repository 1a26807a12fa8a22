"""Traffic between two groups of a deployment takes a rule at both ends."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from samples import rendered, variant
from stack import Stack, template_of
from strategies import DATA, peers, resolved

from generator.model import Deployment
from generator.resolve import advise, granted

NETWORK = peers("10.20.0.0/21")
ONE_WAY = {
    "3.7": ["manager 443 cloud-volumes-ontap", "manager 3000 cloud-volumes-ontap",
            "ha-mediator 80 manager"],
    "3.8": ["manager 443 cloud-volumes-ontap", "manager 3000 cloud-volumes-ontap",
            "ha-mediator 80 manager"],
    "3.9": ["manager 443 cloud-volumes-ontap", "manager 3000 ha-mediator",
            "ha-mediator 80 manager"],
    "bluexp": ["manager 443 cloud-volumes-ontap", "ha-mediator 80 manager"],
    "console": ["manager 443 cloud-volumes-ontap", "ha-mediator 80 manager"],
    "fsx-ontap": [],
}  # fmt: skip
IN_NO_TABLE = {
    "3.7": ["manager 3000 ha-mediator", "cloud-volumes-ontap 80 manager"],
    "3.8": ["manager 3000 ha-mediator", "cloud-volumes-ontap 80 manager"],
    "3.9": ["cloud-volumes-ontap 80 manager"],
}


def narrowed(release, **changes):
    """A deployment that lets in one network, as people are advised to."""
    return Deployment("acme", release, endpoints={"inbound-clients": NETWORK}, **changes)


def advice(deployment, *kinds):
    found = advise(resolved(deployment), DATA.release(deployment.release))
    return [a.message for a in found if a.kind in kinds]


def between(found):
    """What permissions let groups do to others: group, port and group."""
    return {
        f"{p.group} {p.traffic.to_port} {p.peer.value}"
        if p.direction == "outbound"
        else f"{p.peer.value} {p.traffic.to_port} {p.group}"
        for p in found
    }


def test_every_release_is_known():
    assert [*ONE_WAY] == DATA.releases()


@pytest.mark.parametrize("release", ONE_WAY)
def test_a_connection_with_a_rule_at_one_end_is_warned_of(release):
    messages = advice(narrowed(release), "one-way")
    assert len(messages) == len(ONE_WAY[release])
    for connection in ONE_WAY[release]:
        group, port, other = connection.split()
        start = f"acme: group {group} may connect to {other} on TCP {port} (row "
        [message] = [m for m in messages if m.startswith(start)]
        assert f"but group {other} has no inbound rule for it: it" in message
        assert "Write connect_groups: true" in message


@pytest.mark.parametrize("release", ["bluexp", "console"])
def test_the_agent_lets_its_nodes_in_until_its_ports_are_bound_to_others(release):
    nodes = {f"cloud-volumes-ontap {port} manager" for port in (80, 3128)}
    assert nodes <= between(
        p for p in granted(resolved(narrowed(release))) if p.peer.kind == "group"
    )
    bound = narrowed(release)
    bound.endpoints["manager-http-clients"] = bound.endpoints["manager-proxy-clients"] = NETWORK
    cut = [m for m in advice(bound, "one-way") if "group cloud-volumes-ontap may connect" in m]
    assert len(cut) == len(nodes)


@pytest.mark.parametrize("release", IN_NO_TABLE)
def test_a_connection_that_no_table_has_is_warned_of(release):
    messages = advice(narrowed(release), "outbound-incomplete")
    for connection in IN_NO_TABLE[release]:
        group, port, other = connection.split()
        assert any(f"group {group} has no outbound rule for TCP {port} to {other}:" in m
                   for m in messages)  # fmt: skip


def test_the_warning_names_both_rows_and_what_to_write():
    [first, *_] = advice(narrowed("3.7"), "one-way")
    assert first == (
        "acme: group manager may connect to cloud-volumes-ontap on TCP 443 (row "
        "api-calls-and-autosupport-tcp-443), but group cloud-volumes-ontap has no inbound rule "
        "for it: its row inbound-tcp-443 is for ontap-https-clients. Write connect_groups: true, "
        'or endpoints: {ontap-https-clients: [10.20.0.0/21, "group:manager"]}.'
    )
    bound = narrowed("3.7")
    bound.endpoints["ontap-https-clients"] = (*NETWORK, *peers("group:manager"))
    assert first not in advice(bound, "one-way")


@pytest.mark.parametrize("release", ONE_WAY)
def test_connect_groups_adds_the_other_ends_and_nothing_else(release):
    before, after = (narrowed(release, connect_groups=flag) for flag in (False, True))
    old, new = ({p.identity: p for p in granted(resolved(d))} for d in (before, after))
    assert old.items() <= new.items(), "no rule changes"
    added = [p for identity, p in new.items() if identity not in old]
    assert all(p.peer.kind == "group" for p in added)
    assert between(added) == {*ONE_WAY[release], *IN_NO_TABLE.get(release, [])}
    assert advice(after, "one-way") == []
    to_groups = tuple(f" to {role}: " for role in DATA.release(release).rules)
    assert not any(to in m for to in to_groups for m in advice(after, "outbound-incomplete"))


@pytest.mark.parametrize("release", [r for r in ONE_WAY if ONE_WAY[r]])
def test_both_outputs_hold_both_ends(release):
    deployment = narrowed(release, connect_groups=True)
    rules = Stack(template_of(deployment)).rules()
    text = rendered(deployment)["rules.tf"]
    for connection in ONE_WAY[release]:
        group, port, other = connection.split()
        [rule] = [r for r in rules if (r.role, r.peer, r.last) == (other, group, int(port))]
        assert rule.direction == "inbound"
        assert rule.description.startswith(f"Counterpart of the outbound rule of {group}: ")
        assert f'"group/{group}", ip_protocol = "tcp", from_port = {port}' in text
        assert f'description = "{rule.description}"' in text


OF_PRESETS = {  # what their pages leave to whoever deploys, or get wrong
    "advanced": {"TCP 3000"},
    "console-all-vpcs": {"TCP 80", "TCP 3128"},
    "console-selected-vpcs": {"TCP 80", "TCP 443", "TCP 3128"},
}


@pytest.mark.parametrize("preset", DATA.presets())
def test_presets_are_as_documented(preset):
    found = advice(DATA.preset(preset), "one-way")
    assert {re.search(r" on (TCP \d+) ", m)[1] for m in found} == OF_PRESETS.get(preset, set())
    assert DATA.preset(preset).connect_groups == preset.startswith("example-ha")


COVERED = {
    "by everybody": peers("0.0.0.0/0"),
    "by everybody in two halves": peers("0.0.0.0/1", "128.0.0.0/1"),
}


@pytest.mark.parametrize("clients", COVERED)
def test_a_rule_for_everybody_is_a_counterpart(clients):
    deployment = Deployment(
        "acme", "3.9", endpoints={"inbound-clients": COVERED[clients]}, connect_groups=True
    )
    assert advice(deployment, "one-way") == []
    assert not any("Counterpart" in p.description for p in granted(resolved(deployment)))


def test_a_rule_for_the_group_itself_is_a_counterpart():
    deployment = narrowed("3.9")
    for endpoint, group in {
        "ontap-https-clients": "manager",
        "mediator-api-clients": "manager",
        "manager-http-clients": "ha-mediator",
    }.items():
        deployment.endpoints[endpoint] = (*NETWORK, *peers(f"group:{group}"))
    assert advice(deployment, "one-way") == []


@pytest.mark.parametrize("clients", [peers("10.0.0.0/8"), peers("::/0"), ()])
def test_a_network_that_may_lack_the_group_is_none(clients):
    deployment = Deployment("acme", "3.9", endpoints={"inbound-clients": clients})
    assert len(advice(deployment, "one-way")) == 3


def test_a_default_that_whoever_deploys_may_narrow_is_none_for_connect_groups():
    deployment = variant(name="acme", connect_groups=True, endpoints={})
    added = [p for p in granted(resolved(deployment)) if "Counterpart" in p.description]
    assert "manager 443 cloud-volumes-ontap" in between(added)


@pytest.mark.parametrize("release", [r for r in ONE_WAY if ONE_WAY[r]])
def test_where_everything_may_go_out_the_advanced_table_says_who_connects(release):
    basic = narrowed(release, outbound="basic")
    messages = advice(basic, "one-way")
    with_rows = {c for c in ONE_WAY[release] if c != "manager 3000 cloud-volumes-ontap"}
    for connection in with_rows:
        group, port, other = connection.split()
        start = f"acme: group {group} may connect to {other} on TCP {port} (row "
        assert any(m.startswith(start) for m in messages)
    assert len(messages) == len(with_rows)
    connected = replace(basic, connect_groups=True)
    assert advice(connected, "one-way") == []
    rules = Stack(template_of(connected)).rules()
    inbound = {f"{r.peer} {r.last} {r.role}" for r in rules if r.direction == "inbound"}
    assert with_rows <= inbound


def test_what_the_file_closes_stays_closed():
    closed = dict.fromkeys(["manager-proxy-clients", "manager-http-clients"], ())
    deployment = Deployment("acme", "console", endpoints=closed, connect_groups=True)
    found = between(p for p in granted(resolved(deployment)) if p.direction == "inbound")
    assert not {c for c in found if c.endswith(" manager")}
    assert not any("manager has no inbound" in m for m in advice(deployment, "one-way"))


def test_both_directions_are_looked_at():
    deployment = narrowed("3.7")
    deployment.endpoints["nfs-clients"] = peers("group:manager")
    messages = advice(deployment, "one-way")
    assert any(
        "group cloud-volumes-ontap lets manager connect on TCP 2049 (row inbound-tcp-2049), but "
        "group manager has no outbound rule for it: it has no row for TCP 2049. Write "
        "connect_groups: true." in message
        for message in messages
    )


def test_nodes_and_mediator_meet_in_the_group_that_the_product_makes():
    single = [p for p in granted(resolved(narrowed("3.7"))) if p.peer.kind == "group"]
    assert {"cloud-volumes-ontap 3000 ha-mediator"} <= between(single)
    assert not any("group cloud-volumes-ontap may connect to ha-mediator" in m
                   for m in advice(narrowed("3.7"), "one-way"))  # fmt: skip


def test_a_group_that_is_not_part_of_the_deployment_is_no_end():
    alone = narrowed("3.7", groups=("manager",), connect_groups=True)
    assert advice(alone, "one-way") == []
    assert not any("Counterpart" in p.description for p in granted(resolved(alone)))


def test_a_long_purpose_is_shortened_in_the_description_of_a_counterpart():
    found = [p for r in ONE_WAY for p in granted(resolved(narrowed(r, connect_groups=True)))]
    assert all(len(p.description) <= 255 for p in found)
