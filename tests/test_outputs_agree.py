"""For random deployments, three sets of permissions are equal: what the rule data and the
deployment say, what the CloudFormation template holds, and what Terraform plans.

The first is computed here, from the rows, in the simplest way there is; `usage.granted` has to
agree with it, too. cloud-radar evaluates the template: its parameters and conditions, nested
`Fn::If` included. It passes over the section `Rules`, so that is put through the same evaluator
here, function by function. It also copies a template through YAML for every evaluation, which takes
most of the time; here the copy is made in memory. Terraform is itself.
"""

from __future__ import annotations

import json
import re
import shutil
from collections import Counter, defaultdict
from copy import deepcopy
from dataclasses import astuple, replace
from ipaddress import collapse_addresses, ip_network
from typing import NamedTuple

import pytest
import yaml
from cloud_radar.cf.unit import Template
from hypothesis import HealthCheck, Phase, event, example, given, settings
from hypothesis import strategies as st
from strategies import DATA, NOTABLE, RELEASE, SHARED_LATER, deployments, resolved, sample
from terraform import require_terraform, terraform

from generator.load import shipped
from generator.peers import Peer
from generator.render import render
from generator.usage import granted

GROUPS, ENDPOINTS = DATA.catalogue.groups, DATA.catalogue.endpoints
VPC = "vpc-0123456789abcdef0"


class Rule(NamedTuple):
    """A rule as EC2 stores it. The peer is a role where its kind is `group`."""

    role: str
    direction: str
    protocol: str
    first: int | None
    last: int | None
    kind: str
    peer: str
    description: str

    @property
    def identity(self):
        """What EC2 takes once."""
        return self[:-1]


# What the rule data and the deployment say.


def roles_of(deployment):
    if deployment.groups is not None:
        return deployment.groups
    possible = (role for role in RELEASE.info.groups if not GROUPS[role].created_by_product)
    return tuple(r for r in possible if deployment.topology == "ha" or not GROUPS[r].ha_only)


def rows_of(deployment, role):
    """Direction, endpoint, traffic and purpose of every row, in document order."""
    for direction, mode, table in RELEASE.rules[role].tables():
        for row in table if mode in (None, deployment.outbound) else ():
            if deployment.topology == "ha" or not row.ha_only:
                for endpoint in row.endpoints:
                    for traffic in row.traffic:
                        yield direction, endpoint, traffic, row.purpose


def peers_of(deployment, role, endpoint):
    """The kinds and values of an endpoint's peers in the rules of a role."""
    default, bound = ENDPOINTS[endpoint].default, deployment.peers(endpoint)
    if bound is not None:
        return widest({(peer.kind, peer.value) for peer in bound})
    if default.endpoint:
        return peers_of(deployment, role, default.endpoint)
    group = role if default.own_group else default.group
    if group in roles_of(deployment):
        return {("group", group)}
    return {(Peer.parse(cidr).kind, cidr) for cidr in default.cidrs}


def widest(peers):
    """The peers without the networks that lie in another one."""
    networks = {peer: ip_network(peer[1]) for peer in peers if peer[0].startswith("cidr")}
    return {
        peer
        for peer in peers
        if not any(
            other[0] == peer[0] and other != peer and networks[peer].subnet_of(network)
            for other, network in networks.items()
            if peer in networks
        )
    }


def expected(deployment):
    found = {}
    for role in roles_of(deployment):
        purposes = defaultdict(list)
        for *permission, purpose in rows_of(deployment, role):
            purposes[tuple(permission)].append(purpose)
        for (direction, endpoint, traffic), told in purposes.items():
            different = {purpose.casefold(): purpose for purpose in reversed(told)}
            description = "; ".join(reversed(different.values())).replace("doesn’t", "does not")
            for kind, value in peers_of(deployment, role, endpoint):
                protocol, *ports = astuple(traffic)
                if protocol == "icmp" and kind == "cidr_ipv6":
                    protocol = "icmpv6"
                rule = Rule(role, direction, protocol, *ports, kind, value, description)
                found.setdefault(rule.identity, rule)  # the first endpoint keeps it
    return set(found.values())


