"""The rules about groups, over what was read: the same for Terraform as for CloudFormation."""

from __future__ import annotations

import json
import os

import pytest
from cfnlint.config import ConfigMixIn
from cfnlint.decode import decode_str
from cfnlint.rules import Rules
from cfnlint.template import Template

from generator.check import Kind, check_module, check_plan, target_at
from generator.check.group_rules import group_findings
from generator.model import Observation, Observed, ObservedGroup, Place

TEXT = "a group"


def rule(peer="10.0.0.0/8", ports=(9, 9), protocol="tcp", direction="inbound", **fields):
    kind = fields.pop("kind", "cidr_ipv6" if ":" in peer else "cidr_ipv4")
    place = fields.pop("place", Place("main.tf", 5, "aws_security_group.web"))
    return Observed(
        fields.pop("group", "web"), direction, protocol, *ports, kind, peer, place, **fields
    )


def observed(*rules, **fields):
    """A group with rules, each at a line of its own."""
    placed = tuple(
        each._replace(place=Place("main.tf", i, f"rule{i}")) for i, each in enumerate(rules, 10)
    )
    fields = {"description": TEXT, **fields}
    return Observation((ObservedGroup("web", Place("main.tf", 1, "web"), **fields),), placed)


def networks(number, peer="10.0.{}.0/24"):
    return [rule(peer.format(i)) for i in range(number)]


REFUSED = {
    "E9301": [
        observed(rule(description="doesn’t")),
        observed(rule(description="x" * 256)),
        observed(description="doesn’t"),
        observed(description=""),
    ],
    "E9302": [
        observed(rule(), rule(description="another")),
        observed(rule("10.1.0.0/8"), rule("10.0.0.0/8")),
        observed(rule(ports=(None, None), protocol="50"), rule(ports=(1, 2), protocol="50")),
        observed(rule("web", kind="group"), rule("web", kind="group")),
        observed(rule("pl-01234567", kind="prefix_list"), rule("pl-01234567", kind="prefix_list")),
        observed(rule(group="sg-01234567"), rule(group="sg-01234567")),
    ],
    "E9303": [
        observed(rule(ports=(443, 80))),
        observed(rule(ports=(1, 70000))),
        observed(rule(protocol="tpc")),
        observed(rule(protocol="icmp", ports=(8, 300))),
    ],
    "E9304": [observed(*networks(61)), observed(*networks(61, "2001:db8:0:{}::/64"))],
    "E9308": [observed(name="sg-web"), observed(name="web’s")],
    "W9304": [observed(*networks(55))],
    "W9306": [
        observed(rule("0.0.0.0/0", (22, 22))),
        observed(rule("::/0", (1, 4000))),
        observed(rule("0.0.0.0/0", (None, None), "-1")),
        observed(rule("0.0.0.0/1", (22, 22)), rule("128.0.0.0/1", (22, 22))),
    ],
    "W9307": [observed(rule("0.0.0.0/0")), observed(rule("::/0", (-1, -1), "icmpv6"))],
}
ACCEPTED = [
    observed(rule(), rule("10.0.0.0/9"), rule(ports=(8, 8)), rule(direction="outbound")),
    observed(rule(), rule(protocol="udp"), rule(description="a" * 255, ports=(7, 7))),
    observed(rule("0.0.0.0/0", (None, None), "-1", "outbound")),
    observed(*networks(54)),
    observed(description=None, name=None),
    # What is not known makes no finding.
    observed(*[rule("var.list", kind="prefix_list")] * 2),
    observed(*[rule("module.a.id", kind="security_group")] * 2),
    observed(*[rule(ports=(None, None))] * 2),
    observed(*[rule(protocol=None)] * 2),
    observed(*[rule("var.network")] * 2),
    observed(rule("0.0.0.0/0", (None, None)), rule("0.0.0.0/0", (22, 22), protocol=None)),
    observed(*[rule(group="each.value")] * 2),
    observed(*networks(60), *[rule("pl-01234567", kind="prefix_list")]),
]


@pytest.mark.parametrize(
    ("expected", "observation"),
    [pytest.param(i, o, id=f"{i}-{n}") for i, all_ in REFUSED.items() for n, o in enumerate(all_)],
)
def test_what_a_rule_refuses(expected, observation):
    assert [f.rule for f in group_findings(observation)] == [expected]


