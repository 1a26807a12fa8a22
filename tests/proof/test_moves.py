"""A permission that stays keeps its id, from any deployment to any other.

CloudFormation creates before it deletes, and Terraform does both at once: a permission under a new
logical id or `for_each` key is InvalidPermission.Duplicate to EC2. Random moves are compared here,
and some of them applied to an EC2 emulator that takes seconds to revoke.
"""

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
    planned,
    put,
    read_back,
    revoke,
    slow_to_revoke,
    with_peers_that_exist,
)
from expectation import as_resolved, assert_equal
from hypothesis import HealthCheck, Phase, given, settings
from module import rules_by_key
from samples import rendered
from stack import Stack, filled_in, template_of
from strategies import DATA, moves, peers, resolved, sample
from terraform import terraform

from generator.compare import changes, of_deployment
from generator.model import Deployment
from generator.resolve import granted

slow = pytest.mark.slow
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]

ACME = Deployment(
    "acme",
    "3.7",
    endpoints={
        "inbound-clients": peers("10.0.0.0/8"),
        "active-directory": {"dc1": peers("10.10.0.10/32")[0], "dc2": peers("10.20.0.10/32")[0]},
        "outbound-internet": peers("10.3.0.0/16", "pl-01234567", "sg-01234567"),
    },
)


def bound(**endpoints):
    given = {name.replace("_", "-"): peers(*texts) for name, texts in endpoints.items()}
    return replace(ACME, endpoints={**ACME.endpoints, **given})


DCS = dict(ACME.endpoints["active-directory"])
BETWEEN_ENDPOINTS = "a peer goes to another endpoint of the same rule"
MOVES = {
    "a label is renamed": (ACME, replace(ACME, endpoints={
        **ACME.endpoints, "active-directory": {"one": DCS["dc1"], "two": DCS["dc2"]}})),
    "labels go": (ACME, bound(active_directory=["10.20.0.10/32", "10.10.0.10/32"])),
    "an endpoint that fell back is bound to the same": (
        ACME, bound(administrators=["10.0.0.0/8"], manager_https_clients=["10.0.0.0/8"])),
    BETWEEN_ENDPOINTS: (
        bound(ontap_cluster_management_lif=[]),
        bound(outbound_internet=["sg-01234567"],
              ontap_cluster_management_lif=["10.3.0.0/16", "pl-01234567"])),
    "outbound mode": (replace(ACME, outbound="basic"), ACME),
    "topology": (ACME, replace(ACME, topology="single-node")),
    "compact": (bound(nfs_clients=["10.4.0.0/16"]),
                replace(bound(nfs_clients=["10.4.0.0/16"]), compact=True)),
    **{f"from 3.7 to {release}": (ACME, replace(ACME, release=release))
       for release in DATA.releases() if release != "3.7"},
}  # fmt: skip


OPEN = replace(ACME, endpoints={"active-directory": DCS})
BOUND = replace(OPEN, endpoints={**OPEN.endpoints, "inbound-clients": peers("0.0.0.0/0")})
ANNOUNCED = {
    "from a parameter into the file": (OPEN, BOUND),
    "from the file to a parameter": (BOUND, OPEN),
}


def held(deployment):
    """By identity, the logical id and the key of every rule of a deployment, and its parameters."""
    template = template_of(deployment)
    ids = {rule.identity: name for name, rule in Stack(template).rules_by_id().items()}
    keys = {rule.identity: key for (*_, key), rule in rules_by_key(rendered(deployment)).items()}
    assert ids.keys() == keys.keys()
    return ids, keys, {name for name in ids.values() if of_parameter(template, name)}


def of_parameter(template, logical_id):
    return isinstance(template["Resources"][logical_id]["Properties"].get("CidrIp"), dict)


def announced(old, new):
    """The identities that `cvo-sg generate --diff` says to be the same under a new id."""
    states = (of_deployment("", d, DATA.release(d.release), DATA.catalogue) for d in (old, new))
    return {identity_of(p) for _, p in changes(*states).permissions.moved}


def identity_of(p):
    """The identity of a permission as `Rule` has it."""
    traffic = (p.traffic.ip_protocol, p.traffic.from_port, p.traffic.to_port)
    return (p.group, p.direction, *traffic, p.peer.kind, p.peer.value)


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


few = settings(
    max_examples=12,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate, Phase.shrink],
    suppress_health_check=[*HealthCheck],
)
many = settings(few, max_examples=200)


@pytest.mark.parametrize("move", MOVES)
def test_no_permission_that_stays_gets_another_id(move):
    same, moved = compare_move(*MOVES[move])
    assert same
    assert moved == 0


@pytest.mark.parametrize("move", ANNOUNCED)
def test_a_value_between_a_parameter_and_the_file_gets_another_logical_id_as_announced(move):
    _, moved = compare_move(*ANNOUNCED[move])
    assert moved


@few
@given(moves())
def test_no_permission_that_stays_gets_another_id_from_any_deployment_to_another(move):
    compare_move(*move)


