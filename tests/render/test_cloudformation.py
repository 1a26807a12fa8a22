"""The CloudFormation templates: what cfn-lint and the limits allow, and which rules a stack has."""

from __future__ import annotations

import re
from dataclasses import astuple, replace
from functools import cache
from graphlib import TopologicalSorter
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from samples import (
    DATA,
    DEPLOYMENTS,
    HOSTILE,
    TEXTS,
    peers,
    rendered,
    resolved,
    reworded,
    variant,
)
from strategies import GROUPS, NETWORKS_V4, NETWORKS_V6, PREFIX_LISTS
from template import read, refusals, stack

from generator.check import lint
from generator.compare import replaced
from generator.model import Peer, Permission, Traffic
from generator.render.filters import logical_id, pascal
from generator.resolve import granted

every_deployment = pytest.mark.parametrize("name", DEPLOYMENTS)
every_preset = pytest.mark.parametrize("preset", DATA.presets())
every_open_preset = pytest.mark.parametrize("preset", ["predefined", "advanced"])


def text_of(deployment, **changes):
    return rendered(deployment, "cloudformation", **changes)["template.yaml"]


@cache
def template(name):
    return read(text_of(DEPLOYMENTS[name]))


def of_type(template, kind):
    return {
        logical_id: resource["Properties"]
        for logical_id, resource in template["Resources"].items()
        if resource["Type"] == f"AWS::EC2::{kind}"
    }


# What is written.


OTHERS = [*DATA.presets(), "peers-of-every-kind"]


@pytest.mark.parametrize(
    "name", ["manager-only", *(pytest.param(name, marks=pytest.mark.slow) for name in OTHERS)]
)
def test_cfn_lint_finds_nothing(name):
    assert lint(text_of(DEPLOYMENTS[name]), name, advice=False) == []


@every_preset
def test_a_preset_can_be_passed_inline(preset):
    assert len(text_of(DEPLOYMENTS[preset]).encode()) <= 51_200


@every_deployment
def test_a_template_stays_within_the_limits_of_cloudformation(name):
    assert len(template(name)["Parameters"]) <= 200
    assert len(template(name)["Resources"]) <= 500


@every_deployment
def test_logical_ids_are_legal_and_begin_with_the_role(name):
    roles = tuple(
        logical_id.removesuffix("SecurityGroup")
        for logical_id in of_type(template(name), "SecurityGroup")
    )
    assert roles
    for name_of_resource in template(name)["Resources"]:
        assert re.fullmatch(r"[A-Za-z0-9]{1,255}", name_of_resource)
        assert name_of_resource.startswith(roles)


@every_deployment
def test_a_group_sends_nothing_anywhere_by_itself(name):
    for group in of_type(template(name), "SecurityGroup").values():
        [rule] = group["SecurityGroupEgress"]
        assert (rule["IpProtocol"], rule["CidrIp"]) == ("-1", "127.0.0.1/32")
        assert "SecurityGroupIngress" not in group


@every_deployment
def test_no_wording_of_a_release_reaches_a_group_since_a_change_would_replace_it(name):
    deployment = DEPLOYMENTS[name]
    release = DATA.release(deployment.release)
    moved = text_of(deployment, release=reworded(release))
    assert "Product 9.9" in moved
    groups = of_type(template(name), "SecurityGroup")
    assert of_type(read(moved), "SecurityGroup") == groups
    assert [group["GroupDescription"] for group in groups.values()] == [
        group.description
        for role, group in DATA.catalogue.groups.items()
        if f"{pascal(role)}SecurityGroup" in groups
    ]
    assert not any("GroupName" in group for group in groups.values())


def references(node):
    """The names that a part of a template refers to."""
    if isinstance(node, list):
        return set().union(*map(references, node))
    if not isinstance(node, dict):
        return set()
    own = {str(node[kind]).split(".")[0] for kind in ("Ref", "GetAtt") if kind in node}
    return own.union(*map(references, node.values()))


