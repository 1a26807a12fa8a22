"""An EC2 API on this machine (moto's server), made to answer as EC2 does where moto does not, and
root modules that Terraform applies to it with the real AWS provider.
"""

from __future__ import annotations

import json
import logging
import shutil
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import copy
from dataclasses import replace
from functools import cache
from inspect import signature
from threading import Lock
from typing import NamedTuple

import pytest
from expectation import Rule
from states import BACKEND
from strategies import DATA, resolved
from terraform import succeeded, terraform

from generator.load import shipped
from generator.model import Peer
from generator.render import render

TABLES = ("ingress", "egress")
ANOTHER_ACCOUNT = "210987654321"  # the emulator's is 123456789012
CHANGES = (
    "create_security_group",
    "delete_security_group",
    *(f"{verb}_security_group_{table}" for verb in ("authorize", "revoke") for table in TABLES),
)
# With the address in `endpoints`, which lists all services, the provider takes seconds to start.
PROVIDER = """
provider "aws" {
  shared_config_files = ["%s"]
  profile             = "emulator"
}
"""
PROFILE = """
[profile emulator]
region = us-east-1
endpoint_url = %s
aws_access_key_id = test
aws_secret_access_key = test
"""
VPC = """
resource "aws_vpc" "%s" {
  cidr_block = "10.0.0.0/16"
}
"""
CALL = """
module "%(name)s" {
  source = "./%(name)s"
  vpc_id = %(vpc)s
  %(arguments)s
}

output "%(name)s" {
  value = module.%(name)s
}
"""


@contextmanager
def emulator() -> Iterator[str]:
    """The address of a server, which runs in a thread of this process: patches reach it."""
    from moto.server import ThreadedMotoServer  # slow to import, as boto3 is

    logging.getLogger("werkzeug").disabled = True
    server = ThreadedMotoServer(port=0, verbose=False)
    with pytest.MonkeyPatch.context() as patch:
        answer_as_ec2_does(patch)
        remember_names(patch)
        server.start()
        host, port = server.get_host_and_port()
        yield f"http://{host}:{port}"
        server.stop()


def answer_as_ec2_does(patch: pytest.MonkeyPatch) -> None:
    """What moto gets wrong about rules: it loses descriptions, tells rules for groups apart by
    them, modifies no rule without ports, knows no group of another account, counts both address
    families against one quota, and deletes groups in use.
    """
    from moto.ec2.exceptions import (
        DependencyViolationError,
        InvalidSecurityGroupRuleIdNotFoundError,
    )
    from moto.ec2.models.security_groups import SecurityGroupBackend, SecurityGroupRule
    from moto.ec2.responses.security_groups import SecurityGroups

    original = {
        name: getattr(cls, name)
        for cls, name in (
            (SecurityGroupRule, "__init__"),
            (SecurityGroupBackend, "_add_source_group"),
            (SecurityGroupBackend, "delete_security_group"),
        )
    }

    def initialise(rule, *args, **kwargs):
        original["__init__"](rule, *args, **kwargs)
        given = signature(original["__init__"]).bind(rule, *args, **kwargs).arguments
        sources = (given.get(name) or {} for name in ("ip_range", "source_group", "prefix_list_id"))
        rule.told = next((s["Description"] for s in sources if "Description" in s), None)

    def identity(rule):
        ports = (rule.from_port, rule.to_port) if rule.ip_protocol != "-1" else ()
        group = rule.source_group.get("GroupId")
        return (rule.ip_protocol, *ports, rule.cidr_ipv4, rule.cidr_ipv6, group,
                rule.prefix_list_id)  # fmt: skip

    def modify(backend, group_id, rules):
        group = backend.get_security_group_by_name_or_id(group_id)
        for rule_id, new in rules.items():
            rule = group.get_rule(rule_id)
            peer = new.get("CidrIpv4") or new.get("CidrIpv6") or new.get("PrefixListId")
            assert peer in (None, rule.cidr_ipv4 or rule.cidr_ipv6 or rule.prefix_list_id)
            assert new["IpProtocol"] == rule.ip_protocol
            rule.told = new.get("Description")

    def add_source_group(backend, groups, vpc_id):
        ours = [g for g in groups or [] if g.get("UserId") in (None, backend.account_id)]
        foreign = [g for g in groups or [] if g not in ours]
        return [*original["_add_source_group"](backend, ours, vpc_id), *foreign]

    def delete(backend, name=None, group_id=None):
        attached = (group.id for eni in backend.enis.values() for group in eni.group_set)
        if group_id in attached:
            raise DependencyViolationError(f"resource {group_id} has a dependent object")
        return original["delete_security_group"](backend, name, group_id)

    def find(backend, ids, filters):
        """The rules, without a copy of each that the emulator has, which takes most of the time."""
        ids = {*ids, *filters.get("security-group-rule-id", ())}
        found = []
        for groups in [*backend.groups.values()]:
            for group in [*groups.values()]:
                if group.id in filters.get("group-id", [group.id]):
                    rules = (*group.egress_rules, *group.ingress_rules)
                    found += [copy(rule) for rule in rules if not ids or rule.id in ids]
        if ids and not found:
            raise InvalidSecurityGroupRuleIdNotFoundError(min(ids))
        for rule in found:
            if rule.from_port is None:
                rule.from_port = rule.to_port = -1
        return found

    def describe(_, new, rule):
        rule.told = new.told

    patch.setattr(SecurityGroupRule, "__init__", initialise)
    patch.setattr(SecurityGroupRule, "__eq__", lambda one, two: identity(one) == identity(two))
    patch.setattr(SecurityGroupRule, "description", property(lambda rule: rule.told))
    patch.setattr(SecurityGroupBackend, "modify_security_group_rules", modify)
    patch.setattr(SecurityGroupBackend, "_sg_update_description", describe)
    patch.setattr(SecurityGroupBackend, "_add_source_group", add_source_group)
    patch.setattr(SecurityGroupBackend, "delete_security_group", delete)
    patch.setattr(SecurityGroupBackend, "describe_security_group_rules", find)
    unlimited = "_verify_group_will_respect_rule_count_limit"
    patch.setattr(SecurityGroupBackend, unlimited, lambda *_, **__: None)
    for name in CHANGES:
        patch.setattr(SecurityGroups, name, _once(getattr(SecurityGroups, name)))


