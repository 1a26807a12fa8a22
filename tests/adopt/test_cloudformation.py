"""A change set that imports: the groups and rules that are there, under the ids of our template."""

from __future__ import annotations

import json

import pytest
import yaml
from hypothesis import given
from samples import DEPLOYMENTS, rendered
from stack import Reader, Stack, template_of
from strategies import deployments, resolved

from generator.adopt import adoption, cloudformation_files
from generator.adopt.match import Matches
from generator.check import lint
from generator.model import Observation, Observed, ObservedGroup, Place
from generator.resolve import granted

PLACE = Place("x.json")


def taken_over(deployment):
    """The files for a deployment of which every other rule is there, and the ids of those."""
    ours = resolved(deployment)
    ids = {g.role: g.existing or f"sg-{i:08x}" for i, g in enumerate(ours.groups)}
    groups = {role: ObservedGroup(key, PLACE, key, f"x-{role}", "-") for role, key in ids.items()}
    rules = tuple(
        Observed(
            ids[p.group],
            p.direction,
            p.traffic.ip_protocol,
            p.traffic.from_port,
            p.traffic.to_port,
            p.peer.kind,
            ids.get(p.peer.value, p.peer.value),
            PLACE,
            id=f"sgr-{number}",
        )
        for number, p in enumerate(granted(ours))
        if number % 2
    )
    found = Observation(tuple(groups.values()), rules)
    adopted = adoption(found, ours, Matches(groups, (), ()))
    text = rendered(deployment, "cloudformation")["template.yaml"]
    return cloudformation_files(adopted, ours, text), ids, adopted


@pytest.mark.slow
@given(deployments())
def test_what_is_imported_is_in_the_template_and_the_same_as_in_the_one_that_follows(deployment):
    files, ids, adopted = taken_over(deployment)
    if not files:
        assert not adopted.kept
        assert ids.keys() == (deployment.existing or {}).keys()
        return
    part, whole = yaml.load(files["import-template.yaml"], Reader), template_of(deployment)
    listed = json.loads(files["resources-to-import.json"])
    assert "Outputs" not in part
    assert [*part["Resources"]] == [
        name for name in whole["Resources"] if name in part["Resources"]
    ]
    for name, resource in part["Resources"].items():
        for policy in ("DeletionPolicy", "UpdateReplacePolicy"):
            assert resource.pop(policy) == "Retain"
            whole["Resources"][name].pop(policy, None)
        assert resource == whole["Resources"][name]
    by_name = {each["LogicalResourceId"]: each for each in listed}
    assert by_name.keys() == part["Resources"].keys()
    assert len(by_name) == len(listed)
    own = len(ids) - len(deployment.existing or {})
    assert len(listed) == own + len(adopted.kept)
    for name, each in by_name.items():
        assert each["ResourceType"] == part["Resources"][name]["Type"]


@pytest.mark.slow
@given(deployments(connect_groups=False))
def test_the_id_of_a_rule_is_that_of_the_rule_with_its_permission(deployment):
    files, _, adopted = taken_over(deployment)
    if not files:
        return
    part = yaml.load(files["import-template.yaml"], Reader)
    rules = Stack(part).rules_by_id() if part["Resources"] else {}
    listed = json.loads(files["resources-to-import.json"])
    ids = {each["ResourceIdentifier"]["Id"]: each["LogicalResourceId"] for each in listed}
    assert len(ids) == len(listed)
    for permission, rule in adopted.kept:
        found = rules[ids[rule.id]]
        assert (found.role, found.direction, found.kind, found.peer) == (
            *(permission.group, permission.direction),
            *(permission.peer.kind, permission.peer.value),
        )
        assert (found.protocol, found.first) == (
            *(permission.traffic.ip_protocol, permission.traffic.from_port),
        )


@pytest.mark.slow
@pytest.mark.parametrize("name", ["advanced", "peers-of-every-kind"])
def test_cfn_lint_finds_nothing_but_parameters_of_what_is_not_imported(name):
    files, *_ = taken_over(DEPLOYMENTS[name])
    found = lint(files["import-template.yaml"], "t.yaml", advice=False)
    assert {finding.rule for finding in found} <= {"W2001", "W8001"}
