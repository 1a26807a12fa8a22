"""Terraform applied with the real AWS provider to an EC2 emulator, and read back through its API.

For every preset and example, and for random deployments, three sets are equal: the permissions that
the rule data says, those that Terraform applied, and those that the CloudFormation template holds.

The emulator (moto) loses the descriptions of rules for groups and prefix lists where it lists rules
one by one; the fixture makes it answer as EC2 does.
"""

from __future__ import annotations

import json
import logging
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from inspect import signature

import pytest
from expectation import Rule, as_resolved, assert_equal, expected
from stack import Stack, template_of
from strategies import DATA, deployments, resolved, sample
from terraform import require_terraform, succeeded, terraform

from generator.compare import compare, of_deployment
from generator.load import shipped
from generator.model import Peer
from generator.render import render

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


CALL = """
resource "aws_vpc" "%(name)s" {
  cidr_block = "10.0.0.0/16"
}

module "%(name)s" {
  source = "./%(name)s"
  vpc_id = aws_vpc.%(name)s.id
}

output "%(name)s" {
  value = module.%(name)s
}
"""


def remember_descriptions(patch: pytest.MonkeyPatch) -> None:
    from moto.ec2.models.security_groups import SecurityGroupRule

    original = SecurityGroupRule.__init__

    def initialise(rule, *args, **kwargs):
        original(rule, *args, **kwargs)
        given = signature(original).bind(rule, *args, **kwargs).arguments
        sources = (given.get(name) or {} for name in ("ip_range", "source_group", "prefix_list_id"))
        rule.told = next((s["Description"] for s in sources if "Description" in s), None)

    patch.setattr(SecurityGroupRule, "__init__", initialise)
    patch.setattr(
        SecurityGroupRule,
        "description",
        property(lambda rule: rule.ip_range.get("Description") or rule.told),
    )


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    require_terraform()
    from moto.server import ThreadedMotoServer  # slow to import, as boto3 is

    patch = pytest.MonkeyPatch()
    remember_descriptions(patch)
    logging.getLogger("werkzeug").disabled = True
    emulator = ThreadedMotoServer(port=0, verbose=False)
    emulator.start()
    host, port = emulator.get_host_and_port()
    yield f"http://{host}:{port}"
    emulator.stop()
    patch.undo()


def client(server):
    import boto3

    settings = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    return boto3.client("ec2", endpoint_url=server, region_name="us-east-1", **settings)


@pytest.fixture
def ec2(server):
    return client(server)


@pytest.fixture(scope="module")
def initialised(server, tmp_path_factory):
    """A root module for which Terraform has installed the provider, without any resource."""
    folder = tmp_path_factory.mktemp("initialised")
    (folder / "module").mkdir()
    (folder / "module" / "m.tf").write_text('variable "vpc_id" {}\n')
    versions = (shipped("templates") / "terraform" / "versions.tf.jinja").read_text()
    (folder / "versions.tf").write_text(versions.split("\n", 2)[2])
    (folder / "main.tf").write_text(ROOT_MODULE % {"server": server, "arguments": ""})
    succeeded(terraform(folder, "init"))
    return folder


@pytest.fixture
def folder(initialised, tmp_path):
    return shutil.copytree(initialised, tmp_path / "root", symlinks=True)


def put(folder, server, deployment, arguments=""):
    """Render a deployment into the root module."""
    shutil.rmtree(folder / "module")
    (folder / "module").mkdir()
    for name, text in render(resolved(deployment), [shipped("templates")], "terraform").items():
        (folder / "module" / name).write_text(text)
    (folder / "main.tf").write_text(ROOT_MODULE % {"server": server, "arguments": arguments})


def planned(folder) -> dict:
    """The plan for what the folder says now; `applied` applies it."""
    succeeded(terraform(folder, "plan", "-out", "plan"))
    return json.loads(succeeded(terraform(folder, "show", "-json", "plan")))


def applied(folder) -> dict[str, str]:
    """Apply the plan, and return the ids of the groups by output."""
    succeeded(terraform(folder, "apply", "-parallelism=30", "plan"))
    outputs = json.loads(succeeded(terraform(folder, "output", "-json")))
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


