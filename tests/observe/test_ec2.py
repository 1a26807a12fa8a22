"""Security groups as EC2 describes them, in both forms."""

from __future__ import annotations

import json

import pytest

from generator.errors import FieldError
from generator.observe import join, read_text

MANAGER, NODES = "sg-0123456789abcdef0", "sg-11111111111111111"
GROUPS = {
    "SecurityGroups": [
        {
            "GroupId": MANAGER,
            "GroupName": "acme-manager",
            "Description": "Management host",
            "VpcId": "vpc-01234567",
            "OwnerId": "123456789012",
            "Tags": [{"Key": "Name", "Value": "acme-manager"}],
            "IpPermissions": [
                {
                    "IpProtocol": "tcp",
                    "FromPort": 22,
                    "ToPort": 22,
                    "IpRanges": [{"CidrIp": "10.0.0.0/8", "Description": "SSH"}],
                    "Ipv6Ranges": [{"CidrIpv6": "2001:DB8::/32"}],
                    "PrefixListIds": [{"PrefixListId": "pl-01234567"}],
                    "UserIdGroupPairs": [
                        {"GroupId": NODES, "UserId": "123456789012"},
                        {"GroupId": "sg-22222222", "UserId": "210987654321"},
                    ],
                }
            ],
            "IpPermissionsEgress": [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}],
        },
        {"GroupId": NODES, "GroupName": "acme-cloud-volumes-ontap", "OwnerId": "123456789012"},
    ]
}


def rule(number, **fields):
    common = {"GroupId": MANAGER, "GroupOwnerId": "123456789012", "IsEgress": False}
    ports = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22}
    return {"SecurityGroupRuleId": f"sgr-{number}", **common, **ports, **fields}


RULES = {
    "SecurityGroupRules": [
        rule(1, CidrIpv4="10.0.0.0/8", Description="SSH"),
        rule(2, CidrIpv6="2001:db8::/32"),
        rule(3, PrefixListId="pl-01234567"),
        rule(4, ReferencedGroupInfo={"GroupId": NODES, "UserId": "123456789012"}),
        rule(5, ReferencedGroupInfo={"GroupId": "sg-22222222", "UserId": "210987654321"}),
        rule(6, IsEgress=True, IpProtocol="-1", FromPort=-1, ToPort=-1, CidrIpv4="0.0.0.0/0"),
    ]
}


def said(found):
    return {
        f"{p.group} {p.direction} {p.traffic} {p.peer.kind} {p.peer}" for p in found.permissions()
    }


EXPECTED = {
    f"{MANAGER} inbound TCP 22 cidr_ipv4 10.0.0.0/8",
    f"{MANAGER} inbound TCP 22 cidr_ipv6 2001:db8::/32",
    f"{MANAGER} inbound TCP 22 prefix_list pl-01234567",
    f"{MANAGER} inbound TCP 22 group group:{NODES}",
    f"{MANAGER} inbound TCP 22 security_group 210987654321/sg-22222222",
    f"{MANAGER} outbound all traffic cidr_ipv4 0.0.0.0/0",
}


def test_a_group_is_read_with_its_rules():
    found = read_text(json.dumps(GROUPS), "groups.json")
    assert said(found) == EXPECTED
    assert [group.name for group in found.groups] == ["acme-manager", "acme-cloud-volumes-ontap"]
    assert found.groups[0].tags == {"Name": "acme-manager"}
    assert {str(r.place) for r in found.rules} == {f"groups.json ({MANAGER})"}


def test_both_descriptions_of_a_group_give_the_same_permissions():
    groups, rules = (read_text(json.dumps(d), "x.json") for d in (GROUPS, RULES))
    together = join([groups, rules])
    assert said(together) == EXPECTED
    assert said(join([groups])) == EXPECTED
    both_in_one_file = read_text(json.dumps(GROUPS) + json.dumps(RULES), "x.json")
    assert said(both_in_one_file) == EXPECTED
    assert {r.place.what for r in both_in_one_file.rules} == {f"sgr-{i}" for i in range(1, 7)}


def test_pages_are_joined():
    pages = [{"SecurityGroups": [group]} for group in GROUPS["SecurityGroups"]]
    for text in (json.dumps(pages), "\n".join(map(json.dumps, pages))):
        assert said(read_text(text, "pages.json")) == EXPECTED


@pytest.mark.parametrize(
    ("protocol", "ports", "expected"),
    [
        ("6", (80, 80), "TCP 80"),
        ("58", (-1, -1), "all ICMPv6"),
        ("icmp", (8, -1), "ICMP 8-any"),
        ("50", (None, None), "protocol 50"),
        ("50", (-1, -1), "protocol 50"),
    ],
)
def test_protocols_have_their_names(protocol, ports, expected):
    one = rule(1, IpProtocol=protocol, FromPort=ports[0], ToPort=ports[1], CidrIpv4="10.0.0.0/8")
    [found] = read_text(json.dumps({"SecurityGroupRules": [one]}), "x").permissions()
    assert str(found.traffic) == expected


def test_what_ec2_would_refuse_is_no_permission():
    one = rule(1, FromPort=80, ToPort=70, CidrIpv4="10.0.0.0/8")
    with pytest.raises(FieldError, match="reversed"):
        read_text(json.dumps({"SecurityGroupRules": [one]}), "x").permissions()


@pytest.mark.parametrize("broken", [{}, {"GroupId": 5}, {"GroupId": None}, None, [], "x"])
def test_what_lacks_an_id_is_passed_over(broken):
    text = json.dumps({"SecurityGroups": [broken], "SecurityGroupRules": [broken]})
    assert read_text(text, "x.json").rules == ()
