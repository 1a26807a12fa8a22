"""Documented rows and a deployment's bindings become the permissions that EC2 would accept."""

import random
import re
from dataclasses import replace
from functools import cache
from itertools import product

import pytest

from generator.load import RuleData, shipped
from generator.model import Outbound, Peer
from generator.resolve import granted, resolve
from generator.resolve.lines import describe

DATA = RuleData(shipped("rule_data"))
EVERYBODY = Peer.parse("0.0.0.0/0")
ANY_KIND = tuple(
    Peer.parse(text, name="site")
    for text in ("10.0.0.0/8", "2001:db8::/32", "pl-01234567", "sg-01234567")
)
SHAPES = ["pair", "single-node", "every-group"]


def deployments():
    """Every preset with every release: for an HA pair, for a single node, and with every group."""
    for preset, release, shape in product(DATA.presets(), DATA.releases(), SHAPES):
        yield replace(
            DATA.preset(preset),
            release=release,
            topology="single-node" if shape == "single-node" else "ha",
            groups=DATA.release(release).info.groups if shape == "every-group" else None,
        )


@cache
def every():
    """Those deployments, each with what it becomes."""
    return [(deployment, resolved(deployment)) for deployment in deployments()]


def resolved(deployment, documented=None, **changes):
    """A deployment, or a preset by its name, resolved with some of its keys changed."""
    if isinstance(deployment, str):
        deployment = DATA.preset(deployment)
    deployment = replace(deployment, **changes)
    release = documented or DATA.release(deployment.release)
    return resolve(deployment, release, DATA.catalogue)


def bound(preset="advanced", **endpoints):
    """A preset with endpoints bound; an underscore means a hyphen."""
    bindings = {name.replace("_", "-"): tuple(peers) for name, peers in endpoints.items()}
    return resolved(preset, endpoints=bindings)


def tables(result):
    """Every table of lines by its group and direction."""
    return {(g.role, direction): table for g in result.groups for direction, table in g.tables}


def lines(result):
    return [line for table in tables(result).values() for line in table]


def permissions(result):
    return [permission for group in result.groups for permission in group.permissions]


def for_endpoint(result, endpoint):
    return [permission for permission in permissions(result) if permission.endpoint == endpoint]


def endpoints(result):
    return {line.endpoint for line in lines(result)}


def rows(result):
    return {(g.role, row) for g in result.groups for p in g.ingress + g.egress for row in p.rows}


def identities(result):
    return {permission.identity for permission in permissions(result)}


# Rows become permissions.


def test_two_rows_with_one_permission_become_one_rule():
    rows = DATA.release("3.7").rules["cloud-volumes-ontap"].outbound.advanced
    table = tables(resolved("advanced"))["cloud-volumes-ontap", "outbound"]
    assert (len(rows), len(table)) == (34, 25)
    assert sorted(row for p in table for row in p.rows) == sorted(row.id for row in rows)


def test_a_row_with_two_endpoints_becomes_two_rules():
    row = "api-calls-and-autosupport-tcp-443"
    both = [line.endpoint for line in lines(resolved("advanced")) if row in line.rows]
    assert both == ["outbound-internet", "ontap-cluster-management-lif"]


def test_no_two_rules_of_a_table_share_traffic_and_endpoint():
    for deployment, result in every():
        for table in tables(result).values():
            assert len({(p.endpoint, p.traffic) for p in table}) == len(table), deployment


OPEN = [
    ("manager", "inbound", "TCP 22", "Provides SSH access to the Cloud Manager host"),
    (
        "manager",
        "inbound",
        "TCP 80",
        "Provides HTTP access from client web browsers to the Cloud Manager web console and "
        "connections from Cloud Compliance",
    ),
    (
        "manager",
        "inbound",
        "TCP 443",
        "Provides HTTPS access from client web browsers to the Cloud Manager web console",
    ),
    (
        "manager",
        "inbound",
        "TCP 3128",
        "Provides the Cloud Compliance instance with internet access, if your AWS network does "
        "not use a NAT or proxy",
    ),
    ("manager", "outbound", "all TCP", "All outbound traffic"),
    ("manager", "outbound", "all UDP", "All outbound traffic"),
    ("ha-mediator", "inbound", "TCP 22", "SSH connections to the HA mediator"),
    ("ha-mediator", "inbound", "TCP 3000", "RESTful API access from Cloud Manager"),
    ("ha-mediator", "outbound", "all TCP", "All outbound traffic"),
    ("ha-mediator", "outbound", "all UDP", "All outbound traffic"),
]


def test_the_predefined_groups_are_open_as_documented():
    result = resolved("predefined", groups=("manager", "ha-mediator"))
    found = [(p.group, p.direction, str(p.traffic), p.description) for p in granted(result)]
    assert found == OPEN
    assert {p.peer for p in granted(result)} == {EVERYBODY}