@few
@given(filled_in(times=2))
def test_no_permission_that_stays_gets_another_id_from_any_values_to_others(filled):
    compare_values(*filled)


@slow
def test_no_permission_that_stays_gets_another_id_in_many_moves(proof):
    @many
    @given(moves())
    def check(move):
        same, moved = compare_move(*move)
        proof("moves from one deployment to another compared", 1)
        proof("permissions that stay in moves", same)
        proof("permissions that stay in moves, between a parameter and the file", moved)

    check()


@slow
def test_no_permission_that_stays_gets_another_id_in_many_pairs_of_values(proof):
    @many
    @given(filled_in(times=2))
    def check(filled):
        same, moved = compare_values(*filled)
        proof("moves from some parameter values to others compared", 1)
        proof("permissions that stay in moves", same)
        proof("permissions that stay in moves, from one parameter to another", moved)

    check()


# Moves applied to an EC2 API, by Terraform and as CloudFormation would.

RANDOM = 8  # moves beside those above
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


@slow
def test_terraform_applies_moves_while_ec2_is_still_revoking(applied_moves, ec2, folder, proof):
    put(folder, {name: old for name, (old, _) in applied_moves.items()})
    applied(folder)
    put(folder, {name: new for name, (_, new) in applied_moves.items()})
    plan = planned(folder)
    with slow_to_revoke(SECONDS):
        outputs = applied(folder, "plan")
    actions, keys = Counter(), defaultdict(set)
    for resource in plan:
        module = resource.get("module_address", "").removeprefix("module.")
        [action] = resource["change"]["actions"]  # nothing is replaced
        if resource["type"].endswith("_rule"):
            actions[module, action] += 1
            direction = "inbound" if "ingress" in resource["type"] else "outbound"
            if action != "delete":
                keys[module].add((resource["name"].replace("_", "-"), direction, resource["index"]))
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


@slow
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
    return Stack(template_of(deployment), **given).rules_by_id()


def emptied(deployment):
    names = template_of(deployment)["Parameters"].keys() - {"VpcId", "Name"}
    return stack_of(deployment, **dict.fromkeys(names, ""))


@slow
def test_cloudformation_creates_before_it_deletes(applied_moves, ec2, proof):
    for name, (old, new) in applied_moves.items():
        ids = empty_groups(ec2)
        steps = [{}, stack_of(old), stack_of(new)]
        if announced(old, new):  # in two steps
            steps[2:2] = [emptied(old), emptied(new)]
            proof("moves between a parameter and the file, simulated in two steps", 1)
        for before, after in pairwise(steps):
            update(ec2, ids, before, after)
        assert read_back(ec2, ids) == {*stack_of(new).values()}, name
        proof("moves simulated as CloudFormation updates stacks", 1)
        proof("permissions of stacks after those moves", len(stack_of(new)))


@slow
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


# A group in use, which a change would replace.

TIMEOUTS = """  timeouts {
    delete = "5s" # for which the provider tries for 15 minutes
  }

  lifecycle {"""


def put_groups_in_use(folder, **names):
    acme = replace(OPEN, groups=("manager",))
    deployments = {"loose": acme, "protected": replace(acme, protect=True)}
    arguments = {module: f'name = "{name}"' for module, name in names.items()}
    put(folder, deployments, arguments)
    for module in deployments:
        main = folder / module / "main.tf"
        main.write_text(main.read_text().replace("  lifecycle {", TIMEOUTS))


@slow
def test_replacing_a_group_in_use_takes_its_rules_and_fails_unless_it_is_protected(folder, ec2):
    put_groups_in_use(folder)
    outputs = applied(folder)
    ids = {module: {"manager": outputs[module]["manager_security_group_id"]} for module in outputs}
    for group_ids in ids.values():
        attach(ec2, *group_ids.values())
    before = {module: read_back(ec2, group_ids) for module, group_ids in ids.items()}
    assert all(before.values())

    put_groups_in_use(folder, protected="other")
    refused = terraform(folder, "plan", "-refresh=false")
    assert refused.returncode == 1
    assert "Instance cannot be destroyed" in refused.stderr
    assert read_back(ec2, ids["protected"]) == before["protected"]

    put_groups_in_use(folder, loose="other")
    failed = terraform(folder, "apply", "-auto-approve")
    assert failed.returncode == 1
    assert "DependencyViolation" in failed.stderr
    assert read_back(ec2, ids["loose"]) == set()
    assert read_back(ec2, ids["protected"]) == before["protected"]


def attach(ec2, group_id):
    """Attach a group to a network interface, so that EC2 refuses to delete it."""
    [group] = ec2.describe_security_groups(GroupIds=[group_id])["SecurityGroups"]
    subnet = ec2.create_subnet(VpcId=group["VpcId"], CidrBlock="10.0.0.0/24")["Subnet"]
    ec2.create_network_interface(SubnetId=subnet["SubnetId"], Groups=[group_id])
    with pytest.raises(ClientError, match="DependencyViolation"):
        ec2.delete_security_group(GroupId=group_id)