@every_deployment
def test_groups_refer_to_each_other_without_a_cycle(name):
    resources = template(name)["Resources"]
    graph = {key: references(resource) & set(resources) for key, resource in resources.items()}
    TopologicalSorter(graph).prepare()  # raises CycleError
    assert not any(graph[group] for group in of_type(template(name), "SecurityGroup"))


@every_deployment
def test_the_only_required_parameter_is_the_vpc(name):
    parameters = template(name)["Parameters"]
    assert [key for key, value in parameters.items() if "Default" not in value] == ["VpcId"]
    assert parameters["VpcId"]["Type"] == "AWS::EC2::VPC::Id"


@every_deployment
def test_every_parameter_says_what_it_is_and_what_is_wrong(name):
    for key, parameter in template(name)["Parameters"].items():
        assert parameter["Description"]
        if key != "VpcId":  # the console offers the VPCs that there are
            assert parameter["AllowedPattern"]
            assert parameter["ConstraintDescription"]


@every_deployment
def test_the_help_names_no_endpoint_by_an_id_that_no_output_has(name):
    catalogue = DATA.catalogue
    ids = [each for each in catalogue.endpoints.keys() - catalogue.groups.keys() if "-" in each]
    for each in resolved(DEPLOYMENTS[name]).inputs:
        assert [i for i in ids if i in each.help + each.parameter_help] == []


@pytest.mark.parametrize("open_ones", [(), ("inbound-clients",)])
def test_a_parameter_is_said_to_be_the_whole_internet_where_it_is(open_ones):
    parameter = read(text_of(variant(open=open_ones)))["Parameters"]["InboundClients"]
    told = "The default is the whole internet." in parameter["Description"]
    assert told == (parameter["Default"] == ANYWHERE) == (not open_ones)


def test_the_readme_counts_the_rules_in_force():
    nobody = variant("predefined", groups=("cloud-volumes-ontap",), open=("inbound-clients",))
    readme = rendered(nobody, "cloudformation")["README.md"]
    row = re.search(r"(?m)^\| `predefined-cloud-volumes-ontap` .*\| (\d+) +\| (\d+) +\|$", readme)
    assert row.groups() == ("0", "3")


@every_deployment
def test_the_console_shows_every_parameter_once_with_a_label(name):
    interface = template(name)["Metadata"]["AWS::CloudFormation::Interface"]
    parameters = set(template(name)["Parameters"])
    shown = [key for group in interface["ParameterGroups"] for key in group["Parameters"]]
    assert sorted(shown) == sorted(parameters)
    assert set(interface["ParameterLabels"]) == parameters


@pytest.mark.parametrize(
    ("value", "allowed"),
    [
        pytest.param("", True, id="nobody"),
        pytest.param("0.0.0.0/0", True, id="everybody"),
        pytest.param("10.0.0.0/16", True, id="network"),
        pytest.param("255.255.255.255/32", True, id="highest"),
        pytest.param("10.0.0.0", False, id="no-length"),
        pytest.param("10.0.0.0/", False, id="empty-length"),
        pytest.param("10.0.0.0/33", False, id="length-over-32"),
        pytest.param("10.0.0.0/0", False, id="the-internet-by-mistake"),
        pytest.param("10.0.0.0.8", False, id="no-slash"),
        pytest.param("10/0/0/0/8", False, id="slashes-for-dots"),
        pytest.param("10.1.2.3/8", True, id="host-bits-which-ec2-clears"),
        pytest.param("256.0.0.0/8", False, id="number-just-over-255"),
        pytest.param("1.99.199.249/1", True, id="every-kind-of-number"),
        pytest.param("10.0.0.0/08", False, id="length-with-leading-zero"),
        pytest.param("10.0.0/8", False, id="three-numbers"),
        pytest.param("300.0.0.0/8", False, id="number-over-255"),
        pytest.param("010.0.0.0/8", False, id="octal-looking-number"),
        pytest.param("10.0.0.0/16 ", False, id="trailing-space"),
        pytest.param("10.0.0.0/16\n", False, id="trailing-newline"),
        pytest.param("10.0.0.0/16,10.1.0.0/16", False, id="two-networks"),
        pytest.param("2001:db8::/32", False, id="ipv6"),
        pytest.param("sg-01234567", False, id="group"),
    ],
)
def test_a_parameter_takes_one_ipv4_network_or_nothing(value, allowed):
    parameters = template("advanced")["Parameters"].values()
    [pattern] = {p["AllowedPattern"] for p in parameters if "IPv4" in str(p)}
    assert bool(re.fullmatch(pattern, value, re.ASCII)) == allowed  # the whole value has to match


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_text_is_written_as_exactly_that_text(text):
    [group] = of_type(read(text_of(replace(HOSTILE, tags={text: text}))), "SecurityGroup").values()
    assert group["Tags"][1:] == [{"Key": text, "Value": text}]


