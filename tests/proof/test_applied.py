"""Terraform applied with the real AWS provider to an EC2 emulator, and read back through its API.

For every preset and example, and for random deployments, three sets are equal: the permissions that
the rule data says, those that Terraform applied, and those that the CloudFormation template holds.
"""

from __future__ import annotations

import json
import shutil
from collections import defaultdict
from dataclasses import astuple, replace
from itertools import zip_longest

import pytest
from emulator import (
    ANOTHER_ACCOUNT,
    applied,
    by_role,
    planned,
    put,
    read_back,
    with_peers_that_exist,
)
from expectation import as_resolved, assert_equal, expected
from samples import rendered
from stack import Stack, template_of
from states import resources
from strategies import DATA, deployments, resolved, sample
from terraform import succeeded, terraform

from generator.compare import changes, of_deployment
from generator.model import Peer, pascal
from generator.observe import read_text

RANDOM = 8  # deployments beside the presets and examples
CASES = [*DATA.presets(), "another-account", *(f"random-{i}" for i in range(RANDOM))]
OF_ANOTHER_ACCOUNT = Peer.parse(f"{ANOTHER_ACCOUNT}/sg-0123456789abcdef0")
OTHER = """
resource "aws_vpc" "other" {
  cidr_block = "10.0.0.0/16"
}

resource "aws_security_group" "unknown_until_apply" {
  name   = "other"
  vpc_id = aws_vpc.other.id
}
"""
UNKNOWN = """
  active_directory = {
    security_group_ids = { dc = aws_security_group.unknown_until_apply.id }
  }
"""


@pytest.fixture(scope="module")
def everything(ready, ec2, tmp_path_factory):
    """Every case applied at once: by case, the deployment and its outputs; and a second plan."""
    presets = [DATA.preset(name) for name in DATA.presets()]
    endpoints = dict.fromkeys(["administrators", "active-directory"], (OF_ANOTHER_ACCOUNT,))
    another = replace(DATA.preset("advanced"), endpoints=endpoints)
    drawn = [*presets, another, *sample(deployments(), RANDOM)]
    # The emulator loses some tags with unusual signs; how they are written is shown elsewhere.
    cases = {
        name: with_peers_that_exist(replace(deployment, name=name, tags={"Case": name}), ec2)
        for name, deployment in zip(CASES, drawn, strict=True)
    }
    folder = shutil.copytree(ready, tmp_path_factory.mktemp("all") / "root", symlinks=True)
    unknown = replace(DATA.preset("advanced"), name="unknown")
    put(folder, cases | {"unknown": unknown}, {"unknown": UNKNOWN}, OTHER)
    outputs = applied(folder).outputs
    found = {name: (deployment, outputs[name]) for name, deployment in cases.items()}
    found |= {"unknown": (unknown, outputs["unknown"])}
    return found, planned(folder, "-out=plan"), folder


def test_a_second_plan_is_empty(everything):
    assert everything[1] == []


def test_a_group_of_another_account_is_a_peer(everything, ec2):
    deployment, outputs = everything[0]["another-account"]
    rules = read_back(ec2, by_role(deployment, outputs))
    assert sum(rule.peer == OF_ANOTHER_ACCOUNT.value for rule in rules) > 10
    attributes = resources(everything[2]).values()
    held = {each.get("referenced_security_group_id") for each in attributes}
    assert f"{OF_ANOTHER_ACCOUNT}" in held


@pytest.mark.parametrize("case", CASES)
def test_terraform_and_cloudformation_and_the_rule_data_say_the_same(case, everything, ec2, proof):
    deployment, outputs = everything[0][case]
    applied = read_back(ec2, by_role(deployment, outputs))
    template = Stack(template_of(deployment)).rules()
    assert applied == set(template)
    assert len(applied) == len(template)
    documented = expected(deployment)
    assert_equal(applied, deployment, documented)
    proof("deployments applied with Terraform and compared", 1)
    compact = " (compact, which joins some)" if deployment.compact else ""
    proof(f"permissions that the rule data says{compact}", len(documented))
    proof(f"permissions that Terraform applied{compact}", len(applied))
    proof(f"permissions that CloudFormation templates hold{compact}", len(template))


# The same sets again, as the tool itself reads them from wherever they are.


@pytest.fixture(scope="module")
def sources(everything, ec2):
    """By their names, what is read of EC2's two descriptions, of the state and of the plan."""
    cases, _, folder = everything
    ids = [i for _, outputs in cases.values() for i in outputs.values() if isinstance(i, str)]
    groups = ec2.get_paginator("describe_security_groups").paginate(GroupIds=ids)
    listed = ec2.get_paginator("describe_security_group_rules").paginate(
        Filters=[{"Name": "group-id", "Values": ids}]
    )
    texts = {
        "groups of EC2": "".join(json.dumps(page, default=str) for page in groups),
        "rules of EC2": "".join(json.dumps(page, default=str) for page in listed),
        "state": succeeded(terraform(folder, "show", "-json")),
        "plan": succeeded(terraform(folder, "show", "-json", "plan")),
    }
    return {name: read_text(text, f"{name}.json") for name, text in texts.items()}


def read_for(observation, roles):
    """The identities of rules of groups, given the roles of those by their keys."""
    found = set()
    for p in observation.permissions():
        if p.group in roles:
            kind, value = p.peer.kind, p.peer.value
            if value in roles:
                kind, value = "group", roles[value]
            found.add((roles[p.group], p.direction, *astuple(p.traffic), kind, value))
    return found


