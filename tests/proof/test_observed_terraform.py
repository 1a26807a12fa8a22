"""What is read from Terraform's own plan and state of our module is what the rule data says.

The plan is made before anything exists, the state after Terraform applied it to an EC2 emulator,
where somebody then adds a rule by hand.
"""

from __future__ import annotations

import shutil
from dataclasses import replace

import pytest
from emulator import applied, put
from strategies import DATA, peers, resolved
from terraform import succeeded, terraform

from generator.model import Observation
from generator.observe import read_text
from generator.resolve import granted

ADVANCED = replace(
    DATA.preset("advanced"),
    endpoints={
        "inbound-clients": peers("10.0.0.0/8", "2001:db8::/32"),
        "active-directory": peers("10.10.0.10/32", "pl-01234567"),
    },
)
CASES = {"advanced": DATA.preset("advanced"), "bound": replace(ADVANCED, name="bound")}
CLASSIC = """
resource "aws_security_group" "classic" {
  name   = "classic"
  vpc_id = aws_vpc.advanced.id

  ingress {
    from_port       = 22
    to_port         = 22
    protocol        = "6"
    cidr_blocks     = ["10.0.0.0/8", aws_vpc.advanced.cidr_block]
    security_groups = [module.advanced.manager_security_group_id]
    self            = true
  }
}

resource "aws_security_group" "beside" {
  count  = 2
  name   = "beside-${count.index}"
  vpc_id = aws_vpc.advanced.id
}

resource "aws_security_group_rule" "beside" {
  for_each                 = { "443" = 0, "80" = 1 }
  type                     = "egress"
  from_port                = each.key
  to_port                  = each.key
  protocol                 = "tcp"
  security_group_id        = aws_security_group.beside[0].id
  source_security_group_id = aws_security_group.beside[1].id
}

resource "aws_security_group_rule" "own" {
  type              = "ingress"
  from_port         = 0
  to_port           = 0
  protocol          = "-1"
  self              = true
  security_group_id = aws_security_group.beside[1].id
}
"""
CLASSIC_RULES = {
    ("classic", "inbound", "tcp", 22, "cidr_ipv4", "10.0.0.0/8"),
    ("classic", "inbound", "tcp", 22, "cidr_ipv4", "10.0.0.0/16"),
    ("classic", "inbound", "tcp", 22, "group", "manager"),
    ("classic", "inbound", "tcp", 22, "group", "classic"),
    ("beside[0]", "outbound", "tcp", 443, "group", "beside[1]"),
    ("beside[0]", "outbound", "tcp", 80, "group", "beside[1]"),
    ("beside[1]", "inbound", "-1", None, "group", "beside[1]"),
}


@pytest.fixture(scope="module")
def folder(ready, tmp_path_factory):
    """Our module twice, and resources of the classic kind."""
    folder = shutil.copytree(ready, tmp_path_factory.mktemp("observed") / "root", symlinks=True)
    put(folder, CASES, beside=CLASSIC)
    return folder


@pytest.fixture(scope="module")
def plan(folder):
    succeeded(terraform(folder, "plan", "-out=first", "-input=false", "-refresh=false"))
    return shown(folder, "first")


@pytest.fixture(scope="module")
def state(folder, plan):
    assert plan.groups, "the plan is made before anything exists"
    applied(folder)
    return shown(folder)


def shown(folder, *plan) -> Observation:
    return read_text(succeeded(terraform(folder, "show", "-json", *plan)), "shown.json")


def role(key):
    """The name of the resource with an address, as roles are written."""
    return key.rpartition("aws_security_group.")[2].replace("_", "-")


def identities(observation, module):
    """What a module permits; groups by their role."""
    return {
        (role(p.group), p.direction, p.traffic, p.peer.kind, role(p.peer.value))
        for p in observation.permissions()
        if p.group.startswith(module)
    }


def classic_rules(observation):
    return {
        (group, direction, traffic.ip_protocol, traffic.from_port, kind, peer)
        for group, direction, traffic, kind, peer in identities(observation, "aws_security_group.")
    }


@pytest.mark.parametrize("source", ["plan", "state"])
@pytest.mark.parametrize("case", CASES)
def test_a_plan_and_a_state_have_what_the_rule_data_says(case, source, request, proof):
    observation = request.getfixturevalue(source)
    wanted = {p.identity for p in granted(resolved(CASES[case]))}
    assert identities(observation, f"module.{case}.") == wanted
    assert observation.left_out == ()
    proof(f"permissions read from a Terraform {source}", len(wanted))


@pytest.mark.parametrize("source", ["plan", "state"])
def test_a_plan_and_a_state_have_rules_of_the_classic_resources(source, request):
    observation = request.getfixturevalue(source)
    assert classic_rules(observation) == CLASSIC_RULES


@pytest.mark.parametrize("source", ["plan", "state"])
@pytest.mark.parametrize("case", CASES)
def test_groups_of_our_module_have_the_names_of_its_outputs(case, source, request):
    observation = request.getfixturevalue(source)
    found = {
        role(group.key): group.output
        for group in observation.groups
        if group.key.startswith(f"module.{case}.")
    }
    assert found == {group.role: group.output for group in resolved(CASES[case]).groups}


def test_a_rule_added_by_hand_is_in_the_refreshed_state(folder, state, ec2):
    group = next(g for g in state.groups if g.key == "module.advanced.aws_security_group.manager")
    added = {"IpProtocol": "tcp", "FromPort": 8080, "ToPort": 8080}
    ec2.authorize_security_group_ingress(
        GroupId=group.id, IpPermissions=[added | {"IpRanges": [{"CidrIp": "198.51.100.0/24"}]}]
    )
    succeeded(terraform(folder, "apply", "-refresh-only", "-auto-approve"))
    refreshed = shown(folder)
    before, after = (identities(each, "module.advanced.") for each in (state, refreshed))
    (new,) = after - before
    assert before < after
    assert new[2].from_port == 8080
    assert new[4] == "198.51.100.0/24"
    assert len(refreshed.rules) == len(state.rules) + 1, "rules of resources are there once"
    # A plan after it has the same, as nothing takes the rule away.
    succeeded(terraform(folder, "plan", "-out=second", "-input=false", "-refresh=false"))
    assert identities(shown(folder, "second"), "module.advanced.") == after