def test_a_name_tag_of_the_deployment_takes_the_place_of_ours():
    text = text_of(replace(HOSTILE, tags={"Name": "theirs"}))
    [group] = of_type(read(text), "SecurityGroup").values()
    assert group["Tags"] == [{"Key": "Name", "Value": "theirs"}]
    assert lint(text, "names", advice=False) == []  # a parameter without use is a warning


# What a stack has.


ANYWHERE, SITE, BASTION = "0.0.0.0/0", "10.0.0.0/8", "10.1.2.0/28"


def inbound(rules):
    return {rule for rule in rules if rule[1] == "inbound"}


def with_peer(peer, rules):
    return {(*rule[:-1], peer) for rule in rules}


def documented(preset):
    """The documented rows of a preset, with everybody as the peer."""
    deployment = DEPLOYMENTS[preset]
    tables = (
        (role, *table)
        for role in deployment.groups
        for table in DATA.release(deployment.release).rules[role].tables()
    )
    return {
        (pascal(role), direction, *astuple(traffic), ANYWHERE)
        for role, direction, mode, rows in tables
        if mode in (None, deployment.outbound)
        for row in rows
        for traffic in row.traffic
    }


@every_deployment
def test_a_stack_has_the_permissions_that_its_deployment_comes_to(name):
    assert stack(template(name)) == {
        (
            pascal(rule.group),
            rule.direction,
            *astuple(rule.traffic),
            pascal(rule.peer.value) if rule.peer.kind == "group" else rule.peer.value,
        )
        for rule in granted(resolved(DEPLOYMENTS[name]))
    }


def test_predefined_is_open_in_both_directions_as_documented():
    assert stack(template("predefined")) == documented("predefined")


def test_advanced_opens_only_the_internet_and_the_groups_to_each_other_until_it_is_filled_in():
    rules = stack(template("advanced"))
    assert inbound(rules) == inbound(documented("advanced"))
    assert rules - inbound(rules) == {
        ("Manager", "outbound", "tcp", 443, 443, ANYWHERE),
        ("Manager", "outbound", "tcp", 443, 443, "CloudVolumesOntap"),
        ("Manager", "outbound", "tcp", 3000, 3000, "CloudVolumesOntap"),
        ("CloudVolumesOntap", "outbound", "-1", None, None, "CloudVolumesOntap"),
        ("CloudVolumesOntap", "outbound", "tcp", 3000, 3000, "HaMediator"),
        ("CloudVolumesOntap", "outbound", "icmp", -1, -1, "HaMediator"),
        ("HaMediator", "outbound", "tcp", 80, 80, "Manager"),
    }


def test_filling_in_an_outbound_parameter_opens_its_rules_only():
    before, after = (stack(template("advanced"), **given) for given in ({}, {"Dns": BASTION}))
    assert before < after
    assert after - before == {
        ("Manager", "outbound", "udp", 53, 53, BASTION),
        ("CloudVolumesOntap", "outbound", "udp", 53, 53, BASTION),
    }


