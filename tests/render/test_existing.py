"""Groups that something else owns: only their rules are generated, into the group with that id."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from module import rules_by_key
from samples import DATA, peers, rendered, variant
from stack import Stack, template_of
from strategies import OWNED, deployments, resolved

from generator.check import lint
from generator.compare import replaced
from generator.resolve import over_quota

SG = "sg-0123456789abcdef0"
BOUND = {"inbound-clients": peers("10.0.0.0/8"), "outbound-anywhere": peers("0.0.0.0/0")}
ONE = variant(existing={"manager": SG}, endpoints={"administrators": peers("group:manager")})
ALL = variant("predefined", groups=("manager",), existing={"manager": SG}, endpoints=BOUND)


def held(deployment):
    """The keys of Terraform and the logical ids of CloudFormation, with their rules."""
    return rules_by_key(rendered(deployment)), Stack(template_of(deployment)).rules_by_id()


@pytest.mark.slow
@given(deployments(existing=None, adopted=()))
def test_who_owns_a_group_changes_no_key_logical_id_or_rule(deployment):
    roles = [group.role for group in resolved(deployment).groups]
    owned = replace(deployment, existing={role: OWNED[role] for role in roles[::2]})
    assert held(owned) == held(deployment)


def test_the_module_has_no_group_and_refers_to_the_id():
    files = rendered(ONE)
    groups = re.findall(r'(?m)^resource "aws_security_group" "(\w+)"', files["main.tf"])
    assert groups == ["cloud_volumes_ontap", "ha_mediator"]
    assert f'    "manager"             = "{SG}"\n' in files["main.tf"], "as a peer of the others"
    assert files["main.tf"].count(f'  security_group_id = "{SG}"\n') == 2
    assert f'  value       = "{SG}"\n' in files["outputs.tf"]
    waits = "  depends_on = [data.aws_security_group.manager]\n"
    assert files["main.tf"].count(waits) == 2, "no rule is made before what the data source checks"
    assert "aws_security_group.manager" not in re.sub(
        r"data\.aws_security_group\.manager", "", "".join(files.values())
    )


def test_the_template_has_no_group_and_refers_to_the_id():
    template = template_of(ONE)
    assert "ManagerSecurityGroup" not in template["Resources"]
    assert template["Outputs"]["ManagerSecurityGroupId"]["Value"] == SG
    properties = [r["Properties"] for r in template["Resources"].values()]
    assert SG in [p.get("GroupId") for p in properties]
    assert SG in [p.get("SourceSecurityGroupId") for p in properties], "as a peer of the others"


def test_what_only_groups_of_our_own_need_is_left_out():
    template, files = template_of(ALL), rendered(ALL)
    assert "Parameters" not in template
    assert "Metadata" not in template
    assert 'variable "name"' not in files["variables.tf"]
    assert "127.0.0.1" not in "".join(rendered(ALL, "cloudformation").values())


@pytest.mark.slow
@pytest.mark.parametrize("deployment", [ONE, ALL, replace(ALL, quota=70)])
def test_cfn_lint_has_nothing_to_say(deployment):
    text = rendered(deployment, "cloudformation")["template.yaml"]
    assert [*lint(text, "template.yaml", advice=False)] == []


def test_a_group_without_a_placeholder_has_room_for_one_rule_more():
    networks = [f"10.{i}.0.0/16" for i in range(30)]
    full = replace(ALL, endpoints={**BOUND, "outbound-anywhere": peers(*networks)}, quota=60)
    assert over_quota(resolved(full), "cloudformation") == []
    ours = resolved(replace(full, existing=None))
    assert over_quota(ours, "cloudformation") != []


@pytest.mark.parametrize(
    ("format_", "file"), [("terraform", "main.tf"), ("cloudformation", "template.yaml")]
)
def test_giving_a_group_away_is_said_to_delete_it(format_, file):
    ours, owned = (rendered(d, format_)[file] for d in (replace(ONE, existing=None), ONE))
    assert replaced(ours, owned) == ["manager"]
    assert replaced(owned, ours) == []


def test_both_readmes_say_what_stays():
    for format_ in ("terraform", "cloudformation"):
        text = " ".join(rendered(ONE, format_)["README.md"].split())
        assert f"Something else owns {SG}." in text
        assert "the default egress rule, stay" in text
        assert "`InvalidPermission.Duplicate`" in text


def test_other_modules_stay_as_they_are():
    for preset in DATA.presets():
        text = "".join(rendered(variant(preset)).values())
        assert "existing" not in text.replace("existing Active", "")
        assert "adopted_groups" not in text