def as_resolved(deployment):
    return [
        Rule(r.role, r.direction, *astuple(r.traffic), r.peer.kind, r.peer.value, r.description)
        for r in granted(resolved(deployment))
    ]


def opened(rules):
    """What rules open, however they are cut: the first port of each stretch, and its peers."""
    found = defaultdict(list)
    for rule in rules:
        ports = (-1, -1) if rule.first is None else (rule.first, rule.last)
        found[rule[:3]].append((*ports, rule.kind, rule.peer))
    return {where: [*stretches(ranges)] for where, ranges in found.items()}


def stretches(ranges):
    before = frozenset()
    for port in sorted({edge for first, last, *_ in ranges for edge in (first, last + 1)}):
        peers = joined({(k, p) for first, last, k, p in ranges if first <= port <= last})
        if peers != before:
            yield port, peers
        before = peers


def joined(peers):
    networks = defaultdict(list)
    for kind, peer in peers:
        if kind.startswith("cidr"):
            networks[kind].append(ip_network(peer))
    others = {peer for peer in peers if peer[0] not in networks}
    return frozenset(others).union(*map(collapse_addresses, networks.values()))


def assert_equal(rules, deployment, from_rows=None):
    """That the rules are those of the deployment; if it is compact, that they open the same."""
    assert sorted(Counter(r.identity for r in rules).items()) == [
        (identity, 1) for identity in sorted(r.identity for r in rules)
    ], "EC2 takes each protocol, port range and peer once"
    for rule in rules:
        assert re.fullmatch(r"[a-zA-Z0-9 ._\-:/()#,@\[\]+=&;{}!$*]{1,255}", rule.description)
    from_rows = expected(deployment) if from_rows is None else from_rows
    if deployment.compact:
        assert opened(rules) == opened(from_rows)
        assert len(rules) <= len(from_rows)
    else:
        assert set(rules) == from_rows
    return len(rules)


# What CloudFormation makes of the template.


class Reader(yaml.CSafeLoader):
    """Reads `!If [a, b]` as `{"Fn::If": ["a", "b"]}`, and refuses a key that stands there twice."""

    def construct_mapping(self, node, deep=False):
        keys = [self.construct_object(key) for key, _ in node.value]
        assert len(set(keys)) == len(keys), f"twice: {[k for k in keys if keys.count(k) > 1]}"
        return super().construct_mapping(node, deep)

    def intrinsic(self, name, node):
        if isinstance(node, yaml.SequenceNode):
            return {f"Fn::{name}": self.construct_sequence(node, deep=True)}
        text = self.construct_scalar(node)
        if name == "GetAtt":
            return {"Fn::GetAtt": text.split(".")}
        return {name if name in ("Ref", "Condition") else f"Fn::{name}": text}


Reader.add_multi_constructor("!", Reader.intrinsic)

DIRECTIONS = {
    "AWS::EC2::SecurityGroupIngress": ("inbound", "Source"),
    "AWS::EC2::SecurityGroupEgress": ("outbound", "Destination"),
}
NOWHERE = {"IpProtocol": "-1", "CidrIp": "127.0.0.1/32"}
ROLES = {role.title().replace("-", "") + "SecurityGroup.GroupId": role for role in GROUPS}


def template_of(deployment):
    text = render(resolved(deployment), shipped("templates"), "cloudformation")["template.yaml"]
    return yaml.load(text, Reader)


