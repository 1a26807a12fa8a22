"""Rules for a group that something else owns, applied: what the owner has stays."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from emulator import applied, authorise, by_role, planned, put, read_back
from expectation import Rule, expected
from strategies import peers
from terraform import succeeded, terraform

from generator.model import Deployment

THEIRS = Rule("manager", "inbound", "tcp", 8443, 8443, "cidr_ipv4", "192.0.2.0/24", "theirs")
DEFAULT = Rule("manager", "outbound", "-1", None, None, "cidr_ipv4", "0.0.0.0/0", None)
ACME = Deployment(
    "acme",
    "3.7",
    groups=("manager", "ha-mediator"),
    endpoints={
        "inbound-clients": peers("10.0.0.0/8", "2001:db8::/32"),
        "administrators": peers("group:manager", "group:ha-mediator"),
    },
)


@pytest.fixture
def vpc(ec2):
    return ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]


def test_rules_come_and_go_beside_those_of_the_owner(folder, ec2, vpc, proof):
    made = ec2.create_security_group(GroupName="theirs", Description="theirs", VpcId=vpc)
    ids = {"manager": made["GroupId"]}
    authorise(ec2, ids, [THEIRS])
    deployment = replace(ACME, existing=ids)

    same = f'{{ security_group_ids = {{ cm = "{ids["manager"]}" }}, groups = ["manager"] }}'
    arguments = {"few": "rules_quota = 3", "twice": f"administrators = {same}"}
    put(folder, dict.fromkeys(["elsewhere", *arguments], deployment), arguments, vpc=vpc)
    main = folder / "main.tf"
    main.write_text(main.read_text().replace(vpc, "vpc-0123456789abcdef0", 1))
    refused = terraform(folder, "plan")
    assert refused.returncode == 1
    told = " ".join(refused.stderr.replace("│", "").split())
    assert f"{ids['manager']} of manager is in {vpc}, and not in vpc-0123" in told
    assert "manager needs 5 ingress rules, but the quota is 3" in told
    assert "EC2 takes a rule of manager once" in told
    assert {*re.findall(r" on (\w+)/main.tf line", told)} == {"elsewhere", *arguments}

    put(folder, {"acme": deployment}, vpc=vpc)
    outputs = applied(folder).outputs["acme"]
    assert outputs["security_groups"]["manager"]["name"] == "theirs"
    by_id = by_role(deployment, outputs)
    assert by_id["manager"] == ids["manager"]
    assert read_back(ec2, by_id) == expected(deployment) | {THEIRS, DEFAULT}
    assert planned(folder) == []

    succeeded(terraform(folder, "destroy", "-auto-approve"))
    assert read_back(ec2, ids) == {THEIRS, DEFAULT}
    proof("rules applied to a group of others", len(expected(deployment)))