@pytest.mark.parametrize("case", CASES)
def test_what_is_read_from_anywhere_is_the_same(case, everything, sources, proof):
    deployment, outputs = everything[0][case]
    wanted = {rule.identity for rule in as_resolved(deployment)}
    ids = {group_id: role for role, group_id in by_role(deployment, outputs).items()}
    addresses = {
        f"module.{case}.aws_security_group.{role.replace('-', '_')}": role for role in ids.values()
    }
    for name, found in sources.items():
        assert read_for(found, ids if "EC2" in name else addresses) == wanted, name
        proof(f"permissions read from the {name}", len(wanted))
    text = rendered(deployment, "cloudformation")["template.yaml"]
    template = read_text(text, "template.yaml", {"VpcId": "vpc-0123456789abcdef0"})
    logical_ids = {f"{pascal(role)}SecurityGroup": role for role in ids.values()}
    placeholder = ("outbound", "-1", None, None, "cidr_ipv4", "127.0.0.1/32")
    in_template = {i for i in read_for(template, logical_ids) if i[1:] != placeholder}
    assert in_template == wanted
    proof("permissions read from the template", len(wanted))


def test_peers_may_be_unknown_until_apply(everything, ec2):
    acme, outputs = everything[0]["unknown"]
    others = read_back(ec2, by_role(acme, outputs)) - set(as_resolved(acme))
    traffic = {
        line.traffic
        for group in resolved(acme).groups
        for line in group.egress
        if line.endpoint == "active-directory"
    }
    assert len(others) == 18, "nine for the manager, nine for the nodes"
    assert len({(rule.protocol, rule.first) for rule in others}) == len(traffic)
    assert len({rule.peer for rule in others}) == 1


PREDEFINED = replace(DATA.preset("predefined"), name="steps")
DCS = (Peer.parse("10.10.0.10/32", "dc1"), Peer.parse("10.20.0.10/32", "dc2"))
STEPS = [
    PREDEFINED,
    replace(PREDEFINED, outbound="advanced"),
    replace(PREDEFINED, outbound="advanced", endpoints={"active-directory": DCS}),
    replace(PREDEFINED, outbound="advanced", endpoints={"active-directory": DCS[1:]},
            topology="single-node", groups=PREDEFINED.groups[:2]),
]  # fmt: skip
RELEASES = [
    replace(
        DATA.preset("advanced"),
        name="releases",
        release=release,
        endpoints={
            "inbound-clients": (Peer.parse("10.0.0.0/8"),),
            "active-directory": {"dc1": Peer.parse("10.10.0.10/32")},
            "dns": (Peer.parse("10.0.0.2/32"),),
            "autosupport": (Peer.parse("0.0.0.0/0"),),
            "cloud-compliance": (Peer.parse("10.3.0.0/28"),),
        },
        supplements=("autosupport", "ntp"),
    )
    for release in DATA.releases()
    if "manager" in DATA.release(release).rules
]


@pytest.fixture(scope="module")
def changes_made(ready, ec2, tmp_path_factory):
    """By name of the deployment, each change of it: old, new, what Terraform changed, which
    attributes of resources that stay differ, and the rules that were there afterwards.
    """
    folder = shutil.copytree(ready, tmp_path_factory.mktemp("changes") / "root", symlinks=True)
    found = {"steps": [], "releases": []}
    now = {"steps": STEPS[0], "releases": RELEASES[0]}
    put(folder, now)
    applied(folder)
    for step in zip_longest(STEPS[1:], RELEASES[1:]):
        before, now = now, {d.name: d for d in (*now.values(), *filter(None, step))}
        put(folder, now)
        held = resources(folder)
        changes, outputs = applied(folder)
        differing = defaultdict(set)
        for (name, *_), was, is_ in in_both(held, resources(folder)):
            differing[name] |= {attribute for attribute in was if was[attribute] != is_[attribute]}
        for name, deployment in now.items():
            if deployment != before[name]:
                own = [change for change in changes if change.deployment == name]
                rules = read_back(ec2, by_role(deployment, outputs[name]))
                found[name].append((before[name], deployment, own, differing[name], rules))
    return found


def in_both(one, other):
    return [(key, one[key], other[key]) for key in one.keys() & other.keys()]


def test_changing_a_deployment_replaces_no_group_and_touches_only_what_changed(changes_made, proof):
    for old, new, made, _, rules in changes_made["steps"]:
        before, after = (set(as_resolved(deployment)) for deployment in (old, new))
        kept = {rule.role for rule in after}
        groups = [change for change in made if change.type == "aws_security_group"]
        assert all(group.action == "delete" for group in groups)
        assert not kept.intersection(group.name.replace("_", "-") for group in groups)
        actions = [change.action for change in made if change.type.endswith("_rule")]
        assert actions.count("create") == len(after - before)
        assert actions.count("delete") == len(before - after)
        assert len(actions) == len(after ^ before), "nothing else changes"
        assert rules == after
        proof("changes of a deployment that replace no group", 1)


def in_force(permissions):
    """The permissions without those of endpoints that are left open, for which there is no rule."""
    return [permission for permission in permissions if permission.peer.kind != "input"]


def test_moving_through_the_releases_changes_the_rules_of_the_diff_and_no_other(
    changes_made, proof
):
    for old, new, made, differing, rules in changes_made["releases"]:
        states = (
            of_deployment(d.release, d, DATA.release(d.release), DATA.catalogue) for d in (old, new)
        )
        differences = changes(*states).permissions
        assert {change.type for change in made} <= {
            "aws_vpc_security_group_ingress_rule",
            "aws_vpc_security_group_egress_rule",
        }, "no group changes"
        actions = [change.action for change in made]
        assert actions.count("create") == len(in_force(differences.added))
        assert actions.count("delete") == len(in_force(differences.removed))
        assert {*actions} <= {"create", "delete", "update"}
        assert differing <= {"description"}
        assert rules == set(as_resolved(new))
        proof("moves to another release that replace no group", 1)