@every_open_preset
def test_administrators_narrows_its_own_rules_only(preset):
    before, after = (stack(template(preset), **g) for g in ({}, {"Administrators": BASTION}))
    narrowed = {
        ("Manager", "inbound", "tcp", 22, 22, ANYWHERE),
        ("CloudVolumesOntap", "inbound", "tcp", 22, 22, ANYWHERE),
        ("CloudVolumesOntap", "inbound", "tcp", 80, 80, ANYWHERE),
        ("HaMediator", "inbound", "tcp", 22, 22, ANYWHERE),
    }
    assert before - after == narrowed
    assert after - before == with_peer(BASTION, narrowed)


@every_open_preset
def test_inbound_clients_narrows_every_inbound_rule(preset):
    before, after = (stack(template(preset), **g) for g in ({}, {"InboundClients": SITE}))
    assert inbound(after) == with_peer(SITE, inbound(before))
    assert after - inbound(after) == before - inbound(before)


@every_open_preset
def test_without_inbound_clients_nobody_may_connect(preset):
    assert inbound(stack(template(preset), InboundClients="")) == set()


@every_open_preset
def test_the_nearest_parameter_wins(preset):
    given = {"InboundClients": "", "NasClients": SITE, "NfsClients": BASTION}
    rules = inbound(stack(template(preset), **given))
    assert {rule[-1] for rule in rules if rule[3] in (111, 635, 2049, 4045, 4046, 4049)} == {
        BASTION
    }
    assert {rule[2:] for rule in rules if rule[-1] == SITE} == {
        ("tcp", 139, 139, SITE),
        ("tcp", 445, 445, SITE),
        ("tcp", 749, 749, SITE),
    }


def test_bound_peers_are_written_out_one_by_one():
    rules = stack(template("peers-of-every-kind"))
    assert {rule[2:] for rule in rules if rule[3] == 88} == {
        ("tcp", 88, 88, "10.1.0.1/32"),
        ("tcp", 88, 88, "10.20.0.10/32"),
    }
    assert {rule[-1] for rule in rules if rule[3] == 5010} == {
        "pl-01234567",
        "sg-0123456789abcdef0",
        "HaMediator",
    }


def test_ping_over_ipv6_is_another_protocol():
    rules = inbound(stack(template("peers-of-every-kind")))
    assert {rule[2:] for rule in rules if rule[2].startswith("icmp")} == {
        ("icmp", -1, -1, "10.0.0.0/8"),
        ("icmpv6", -1, -1, "2001:db8::/32"),
    }


def test_what_the_deployment_binds_and_what_falls_back_to_it_is_no_parameter():
    parameters = template("peers-of-every-kind")["Parameters"]
    assert not {"InboundClients", "Administrators", "NfsClients", "Dns"} & parameters.keys()
    assert "SyslogServer" in parameters


def test_an_open_endpoint_is_one_resource_along_its_fallbacks():
    resources = template("advanced")["Resources"]
    assert resources["CloudVolumesOntapIngressTcp111FromNfsClients"] == {
        "Type": "AWS::EC2::SecurityGroupIngress",
        "Condition": "NfsClientsOrFallbackGiven",
        "Properties": {
            "GroupId": {"GetAtt": "CloudVolumesOntapSecurityGroup.GroupId"},
            "IpProtocol": "tcp",
            "FromPort": 111,
            "ToPort": 111,
            "CidrIp": {
                "If": [
                    "NfsClientsGiven",
                    {"Ref": "NfsClients"},
                    {"If": ["NasClientsGiven", {"Ref": "NasClients"}, {"Ref": "InboundClients"}]},
                ]
            },
            "Description": "Remote procedure call for NFS",
        },
    }


IDS = {
    "10.0.0.0/8": "ManagerEgressUdp53To10x0x0x0m8",
    "2001:db8::/32": "ManagerEgressUdp53To2001xdb8xxm32",
    "pl-01234567": "ManagerEgressUdp53ToPl01234567",
    "sg-01234567": "ManagerEgressUdp53ToSg01234567",
    "123456789012/sg-01234567": "ManagerEgressUdp53ToSg01234567",
    "group:manager": "ManagerEgressUdp53ToManagerSecurityGroup",
}