class Stack:
    """What a template comes to with some values of its parameters."""

    def __init__(self, template, **given):
        evaluator = Template({"Metadata": {"Cloud-Radar": {"Region": "us-east-1"}}})
        evaluator.template |= deepcopy(template)
        evaluator.set_parameters({"VpcId": VPC} | given)
        rules = evaluator.resolve_values(deepcopy(template.get("Rules", {})))
        stack = evaluator.remove_conditional_resources(
            evaluator.render_all_sections(evaluator.template)
        )
        self.resources = stack["Resources"].values()
        assertions = (a for rule in rules.values() for a in rule["Assertions"])
        self.refusals = [a["AssertDescription"] for a in assertions if not a["Assert"]]

    def groups(self, deployment):
        """By role, the name and the description."""
        groups = [r["Properties"] for r in self.resources if r["Type"] not in DIRECTIONS]
        roles = sorted(roles_of(deployment), key=[*GROUPS].index)
        found = {}
        for role, group in zip(roles, groups, strict=True):
            assert group["VpcId"] == VPC
            assert "SecurityGroupIngress" not in group
            [rule] = group["SecurityGroupEgress"]
            assert rule.items() >= NOWHERE.items()
            name = {tag["Key"]: tag["Value"] for tag in group["Tags"]}["Name"]
            found[role] = (name, group["GroupDescription"])
        return found

    def rules(self):
        return [
            self.rule(*DIRECTIONS[resource["Type"]], **resource["Properties"])
            for resource in self.resources
            if resource["Type"] in DIRECTIONS
        ]

    @staticmethod
    def rule(direction, side, *, GroupId, IpProtocol, Description, **others):
        ports = [others.pop(port, None) for port in ("FromPort", "ToPort")]
        [(kind, peer)] = others.items()
        kinds = {
            "CidrIp": "cidr_ipv4",
            "CidrIpv6": "cidr_ipv6",
            f"{side}PrefixListId": "prefix_list",
            f"{side}SecurityGroupId": "group" if peer in ROLES else "security_group",
        }
        role, peer = ROLES[GroupId], ROLES.get(peer, peer)
        return Rule(role, direction, IpProtocol, *ports, kinds[kind], peer, Description)


def conditions_within(node):
    """The lists of every `Fn::Or` and `Fn::And`."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key in ("Fn::Or", "Fn::And"):
                yield value
            yield from conditions_within(value)
    elif isinstance(node, list):
        for item in node:
            yield from conditions_within(item)


def assert_within_limits(template):
    assert len(template["Parameters"]) <= 200
    assert len(template["Resources"]) <= 500
    for section in ("Parameters", "Conditions", "Rules", "Resources", "Outputs"):
        for logical_id in template.get(section, {}):
            assert re.fullmatch("[A-Za-z0-9]{1,255}", logical_id)
    for members in conditions_within(template):
        assert 2 <= len(members) <= 10


def named(deployment, role):
    tags = {"Name": f"{deployment.name}-{role}"} | dict(deployment.tags or {})
    return tags["Name"], GROUPS[role].description


def check_cloudformation(deployment):
    template = template_of(deployment)
    assert_within_limits(template)
    stack = Stack(template)
    assert stack.refusals == []
    assert stack.groups(deployment) == {r: named(deployment, r) for r in roles_of(deployment)}
    assert_equal(as_resolved(deployment), deployment)
    assert sorted(stack.rules(), key=str) == sorted(as_resolved(deployment), key=str)
    return assert_equal(stack.rules(), deployment)


# What CloudFormation makes of it when the parameters have other values.


@st.composite
def filled_in(draw):
    """A deployment, and values of the parameters of its template; several often have the same."""
    deployment = draw(deployments())
    parameters = {
        name: parameter["Default"]
        for name, parameter in template_of(deployment)["Parameters"].items()
        if name != "VpcId"
    }
    bound = (p.value for e in ENDPOINTS for p in deployment.peers(e) or () if p.kind == "cidr_ipv4")
    values = sorted({"", "10.0.0.0/8", "10.1.2.0/28", *parameters.values(), *bound})
    changes = st.dictionaries(st.sampled_from(sorted(parameters)), st.sampled_from(values))
    return deployment, draw(changes) if parameters else {}


def bound_to(deployment, parameters):
    """The deployment that binds the endpoints of the parameters to their values."""
    names = {endpoint.title().replace("-", ""): endpoint for endpoint in ENDPOINTS}
    endpoints = dict(deployment.endpoints or {})
    for name, value in parameters.items():
        falls_back = ENDPOINTS[names[name]].default.endpoint and names[name] not in endpoints
        if value or not falls_back:
            endpoints[names[name]] = (Peer.parse(value),) if value else ()
    return replace(deployment, endpoints=endpoints)


def depends_on(endpoint, changed):
    return endpoint and (
        endpoint == changed or depends_on(ENDPOINTS[endpoint].default.endpoint, changed)
    )


def belongs_to(rule, changed, deployment):
    """Whether the rule permits the traffic of an endpoint, or of one that falls back to it."""
    return any(
        direction == rule.direction
        and traffic.ip_protocol == rule.protocol
        and (traffic.from_port is None or rule.first <= traffic.from_port <= rule.last)
        and depends_on(endpoint, changed)
        for direction, endpoint, traffic, _ in rows_of(deployment, rule.role)
    )


def check_parameters(deployment, parameters):
    template = template_of(deployment)
    stack = Stack(template, **parameters)
    if stack.refusals:
        event("refused")
        assert all("EC2 takes a rule once" in sentence for sentence in stack.refusals)
        return 0
    names = {endpoint.title().replace("-", ""): endpoint for endpoint in ENDPOINTS}
    for name in parameters:
        before = Stack(template, **{k: v for k, v in parameters.items() if k != name})
        for rule in {*before.rules()} ^ {*stack.rules()}:
            assert belongs_to(rule, names[name], deployment), name
    rows = expected(bound_to(deployment, parameters))
    return assert_equal(stack.rules(), deployment, rows)


# What Terraform makes of the module.

ROOT_MODULE = """
terraform {
  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}