@pytest.mark.parametrize("observation", ACCEPTED)
def test_what_all_rules_accept(observation):
    assert {f.rule for f in group_findings(observation)} <= {"W9304"}


def test_a_finding_names_the_place_and_the_resource():
    [finding] = group_findings(observed(rule(), rule(description="another")))
    assert (finding.file, finding.line, finding.severity) == ("main.tf", 11, "error")
    assert finding.message == (
        "rule11: tcp 9 for 10.0.0.0/8 is already in main.tf:10 (rule10): EC2 refuses a second rule "
        "that differs only in its description. Remove one of them"
    )


@pytest.mark.parametrize(("number", "severity"), [(61, "warning"), (1001, "error")])
def test_a_quota_that_may_have_been_raised_is_a_warning(number, severity):
    rules = [rule(f"10.{i // 256}.{i % 256}.0/24") for i in range(number)]
    [finding] = group_findings(observed(*rules))
    assert (finding.rule, finding.severity) == ("E9304", severity)
    assert f"web has {number} inbound rules, but the quota is 60" in finding.message


def test_one_mistake_in_a_rule_for_several_peers_is_one_finding():
    several = [rule(f"10.0.{i}.0/24", (9, 8), description="doesn’t") for i in range(9)]
    group = ObservedGroup("web", Place("main.tf", 1))
    found = group_findings(Observation((group,), tuple(several)))
    assert [f.rule for f in found] == ["E9301", "E9303"]


BOTH = [  # protocol, ports, network, description
    [("tcp", 443, 80, "10.0.0.0/8", "a")],
    [("tcp", 22, 22, "0.0.0.0/0", "a")],
    [("udp", 9, 9, "0.0.0.0/0", "a")],
    [("tcp", 9, 9, "10.0.0.0/8", "a"), ("6", 9, 9, "10.0.0.0/8", "b")],
    [("icmp", 8, 300, "10.0.0.0/8", "a")],
    [("tcp", 9, 70000, "10.0.0.0/8", "doesn’t")],
    [("tcp", 9, 9, f"10.0.{i}.0/24", "a") for i in range(61)],
    [("tcp", 9, 9, f"10.0.{i}.0/24", "a") for i in range(57)],
    [("-1", 0, 0, "0.0.0.0/0", "a")],
    [("tcp", 22, 22, "0.0.0.0/1", "a"), ("tcp", 22, 22, "128.0.0.0/1", "a")],
    [("tcp", 9, 9, "10.0.0.0/8", "a")],
]


def in_terraform(rules):
    blocks = "".join(
        f'  ingress {{\n    protocol = "{p}"\n    from_port = {a}\n    to_port = {b}\n'
        f'    cidr_blocks = ["{n}"]\n    description = "{d}"\n  }}\n'
        for p, a, b, n, d in rules
    )
    return f'resource "aws_security_group" "web" {{\n  description = "a group"\n{blocks}}}\n'


def in_cloudformation(rules):
    keys = ("IpProtocol", "FromPort", "ToPort", "CidrIp", "Description")
    nowhere = {"IpProtocol": "-1", "CidrIp": "127.0.0.1/32"}
    properties = {
        "GroupDescription": TEXT,
        "SecurityGroupEgress": [nowhere],
        "SecurityGroupIngress": [dict(zip(keys, rule, strict=True)) for rule in rules],
    }
    resource = {"Type": "AWS::EC2::SecurityGroup", "Properties": properties}
    return json.dumps({"Resources": {"Web": resource}})


@pytest.fixture
def module(tmp_path, monkeypatch):
    """A module, on a machine without Terraform."""
    monkeypatch.setattr("generator.check.terraform.executable", lambda: None)
    folder = tmp_path / "module"
    folder.mkdir()
    return folder