@pytest.mark.parametrize(("peer", "logical_id"), IDS.items())
def test_a_logical_id_comes_from_what_is_permitted_and_to_whom(peer, logical_id):
    deployment = variant(groups=("manager",), endpoints={"dns": {"name": Peer.parse(peer)}})
    assert logical_id in read(text_of(deployment))["Resources"]


def test_a_group_of_another_account_is_named_with_its_owner():
    """Egress rules have no property for the owner (AWS::EC2::SecurityGroupEgress)."""
    other = peers("123456789012/sg-01234567")
    deployment = variant(groups=("manager",), endpoints={"administrators": other, "dns": other})
    resources = read(text_of(deployment))["Resources"]
    ingress = resources["ManagerIngressTcp22FromSg01234567"]["Properties"]
    assert ingress["SourceSecurityGroupId"] == "sg-01234567"
    assert ingress["SourceSecurityGroupOwnerId"] == "123456789012"
    egress = resources["ManagerEgressUdp53ToSg01234567"]["Properties"]
    assert egress["DestinationSecurityGroupId"] == "sg-01234567"


PERMISSIONS = st.builds(
    Permission,
    st.sampled_from([*DATA.catalogue.groups]),
    st.sampled_from(["inbound", "outbound"]),
    st.builds(
        lambda protocol, a, b: Traffic(protocol, min(a, b), max(a, b)),
        st.sampled_from(["tcp", "udp"]),
        *[st.integers(0, 65535) | st.integers(0, 20)] * 2,
    )
    | st.sampled_from([Traffic("-1"), Traffic("icmp", -1, -1), Traffic("icmp", 8, -1)]),
    st.one_of(NETWORKS_V4, NETWORKS_V6, PREFIX_LISTS, GROUPS).map(Peer.parse)
    | st.sampled_from([Peer("group", role, role) for role in DATA.catalogue.groups])
    | st.sampled_from([Peer("input", name, name) for name in DATA.catalogue.endpoints]),
)


@given(st.lists(PERMISSIONS, min_size=2, max_size=10))
def test_logical_ids_are_the_same_for_the_same_permission_only(permissions):
    by_id = {logical_id(p): p.identity for p in permissions}
    assert len(by_id) == len({p.identity for p in permissions})
    assert all(by_id[logical_id(p)] == p.identity for p in permissions)


def test_protected_groups_are_retained_and_their_rules_are_not():
    """A rule that is retained when it is removed, or when its network narrows, stays open."""
    resources = read(text_of(variant(protect=True)))["Resources"]
    policies = ("DeletionPolicy", "UpdateReplacePolicy")
    retained = {"AWS::EC2::SecurityGroup": "Retain"}
    for resource in resources.values():
        assert {resource.get(policy) for policy in policies} == {retained.get(resource["Type"])}


@pytest.mark.parametrize("format_", ["cloudformation", "terraform"])
def test_a_group_that_becomes_protected_is_not_said_to_be_replaced(format_):
    plain, protected = (rendered(variant(protect=value), format_) for value in (False, True))
    for name, text in plain.items():
        assert replaced(text, protected[name]) == replaced(protected[name], text) == []


def test_nobody_has_neither_rule_nor_parameter():
    assert "MailServer" in template("advanced")["Parameters"]
    assert "MailServer" not in template("peers-of-every-kind")["Parameters"]
    assert 25 not in {rule[3] for rule in stack(template("peers-of-every-kind"))}


@pytest.mark.parametrize(
    ("internet", "lif", "accepted"),
    [
        pytest.param(ANYWHERE, "", True, id="as-it-comes"),
        pytest.param(ANYWHERE, SITE, True, id="different-networks"),
        pytest.param("", "", True, id="both-empty"),
        pytest.param("", SITE, True, id="one-empty"),
        pytest.param(SITE, SITE, False, id="one-network-twice"),
    ],
)
def test_the_destinations_of_one_rule_must_differ_since_ec2_takes_it_once(internet, lif, accepted):
    given = {"OutboundInternet": internet, "OntapClusterManagementLif": lif}
    refused = refusals(template("manager-only"), given)
    if accepted:
        assert refused == []
        stack(template("manager-only"), **given)
    else:
        [sentence] = refused
        assert "OutboundInternet has the same value as OntapClusterManagementLif" in sentence
        assert sentence.endswith("leave one of the two empty, or bind both in the deployment file.")