def remember_names(patch: pytest.MonkeyPatch) -> None:
    """What moto looks up for each request, which takes it a quarter of the time."""
    from moto import backends
    from moto.core import responses

    for module, name in (
        (backends, "list_of_moto_modules"),
        (responses, "method_names_from_class"),
    ):
        patch.setattr(module, name, cache(_listed(getattr(module, name))))


def _listed(original):
    return lambda *given: [*original(*given)]


def _once(original):
    """A request that a client sends again, as the connection broke before the answer came, is
    answered as it was: otherwise, what it added the first time is said to be there already.
    """
    answers, lock = {}, Lock()

    def answer(response):
        request = response.headers.get("amz-sdk-invocation-id")
        with lock:
            if request not in answers:
                answers[request] = original(response)
            return answers[request] if request else answers.pop(request)

    return answer


@contextmanager
def slow_to_revoke(seconds: float) -> Iterator[None]:
    """EC2 takes its time to revoke a rule, while others are authorised."""
    from moto.ec2.responses.security_groups import SecurityGroups

    def later(original):
        def revoke(response):
            time.sleep(seconds)
            return original(response)

        return revoke

    with pytest.MonkeyPatch.context() as patch:
        for name in (f"revoke_security_group_{table}" for table in TABLES):
            patch.setattr(SecurityGroups, name, later(getattr(SecurityGroups, name)))
        yield


def client(server):
    import boto3

    settings = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    return boto3.client("ec2", endpoint_url=server, region_name="us-east-1", **settings)


def initialise(folder, server) -> None:
    """A root module for which Terraform has installed the provider, without any resource."""
    versions = (shipped("templates") / "terraform" / "versions.tf.jinja").read_text()
    (folder / "versions.tf").write_text(versions.split("\n", 2)[2])
    (folder / "backend.tf").write_text(BACKEND)
    (folder / "profile").write_text(PROFILE % server)
    (folder / "provider.tf").write_text(PROVIDER % (folder / "profile"))
    succeeded(terraform(folder, "init"))


def put(folder, deployments, arguments=None, beside="", vpc=None) -> None:
    """Render deployments into a root module under their names, each in a VPC of its own, unless
    there is one.
    """
    calls = [beside]
    for name, deployment in deployments.items():
        shutil.rmtree(folder / name, ignore_errors=True)
        (folder / name).mkdir()
        for file, text in render(resolved(deployment), [shipped("templates")], "terraform").items():
            (folder / name / file).write_text(text)
        place = f'"{vpc}"' if vpc else f"aws_vpc.{name}.id"
        given = {"name": name, "vpc": place, "arguments": (arguments or {}).get(name, "")}
        calls += [CALL % given] if vpc else [VPC % name, CALL % given]
    (folder / "main.tf").write_text("".join(calls))
    succeeded(terraform(folder, "get"))


class Change(NamedTuple):
    """What Terraform does to a resource: `create`, `update`, `replace`, `delete`, `move` or
    `import`, and whether it imports it first. What it leaves alone is no change.
    """

    deployment: str
    type: str
    name: str
    key: str | None
    action: str
    is_imported: bool


class Applied(NamedTuple):
    changes: list[Change]
    outputs: dict[str, dict[str, str]]  # by deployment, the ids of groups by output


def planned(folder, *options) -> list[Change]:
    """What Terraform would change, having looked at what is there."""
    return _changes(_told(folder, "plan", "-parallelism=30", *options))


def applied(folder) -> Applied:
    """Apply what the folder says to what the state says."""
    told = _told(folder, "apply", "-auto-approve", "-refresh=false", "-parallelism=60")
    [outputs] = [each["outputs"] for each in told if each["type"] == "outputs"][-1:]
    found = {name: output["value"] for name, output in outputs.items()}
    return Applied(_changes(told), found)


