"""What is there, what is missing and what is too much, by what EC2 compares."""

from __future__ import annotations

import json

import pytest
from expectation import expected
from strategies import peers, resolved

from generator.adopt import adoption, match_groups, terraform_files
from generator.errors import UsageError
from generator.model import Deployment, Observation, Place
from generator.observe import join, read_text

ACME = Deployment(
    "acme",
    "3.7",
    groups=("manager", "ha-mediator"),
    endpoints={
        "inbound-clients": peers("10.0.0.0/8", "2001:db8::/32"),
        "administrators": peers("group:ha-mediator", "sg-0123456789abcdef0", "pl-01234567"),
    },
)
IDS = {"manager": "sg-00000001", "ha-mediator": "sg-00000002"}
GROUPS = {
    "SecurityGroups": [
        {"GroupId": id_, "GroupName": f"x-{role}", "Description": "-", "VpcId": "vpc-1"}
        for role, id_ in IDS.items()
    ]
}


def as_ec2(rule, number):
    """A rule as describe-security-group-rules has it."""
    peer = {
        "cidr_ipv4": {"CidrIpv4": rule.peer},
        "cidr_ipv6": {"CidrIpv6": rule.peer},
        "prefix_list": {"PrefixListId": rule.peer},
        "group": {"ReferencedGroupInfo": {"GroupId": IDS.get(rule.peer)}},
        "security_group": {"ReferencedGroupInfo": {"GroupId": rule.peer}},
    }[rule.kind]
    return {
        "SecurityGroupRuleId": f"sgr-{number}",
        "GroupId": IDS[rule.role],
        "IsEgress": rule.direction == "outbound",
        "IpProtocol": rule.protocol,
        "FromPort": -1 if rule.first is None else rule.first,
        "ToPort": -1 if rule.last is None else rule.last,
        **peer,
    }


RULES = sorted(expected(ACME), key=repr)
LISTED = {"SecurityGroupRules": [as_ec2(rule, n) for n, rule in enumerate(RULES)]}


def adopted(*documents, deployment=ACME):
    found = join(read_text(json.dumps(d), f"{n}.json") for n, d in enumerate(documents))
    ours = resolved(deployment)
    return adoption(found, ours, match_groups(found, ours, {})), ours


def test_every_rule_of_the_deployment_is_found_whatever_its_peer():
    found, _ = adopted(GROUPS, LISTED)
    assert {rule.kind for rule in RULES} == {
        *("cidr_ipv4", "cidr_ipv6", "prefix_list", "group", "security_group")
    }
    assert len(found.kept) == len(RULES)
    assert (found.missing, found.extra) == ((), ())


def test_the_order_of_the_files_does_not_matter():
    found = [adopted(*files)[0] for files in ((GROUPS, LISTED), (LISTED, GROUPS))]
    assert [g.name for g in found[1].groups.values()] == ["x-manager", "x-ha-mediator"]
    ids = [{p.identity: rule.id for p, rule in each.kept} for each in found]
    assert ids[0] == ids[1]


def test_a_rule_that_both_descriptions_have_is_one_with_its_id():
    described = {
        **GROUPS["SecurityGroups"][0],
        "IpPermissions": [
            {
                "IpProtocol": "tcp",
                "FromPort": 80,
                "ToPort": 80,
                "IpRanges": [{"CidrIp": "10.0.0.0/8"}],
            },
            {
                "IpProtocol": "tcp",
                "FromPort": 1,
                "ToPort": 1,
                "IpRanges": [{"CidrIp": "10.0.0.0/8"}],
            },
        ],
    }
    found, _ = adopted({"SecurityGroups": [described, GROUPS["SecurityGroups"][1]]}, LISTED)
    assert all(rule.id for _, rule in found.kept)
    assert [(role, rule.from_port) for role, rule in found.extra] == [("manager", 1)]


def test_what_is_missing_and_too_much_is_told_apart():
    wider = {
        **LISTED["SecurityGroupRules"][0],
        "CidrIpv4": "10.0.0.0/7",
        "SecurityGroupRuleId": "sgr-x",
    }
    wider.pop("PrefixListId", None)
    wider.pop("CidrIpv6", None)
    found, _ = adopted(GROUPS, {"SecurityGroupRules": [*LISTED["SecurityGroupRules"][1:], wider]})
    assert len(found.missing) == 1
    assert [rule.id for _, rule in found.extra] == ["sgr-x"]


def test_terraform_needs_the_ids_of_rules():
    described = {
        **GROUPS["SecurityGroups"][0],
        "IpPermissions": [
            {
                "IpProtocol": "tcp",
                "FromPort": 80,
                "ToPort": 80,
                "IpRanges": [{"CidrIp": "10.0.0.0/8"}],
            }
        ],
    }
    found, ours = adopted({"SecurityGroups": [described]})
    with pytest.raises(UsageError, match=r"describe-security-group-rules .*Values=sg-00000001`"):
        terraform_files(found, ours, "module.acme")


def test_a_group_needs_a_name_since_another_one_replaces_it():
    found = read_text(json.dumps(LISTED), "rules.json")
    ours = resolved(ACME)
    with pytest.raises(UsageError, match="describe-security-groups --group-ids sg-00000001"):
        adoption(found, ours, match_groups(found, ours, IDS))


def test_groups_of_several_vpcs_are_none_of_one_deployment():
    first, second = GROUPS["SecurityGroups"]
    with pytest.raises(UsageError, match="in several VPCs, vpc-1 and vpc-2"):
        adopted({"SecurityGroups": [first, {**second, "VpcId": "vpc-2"}]})


def test_resources_that_have_the_rules_are_named():
    found = join(read_text(json.dumps(d), "x.json") for d in (GROUPS, LISTED))
    places = [
        "aws_security_group_rule.ssh[0]",
        'module.x["a"].aws_security_group.this',
        "sgr-0123456789abcdef0",
        "data.aws_security_group.this",
        "aws_security_group_rule.ssh[0]",
    ]
    rules = [
        rule._replace(place=Place("state.json", what=what))
        for rule, what in zip(found.rules, places, strict=False)
    ]
    again = Observation(found.groups, (*rules, *found.rules[len(rules) :]))
    ours = resolved(ACME)
    assert adoption(again, ours, match_groups(again, ours, {})).managed == (*places[:2],)