def as_rules(found: set[tuple]) -> set[Rule]:
    """What is read back, with the kinds of the peers, which are seen in their values."""
    return {Rule(*rest, kind_of(peer), peer, description) for *rest, peer, description in found}


def kind_of(peer: str) -> str:
    kinds = {"sg-": "security_group", "pl-": "prefix_list"}
    if peer in DATA.catalogue.groups:
        return "group"
    return kinds.get(peer[:3]) or ("cidr_ipv6" if ":" in peer else "cidr_ipv4")


def granted_by(deployment) -> set[tuple]:
    return {(*rule[:5], *rule[6:]) for rule in as_resolved(deployment)}


def by_role(resolved, ids) -> dict[str, str]:
    return {group.role: ids[group.output] for group in resolved.groups}


def with_peers_that_exist(deployment, ec2):
    """The deployment with groups that are there: EC2 refuses a reference to one that is not."""
    (vpc,) = ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"]

    def id_of(peer: Peer) -> str:
        if peer.kind != "security_group":
            return peer.value
        named = [{"Name": "group-name", "Values": [f"for-{peer.value}"]}]
        found = ec2.describe_security_groups(Filters=named)["SecurityGroups"]
        if found:
            return found[0]["GroupId"]
        name = f"for-{peer.value}"
        made = ec2.create_security_group(GroupName=name, Description="-", VpcId=vpc["VpcId"])
        return made["GroupId"]

    def existing(item):
        if not isinstance(item, Peer):
            return item
        name = id_of(item) if item.name == item.value else item.name
        return replace(item, value=id_of(item), name=name)

    endpoints = {
        name: {key: existing(item) for key, item in bound.items()}
        if isinstance(bound, Mapping)
        else tuple(map(existing, bound))
        for name, bound in (deployment.endpoints or {}).items()
    }
    return replace(deployment, endpoints=endpoints)


def fits(deployment) -> bool:
    """Whether no group has more rules than the emulator takes: both address families together."""
    rules = Counter((rule.role, rule.direction) for rule in as_resolved(deployment))
    return max(rules.values(), default=0) <= 50


RANDOM = 12  # deployments beside the presets and examples
CASES = [*DATA.presets(), *(f"random-{i}" for i in range(RANDOM))]


@pytest.fixture(scope="module")
def everything(server, initialised, tmp_path_factory):
    """Every case applied at once, each in a VPC of its own: by case, the deployment and its ids."""
    ec2 = client(server)
    drawn = [DATA.preset(name) for name in DATA.presets()] + sample(
        deployments().filter(fits), RANDOM
    )
    cases = {}
    folder = shutil.copytree(initialised, tmp_path_factory.mktemp("all") / "root", symlinks=True)
    calls = [ROOT_MODULE.split("resource")[0] % {"server": server}]
    for name, deployment in zip(CASES, drawn, strict=True):
        # The emulator loses some tags with unusual signs; how they are written is shown elsewhere.
        renamed = replace(deployment, name=name, tags={"Case": name})
        cases[name] = with_peers_that_exist(renamed, ec2)
        module = folder / name
        module.mkdir()
        for file, text in render(
            resolved(cases[name]), [shipped("templates")], "terraform"
        ).items():
            (module / file).write_text(text)
        calls.append(CALL % {"name": name})
    (folder / "main.tf").write_text("".join(calls))
    succeeded(terraform(folder, "get"))
    succeeded(terraform(folder, "apply", "-auto-approve", "-parallelism=30"))
    ids = json.loads(succeeded(terraform(folder, "output", "-json")))
    changes = planned(folder)["resource_changes"]
    again = [c for c in changes if c["change"]["actions"] != ["no-op"]]
    return {name: (cases[name], ids[name]["value"]) for name in CASES}, again


def test_a_second_plan_is_empty(everything):
    _, again = everything
    assert [(change["address"], change["change"]) for change in again] == []