def test_advanced_opens_nothing_outbound_but_the_internet_until_it_is_filled_in():
    outbound = [i for i in resolved("advanced").inputs if i.direction == "outbound"]
    assert [(i.id, i.peers) for i in outbound if i.peers] == [("outbound-internet", (EVERYBODY,))]
    assert len(outbound) > 1


# Descriptions.


def test_ec2_accepts_every_description():
    legal = re.compile(r"[a-zA-Z0-9 ._\-:/()#,@\[\]+=&;{}!$*]{1,255}")
    texts = set()
    for _, result in every():
        texts |= {p.description for p in permissions(result)}
        texts |= {g.description for g in result.groups}
    assert [text for text in texts if not legal.fullmatch(text)] == []


@pytest.mark.parametrize(
    ("purposes", "description"),
    [
        pytest.param(["DNS"], "DNS", id="legal-text-is-kept"),
        pytest.param(["A & B (c, d): e/f"], "A & B (c, d): e/f", id="legal-signs-are-kept"),
        pytest.param(["it doesn’t use"], "it does not use", id="curly-apostrophe"),
        pytest.param(["it doesn't use"], "it does not use", id="straight-apostrophe"),
        pytest.param(["it can’t, it won’t"], "it cannot, it will not", id="irregular-contractions"),
        pytest.param(["ports 1–2"], "ports 1-2", id="en-dash"),
        pytest.param(["café"], "cafe", id="accent"),
        pytest.param(["a “b” <c>"], "a b c", id="signs-without-a-neighbour-are-left-out"),
        pytest.param(["a\n b\u00a0c "], "a b c", id="one-space-for-any"),
        pytest.param(["LDAP", "Kerberos"], "LDAP; Kerberos", id="different-purposes-are-joined"),
        pytest.param(["LDAP", "LDAP"], "LDAP", id="equal-purposes-are-said-once"),
        pytest.param(["set Password", "set password"], "set Password", id="other-case-is-no-news"),
        pytest.param(["B", "A", "b"], "B; A", id="document-order-is-kept"),
    ],
)
def test_purposes_are_described_as(purposes, description):
    assert describe(purposes) == description


@pytest.mark.parametrize(
    ("purpose", "description"),
    [
        pytest.param("x" * 255, "x" * 255, id="255-characters-fit"),
        pytest.param("word " * 51 + "end", "word " * 49 + "word...", id="cut-at-a-word"),
        pytest.param("word, " * 50, "word, " * 41 + "word...", id="no-comma-before-the-dots"),
        pytest.param("x" * 256, "x" * 252 + "...", id="one-long-word"),
    ],
)
def test_over_long_purposes_are_cut(purpose, description):
    assert describe([purpose]) == description


# Nobody.


@pytest.mark.parametrize(
    ("bindings", "gone", "stays"),
    [
        pytest.param({"mail_server": []}, {"mail-server"}, {"dns"}, id="itself"),
        pytest.param(
            {"nas_clients": []},
            {"nas-clients", "nfs-clients", "cifs-clients"},
            {"iscsi-clients"},
            id="through-its-fallback",
        ),
        pytest.param(
            {"inbound_clients": []},
            {"administrators", "nas-clients", "nfs-clients"},
            {"dns"},
            id="through-the-fallback-of-its-fallback",
        ),
        pytest.param(
            {"inbound_clients": [], "nas_clients": ANY_KIND},
            {"administrators"},
            {"nas-clients", "nfs-clients"},
            id="but-not-past-an-endpoint-that-is-bound",
        ),
        pytest.param(
            {"ha_mediator": []}, {"ha-mediator"}, {"manager"}, id="although-its-group-is-there"
        ),
    ],
)
def test_nobody_gets_no_permission(bindings, gone, stays):
    before, after = resolved("advanced"), bound(**bindings)
    assert gone | stays <= endpoints(before)
    assert endpoints(after) & (gone | stays) == stays
    assert not gone & {i.id for i in after.inputs}


# Peers.


def test_icmp_to_an_ipv6_peer_is_icmpv6():
    found = for_endpoint(bound(ping_clients=ANY_KIND), "ping-clients")
    assert {p.peer.kind: str(p.traffic) for p in found} == {
        "cidr_ipv4": "all ICMP",
        "cidr_ipv6": "all ICMPv6",
        "prefix_list": "all ICMP",
        "security_group": "all ICMP",
    }


def test_a_peer_keeps_the_name_that_people_know_it_by(tmp_path):
    file = tmp_path / "site.yaml"
    file.write_text(
        'name: site\nrelease: "3.7"\nendpoints:\n'
        "  dns: {resolvers: sg-01234567}\n"
        "  dhcp: [sg-01234567]\n"
    )
    found = permissions(resolved(DATA.deployment(file)))
    assert {p.peer.name for p in found if p.endpoint == "dns"} == {"resolvers"}
    assert {p.peer.name for p in found if p.endpoint == "dhcp"} == {"sg-01234567"}