@pytest.mark.parametrize("rules", BOTH)
def test_terraform_and_cloudformation_are_judged_alike(rules, module):
    content, _ = decode_str(in_cloudformation(rules))
    pack = Rules.create_from_module("generator.check.cfn_rules")
    config = ConfigMixIn(["--config-file", os.devnull])
    cfn = Template("t.json", content, ["us-east-1"])
    expected = sorted(match.rule.id for match in pack.run("t.json", cfn, config))
    (module / "main.tf").write_text(in_terraform(rules), encoding="utf-8")
    assert sorted(finding.rule for finding in check_module(module).findings) == expected


def test_inline_and_standalone_rules_of_a_module_are_compared(module):
    standalone = (
        'resource "aws_vpc_security_group_ingress_rule" "nine" {\n'
        "  security_group_id = aws_security_group.web.id\n"
        '  ip_protocol = "tcp"\n  from_port = 9\n  to_port = 9\n  cidr_ipv4 = "10.0.0.0/8"\n}\n'
    )
    (module / "main.tf").write_text(in_terraform([("tcp", 9, 9, "10.0.0.0/8", "a")]))
    (module / "more.tf").write_text(standalone)
    [finding] = check_module(module).findings
    assert (finding.rule, finding.file, finding.line) == ("E9302", str(module / "more.tf"), 1)
    assert f"{module / 'main.tf'}:3 (aws_security_group.web)" in finding.message


QUIET = {
    "defaults of variables": (
        'variable "a" {\n  default = "0.0.0.0/0"\n}\n'
        + in_terraform([("tcp", 22, 22, "10.0.0.0/8", "a")]).replace('"10.0.0.0/8"', "var.a")
    ),
    "conditions": "".join(
        in_terraform([("tcp", 9, 9, "10.0.0.0/8", "a")])
        .replace('"web" {', f'"{name}" {{\n  count = var.large ? {n} : {1 - n}')
        for n, name in enumerate(("a", "b"))
    ),
    "no groups": 'output "a" {\n  value = 1\n}\n',
}  # fmt: skip


@pytest.mark.parametrize("text", QUIET.values(), ids=QUIET)
def test_what_is_not_known_in_a_module_makes_no_finding(text, module):
    (module / "main.tf").write_text(text)
    assert check_module(module).findings == ()


def test_a_module_with_override_files_is_not_judged(module):
    (module / "main.tf").write_text(in_terraform([("tcp", 22, 22, "0.0.0.0/0", "a")]))
    assert check_module(module).findings
    (module / "main_override.tf").write_text("")
    assert check_module(module).findings == ()


def test_a_module_that_our_reader_does_not_understand_is_not_an_error(module):
    (module / "main.tf").write_text("{")
    check = check_module(module)
    assert check.findings == ()
    assert "its security group rules are not checked: " in check.skipped


def plan(**group):
    values = {"description": TEXT, "ingress": [], "egress": [], **group}
    resource = {
        "address": "aws_security_group.web",
        "mode": "managed",
        "type": "aws_security_group",
        "name": "web",
        "values": values,
    }
    return {
        "format_version": "1.2",
        "terraform_version": "1.9.8",
        "planned_values": {"root_module": {"resources": [resource]}},
    }


SSH = {"protocol": "tcp", "from_port": 22, "to_port": 22, "cidr_blocks": ["0.0.0.0/0"]}


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("size", [0, 1_500_000])
def test_a_plan_is_recognised_and_judged(tmp_path, indent, size):
    document = {**plan(ingress=[SSH]), "variables": {"a": {"value": "x" * size}}}
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(document, indent=indent))
    target = target_at(path)
    assert target.kind is Kind.PLAN
    [finding] = check_plan(target.text, str(path)).findings
    assert finding.rule == "W9306"
    assert finding.message.startswith("aws_security_group.web: tcp 22 is open to 0.0.0.0/0")


def test_a_plan_without_mistakes_has_no_findings():
    assert check_plan(json.dumps(plan()), "plan.json").findings == ()


def test_a_broken_plan_is_a_finding():
    [finding] = check_plan('{"format_version": "1.2", "terraform_version": ', "plan.json").findings
    assert (finding.severity, finding.rule) == ("error", "plan")


def test_other_json_is_not_taken_for_a_plan(tmp_path):
    path = tmp_path / "x.json"
    path.write_text('{"format_version": "1.0", "valid": true}')
    assert target_at(path).kind is Kind.OTHER
