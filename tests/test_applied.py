"""Terraform applied with the real AWS provider to an EC2 emulator, and read back through its API.

The emulator (moto) keeps the descriptions of rules for groups and prefix lists, but leaves them out
where it lists rules one by one; the fixture makes it answer as EC2 does.
"""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Iterator
from dataclasses import replace

import boto3
import pytest
from moto.ec2.models.security_groups import SecurityGroupRule
from moto.server import ThreadedMotoServer
from terraform import require_terraform, terraform

from generator.load import shipped
from generator.peers import Peer
from generator.render import render
from generator.resolve import resolve
from generator.usage import granted

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]

ROOT_MODULE = """
provider "aws" {
  region     = "us-east-1"
  access_key = "test"
  secret_key = "test"
  endpoints {
    ec2 = "%(server)s"
    sts = "%(server)s"
  }
}

resource "aws_vpc" "this" {
  cidr_block = "10.0.0.0/16"
}

resource "aws_security_group" "unknown_until_apply" {
  name   = "other"
  vpc_id = aws_vpc.this.id
}

module "groups" {
  source = "./module"
  vpc_id = aws_vpc.this.id
  %(arguments)s
}

output "groups" {
  value = module.groups
}
"""


def description(rule: SecurityGroupRule) -> str | None:
    sources = (rule.ip_range, rule.source_group, rule.prefix_list_id)
    return next((s["Description"] for s in sources if s and "Description" in s), None)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    require_terraform()
    patch = pytest.MonkeyPatch()
    patch.setattr(SecurityGroupRule, "description", property(description))
    logging.getLogger("werkzeug").disabled = True
    emulator = ThreadedMotoServer(port=0, verbose=False)
    emulator.start()
    host, port = emulator.get_host_and_port()
    yield f"http://{host}:{port}"
    emulator.stop()
    patch.undo()


@pytest.fixture
def ec2(server):
    settings = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    return boto3.client("ec2", endpoint_url=server, region_name="us-east-1", **settings)


@pytest.fixture(scope="module")
def initialised(server, tmp_path_factory):
    """A root module for which Terraform has installed the provider, without any resource."""
    folder = tmp_path_factory.mktemp("initialised")
    (folder / "module").mkdir()
    (folder / "module" / "m.tf").write_text('variable "vpc_id" {}\n')
    versions = (shipped("templates") / "terraform" / "versions.tf.jinja").read_text()
    (folder / "versions.tf").write_text(versions.split("\n", 2)[2])
    (folder / "main.tf").write_text(ROOT_MODULE % {"server": server, "arguments": ""})
    checked(terraform(folder, "init"))
    return folder


@pytest.fixture
def folder(initialised, tmp_path):
    return shutil.copytree(initialised, tmp_path / "root", symlinks=True)


def checked(result):
    assert result.returncode == 0, result.stderr + result.stdout[-3000:]
    return result.stdout


def put(folder, data, server, deployment, arguments=""):
    """Render a deployment into the root module."""
    resolved = resolve(deployment, data.release(deployment.release), data.catalogue)
    shutil.rmtree(folder / "module")
    (folder / "module").mkdir()
    for name, text in render(resolved, shipped("templates"), "terraform").items():
        (folder / "module" / name).write_text(text)
    (folder / "main.tf").write_text(ROOT_MODULE % {"server": server, "arguments": arguments})
    return resolved


def planned(folder) -> dict:
    """The plan for what the folder says now; `applied` applies it."""
    checked(terraform(folder, "plan", "-out", "plan"))
    return json.loads(checked(terraform(folder, "show", "-json", "plan")))


def applied(folder) -> dict[str, str]:
    """Apply the plan, and return the ids of the groups by output."""
    checked(terraform(folder, "apply", "-parallelism=30", "plan"))
    outputs = json.loads(checked(terraform(folder, "output", "-json")))
    return outputs["groups"]["value"]