CROSS_GROUP = [
    ("manager", "ontap-cluster-management-lif", "cloud-volumes-ontap"),
    ("cloud-volumes-ontap", "ha-mediator", "ha-mediator"),
    ("ha-mediator", "manager", "manager"),
]


@pytest.mark.parametrize(("role", "endpoint", "target"), CROSS_GROUP)
def test_a_group_of_the_deployment_is_referred_to(role, endpoint, target):
    result = resolved("advanced", groups=(role, target))
    assert {line.group for line in lines(result) if line.endpoint == endpoint} == {target}
    peers = {p.peer for p in for_endpoint(result, endpoint)}
    assert peers == {Peer("group", target, target)}
    assert endpoint not in {i.id for i in result.inputs}


@pytest.mark.parametrize(("role", "endpoint", "target"), CROSS_GROUP)
def test_a_group_elsewhere_is_an_empty_input(role, endpoint, target):
    result = resolved("advanced", groups=(role,))
    assert {line.group for line in lines(result) if line.endpoint == endpoint} == {None}
    peers = {p.peer for p in for_endpoint(result, endpoint)}
    assert peers == {Peer("input", endpoint, endpoint)}
    assert [(i.peers, i.is_open) for i in result.inputs if i.id == endpoint] == [((), True)]
    assert target not in {g.role for g in result.groups}


def test_a_binding_wins_over_the_group_of_the_deployment():
    address = Peer.parse("10.0.0.5/32")
    result = bound(manager=[address])
    assert {p.peer for p in for_endpoint(result, "manager")} == {address}
    assert [i.peers for i in result.inputs if i.id == "manager"] == [(address,)]


@pytest.mark.parametrize(
    ("role", "endpoint"),
    [("cloud-volumes-ontap", "other-node-lifs"), ("ha-internal", "ha-internal-members")],
)
def test_the_group_itself_is_referred_to_by_its_role(role, endpoint):
    found = for_endpoint(resolved("advanced", groups=(role,)), endpoint)
    assert {(p.peer.kind, p.peer.value) for p in found} == {("group", role)}


# What stays open, and what is written out.


def open_endpoints(result):
    return {i.id for i in result.parameters}


def test_what_the_deployment_leaves_out_stays_open_with_what_it_falls_back_to():
    result = resolved("advanced")
    assert {"inbound-clients", "administrators", "nfs-clients", "dns"} <= open_endpoints(result)
    [nfs] = {p.peer for p in for_endpoint(result, "nfs-clients")}
    assert nfs == Peer("input", "nfs-clients", "nfs-clients")
    assert {i.id: i.chain for i in result.inputs}["nfs-clients"] == (
        "nfs-clients",
        "nas-clients",
        "inbound-clients",
    )


def test_what_the_deployment_binds_is_written_out_and_so_is_what_falls_back_to_it():
    site = Peer.parse("10.0.0.0/8")
    result = bound(inbound_clients=[site])
    assert not {"inbound-clients", "administrators", "nfs-clients"} & open_endpoints(result)
    assert {p.peer for p in for_endpoint(result, "nfs-clients")} == {site}


def test_an_endpoint_that_is_open_keeps_its_parameter_beside_a_fallback_that_is_bound():
    site = Peer.parse("10.0.0.0/8")
    result = resolved("advanced", endpoints={"inbound-clients": (site,)}, open=("administrators",))
    assert "administrators" in open_endpoints(result)
    assert {p.peer.kind for p in for_endpoint(result, "administrators")} == {"input"}


def test_a_permission_of_two_endpoints_is_one_and_has_the_first_ones_description():
    site = Peer.parse("10.0.0.0/8")
    result = resolved(
        "advanced",
        groups=("manager",),
        endpoints={"outbound-internet": (site,), "ontap-cluster-management-lif": (site,)},
    )
    [permission] = [p for p in permissions(result) if str(p.traffic) == "TCP 443" and p.peer == site
                    and p.direction == "outbound"]  # fmt: skip
    assert permission.endpoint == "outbound-internet"


def test_a_documented_default_that_another_endpoint_has_as_well_is_written_out():
    """Filled in, the parameter would permit what its default permits, a second time."""
    result = resolved(
        "advanced",
        groups=("manager",),
        endpoints={"ontap-cluster-management-lif": (EVERYBODY,)},
    )
    assert "outbound-internet" not in open_endpoints(result)
    assert result.clashes == ()


# What would give EC2 one permission twice.


