"""The rules of a CloudFormation template, authorised one by one at EC2's API (moto's).

EC2 refuses duplicates and values that are none. A stack created in the emulator would show nothing:
it ignores egress rules.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from botocore.exceptions import ClientError
from emulator import authorise
from expectation import Rule, assert_equal, bound_to, expected
from stack import DIRECTIONS, NOWHERE, Stack, template_of
from strategies import DATA

INLINE = ("outbound", "-1", None, None, "cidr_ipv4", NOWHERE["CidrIp"], "To nowhere")


def parameters(template, filled: str) -> dict[str, str]:
    names = [name for name in template.get("Parameters", {}) if name not in ("VpcId", "Name")]
    return {
        "defaults": {},
        "filled": {name: f"10.{i}.0.0/16" for i, name in enumerate(names)},
        "emptied": dict.fromkeys(names, ""),
    }[filled]


@pytest.mark.parametrize("filled", ["defaults", "filled", "emptied"])
@pytest.mark.parametrize("preset", DATA.presets())
def test_ec2_takes_every_rule_of_a_template(ec2, preset, filled, proof):
    deployment = DATA.preset(preset)
    template = template_of(deployment)
    given = parameters(template, filled)
    stack = Stack(template, **given)
    assert stack.refusals == []
    rules = stack.rules()
    assert_equal(rules, deployment, expected(bound_to(deployment, given)))
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    ids = {}
    for role, (name, description) in stack.groups(deployment).items():
        group = ec2.create_security_group(GroupName=name, Description=description, VpcId=vpc)
        ids[role] = group["GroupId"]
        everything = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
        ec2.revoke_security_group_egress(GroupId=ids[role], IpPermissions=everything)
        authorise(ec2, ids, [Rule(role, *INLINE)])
    exist = [
        rule._replace(kind="group", peer=next(iter(ids))) if rule.kind == "security_group" else rule
        for rule in rules
    ]
    authorise(ec2, ids, exist)
    for rule in exist:
        with pytest.raises(ClientError, match=r"already exists|Duplicate"):
            authorise(ec2, ids, [rule])
    listed = ec2.get_paginator("describe_security_group_rules").paginate(
        Filters=[{"Name": "group-id", "Values": list(ids.values())}]
    )
    assert sum(len(page["SecurityGroupRules"]) for page in listed) == len(rules) + len(ids)
    proof("permissions of templates authorised at EC2's API", len(rules))


@pytest.mark.parametrize("preset", DATA.presets())
def test_no_parameter_brings_the_implicit_rule_to_everywhere(preset):
    """The rule that replaces it stands in every group, under no condition at all."""
    for deployment in (DATA.preset(preset), replace(DATA.preset(preset), endpoints=None)):
        resources = template_of(deployment)["Resources"].values()
        groups = [r for r in resources if r["Type"] not in DIRECTIONS]
        assert groups
        for group in groups:
            assert "Condition" not in group
            [rule] = group["Properties"]["SecurityGroupEgress"]
            assert {k: v for k, v in rule.items() if k != "Description"} == NOWHERE