@pytest.mark.parametrize("case", CASES)
def test_terraform_and_cloudformation_and_the_rule_data_say_the_same(case, everything, ec2, proof):
    deployment, ids = everything[0][case]
    decided = resolved(deployment)
    applied = as_rules(read_back(ec2, by_role(decided, ids)))
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


def test_peers_may_be_unknown_until_apply(server, ec2, folder):
    dcs = "{ security_group_ids = { dc = aws_security_group.unknown_until_apply.id } }"
    deployment = DATA.preset("advanced")
    put(folder, server, deployment, f"active_directory = {dcs}")
    planned(folder)
    groups = resolved(deployment).groups
    ids = by_role(resolved(deployment), applied(folder))
    others = read_back(ec2, ids) - granted_by(deployment)
    rows = {p.key for g in groups for p in g.egress if p.endpoint == "active-directory"}
    assert len(others) == 18, "nine for the manager, nine for the nodes"
    assert len({(ip_protocol, port) for _, _, ip_protocol, port, *_ in others}) == len(rows)
    assert len({peer for *_, peer, _ in others}) == 1


def test_changing_a_deployment_replaces_no_group_and_touches_only_what_changed(
    server, ec2, folder, proof
):
    acme = replace(DATA.preset("predefined"), name="acme")
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
        put(folder, server, deployment)
        changes = planned(folder)["resource_changes"]
        actions = [(c["type"], c["change"]["actions"], c["address"])
                   for c in changes if c["change"]["actions"] != ["no-op"]]  # fmt: skip
        after = granted_by(deployment)
        kept = {role for role, *_ in after}
        if before:
            replaced = [a for kind, acts, a in actions if kind == "aws_security_group" and (
                acts != ["delete"] or a.rpartition(".")[2].replace("_", "-") in kept)]  # fmt: skip
            assert replaced == []
            rules = [acts for kind, acts, _ in actions if kind.endswith("_rule")]
            assert rules.count(["create"]) == len(after - before)
            assert rules.count(["delete"]) == len(before - after)
            assert len(rules) == len(after ^ before), "nothing else changes"
            proof("changes of a deployment that replace no group", 1)
        assert read_back(ec2, by_role(resolved(deployment), applied(folder))) == after
        before = after


def real(permissions):
    """The permissions without those of endpoints that are left open, for which there is no rule."""
    return [permission for permission in permissions if permission.peer != "(open)"]


def test_moving_through_the_releases_changes_the_rules_of_the_diff_and_no_other(
    server, ec2, folder, proof
):
    acme = replace(
        DATA.preset("advanced"),
        name="acme",
        endpoints={
            "inbound-clients": (Peer.parse("10.0.0.0/8"),),
            "active-directory": {"dc1": Peer.parse("10.10.0.10/32")},
            "dns": (Peer.parse("10.0.0.2/32"),),
            "autosupport": (Peer.parse("0.0.0.0/0"),),
            "cloud-compliance": (Peer.parse("10.3.0.0/28"),),
        },
        supplements=("autosupport", "ntp"),
    )
    before = None
    for release in DATA.releases():
        moved = replace(acme, release=release)
        put(folder, server, moved)
        changes = [
            (c["type"], c["change"])
            for c in planned(folder)["resource_changes"]
            if c["change"]["actions"] != ["no-op"]
        ]
        after = of_deployment(release, moved, DATA.release(release), DATA.catalogue)
        if before:
            found = compare(before, after)
            assert {kind for kind, _ in changes} <= {
                "aws_vpc_security_group_ingress_rule",
                "aws_vpc_security_group_egress_rule",
            }, "no group changes"
            actions = [change["actions"] for _, change in changes]
            assert actions.count(["create"]) == len(real(found.added))
            assert actions.count(["delete"]) == len(real(found.removed))
            for _, change in changes:
                if change["actions"] == ["update"]:
                    was, is_ = change["before"], change["after"]
                    assert {k for k in was if was[k] != is_.get(k)} <= {"description"}
            assert {tuple(action) for action in actions} <= {("create",), ("delete",), ("update",)}
            proof("moves to another release that replace no group", 1)
        assert read_back(ec2, by_role(resolved(moved), applied(folder))) == granted_by(moved)
        before = after
