"""`cvo-sg adopt`: what it writes, what it says, and what it does not touch."""

from __future__ import annotations

import json

import pytest

DEPLOYMENT = """
name: acme
release: "3.7"
groups: [ha-mediator]
endpoints:
  inbound-clients: [10.0.0.0/8]
"""
GROUP = {
    "GroupId": "sg-00000001",
    "GroupName": "cm-${x}-ha-mediator",
    "Description": 'The "mediator"',
    "VpcId": "vpc-1",
}
RULE = {
    "SecurityGroupRuleId": "sgr-1",
    "GroupId": "sg-00000001",
    "IsEgress": False,
    "IpProtocol": "tcp",
    "FromPort": 22,
    "ToPort": 22,
    "CidrIpv4": "10.0.0.0/8",
}
OTHER = {**RULE, "SecurityGroupRuleId": "sgr-2", "FromPort": 23, "ToPort": 23, "Description": "old"}


@pytest.fixture
def adopt(run, tmp_path):
    """Run `cvo-sg adopt` for a deployment and the JSON of a group with two rules."""
    (tmp_path / "acme.yaml").write_text(DEPLOYMENT)
    (tmp_path / "groups.json").write_text(json.dumps({"SecurityGroups": [GROUP]}))
    (tmp_path / "rules.json").write_text(json.dumps({"SecurityGroupRules": [RULE, OTHER]}))

    def invoke(*arguments):
        return run("adopt", "acme.yaml", "groups.json", "rules.json", *arguments)

    return invoke


def without_header(path):
    return path.read_text().split("\n\n", 1)[1]


def test_import_blocks_have_our_addresses_and_the_ids_of_ec2(adopt, tmp_path):
    result = adopt()
    assert result.exit_code == 0
    assert (
        without_header(tmp_path / "out/acme/adopt/imports.tf")
        == """\
import {
  to = module.acme.aws_security_group.ha_mediator
  id = "sg-00000001"
}

import {
  to = module.acme.aws_vpc_security_group_ingress_rule.ha_mediator["tcp-22/10.0.0.0/8"]
  id = "sgr-1"
}
"""
    )
    assert (
        (tmp_path / "out/acme/adopt/adopted.tf")
        .read_text()
        .endswith("""\
locals {
  acme_adopted_groups = {
    "ha-mediator" = {
      name        = "cm-$${x}-ha-mediator"
      description = "The \\"mediator\\""
    }
  }
}
""")
    )


def test_cloudformation_gets_a_part_of_the_template_and_the_ids(adopt, tmp_path):
    adopt()
    folder = tmp_path / "out/acme/adopt"
    group, rule = json.loads((folder / "resources-to-import.json").read_text())
    assert group == {
        "ResourceType": "AWS::EC2::SecurityGroup",
        "LogicalResourceId": "HaMediatorSecurityGroup",
        "ResourceIdentifier": {"Id": "sg-00000001"},
    }
    assert rule == {
        "ResourceType": "AWS::EC2::SecurityGroupIngress",
        "LogicalResourceId": "HaMediatorIngressTcp22From10x0x0x0m8",
        "ResourceIdentifier": {"Id": "sgr-1"},
    }
    template = (folder / "import-template.yaml").read_text()
    assert template.count("    DeletionPolicy: Retain\n") == 2
    assert "Outputs:" not in template
    assert "GroupDescription: Cloud Volumes" in template.replace('"', ""), "as in the full template"


def test_the_list_of_cloudformation_is_ours_until_somebody_edits_it(adopt, tmp_path):
    adopt()
    listed = tmp_path / "out/acme/adopt/resources-to-import.json"
    (tmp_path / "rules.json").write_text(json.dumps({"SecurityGroupRules": [OTHER]}))
    assert adopt().exit_code == 0
    assert len(json.loads(listed.read_text())) == 1
    listed.write_text("[]\n")
    result = adopt()
    assert result.exit_code == 2
    assert "resources-to-import.json" in result.stderr
    assert listed.read_text() == "[]\n"


def test_a_network_of_the_command_line_is_not_for_cloudformation(adopt, tmp_path):
    endpoint = ("--endpoint", "inbound-clients=10.0.0.0/8")
    assert adopt(*endpoint).exit_code == 0
    assert not (tmp_path / "out/acme/adopt/resources-to-import.json").exists()
    assert "--endpoint is for Terraform" in adopt(*endpoint, "-f", "cloudformation").stderr


def test_what_happens_to_the_rules_is_said(adopt):
    text = adopt().stdout
    assert "rules: 1 kept, 1 to add, 1 not in the deployment" in text
    assert "ha-mediator inbound TCP 23 from 10.0.0.0/8: old" in text
    assert (
        "aws ec2 revoke-security-group-ingress --group-id sg-00000001 "
        "--security-group-rule-ids sgr-2"
    ) in text