provider "aws" {
  region                      = "us-east-1"
  access_key                  = "test"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_region_validation      = true
  skip_requesting_account_id  = true
}
"""
MODULE = """
module "%(name)s" {
  source = "./%(name)s"
  vpc_id = "vpc-0123456789abcdef0"
}
"""


@pytest.fixture(scope="session")
def initialised(tmp_path_factory):
    """A root module for which Terraform has installed the provider."""
    require_terraform()
    folder = tmp_path_factory.mktemp("initialised")
    (folder / "main.tf").write_text(ROOT_MODULE)
    succeeded(terraform(folder, "init"))
    return folder


def succeeded(result):
    assert result.returncode == 0, result.stderr + result.stdout
    return result.stdout


def planned(folder, deployments):
    """What Terraform plans for each deployment, in one plan."""
    calls = [ROOT_MODULE]
    for i, deployment in enumerate(deployments):
        module = folder / f"deployment_{i}"
        module.mkdir()
        calls.append(MODULE % {"name": module.name})
        for file, text in render(resolved(deployment), shipped("templates"), "terraform").items():
            (module / file).write_text(text)
    (folder / "main.tf").write_text("".join(calls))
    assert succeeded(terraform(folder, "fmt", "-check", "-diff", "-recursive")) == ""
    succeeded(terraform(folder, "get"))
    succeeded(terraform(folder, "plan", "-out=plan", "-input=false", "-refresh=false"))
    plan = json.loads(succeeded(terraform(folder, "show", "-json", "plan")))
    modules = {m["address"]: m for m in plan["planned_values"]["root_module"]["child_modules"]}
    return [modules[f"module.deployment_{i}"]["resources"] for i, _ in enumerate(deployments)]


def groups_within(resources):
    """By role, the name and the description."""
    groups = [r for r in resources if r["type"] == "aws_security_group"]
    for group in groups:
        assert group["values"]["vpc_id"] == VPC
    return {
        group["name"].replace("_", "-"): (
            group["values"]["name"],
            group["values"]["description"],
        )
        for group in groups
    }


DIRECTIONS_OF_RESOURCES = {
    "aws_vpc_security_group_ingress_rule": "inbound",
    "aws_vpc_security_group_egress_rule": "outbound",
}
KINDS = {
    "cidr_ipv4": "cidr_ipv4",
    "cidr_ipv6": "cidr_ipv6",
    "prefix_list_id": "prefix_list",
    "referenced_security_group_id": "security_group",
}


def rules_within(resources):
    found = []
    for resource in resources:
        if resource["type"] in DIRECTIONS_OF_RESOURCES:
            values, (*_, kind, name) = resource["values"], resource["index"].split("/", 2)
            given = [(KINDS[k], values[k]) for k in KINDS if values.get(k) is not None]
            [(kind, peer)] = given or [(kind, name)]  # the id of a group of its own is unknown yet
            found.append(
                Rule(
                    resource["name"].replace("_", "-"),
                    DIRECTIONS_OF_RESOURCES[resource["type"]],
                    *(values[k] for k in ("ip_protocol", "from_port", "to_port")),
                    kind,
                    peer,
                    values["description"],
                )
            )
    return found


def check_terraform(folder, deployments):
    compared = 0
    for deployment, resources in zip(deployments, planned(folder, deployments), strict=True):
        groups = {
            role: (f"{deployment.name}-{role}", GROUPS[role].description)
            for role in roles_of(deployment)
        }
        assert groups_within(resources) == groups, deployment
        rules = rules_within(resources)
        assert sorted(rules, key=str) == sorted(as_resolved(deployment), key=str), deployment
        compared += assert_equal(rules, deployment)
    return compared


# A few deployments in every run, many in the slow one; the same ones until code or data change, so
# that a change is judged by what it changed.

few = settings(
    max_examples=25,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
many = settings(few, max_examples=300)


@few
@example(NOTABLE)
@given(deployments())
def test_cloudformation_holds_what_the_rule_data_says(deployment):
    check_cloudformation(deployment)


@few
@example((SHARED_LATER, {"OntapClusterManagementLif": "10.0.0.0/8"}))
@given(filled_in())
def test_a_parameter_does_what_a_binding_of_its_endpoint_would_do(deployment_and_parameters):
    check_parameters(*deployment_and_parameters)


@pytest.mark.slow
def test_terraform_plans_what_the_rule_data_says(initialised, tmp_path):
    folder = shutil.copytree(initialised, tmp_path / "root", symlinks=True)
    check_terraform(folder, [NOTABLE, *sample(deployments(), 5)])


@pytest.mark.slow
def test_cloudformation_holds_what_the_rule_data_says_for_many_deployments(counts):
    @many
    @given(deployments())
    def check(deployment):
        counts("CloudFormation", 1, check_cloudformation(deployment))

    check()


@pytest.mark.slow
def test_parameters_do_what_bindings_would_do_for_many_deployments(counts):
    @many
    @given(filled_in())
    def check(deployment_and_parameters):
        counts("CloudFormation with parameters", 1, check_parameters(*deployment_and_parameters))

    check()


@pytest.mark.slow
def test_terraform_plans_what_the_rule_data_says_for_many_deployments(
    initialised, tmp_path, counts
):
    drawn = sample(deployments(), 300)
    for start in range(0, len(drawn), BATCH):
        batch = drawn[start : start + BATCH]
        folder = shutil.copytree(initialised, tmp_path / f"from-{start}", symlinks=True)
        counts("Terraform", len(batch), check_terraform(folder, batch))


BATCH = 50  # deployments in one plan


@pytest.fixture
def counts(capsys):
    """Count deployments and permissions, and say so at the end."""
    found = defaultdict(lambda: [0, 0])

    def count(what, deployments, permissions):
        found[what][0] += deployments
        found[what][1] += permissions

    yield count
    with capsys.disabled():
        for what, (deployments_, permissions) in found.items():
            print(f"\n{what}: {deployments_} deployments, {permissions} permissions compared")