def _told(folder, command, *options) -> list[dict]:
    """What Terraform says line by line, which spares a second command to show the plan."""
    lines = succeeded(terraform(folder, command, "-json", *options)).splitlines()
    return [json.loads(line) for line in lines]


def _changes(told) -> list[Change]:
    changes = [each["change"] for each in told if each["type"] == "planned_change"]
    return [
        Change(
            change["resource"]["module"].removeprefix("module."),
            *(change["resource"][f"resource_{part}"] for part in ("type", "name", "key")),
            change["action"],
            "importing" in change,
        )
        for change in changes
    ]


def by_role(deployment, outputs) -> dict[str, str]:
    return {group.role: outputs[group.output] for group in resolved(deployment).groups}


def read_back(ec2, ids: dict[str, str]) -> set[Rule]:
    """What EC2 has in groups, given their ids by role."""
    roles = {group_id: role for role, group_id in ids.items()}
    found = []
    for role, group_id in ids.items():
        pages = ec2.get_paginator("describe_security_group_rules").paginate(
            Filters=[{"Name": "group-id", "Values": [group_id]}]
        )
        for rule in (rule for page in pages for rule in page["SecurityGroupRules"]):
            reference = rule.get("ReferencedGroupInfo", {}).get("GroupId")
            peers = (rule.get(name) for name in ("CidrIpv4", "CidrIpv6", "PrefixListId"))
            peer = next(filter(None, (*peers, reference)))
            everything = rule["IpProtocol"] == "-1"
            ports = (None, None) if everything else (rule["FromPort"], rule["ToPort"])
            direction = "outbound" if rule["IsEgress"] else "inbound"
            peer = roles.get(peer, peer)
            where = (role, direction, rule["IpProtocol"], *ports, kind_of(peer), peer)
            found.append(Rule(*where, rule.get("Description")))
    assert len({rule.identity for rule in found}) == len(found), "EC2 takes each rule once"
    return set(found)


def kind_of(peer: str) -> str:
    kinds = {"sg-": "security_group", "pl-": "prefix_list"}
    if peer in DATA.catalogue.groups:
        return "group"
    return kinds.get(peer[:3]) or ("cidr_ipv6" if ":" in peer else "cidr_ipv4")


def with_peers_that_exist(deployment, ec2):
    """The deployment with groups that are there: EC2 refuses a reference to one that is not."""
    (vpc,) = ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"]

    def id_of(peer: Peer) -> str:
        if peer.kind != "security_group" or peer.owner == ANOTHER_ACCOUNT:
            return peer.value
        name = f"for-{peer.value}"
        named = [{"Name": "group-name", "Values": [name]}]
        found = ec2.describe_security_groups(Filters=named)["SecurityGroups"]
        if found:
            return found[0]["GroupId"]
        made = ec2.create_security_group(GroupName=name, Description="-", VpcId=vpc["VpcId"])
        return made["GroupId"]

    def existing(item):
        if not isinstance(item, Peer):
            return item
        name = id_of(item) if item.name == item.value else item.name
        # One's own account is left out: with it, every plan changes the rule.
        owner = item.owner if item.owner == ANOTHER_ACCOUNT else None
        return replace(item, value=id_of(item), name=name, owner=owner)

    endpoints = {
        name: {key: existing(item) for key, item in bound.items()}
        if isinstance(bound, Mapping)
        else tuple(map(existing, bound))
        for name, bound in (deployment.endpoints or {}).items()
    }
    return replace(deployment, endpoints=endpoints, existing=None)  # all groups are made together


def authorise(ec2, ids, rules) -> None:
    """Ask EC2 for rules of groups, given the ids of those by role."""
    _call(ec2, ids, rules, "authorize_security_group_")


def revoke(ec2, ids, rules) -> None:
    _call(ec2, ids, rules, "revoke_security_group_")


def describe(ec2, ids, rules) -> None:
    """Change the descriptions of rules."""
    _call(ec2, ids, rules, "update_security_group_rule_descriptions_")


def _call(ec2, ids, rules, name) -> None:
    by_table = defaultdict(list)
    for rule in rules:
        by_table[rule.role, rule.direction].append(_permission(ids, rule))
    for (role, direction), permissions in by_table.items():
        call = getattr(ec2, name + {"inbound": "ingress", "outbound": "egress"}[direction])
        call(GroupId=ids[role], IpPermissions=permissions)


def _permission(ids, rule):
    description = {"Description": rule.description}
    peer = {
        "cidr_ipv4": {"IpRanges": [{"CidrIp": rule.peer, **description}]},
        "cidr_ipv6": {"Ipv6Ranges": [{"CidrIpv6": rule.peer, **description}]},
        "prefix_list": {"PrefixListIds": [{"PrefixListId": rule.peer, **description}]},
        "group": {"UserIdGroupPairs": [{"GroupId": ids.get(rule.peer), **description}]},
        "security_group": {"UserIdGroupPairs": [{"GroupId": rule.peer, **description}]},
    }[rule.kind]
    ports = {} if rule.first is None else {"FromPort": rule.first, "ToPort": rule.last}
    return {"IpProtocol": rule.protocol, **ports, **peer}
