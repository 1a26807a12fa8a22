"""A folder of rule data adds to the built-in one and changes it, or replaces it if it says so."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import jsonschema
import pytest
import yaml
from jsonschema import Draft202012Validator

from generator.errors import InputError, UsageError
from generator.load import RuleData, rule_data_schema, shipped

SUPPLEMENT = """\
node-exporter:
  title: Node exporter
  evidence: reported
  source: Our runbook
  reason: Prometheus reads metrics of the nodes.
  groups:
    cloud-volumes-ontap:
      inbound:
        - {protocol: TCP, port: "9100", purpose: Metrics, id: metrics, endpoints: [scrapers]}
"""
SCRAPERS = """\
scrapers: {title: Scrapers, help: Prometheus servers., default: {endpoint: monitoring-clients}}
"""
RELEASE = """\
product: Product 4
document: A page
groups: [manager]
"""
MANAGER = """\
title: Manager
inbound:
  - {protocol: SSH, port: "22", purpose: Log in, id: ssh, endpoints: [administrators]}
outbound: []
"""
BUILT_IN = RuleData(shipped("rule_data"))


@pytest.fixture
def put(tmp_path):
    """Write the files of a layer, and return its folder."""

    def write(files):
        for name, text in files.items():
            path = tmp_path / "layer" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return tmp_path / "layer"

    return write


def refusal(folder):
    """What a user reads, but for where the layer is."""

    def load():
        data = RuleData(folder)
        for name in data.releases():
            data.release(name)

    with pytest.raises((InputError, UsageError)) as error:
        load()
    return str(error.value).replace(f"{folder}/", "")


def test_a_supplement_is_added_to_the_built_in_ones(put):
    data = RuleData(put({"supplements.yaml": SUPPLEMENT, "endpoints.yaml": SCRAPERS}))
    assert [*data.catalogue.supplements] == [*BUILT_IN.catalogue.supplements, "node-exporter"]
    assert [*data.catalogue.endpoints] == [*BUILT_IN.catalogue.endpoints, "scrapers"]
    assert data.catalogue.groups == BUILT_IN.catalogue.groups
    assert (data.releases(), data.presets()) == (BUILT_IN.releases(), BUILT_IN.presets())


def test_an_entry_changes_only_the_fields_that_it_has(put):
    data = RuleData(put({"endpoints.yaml": "dns: {help: Ask the network team.}\n"}))
    before, after = (each.catalogue.endpoints for each in (BUILT_IN, data))
    assert after["dns"].help == "Ask the network team."
    assert (after["dns"].title, after["dns"].unfiltered) == (before["dns"].title, True)
    assert [*after] == [*before], "in the same order"
    assert {name for name in after if after[name] != before[name]} == {"dns"}


def test_a_site_has_the_last_word_on_an_endpoint_in_every_release(put):
    """Not the release of a layer below, which has a help and a default of its own."""
    entry = "manager-http-clients: {help: Ask the network team., default: {cidrs: [10.1.0.0/16]}}"
    data = RuleData(put({"endpoints.yaml": f"{entry}\n"}))
    for release in data.releases():
        info = data.release(release).info
        endpoint = data.catalogue.of(info).endpoints["manager-http-clients"]
        assert endpoint.help == "Ask the network team."
        assert endpoint.default.cidrs == ("10.1.0.0/16",)
    built_in = BUILT_IN.release("console").info
    assert "manager-http-clients" in built_in.help
    kept = data.release("console").info
    assert kept.help.keys() == built_in.help.keys() - {"manager-http-clients"}


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("suplements.yaml", "did you mean supplements.yaml?"),
        ("release/4/release.yaml", "did you mean releases?"),
    ],
)
def test_a_name_that_means_nothing_is_refused(put, name, sentence):
    folder = put({"supplements.yaml": SUPPLEMENT, "endpoints.yaml": SCRAPERS, name: "a: b\n"})
    told = refusal(folder)
    assert told.startswith(f"{name.partition('/')[0]}: not rule data: use ")
    assert told.endswith(sentence)


def test_a_field_replaces_the_whole_field(put):
    text = "administrators: {default: {}}\nnfs-clients: {default: {cidrs: [10.0.0.0/8]}}\n"
    endpoints = RuleData(put({"endpoints.yaml": text})).catalogue.endpoints
    assert endpoints["administrators"].default.is_open
    assert endpoints["nfs-clients"].default.cidrs == ("10.0.0.0/8",)
    assert endpoints["nfs-clients"].default.endpoint is None
    text = "ntp: {groups: {manager: {outbound: []}}}\n"
    ntp = RuleData(put({"supplements.yaml": text})).catalogue.supplements["ntp"]
    assert [*ntp.groups] == ["manager"]
    assert ntp.title == BUILT_IN.catalogue.supplements["ntp"].title


def test_a_release_is_added_to_the_built_in_ones(put):
    folder = put({"releases/4/release.yaml": RELEASE, "releases/4/manager.yaml": MANAGER})
    data = RuleData(folder)
    assert data.releases() == sorted([*BUILT_IN.releases(), "4"])
    assert data.release("4").info.product == "Product 4"
    assert data.release("3.7") == BUILT_IN.release("3.7")


def test_a_file_of_a_release_takes_the_place_of_the_built_in_one(put):
    release = RuleData(put({"releases/3.7/manager.yaml": MANAGER})).release("3.7")
    assert [row.id for row in release.rules["manager"].inbound] == ["ssh"]
    assert release.info == BUILT_IN.release("3.7").info


def test_a_preset_and_a_group_are_added(put):
    group = "web: {description: Web servers, output: web_security_group_id}\n"
    preset = 'name: ours\nrelease: "3.7"\n'
    data = RuleData(put({"groups.yaml": group, "presets/ours.yaml": preset}))
    assert [*data.catalogue.groups] == [*BUILT_IN.catalogue.groups, "web"]
    assert data.presets() == sorted([*BUILT_IN.presets(), "ours"])
    assert data.preset("ours").name == "ours"


def test_a_group_keeps_its_description(put):
    text = "manager:\n  outputs_to: [aws_instance.vpc_security_group_ids]\n  description: Ours\n"
    assert refusal(put({"groups.yaml": text})) == (
        "groups.yaml:3:16: a new description would replace the security group manager, and what "
        "uses it: remove this line"
    )
    same = BUILT_IN.catalogue.groups["manager"].description
    text = text.replace("Ours", same)
    manager = RuleData(put({"groups.yaml": text})).catalogue.groups["manager"]
    assert manager.outputs_to == ("aws_instance.vpc_security_group_ids",)


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        pytest.param(
            {"endpoints.yaml": "dnss: {help: Ask the network team.}\n"},
            "endpoints.yaml:1:7: missing key 'title'",
            id="new-entry-without-a-field",
        ),
        pytest.param(
            {"endpoints.yaml": "dns:\n  hlp: Ask.\n"},
            "endpoints.yaml:2:3: unknown key 'hlp': use title, help, default, administers, "
            "unfiltered or also; did you mean help?",
            id="unknown-key",
        ),
        pytest.param(
            {"endpoints.yaml": 'dns:\n  help: "a\\nb"\n'},
            "endpoints.yaml:2:9: the help must be one line of printable text",
            id="field",
        ),
        pytest.param(
            {"endpoints.yaml": "dns:\n  default: {endpoint: dnss}\n"},
            "endpoints.yaml:2:23: unknown endpoint 'dnss': did you mean dns?",
            id="default",
        ),
        pytest.param(
            {"endpoints.yaml": "nas-clients:\n  default: {group: manager}\n"},
            "endpoints.yaml:2:12: cifs-clients: endpoint 'nas-clients' defaults to a group: use "
            "that group here\n"
            "endpoints.yaml:2:12: nfs-clients: endpoint 'nas-clients' defaults to a group: use "
            "that group here",
            id="default-that-built-in-ones-fall-back-to",
        ),
        pytest.param(
            {"endpoints.yaml": "inbound-clients:\n  default: {endpoint: nfs-clients}\n"},
            "circular default",
            id="default-that-leads-back",
        ),
        pytest.param(
            {"supplements.yaml": SUPPLEMENT},
            "supplements.yaml:9:84: unknown endpoint 'scrapers': use",
            id="endpoint-of-a-supplement",
        ),
        pytest.param(
            {"groups.yaml": "ha_internal: {description: A, output: a}\n"},
            "groups.yaml:1:1: invalid role 'ha_internal'",
            id="role",
        ),
        pytest.param(
            {"endpoints.yaml": "dns-of-manager: {title: DNS, help: DNS servers.}\n"},
            "manager/dns would have the variable dns_of_manager, which endpoint 'dns-of-manager'",
            id="id-of-a-variable",
        ),
        pytest.param(
            {"releases/4/release.yaml": RELEASE},
            "releases/4/manager.yaml: No such file or directory",
            id="missing-file-of-a-release",
        ),
        pytest.param(
            {"releases/4/release.yaml": RELEASE, "releases/4/manager.yaml": MANAGER + "x: 1\n"},
            "releases/4/manager.yaml:5:1: unknown key 'x'",
            id="file-of-a-release",
        ),
        pytest.param(
            {"rule-data.yaml": "replaces_builtin: true\n", "endpoints.yaml": SCRAPERS},
            "rule-data.yaml:1:1: unknown key 'replaces_builtin': use replaces_built_in; did you "
            "mean replaces_built_in?",
            id="rule-data.yaml",
        ),
        pytest.param(
            {"endpoint.yaml": SCRAPERS},
            "is not a folder of rule data: it has no groups.yaml, endpoints.yaml, "
            "supplements.yaml, releases/ or presets/",
            id="nothing-of-rule-data",
        ),
    ],
)
def test_a_mistake_is_reported_in_the_file_of_its_layer(put, files, sentence):
    text = refusal(put(files))
    assert sentence in text
    assert str(BUILT_IN.root) not in text


def test_what_could_replace_the_built_in_rule_data_has_to_say_whether_it_does(tmp_path):
    folder = Path(shutil.copytree(BUILT_IN.root, tmp_path / "layer"))
    shutil.rmtree(folder / "releases" / "fsx-ontap")
    assert RuleData(folder).releases() == [n for n in BUILT_IN.releases() if n != "fsx-ontap"]
    (folder / "rule-data.yaml").write_text("replaces_built_in: false\n")
    assert RuleData(folder).releases() == BUILT_IN.releases()
    (folder / "rule-data.yaml").unlink()
    assert re.fullmatch(
        r".*/layer could replace the built-in rule data or add to it: create rule-data\.yaml with "
        "replaces_built_in: true or replaces_built_in: false",
        refusal(folder),
    )


def test_the_schema_takes_an_entry_that_has_only_what_it_changes():
    validator = Draft202012Validator(rule_data_schema())
    for text in ("dns: {help: Ask.}", "ntp: {title: Time}", "replaces_built_in: false"):
        validator.validate(yaml.safe_load(text))
    with pytest.raises(jsonschema.ValidationError):
        validator.validate({"dns": {"hlp": "Ask."}})
