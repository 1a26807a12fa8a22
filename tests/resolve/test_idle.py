"""What a deployment binds and no rule uses is named, with what it would take."""

from __future__ import annotations

import pytest
from samples import DATA, resolved

HEAD = 'name: site\nrelease: "3.7"\n'
ADD = "or add what is missing"


def idle(text):
    """The sentence about the bindings that no rule uses, if there is one."""
    deployment = DATA.parse_deployment((HEAD + text).encode(), "site.yaml")
    [*found] = (w for w in resolved(deployment).warnings if "no rule uses" in w)
    assert len(found) < 2
    return found[0].removeprefix("no rule uses the ") if found else None


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        pytest.param(
            "groups: [manager]\nendpoints: {iscsi-clients: [10.0.0.0/8]}\n",
            f"endpoint iscsi-clients (it needs the group cloud-volumes-ontap): remove it, {ADD}",
            id="group",
        ),
        pytest.param(
            "endpoints: {ntp-servers: [10.0.0.0/8]}\n",
            f"endpoint ntp-servers (it needs supplements: [ntp]): remove it, {ADD}",
            id="supplement",
        ),
        pytest.param(
            "groups: [manager]\nendpoints: {ntp-servers: []}\n",
            "endpoint ntp-servers (it needs supplements: [ntp] and the group "
            f"cloud-volumes-ontap): remove it, {ADD}",
            id="supplement-and-group",
        ),
        pytest.param(
            "features: {iscsi: false}\nendpoints: {iscsi-clients: []}\n",
            f"endpoint iscsi-clients (it needs features: {{iscsi: true}}): remove it, {ADD}",
            id="feature",
        ),
        pytest.param(
            "outbound: basic\nendpoints: {dns: [], mail-server: []}\n",
            "endpoints dns (it needs outbound: advanced), mail-server (it needs outbound: "
            f"advanced): remove them, {ADD}",
            id="outbound",
        ),
        pytest.param(
            "topology: single-node\nopen: [aws-api-services]\n",
            f"endpoint aws-api-services (it needs topology: ha): remove it, {ADD}",
            id="topology-and-left-open",
        ),
        pytest.param(
            "outbound: basic\nendpoints: {manager/active-directory: []}\n",
            "endpoint manager/active-directory (it needs outbound: advanced): remove it, " + ADD,
            id="of-one-group",
        ),
        pytest.param(
            "groups: [manager]\nendpoints: {dns: [10.0.0.2/32], manager/dns: [10.0.0.3/32]}\n",
            f"endpoint dns (it needs the group cloud-volumes-ontap): remove it, {ADD}",
            id="replaced-for-every-group",
        ),
        pytest.param(
            "groups: [ha-mediator]\nendpoints: {inbound-clients: [10.0.0.0/8], administrators: [], "
            "mediator-api-clients: []}\n",
            f"endpoint inbound-clients (it needs the group manager): remove it, {ADD}",
            id="all-that-fall-back-are-bound",
        ),
        pytest.param(
            "groups: [ha-mediator]\nendpoints: {inbound-clients: [10.0.0.0/8], "
            "ha-mediator/inbound-clients: []}\nopen: [backup-endpoints]\n",
            "endpoints inbound-clients (it needs the group manager), backup-endpoints (it needs "
            f"the group cloud-volumes-ontap): remove them, {ADD}",
            id="a-fallback-replaced-for-every-group",
        ),
    ],
)
def test_a_binding_that_no_rule_uses_is_named_with_what_it_needs(text, sentence):
    assert idle(text) == sentence


def test_a_binding_that_nothing_would_use_is_to_be_removed():
    text = "groups: [manager]\nopen: [backup-to-s3]\n"
    deployment = DATA.parse_deployment(f"name: site\nrelease: console\n{text}".encode(), "x")
    [sentence] = (w for w in resolved(deployment).warnings if "no rule" in w)
    assert sentence == "no rule uses the endpoint backup-to-s3: remove it"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing-bound"),
        pytest.param("endpoints: {inbound-clients: []}\n", id="by-those-that-fall-back"),
        pytest.param("endpoints: {nas-clients: [], nfs-clients: []}\n", id="by-some-of-them"),
        pytest.param("endpoints: {manager: []}\n", id="in-place-of-a-group"),
        pytest.param("endpoints: {manager/inbound-clients: []}\n", id="fallback-of-one-group"),
        pytest.param("supplements: [ntp]\nopen: [ntp-servers]\n", id="of-a-supplement"),
    ],
)
def test_a_binding_that_a_rule_uses_is_not_named(text):
    assert idle(text) is None


@pytest.mark.parametrize("preset", DATA.presets())
def test_no_preset_binds_what_no_rule_uses(preset):
    assert not [w for w in resolved(DATA.preset(preset)).warnings if "no rule uses" in w]


def test_the_summary_names_it_and_strict_counts_it(run, tmp_path):
    text = HEAD + "groups: [ha-mediator]\nendpoints: {inbound-clients: [10.0.0.0/8], dns: []}\n"
    (tmp_path / "site.yaml").write_text(text)
    result = run("generate", "site.yaml", "--no-lint")
    assert result.exit_code == 0
    assert "warning: site: no rule uses the endpoint dns (it needs the group" in result.stderr
    strict = run("generate", "site.yaml", "--no-lint", "--strict")
    assert strict.exit_code == 1
    assert "site: no rule uses the endpoint dns" in strict.stdout
    assert "no rule uses" in run("validate", "site.yaml", "--strict").stdout
