"""For random deployments, three sets of permissions are equal: what the rule data and the
deployment say, what the CloudFormation template holds, and what Terraform plans.
"""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace

import pytest
from draws import draws
from expectation import (
    ENDPOINTS,
    GROUPS,
    Rule,
    as_resolved,
    assert_equal,
    bound_to,
    default_of,
    expected,
    roles_of,
    rows_of,
)
from hypothesis import event, example, given
from stack import VPC, Stack, assert_within_limits, filled_in, named, template_of
from strategies import NOTABLE, SHARED_LATER, deployments, resolved, sample
from terraform import require_terraform, succeeded, terraform

from generator.load import shipped
from generator.render import render


def check_cloudformation(deployment):
    template = template_of(deployment)
    assert_within_limits(template)
    stack = Stack(template)
    assert stack.refusals == []
    own = set(roles_of(deployment)) - {*(deployment.existing or {})}
    assert stack.groups(deployment) == {role: named(deployment, role) for role in own}
    assert_equal(as_resolved(deployment), deployment)
    assert sorted(stack.rules(), key=str) == sorted(as_resolved(deployment), key=str)
    return assert_equal(stack.rules(), deployment)


# What CloudFormation makes of it when the parameters have other values.


def depends_on(endpoint, changed, release):
    fallback = endpoint and default_of(endpoint, release).endpoint
    return endpoint and (endpoint == changed or depends_on(fallback, changed, release))


def belongs_to(rule, changed, deployment):
    """Whether the rule permits the traffic of an endpoint, or of one that falls back to it."""
    return any(
        direction == rule.direction
        and traffic.ip_protocol in (rule.protocol, rule.protocol.removesuffix("v6"))
        and (traffic.from_port is None or rule.first <= traffic.from_port <= rule.last)
        and depends_on(endpoint, changed, deployment.release)
        for direction, endpoint, traffic, _ in rows_of(deployment, rule.role)
    )


def check_parameters(deployment, parameters):
    template = template_of(deployment)
    stack = Stack(template, **parameters)
    if stack.refusals:
        event("refused")
        reasons = re.compile("EC2 takes a rule once|give [A-Za-z0-9]+ a value as well")
        assert all(reasons.search(sentence) for sentence in stack.refusals)
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


def planned(folder, deployments):
    """What Terraform plans for each deployment, in one plan."""
    calls = [ROOT_MODULE]
    for i, deployment in enumerate(deployments):
        module = folder / f"deployment_{i}"
        module.mkdir()
        calls.append(MODULE % {"name": module.name})
        for file, text in render(resolved(deployment), [shipped("templates")], "terraform").items():
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


def without_owner(peer):
    return re.sub("^[0-9]{12}/", "", peer)


def rules_within(resources):
    found = []
    for resource in resources:
        if resource["type"] in DIRECTIONS_OF_RESOURCES:
            values, (*_, kind, name) = resource["values"], resource["index"].split("/", 2)
            given = [(KINDS[k], without_owner(values[k])) for k in KINDS if values.get(k)]
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
    deployments = [replace(d, existing=None) for d in deployments]  # Terraform asks EC2 for those
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


@draws(150)
@example(NOTABLE)
@given(deployments())
def test_cloudformation_holds_what_the_rule_data_says(proof, deployment):
    compared(proof, "CloudFormation templates evaluated", 1, check_cloudformation(deployment))


@draws(150)
@example((SHARED_LATER, {"OntapClusterManagementLif": "10.0.0.0/8"}))
@given(filled_in())
def test_a_parameter_does_what_a_binding_of_its_endpoint_would_do(proof, deployment_and_parameters):
    found = check_parameters(*deployment_and_parameters)
    compared(proof, "CloudFormation templates evaluated with parameters", 1, found)


def test_terraform_plans_what_the_rule_data_says(initialised, tmp_path, proof):
    drawn = [NOTABLE, *sample(deployments(), 100)]
    folder = shutil.copytree(initialised, tmp_path / "root", symlinks=True)
    compared(proof, "Terraform modules planned", len(drawn), check_terraform(folder, drawn))


def compared(proof, what, outputs, permissions):
    proof(what, outputs)
    proof("permissions compared with the rule data", permissions)