def test_two_inputs_for_the_same_traffic_must_differ():
    [clash] = resolved("advanced", groups=("manager",)).clashes
    assert (clash.input, clash.others) == ("outbound-internet", ("ontap-cluster-management-lif",))
    assert clash.where == "manager, outbound, TCP 443"
    assert resolved("advanced").clashes == ()


def test_an_input_must_differ_from_a_network_that_is_written_out():
    site = Peer.parse("10.0.0.0/8")
    result = resolved(
        "advanced", groups=("manager",), endpoints={"ontap-cluster-management-lif": (site,)}
    )
    [clash] = result.clashes
    assert (clash.input, clash.others) == ("outbound-internet", (site.value,))
    assert not clash.are_inputs
    assert "leave OutboundInternet empty" in clash.sentence("OutboundInternet", [])


# Identity.


def assert_each_is_once(result):
    for group in result.groups:
        found = [permission.identity for permission in group.permissions]
        assert len(set(found)) == len(found), result


def test_a_group_has_each_permission_once():
    for _, result in every():
        assert_each_is_once(result)


@pytest.mark.parametrize("release", DATA.releases())
@pytest.mark.parametrize("outbound", ["basic", "advanced"])
def test_a_group_has_each_permission_for_peers_of_one_name_once(release, outbound):
    everyone = dict.fromkeys(DATA.catalogue.endpoints, ANY_KIND)
    for compact in (False, True):
        groups = DATA.release(release).info.groups
        changes = {"groups": groups, "outbound": outbound, "compact": compact}
        assert_each_is_once(resolved("advanced", release=release, endpoints=everyone, **changes))


def reordered(release, change):
    """The release with every table of rules changed."""

    def of_group(group):
        if not isinstance(group.outbound, Outbound):
            return replace(group, inbound=change(group.inbound), outbound=change(group.outbound))
        outbound = Outbound(change(group.outbound.basic), change(group.outbound.advanced))
        return replace(group, inbound=change(group.inbound), outbound=outbound)

    return replace(release, rules={role: of_group(g) for role, g in release.rules.items()})


def shuffle(rules):
    return tuple(random.Random(0).sample(rules, len(rules)))


def reword(rules):
    return tuple(
        replace(rule, purpose=f"{rule.id}, reworded", service="Other", source="Another")
        for rule in rules
    )


def rename(rules):
    return tuple(replace(rule, id=f"row-{i}") for i, rule in enumerate(rules))


@pytest.mark.parametrize("change", [shuffle, reword, rename])
def test_identity_comes_from_what_is_permitted_alone(change):
    changed = {name: reordered(DATA.release(name), change) for name in DATA.releases()}
    with_every_group = (found for found in every() if found[0].groups)
    for deployment, result in with_every_group:
        other = resolved(deployment, changed[deployment.release])
        assert identities(other) == identities(result), deployment


def test_names_of_peers_and_their_endpoints_are_no_part_of_it():
    site = "10.0.0.0/8"
    named = bound(administrators=[Peer.parse(site, "bastion")])
    assert identities(named) == identities(bound(administrators=[Peer.parse(site)]))
    fallback = resolved("advanced", endpoints={"inbound-clients": (Peer.parse(site),)})
    assert identities(fallback) == identities(
        resolved(
            "advanced",
            endpoints={
                "inbound-clients": (Peer.parse(site),),
                "administrators": (Peer.parse(site),),
            },
        )
    )


def test_removing_one_peer_touches_no_other_permission():
    all_of_them, fewer = bound(dns=ANY_KIND), bound(dns=ANY_KIND[1:])
    assert identities(fewer) < identities(all_of_them)


# Topology.


@pytest.mark.parametrize("release", DATA.releases())
@pytest.mark.parametrize("preset", DATA.presets())
def test_a_single_node_has_no_rule_or_group_for_an_ha_pair(preset, release):
    pair = resolved(preset, release=release, groups=None, topology="ha")
    single = resolved(preset, release=release, groups=None, topology="single-node")
    ha_only = {
        (role, rule.id)
        for role, group in DATA.release(release).rules.items()
        for _, _, rules in group.tables()
        for rule in rules
        if rule.ha_only or DATA.catalogue.groups[role].ha_only
    }
    assert rows(single) == rows(pair) - ha_only
    only_in_pairs = {"ha-mediator"} & set(DATA.release(release).rules)
    assert {g.role for g in pair.groups} - {g.role for g in single.groups} == only_in_pairs
    assert {absent.role for absent in single.absent} == only_in_pairs


def test_the_group_that_the_product_creates_is_resolved_on_request_only_and_with_a_warning():
    assert "ha-internal" not in {g.role for g in resolved("advanced", groups=None).groups}
    assert resolved("advanced").warnings == ()
    [warning] = resolved("advanced", groups=("ha-internal",)).warnings
    assert "ha-internal" in warning
