"""A permission that stays keeps its id, from any deployment to any other.

CloudFormation creates before it deletes, and Terraform does both at once: a permission under a new
logical id or `for_each` key is InvalidPermission.Duplicate to EC2. Random moves are compared here;
test_moves_applied.py applies some of them.
"""

from __future__ import annotations

import pytest
from draws import draws
from hypothesis import given
from module import rules_by_key
from moves import ANNOUNCED, MOVES, announced
from samples import rendered
from stack import Stack, filled_in, template_of
from strategies import moves


def held(deployment):
    """By identity, the logical id and the key of every rule of a deployment, and its parameters."""
    template = template_of(deployment)
    ids = {rule.identity: name for name, rule in Stack(template).rules_by_id().items()}
    keys = {rule.identity: key for (*_, key), rule in rules_by_key(rendered(deployment)).items()}
    assert ids.keys() == keys.keys()
    return ids, keys, {name for name in ids.values() if of_parameter(template, name)}


def of_parameter(template, logical_id):
    return isinstance(template["Resources"][logical_id]["Properties"].get("CidrIp"), dict)


def compare_move(old, new):
    """How many permissions stay, and how many of them under another logical id, as announced."""
    (old_ids, old_keys, old_parameters), (new_ids, new_keys, new_parameters) = map(held, (old, new))
    same = old_ids.keys() & new_ids.keys()
    assert [identity for identity in same if old_keys[identity] != new_keys[identity]] == []
    moved = {identity for identity in same if old_ids[identity] != new_ids[identity]}
    for identity in moved:
        assert old_ids[identity] in old_parameters or new_ids[identity] in new_parameters, identity
    assert moved == announced(old, new)
    return len(same), len(moved)


def compare_values(deployment, before, after):
    """How many permissions stay in a stack, and how many of them come from another parameter."""
    template = template_of(deployment)
    stacks = [Stack(template, **given) for given in (before, after)]
    if any(stack.refusals for stack in stacks):
        return 0, 0
    old, new = ({r.identity: name for name, r in s.rules_by_id().items()} for s in stacks)
    same = old.keys() & new.keys()
    moved = {identity for identity in same if old[identity] != new[identity]}
    for identity in moved:
        names = (old[identity], new[identity])
        assert all(of_parameter(template, name) for name in names), identity
    return len(same), len(moved)


@pytest.mark.parametrize("move", MOVES)
def test_no_permission_that_stays_gets_another_id(move):
    same, moved = compare_move(*MOVES[move])
    assert same
    assert moved == 0


@pytest.mark.parametrize("move", ANNOUNCED)
def test_a_value_between_a_parameter_and_the_file_gets_another_logical_id_as_announced(move):
    _, moved = compare_move(*ANNOUNCED[move])
    assert moved


@draws(120)
@given(moves())
def test_no_permission_that_stays_gets_another_id_from_any_deployment_to_another(proof, move):
    same, moved = compare_move(*move)
    proof("moves from one deployment to another compared", 1)
    proof("permissions that stay in moves", same)
    proof("permissions that stay in moves, between a parameter and the file", moved)


@draws(120)
@given(filled_in(times=2))
def test_no_permission_that_stays_gets_another_id_from_any_values_to_others(proof, filled):
    same, moved = compare_values(*filled)
    proof("moves from some parameter values to others compared", 1)
    proof("permissions that stay in moves", same)
    proof("permissions that stay in moves, from one parameter to another", moved)
