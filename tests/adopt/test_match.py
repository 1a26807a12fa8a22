"""Which group has which role: what is certain is taken, and nothing else."""

from __future__ import annotations

import pytest
from strategies import DATA, resolved

from generator.adopt import match_groups
from generator.errors import UsageError
from generator.model import Deployment, Observation, ObservedGroup, Place
from generator.observe import join

ACME = resolved(Deployment("acme", DATA.releases()[0]))


def group(key="sg-1", **fields):
    return ObservedGroup(key, Place("groups.json"), id=key, **fields)


def matched(*groups, **given):
    found = match_groups(
        join([Observation(groups)]), ACME, {k.replace("_", "-"): v for k, v in given.items()}
    )
    return {role: each.key for role, each in found.by_role.items()}


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"name": "acme-ha-mediator"}, id="name"),
        pytest.param({"name": "Acme-HA-Mediator"}, id="name in other letters"),
        pytest.param({"name": "ha-mediator"}, id="name is the role"),
        pytest.param({"name": "x", "tags": {"Name": "acme-ha-mediator"}}, id="Name tag"),
        pytest.param({"name": "x", "output": "mediator_security_group_id"}, id="Terraform output"),
        pytest.param(
            {"name": "x", "output": "MediatorSecurityGroupId"}, id="CloudFormation output"
        ),
    ],
)
def test_a_group_has_the_role_that_its_name_or_output_says(fields):
    assert matched(group(**fields)) == {"ha-mediator": "sg-1"}


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"name": "ha-mediator-old"}, id="not at the end"),
        pytest.param({"name": "alpha-mediator"}, id="the end of another word"),
        pytest.param({"tags": {"Role": "acme-manager"}}, id="another tag"),
        pytest.param({}, id="no name"),
    ],
)
def test_what_is_not_certain_is_listed_and_not_guessed(fields):
    found = match_groups(Observation((group(**fields),)), ACME, {})
    assert found.by_role == {}
    assert [each.key for each in found.others] == ["sg-1"]
    assert found.absent == tuple(each.role for each in ACME.groups)


def test_an_option_comes_before_names():
    named, other = group("sg-1", name="acme-manager"), group("sg-2", name="acme-x")
    assert matched(named, other, manager="sg-2") == {"manager": "sg-2"}


def test_a_group_that_was_read_twice_is_one():
    assert matched(group(name="acme-manager"), group(name="acme-manager")) == {"manager": "sg-1"}


def test_two_groups_for_a_role_are_a_mistake():
    groups = group("sg-1", name="a-manager"), group("sg-2", name="b-manager")
    with pytest.raises(UsageError) as error:
        matched(*groups)
    assert str(error.value) == (
        "several groups could be the group manager: "
        "use --group manager=sg-1 or --group manager=sg-2"
    )


def test_an_option_names_a_role_and_a_group_that_exist():
    with pytest.raises(UsageError, match="no such group"):
        matched(group(), manager="sg-9")
    with pytest.raises(UsageError, match="no source describes the group sg-01234567"):
        matched(group(), manager="sg-01234567")
    with pytest.raises(UsageError, match="unknown group 'web'"):
        matched(group(), web="sg-1")
