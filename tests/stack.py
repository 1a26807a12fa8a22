"""What CloudFormation makes of a template: cloud-radar evaluates its parameters and conditions,
nested `Fn::If` included.

It passes over the section `Rules`, so that is put through the same evaluator here, function by
function. It also copies a template through YAML for every evaluation, which takes most of the time;
here the copy is made in memory.
"""

from __future__ import annotations

import re
from copy import deepcopy
from functools import lru_cache

import yaml
from cloud_radar.cf.unit import Template
from expectation import ENDPOINTS, GROUPS, Rule, roles_of
from hypothesis import strategies as st
from samples import rendered
from strategies import DATA, OWNED, deployments

VPC = "vpc-0123456789abcdef0"


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
ROLES |= {group_id: role for role, group_id in OWNED.items()}


def template_of(deployment):
    return read(rendered(deployment, "cloudformation")["template.yaml"])


@lru_cache(10)
def read(text):
    """A template as data, which nothing changes: those who draw values for it look at it again."""
    return yaml.load(text, Reader)


class Stack:
    """The resources of a template with some values of its parameters."""

    def __init__(self, template, **given):
        evaluator = Template({"Metadata": {"Cloud-Radar": {"Region": "us-east-1"}}})
        evaluator.template |= deepcopy(template)
        vpc = {name: VPC for name in ("VpcId",) if name in template.get("Parameters", {})}
        evaluator.set_parameters(vpc | given)
        rules = evaluator.resolve_values(deepcopy(template.get("Rules", {})))
        stack = evaluator.remove_conditional_resources(
            evaluator.render_all_sections(evaluator.template)
        )
        self.resources = stack["Resources"]
        assertions = (a for rule in rules.values() for a in rule["Assertions"])
        self.refusals = [a["AssertDescription"] for a in assertions if not a["Assert"]]

    def groups(self, deployment):
        """By role, the name and the description."""
        groups = [r["Properties"] for r in self.resources.values() if r["Type"] not in DIRECTIONS]
        documented = DATA.release(deployment.release).info.groups
        ours = set(roles_of(deployment)) - {*(deployment.existing or {})}
        roles = sorted(ours, key=documented.index)
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
        return [*self.rules_by_id().values()]

    def rules_by_id(self):
        """By logical id, the rules."""
        return {
            logical_id: self.rule(*DIRECTIONS[resource["Type"]], **resource["Properties"])
            for logical_id, resource in self.resources.items()
            if resource["Type"] in DIRECTIONS
        }

    @staticmethod
    def rule(direction, side, *, GroupId, IpProtocol, Description, **others):
        others.pop("SourceSecurityGroupOwnerId", None)
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


@st.composite
def filled_in(draw, times=1, **fixed):
    """A deployment, and so many times values of the parameters of its template; several often have
    the same value.
    """
    deployment = draw(
        deployments(connect_groups=False, **fixed)
    )  # which asks what the file itself binds
    parameters = {
        name: parameter["Default"]
        for name, parameter in template_of(deployment).get("Parameters", {}).items()
        if name not in ("VpcId", "Name")
    }
    bound = (p.value for e in ENDPOINTS for p in deployment.peers(e) or () if p.kind == "cidr_ipv4")
    values = sorted({"", "10.0.0.0/8", "10.1.2.0/28", *parameters.values(), *bound})
    changes = st.dictionaries(st.sampled_from(sorted(parameters)), st.sampled_from(values))
    return deployment, *(draw(changes) if parameters else {} for _ in range(times))


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
    assert len(template.get("Parameters", {})) <= 200
    assert len(template["Resources"]) <= 500
    for section in ("Parameters", "Conditions", "Rules", "Resources", "Outputs"):
        for logical_id in template.get(section, {}):
            assert re.fullmatch("[A-Za-z0-9]{1,255}", logical_id)
    for members in conditions_within(template):
        assert 2 <= len(members) <= 10


def named(deployment, role):
    tags = {"Name": f"{deployment.name}-{role}"} | dict(deployment.tags or {})
    return tags["Name"], GROUPS[role].description
