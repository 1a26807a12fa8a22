"""Rules for a group that something else owns, applied: what the owner has stays."""

from __future__ import annotations

from dataclasses import replace

import pytest
from emulator import applied, authorise, by_role, changed, planned, put, read_back
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


def call(folder, deployment, vpc, argument=""):
    put(folder, {"acme": deployment}, {"acme": argument})
    main = folder / "main.tf"
    text = main.read_text().replace("aws_vpc.acme.id", f'"{vpc}"')
    main.write_text(text[text.index("module ") :])


def refused(folder):
    result = terraform(folder, "plan")
    assert result.returncode == 1
    return " ".join(result.stderr.replace("│", "").split())


def test_rules_come_and_go_beside_those_of_the_owner(folder, ec2, vpc, proof):
    made = ec2.create_security_group(GroupName="theirs", Description="theirs", VpcId=vpc)
    ids = {"manager": made["GroupId"]}
    authorise(ec2, ids, [THEIRS])
    deployment = replace(ACME, existing=ids)

    call(folder, deployment, "vpc-0123456789abcdef0")
    assert f"{ids['manager']} of manager is in {vpc}, and not in vpc-0123" in refused(folder)
    call(folder, deployment, vpc, "rules_quota = 3")
    assert "manager needs 5 ingress rules, but the quota is 3" in refused(folder)
    same = f'{{ security_group_ids = {{ cm = "{ids["manager"]}" }}, groups = ["manager"] }}'
    call(folder, deployment, vpc, f"administrators = {same}")
    assert "EC2 takes a rule of manager once" in refused(folder)

    call(folder, deployment, vpc)
    outputs = applied(folder)["acme"]
    assert outputs["security_groups"]["manager"]["name"] == "theirs"
    by_id = by_role(deployment, outputs)
    assert by_id["manager"] == ids["manager"]
    assert read_back(ec2, by_id) == expected(deployment) | {THEIRS, DEFAULT}
    assert changed(planned(folder, refresh=True)) == []

    succeeded(terraform(folder, "destroy", "-auto-approve"))
    assert read_back(ec2, ids) == {THEIRS, DEFAULT}
    proof("rules applied to a group of others", len(expected(deployment)))
