"""Moves applied to an EC2 API that is slow to revoke: by Terraform, and as CloudFormation would."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace
from itertools import pairwise

import pytest
from botocore.exceptions import ClientError
from emulator import (
    applied,
    authorise,
    by_role,
    describe,
    put,
    read_back,
    revoke,
    slow_to_revoke,
    with_peers_that_exist,
)
from expectation import as_resolved, assert_equal
from module import rules_by_key
from moves import ANNOUNCED, BETWEEN_ENDPOINTS, MOVES, identity_of, way_out
from samples import rendered
from stack import Stack, template_of
from states import resources
from strategies import DATA, moves, peers, resolved, sample
from terraform import terraform

from generator.model import Deployment
from generator.resolve import granted

RANDOM = 4  # moves beside those above
SECONDS = 2  # that EC2 takes to revoke a rule


@pytest.fixture(scope="module")
def applied_moves(ec2):
    """By name, moves of deployments whose peers exist in the emulator."""
    drawn = sample(moves(tags={}, name="random", quota=1000), RANDOM)
    cases = {
        name.replace(" ", "-").replace(".", ""): move for name, move in (MOVES | ANNOUNCED).items()
    }
    cases |= {f"random-{i}": move for i, move in enumerate(drawn)}
    return {
        name: tuple(with_peers_that_exist(replace(d, name=name, tags={}), ec2) for d in move)
        for name, move in cases.items()
    }


def test_terraform_applies_moves_while_ec2_is_still_revoking(applied_moves, ec2, folder, proof):
    put(folder, {name: old for name, (old, _) in applied_moves.items()})
    applied(folder)
    put(folder, {name: new for name, (_, new) in applied_moves.items()})
    with slow_to_revoke(SECONDS):
        changes, outputs = applied(folder)
    assert not [change for change in changes if change.action == "replace"]
    rules = [change for change in changes if change.type.endswith("_rule")]
    actions = Counter((change.deployment, change.action) for change in rules)
    keys = defaultdict(set)
    for name, kind, role, key in resources(folder):
        if kind.endswith("_rule"):
            direction = "inbound" if "ingress" in kind else "outbound"
            keys[name].add((role.replace("_", "-"), direction, key))
    for name, (old, new) in applied_moves.items():
        assert_equal(read_back(ec2, by_role(new, outputs[name])), new)
        before, after = ({r.identity for r in as_resolved(d)} for d in (old, new))
        assert actions[name, "create"] == len(after - before)
        assert actions[name, "delete"] == len(before - after)
        assert keys[name] == rules_by_key(rendered(new)).keys(), name
        proof("moves applied with Terraform to an emulator that is slow to revoke", 1)
        proof("permissions that stay in moves applied with Terraform", len(before & after))
        proof("permissions created in moves applied with Terraform", len(after - before))
        proof("permissions revoked in moves applied with Terraform", len(before - after))


def test_a_key_with_anything_else_in_it_fails(folder, ec2):
    """What the test above would find: with the endpoint in the key, a peer cannot move."""
    old, new = (with_peers_that_exist(d, ec2) for d in MOVES[BETWEEN_ENDPOINTS])
    put_with_endpoints_in_keys(folder, old)
    applied(folder)
    put_with_endpoints_in_keys(folder, new)
    with slow_to_revoke(SECONDS):
        failed = terraform(folder, "apply", "-auto-approve", "-parallelism=60")
    assert failed.returncode == 1
    assert "InvalidPermission.Duplicate" in failed.stderr


def put_with_endpoints_in_keys(folder, deployment):
    put(folder, {"acme": deployment})
    main = folder / "acme" / "main.tf"
    key = "key         = key"
    assert main.read_text().count(key) == 1
    with_endpoint = key.replace("= key", '= "${key}/${permission.peers}"')
    main.write_text(main.read_text().replace(key, with_endpoint))


def empty_groups(ec2):
    """By role, the ids of empty groups."""
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    ids = {}
    for role in DATA.catalogue.groups:
        made = ec2.create_security_group(GroupName=role, Description="-", VpcId=vpc)
        ids[role] = made["GroupId"]
        everything = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
        ec2.revoke_security_group_egress(GroupId=ids[role], IpPermissions=everything)
    return ids


def update(ec2, ids, old, new):
    """What CloudFormation does with the rules of a stack: it creates, and then deletes.

    Everything but the description of a rule requires replacement, which creates first as well.
    """
    kept = {name for name in old.keys() & new.keys() if old[name].identity == new[name].identity}
    authorise(ec2, ids, [rule for name, rule in new.items() if name not in kept])
    describe(ec2, ids, [new[name] for name in kept if new[name] != old[name]])
    revoke(ec2, ids, [rule for name, rule in old.items() if name not in kept])


def stack_of(deployment, **given):
    stack = Stack(template_of(deployment), **given)
    assert stack.refusals == []
    return stack.rules_by_id()


def test_cloudformation_creates_before_it_deletes(applied_moves, ec2, proof):
    for name, (old, new) in applied_moves.items():
        ids = empty_groups(ec2)
        steps = [{}, stack_of(old), stack_of(new)]
        gone, come = way_out(old, new)
        if gone or come:
            steps[2:2] = [stack_of(old, **gone), stack_of(new, **come)]
            proof("moves between a parameter and the file, simulated in two steps", 1)
        for before, after in pairwise(steps):
            update(ec2, ids, before, after)
        assert read_back(ec2, ids) == {*stack_of(new).values()}, name
        proof("moves simulated as CloudFormation updates stacks", 1)
        proof("permissions of stacks after those moves", len(stack_of(new)))


def test_a_network_that_a_stack_falls_back_to_moves_into_the_file_in_two_steps(ec2):
    """Emptying the parameter would change nothing, and emptying both would close every rule."""
    old = Deployment("acme", "3.7", outbound="basic")
    new = replace(old, endpoints={"administrators": peers("10.0.0.0/8")})
    given = {"InboundClients": "10.0.0.0/8"}
    gone, come = way_out(old, new)
    assert (gone, come) == ({"Administrators": "192.0.2.0/32"}, {})
    first, last = stack_of(old, **given), stack_of(new, **given)
    between = stack_of(old, **given, **gone)
    assert {name for name in first if between[name] != first[name]} == first.keys() - last.keys()
    assert len(first.keys() - last.keys()) == 4
    for ids, *steps in (
        (empty_groups(ec2), {}, first, between, last),
        (empty_groups(ec2), {}, first),
    ):
        for before, after in pairwise(steps):
            update(ec2, ids, before, after)
    with pytest.raises(ClientError, match=r"InvalidPermission\.Duplicate"):
        update(ec2, ids, first, last)


def test_a_logical_id_with_anything_else_in_it_fails(ec2):
    """What the test above would find: with the endpoint in the id, a peer cannot move."""
    move = [with_peers_that_exist(deployment, ec2) for deployment in MOVES[BETWEEN_ENDPOINTS]]
    old, new = (
        {
            name + endpoints_of(deployment)[rule.identity]: rule
            for name, rule in stack_of(deployment).items()
        }
        for deployment in move
    )
    ids = empty_groups(ec2)
    update(ec2, ids, {}, old)
    with pytest.raises(ClientError, match=r"InvalidPermission\.Duplicate"):
        update(ec2, ids, old, new)


def endpoints_of(deployment):
    return {identity_of(p): p.endpoint for p in granted(resolved(deployment))}