SERVICES = ("s3-tiering", "aws-services", "console-services")
AWS = ("S3", "AwsCloudformation", "AwsEc2", "AwsIam", "AwsKms", "AwsSts")


@pytest.mark.parametrize("names", [*combinations(["Autosupport", *AWS, "ConsoleServices"], 2)])
def test_one_rule_refuses_the_value_of_a_parameter_for_any_other(names):
    template = services()
    assert len(template["Rules"]) == 7
    [sentence] = refusals(template, dict.fromkeys(names, SITE))
    first, second = names
    assert sentence.startswith(f"{first} has the same value as ")
    assert second in sentence
    for value in ("", SITE):
        assert refusals(template, {first: value, second: ANYWHERE}) == []


@cache
def services():
    groups = ("manager", "cloud-volumes-ontap")
    return read(text_of(variant(release="console", groups=groups, supplements=SERVICES)))


def test_filling_in_more_than_the_quota_allows_is_refused_and_nothing_less():
    full = variant(groups=("cloud-volumes-ontap",), quota=24, endpoints={"inbound-clients": ()})
    template = read(text_of(full))
    networks = {name: f"10.{i}.0.0/16" for i, name in enumerate(template["Parameters"])}
    open_ones = [name for name in networks if name not in ("VpcId", "Name")]
    for empty in powerset(open_ones, most=3):
        given = {name: "" if name in empty else networks[name] for name in open_ones}
        outbound = [rule for rule in stack(template, **given) if rule[1] == "outbound"]
        too_many = len(outbound) + 1 > full.quota  # with the placeholder
        assert bool(refusals(template, given)) == too_many, empty


def powerset(names, most):
    return (chosen for size in range(most + 1) for chosen in combinations(names, size))


def test_the_groups_of_a_deployment_need_no_assertion():
    assert "Rules" not in template("advanced")


@pytest.mark.parametrize("lif", ["", "10.9.0.0/16"])
def test_a_parameter_may_have_another_network_than_those_of_the_same_rule(lif):
    rules = stack(one_bound(), OntapClusterManagementLif=lif)
    peers_of_443 = {rule[-1] for rule in rules - inbound(rules) if rule[3] == 443}
    assert peers_of_443 == {SITE, "172.16.0.0/12", "2001:db8::/32", lif} - {""}


def test_a_parameter_that_repeats_a_network_of_the_same_rule_is_refused():
    [sentence] = refusals(one_bound(), {"OntapClusterManagementLif": SITE})
    assert "is a network for which there is a rule already (manager, outbound, TCP 443)" in sentence
    assert sentence.endswith(
        "leave OntapClusterManagementLif empty, or bind it in the deployment file."
    )


def one_bound():
    endpoints = {"outbound-internet": peers(SITE, "172.16.0.0/12", "2001:db8::/32")}
    return read(text_of(variant(groups=("manager",), endpoints=endpoints)))


@pytest.mark.slow
def test_as_many_peers_as_one_likes_stand_beside_a_parameter_of_the_same_rule():
    endpoints = {"outbound-internet": peers(*(f"10.{i}.0.0/16" for i in range(0, 40, 2)))}
    template = text_of(variant(groups=("manager",), endpoints=endpoints))
    assert lint(template, "many-peers", advice=False) == []


def test_a_peer_of_both_destinations_of_a_rule_is_written_out_once():
    rules = stack(template("a-peer-at-both-destinations"))
    peers_of_443 = {rule[-1] for rule in rules - inbound(rules) if rule[3] == 443}
    assert peers_of_443 == {SITE, "pl-01234567", "sg-01234567"}