def test_a_deployment_that_does_not_adopt_the_group_yet_is_told_to(adopt, tmp_path):
    assert "`adopted: [ha-mediator]` into acme.yaml" in adopt().stdout
    (tmp_path / "acme.yaml").write_text(f"{DEPLOYMENT}adopted: [ha-mediator]\n")
    assert "REPLACE" not in adopt().stdout


def test_a_module_that_is_the_root_has_no_prefix_and_gets_a_value(adopt, tmp_path):
    adopt("--module", "", "--out", "live")
    assert "to = aws_security_group.ha_mediator\n" in (tmp_path / "live/imports.tf").read_text()
    values = without_header(tmp_path / "live/adopted.auto.tfvars")
    assert values.startswith('adopted_groups = {\n  "ha-mediator" = {')


def test_an_endpoint_that_whoever_deploys_fills_in_is_given_with_an_option(adopt, tmp_path):
    adopt("--endpoint", "inbound-clients=10.0.0.0/8,192.0.2.0/24")
    adopt("--endpoint", "inbound-clients=192.0.2.0/24")
    assert "sgr-1" not in (tmp_path / "out/acme/adopt/imports.tf").read_text()


def test_of_a_group_that_something_else_owns_only_the_rules_are_imported(adopt, tmp_path):
    existing = "existing: {ha-mediator: sg-00000001}\n"
    (tmp_path / "acme.yaml").write_text(DEPLOYMENT + existing)
    (tmp_path / "groups.json").write_text('{"SecurityGroups": []}')
    result = adopt()
    assert result.exit_code == 0
    assert "REPLACE" not in result.stdout
    imports = (tmp_path / "out/acme/adopt/imports.tf").read_text()
    assert imports.count("import {") == 1
    assert 'id = "sgr-1"' in imports
    assert not (tmp_path / "out/acme/adopt/adopted.tf").exists()


def test_the_header_has_the_command_and_generate_leaves_the_files_alone(adopt, run, tmp_path):
    adopt("--group", "ha-mediator=sg-00000001")
    imports = tmp_path / "out/acme/adopt/imports.tf"
    assert imports.read_text().splitlines()[3] == (
        "# Command: cvo-sg adopt acme.yaml groups.json rules.json --group ha-mediator=sg-00000001"
    )
    (tmp_path / "cvo-sg.yaml").write_text("outputs: [{out: out, deployments: [acme.yaml]}]\n")
    result = run("generate", "--no-lint")
    assert result.exit_code == 0
    assert imports.exists()
    assert "kept" not in result.stderr
    assert run("generate", "--check").exit_code == 0


def test_the_files_lie_beside_the_output_that_the_settings_name(adopt, tmp_path):
    (tmp_path / "cvo-sg.yaml").write_text("outputs: [{out: live, deployments: [acme.yaml]}]\n")
    assert adopt().exit_code == 0
    assert (tmp_path / "live/acme/adopt/imports.tf").exists()


@pytest.mark.parametrize("content", ["import {}\n", None], ids=["of others", "edited"])
def test_nothing_is_overwritten_that_is_not_ours(adopt, tmp_path, content):
    adopt("--out", ".")
    imports = tmp_path / "imports.tf"
    text = content or imports.read_text() + "# mine\n"
    imports.write_text(text)
    (tmp_path / "adopted.tf").unlink()
    result = adopt("--out", ".")
    assert result.exit_code == 2
    assert "imports.tf" in result.stderr
    assert imports.read_text() == text
    assert not (tmp_path / "adopted.tf").exists()
    assert adopt("--out", ".", "--force").exit_code == 0
    assert imports.read_text() != text


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        pytest.param(["--group", "manager"], "--group manager: use <role>=<id>", id="group"),
        pytest.param(["--module", "acme"], "--module acme: use the address", id="module"),
        pytest.param(["nothing.json"], "nothing.json: no such file", id="no file"),
        pytest.param(["acme.yaml"], "acme.yaml: not recognised", id="another file"),
        pytest.param(["-"], "<stdin>", id="standard input"),
    ],
)
def test_a_mistake_is_a_sentence(adopt, tmp_path, arguments, sentence):
    result = adopt(*arguments)
    assert result.exit_code == 2
    assert sentence in result.stderr
    assert not (tmp_path / "out").exists()


def test_no_match_says_what_to_write(adopt, tmp_path):
    group = {**GROUP, "GroupName": "web"}
    (tmp_path / "groups.json").write_text(json.dumps({"SecurityGroups": [group]}))
    result = adopt()
    assert result.exit_code == 2
    assert "they are sg-00000001 (web). Name them: --group ha-mediator=<id>" in result.stderr