def read_back(ec2, ids: dict[str, str]) -> set[tuple]:
    """What EC2 has, per role: direction, protocol, ports, peer and description."""
    roles = {group_id: role for role, group_id in ids.items()}
    found = set()
    for role, group_id in ids.items():
        pages = ec2.get_paginator("describe_security_group_rules").paginate(
            Filters=[{"Name": "group-id", "Values": [group_id]}]
        )
        for rule in (rule for page in pages for rule in page["SecurityGroupRules"]):
            reference = rule.get("ReferencedGroupInfo", {}).get("GroupId")
            peer = (
                rule.get("CidrIpv4")
                or rule.get("CidrIpv6")
                or rule.get("PrefixListId")
                or reference
            )
            everything = rule["IpProtocol"] == "-1"
            ports = (None, None) if everything else (rule["FromPort"], rule["ToPort"])
            direction = "outbound" if rule["IsEgress"] else "inbound"
            where = (role, direction, rule["IpProtocol"], *ports, roles.get(peer, peer))
            assert not any(other[:-1] == where for other in found), f"twice: {where}"
            found.add((*where, rule["Description"]))
    return found


def expected(resolved) -> set[tuple]:
    return {
        (
            rule.role,
            rule.direction,
            rule.traffic.ip_protocol,
            rule.traffic.from_port,
            rule.traffic.to_port,
            rule.peer.value,
            rule.description,
        )
        for rule in granted(resolved)
    }


def by_role(resolved, ids) -> dict[str, str]:
    return {group.role: ids[group.output] for group in resolved.groups}


def with_groups_that_exist(deployment, ec2):
    """EC2 refuses a reference to a security group that is not there."""
    (group,) = ec2.describe_security_groups(GroupNames=["default"])["SecurityGroups"][:1]
    endpoints = {
        name: tuple(
            replace(p, value=group["GroupId"]) if p.kind == "security_group" else p
            for p in deployment.peers(name)
        )
        for name in deployment.endpoints or {}
    }
    return replace(deployment, endpoints=endpoints)


@pytest.mark.parametrize("preset", [p.stem for p in (shipped("rule_data") / "presets").glob("*")])
def test_ec2_gets_exactly_what_the_rules_say(preset, data, server, ec2, folder):
    deployment = with_groups_that_exist(data.preset(preset), ec2)
    resolved = put(folder, data, server, deployment)
    planned(folder)
    assert read_back(ec2, by_role(resolved, applied(folder))) == expected(resolved)
    checked(terraform(folder, "plan", "-detailed-exitcode"))


def test_peers_may_be_unknown_until_apply(data, server, ec2, folder):
    dcs = "{ security_group_ids = { dc = aws_security_group.unknown_until_apply.id } }"
    deployment = data.preset("advanced")
    resolved = put(folder, data, server, deployment, f"active_directory = {dcs}")
    planned(folder)
    ids = by_role(resolved, applied(folder))
    others = read_back(ec2, ids) - expected(resolved)
    rows = {p.key for g in resolved.groups for p in g.egress if p.endpoint == "active-directory"}
    assert len(others) == 18, "nine for the manager, nine for the nodes"
    assert len({(ip_protocol, port) for _, _, ip_protocol, port, *_ in others}) == len(rows)
    assert len({peer for *_, peer, _ in others}) == 1


def test_changing_a_deployment_replaces_no_group_and_touches_only_what_changed(
    data, server, ec2, folder
):
    acme = replace(data.preset("predefined"), name="acme")
    dcs = (Peer.parse("10.10.0.10/32", "dc1"), Peer.parse("10.20.0.10/32", "dc2"))
    steps = [
        acme,
        replace(acme, outbound="advanced"),
        replace(acme, outbound="advanced", endpoints={"active-directory": dcs[:1]}),
        replace(acme, outbound="advanced", endpoints={"active-directory": dcs}),
        replace(acme, outbound="advanced", endpoints={"active-directory": dcs[1:]}),
        replace(acme, outbound="advanced", topology="single-node", groups=acme.groups[:2]),
    ]
    before: set[tuple] = set()
    for deployment in steps:
        resolved = put(folder, data, server, deployment)
        changes = planned(folder)["resource_changes"]
        actions = [(c["type"], c["change"]["actions"], c["address"])
                   for c in changes if c["change"]["actions"] != ["no-op"]]  # fmt: skip
        after = expected(resolved)
        kept = {rule.role for rule in granted(resolved)}
        if before:
            replaced = [a for kind, acts, a in actions if kind == "aws_security_group" and (
                acts != ["delete"] or a.rpartition(".")[2].replace("_", "-") in kept)]  # fmt: skip
            assert replaced == []
            rules = [acts for kind, acts, _ in actions if kind.endswith("_rule")]
            assert rules.count(["create"]) == len(after - before)
            assert rules.count(["delete"]) == len(before - after)
            assert len(rules) == len(after ^ before), "nothing else changes"
        assert read_back(ec2, by_role(resolved, applied(folder))) == after
        before = after
