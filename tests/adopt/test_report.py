"""What a person reads about groups that are taken over."""

from __future__ import annotations

import pytest
from strategies import resolved

from generator.adopt import Adoption, Matches, report
from generator.model import Deployment, Observed, ObservedGroup, Place

GROUP = ObservedGroup("sg-1", Place("x"), "sg-1", "acme-manager", "-", "vpc-1")
ACME = resolved(Deployment("acme", "3.7", groups=("manager",)))
RULE = Observed("sg-1", "inbound", "tcp", 22, 22, "cidr_ipv4", "10.0.0.0/8", Place("x"), id="sgr-1")


def told(others=(), **fields):
    adopted = Adoption({"manager": GROUP}, (), (), ())._replace(**fields)
    matches = Matches(adopted.groups, (), others)
    return [*report(adopted, matches, ACME, "acme.yaml", "module.acme")]


def test_resources_of_others_are_removed_from_their_state_and_ours_are_not():
    ours = "module.acme.aws_security_group.manager"
    lines = told(managed=('aws_security_group_rule.ssh["a"]', ours))
    assert """  terraform state rm 'aws_security_group_rule.ssh["a"]'""" in lines
    assert not any(ours in line for line in lines)
    assert not any("terraform state" in line for line in told(managed=(ours,)))


@pytest.mark.parametrize(
    ("rule", "sentence"),
    [
        pytest.param(RULE, "manager inbound TCP 22 from 10.0.0.0/8", id="a rule"),
        pytest.param(
            RULE._replace(direction="outbound", description="x"),
            "manager outbound TCP 22 to 10.0.0.0/8: x",
            id="with a description",
        ),
        pytest.param(
            RULE._replace(to_port=None),
            "manager inbound protocol tcp, ports not known from 10.0.0.0/8",
            id="not known well enough",
        ),
    ],
)
def test_a_rule_that_is_too_much_is_described(rule, sentence):
    assert f"  {sentence}" in told(extra=(("manager", rule),))


def test_a_rule_without_an_id_has_no_command():
    assert any("revoke-security-group-ingress" in x for x in told(extra=(("manager", RULE),)))
    lines = told(extra=(("manager", RULE._replace(id=None)),))
    assert not any("aws ec2" in line for line in lines)


def test_groups_without_a_role_are_listed():
    other = GROUP._replace(id="sg-2", name="web")
    assert "sg-2 (web) has no role in this deployment" in told(others=(other,))
