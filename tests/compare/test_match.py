"""Groups that were read, and the roles that their outputs and names show."""

from __future__ import annotations

import pytest

from generator.compare import roles_of
from generator.model import ObservedGroup, Place

OUTPUTS = {"web": "web_group_id", "internal": "internal_id", "ha-internal": "other_id"}


def group(key, name=None, tag=None, output=None):
    tags = {"Name": tag} if tag else {}
    return ObservedGroup(key, Place("groups.json"), name=name, tags=tags, output=output)


@pytest.mark.parametrize(
    ("found", "role"),
    [
        pytest.param(group("a", "acme-web"), "web", id="name"),
        pytest.param(group("a", "web"), "web", id="whole-name"),
        pytest.param(group("a", "Acme_WEB"), "web", id="capitals"),
        pytest.param(group("a", tag="acme web"), "web", id="tag"),
        pytest.param(group("a", "acme-ha-internal"), "ha-internal", id="longest"),
        pytest.param(group("a", output="web_group_id"), "web", id="terraform-output"),
        pytest.param(group("a", output="WebGroupId"), "web", id="cloudformation-output"),
        pytest.param(group("a", "x-internal", output="web_group_id"), "web", id="output-first"),
        pytest.param(group("a", "cobweb"), None, id="no-word"),
        pytest.param(group("a", "web-2"), None, id="not-at-the-end"),
        pytest.param(group("acme-web"), None, id="key"),
    ],
)
def test_a_group_has_the_role_that_it_shows(found, role):
    assert roles_of([found], OUTPUTS) == ({"a": role} if role else {})


def test_of_several_groups_for_one_role_none_has_it():
    groups = [group("a", "prod-web"), group("b", "test-web"), group("c", "prod-internal")]
    assert roles_of(groups, OUTPUTS) == {"c": "internal"}


def test_an_output_decides_between_names():
    groups = [group("a", "prod-web", output="web_group_id"), group("b", "test-web")]
    assert roles_of(groups, OUTPUTS) == {"a": "web"}
