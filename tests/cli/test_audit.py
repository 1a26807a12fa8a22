"""`cvo-sg audit`: sources and options in, a report and an exit status out."""

from __future__ import annotations

import json
from datetime import date
from xml.etree import ElementTree

import jsonschema
import pytest
import yaml
from click.testing import CliRunner
from ec2_json import groups_json, id_of, rules_json
from strategies import resolved

from generator.cli import cli
from generator.model import Peer, Permission, Traffic
from generator.resolve import granted

DEPLOYMENT = """\
name: acme
release: "3.7"
groups: [manager, ha-mediator]
outbound: advanced
endpoints:
  inbound-clients: []
  administrators: [10.1.0.0/16]
  dns: [10.0.0.2/32]
  outbound-internet: [0.0.0.0/0]
  ontap-cluster-management-lif: []
"""
ALLOW = """\
- {group: manager, direction: inbound, traffic: TCP 8080, peer: 10.9.0.0/16,
   reason: The metrics proxy until it moves, until: 2999-12-31}
- group: manager
  direction: outbound
  traffic: UDP 53
  missing: true
  reason: Names come from the VPC's own resolver
"""
EXTRA = Permission("manager", "inbound", Traffic("tcp", 8080, 8080), Peer.parse("10.9.0.0/16"))


@pytest.fixture
def here(tmp_path, data):
    """A repository with a deployment, and with its groups as EC2 describes them."""
    (tmp_path / "acme.yaml").write_text(DEPLOYMENT)
    (tmp_path / "allow.yaml").write_text(ALLOW)
    found = resolved(data.deployment(tmp_path / "acme.yaml"))
    rules = [*granted(found)]
    changed = [p for p in rules if p.endpoint != "dns"] + [EXTRA]
    names = {group.role: group.name for group in found.groups}
    for name, each in (("same", rules), ("changed", changed)):
        (tmp_path / f"{name}.json").write_text(groups_json(each, names))
        (tmp_path / f"{name}-rules.json").write_text(rules_json(each))
    return tmp_path


@pytest.mark.usefixtures("here")
def test_groups_that_are_as_asked_for_are_clean(run):
    result = run("audit", "acme.yaml", "same.json")
    assert result.exit_code == 0
    assert result.stdout.startswith(f"manager: {id_of('manager')} (acme-manager), 3 rules as exp")
    assert "missing" not in result.stdout
    assert result.stderr == ("compared 2 groups with acme: 5 rules as expected, nothing deviates\n")
    assert run("audit", "acme.yaml", "same.json", "--quiet").stderr == ""


@pytest.mark.usefixtures("here")
def test_deviations_are_told_and_fail(run):
    result = run("audit", "acme.yaml", "changed.json", "changed-rules.json")
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert "  too much: inbound rule for TCP 8080 from 10.9.0.0/16 that nothing asks for [sgr-" in (
        result.stdout
    )
    assert any(
        line.startswith("  missing: no outbound rule for UDP 53 to 10.0.0.2/32 (dns): Used for DNS")
        for line in lines
    )
    assert result.stderr.endswith("2 to look at\n")


@pytest.mark.parametrize("source", ["changed.json", "changed-rules.json"])
def test_a_source_may_be_standard_input(here, monkeypatch, source):
    monkeypatch.chdir(here)
    words = ["audit", "acme.yaml", "-", "--quiet", "-g", f"manager={id_of('manager')}"]
    words += ["-g", f"ha-mediator={id_of('ha-mediator')}"]
    result = CliRunner().invoke(cli, words, input=(here / source).read_bytes())
    assert result.exit_code == 1
    assert "TCP 8080" in result.stdout


def test_an_option_binds_an_endpoint(run, here):  # noqa: ARG001
    result = run("audit", "acme.yaml", "same.json", "-e", "administrators=10.2.0.0/16")
    assert result.exit_code == 1
    assert (
        "  missing: no inbound rule for TCP 22 from 10.2.0.0/16 (administrators)" in result.stdout
    )
    assert "  too much: inbound rule for TCP 22 from 10.1.0.0/16 that" in result.stdout


def test_a_preset_and_a_release_take_the_place_of_a_deployment(run, here):  # noqa: ARG001
    preset = run("audit", "--preset", "predefined", "same.json")
    assert (preset.exit_code, "cloud-volumes-ontap" in preset.stdout) == (1, True)
    release = run("audit", "--release", "3.7", "same.json", "--outbound", "advanced")
    assert release.exit_code == 1
    assert "missing: no inbound rule for TCP 80 from manager-http-clients" in release.stdout
    assert "note: no group has the role cloud-volumes-ontap" in release.stdout
    assert release.stderr.startswith("compared 2 groups with release 3.7: ")


def test_a_release_without_any_of_its_groups_fails(run, tmp_path):
    (tmp_path / "other.json").write_text(groups_json([], {"x": "default"}))
    result = run("audit", "--release", "3.7", "other.json")
    assert result.exit_code == 1
    assert "error: no group has the role manager, by its output, name or Name tag" in result.stdout
    assert f"note: not compared, because they have no role: {id_of('x')} (def" in result.stdout


# The formats.


def test_json_has_everything(run, here):  # noqa: ARG001
    result = run(
        "audit", "acme.yaml", "changed-rules.json", "-o", "json", "--allow", "allow.yaml",
        *(word for role in ("manager", "ha-mediator") for word in ("-g", f"{role}={id_of(role)}")),
    )  # fmt: skip
    found = json.loads(result.stdout)
    assert (result.exit_code, found["failed"]) == (0, False)
    manager = found["groups"][0]
    assert (manager["role"], manager["matched_by"]) == ("manager", "--group")
    assert {d["kind"]: d["accepted"] for d in manager["deviations"]} == {
        "missing": "Names come from the VPC's own resolver",
        "too-much": "The metrics proxy until it moves",
    }
    [missing] = (d for d in manager["deviations"] if d["kind"] == "missing")
    assert (missing["rows"], missing["peer"]) == (["dns-udp-53"], "10.0.0.2/32")
    [extra] = (d for d in manager["deviations"] if d["kind"] == "too-much")
    assert extra["place"]["file"] == "changed-rules.json"
    assert extra["place"]["what"].startswith("sgr-")
    assert {"endpoint": "active-directory", "direction": "outbound", "peers": []} in manager["open"]


def test_sarif_has_a_result_for_each_reason(run, here):  # noqa: ARG001
    result = run("audit", "acme.yaml", "changed.json", "-o", "sarif")
    [found] = json.loads(result.stdout)["runs"]
    assert {r["ruleId"] for r in found["results"]} == {"missing", "too-much"}
    assert {r["level"] for r in found["results"]} == {"error"}
    texts = [r["message"]["text"] for r in found["results"]]
    assert (
        "group manager: inbound rule for TCP 8080 from 10.9.0.0/16 that nothing asks for" in texts
    )


def test_junit_has_a_failure_for_each_reason(run, here):  # noqa: ARG001
    result = run("audit", "acme.yaml", "changed.json", "-o", "junit")
    [suite] = ElementTree.fromstring(result.stdout)
    assert (suite.get("name"), suite.get("failures")) == ("cvo-sg audit", "2")


def test_annotations_and_markdown(run, here):  # noqa: ARG001
    result = run("audit", "acme.yaml", "changed.json", "-o", "github")
    assert result.stdout.count("::error file=changed.json,title=cvo-sg ") == 2
    result = run("audit", "acme.yaml", "changed.json", "-o", "markdown")
    assert result.stdout.startswith("## acme\n\n### manager\n\n")
    assert "- **too much:** inbound rule for TCP 8080 from 10.9.0.0/16 that" in result.stdout


def test_every_rule_has_a_line_of_its_own_if_asked_for(run, here):  # noqa: ARG001
    words = ["audit", "acme.yaml", "same.json", "-e", "active-directory=10.9.0.1/32"]
    assert run(*words).stdout.count("  missing: ") == 1
    assert run(*words, "--verbose").stdout.count("  missing: ") == 9


# Accepted deviations.


def test_accepted_deviations_do_not_fail(run, here):  # noqa: ARG001
    result = run("audit", "acme.yaml", "changed.json", "--allow", "allow.yaml")
    assert result.exit_code == 0
    assert (
        "accepted: manager inbound TCP 8080 from 10.9.0.0/16: The metrics proxy until it moves, "
        "until 2999-12-31\n"
    ) in result.stdout


def test_an_entry_that_is_stale_is_found_at_its_line(run, here):
    result = run("audit", "acme.yaml", "same.json", "--allow", "allow.yaml", "-o", "github")
    assert result.exit_code == 1
    assert "::error file=allow.yaml,line=1,title=cvo-sg allowance-unused::" in result.stdout
    assert "::error file=allow.yaml,line=3,title=cvo-sg allowance-unused::" in result.stdout
    past = ALLOW.replace("2999-12-31", date(2020, 1, 31).isoformat())
    (here / "allow.yaml").write_text(past)
    result = run("audit", "acme.yaml", "changed.json", "--allow", "allow.yaml")
    assert result.exit_code == 1
    assert "error: accepted until 2020-01-31, which has passed: manager inbound TCP 8080 from" in (
        result.stdout
    )


ENTRY = "- {group: manager, direction: inbound, traffic: TCP 22, peer: 10.9.0.0/16, reason: R}\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (ENTRY.replace("manager", "boss"), "allow.yaml:1:11: unknown group 'boss': use manager, "),
        (ENTRY.replace("inbound", "in"), "allow.yaml:1:31: invalid value 'in': use inbound or "),
        (ENTRY.replace("TCP 22", "ssh"), "allow.yaml:1:49: invalid traffic 'ssh': use TCP 443, "),
        (ENTRY.replace("10.9.0.0/16", "10.9.0.1/16"), "has host bits set: use 10.9.0.0/16"),
        (ENTRY.replace("peer: 10.9.0.0/16, ", ""), "allow.yaml:1:3: missing key 'peer': name who "),
        (ENTRY.replace(", reason: R", ""), "allow.yaml:1:3: missing key 'reason'"),
        (ENTRY.replace("reason: R", 'reason: ""'), "the reason must be one line of printable text"),
        (ENTRY.replace("R}", "R, until: 2027-02-30}"), "invalid date '2027-02-30'"),
        (ENTRY.replace("R}", "R, till: 2027-02-28}"), "unknown key 'till'"),
        (ENTRY.replace("- ", ""), "allow.yaml:1:1: expected a list ([a, b]), found a mapping"),
    ],
)
def test_a_mistake_in_accepted_deviations_has_a_line(run, here, text, message):
    (here / "allow.yaml").write_text(text)
    result = run("audit", "acme.yaml", "same.json", "--allow", "allow.yaml")
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr


@pytest.mark.parametrize(
    ("text", "is_valid"),
    [
        (ALLOW, True),
        (ENTRY, True),
        (ENTRY.replace("manager", "boss"), False),
        (ENTRY.replace(", reason: R", ""), False),
        (ENTRY.replace("R}", "R, till: 2027-02-28}"), False),
    ],
)
def test_the_schema_fits_what_accepted_deviations_may_hold(run, text, is_valid):
    schema = json.loads(run("schema", "allowances").stdout)
    document = json.loads(json.dumps(yaml.safe_load(text), default=str))
    assert jsonschema.Draft202012Validator(schema).is_valid(document) == is_valid


# Wrong usage.


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "nothing to compare: name a deployment file, or use --preset or --release"),
        (["acme.yaml"], "nothing to compare"),
        (["acme.yaml", "none.json"], "none.json: no such file: use a file or folder"),
        (["acme.yaml", "."], ".: no Terraform files"),
        (["acme.yaml", "acme.yaml"], "acme.yaml: not recognised: use the JSON of `aws ec2 desc"),
        (["none.yaml", "same.json"], "none.yaml: No such file or directory"),
        (["-", "-"], "standard input can be read once"),
        (["-p", "advanced", "-r", "3.7", "same.json"], "use --preset or --release, not both"),
        (["-p", "advance", "same.json"], "unknown preset 'advance'"),
        (["-r", "3.77", "same.json"], "unknown release '3.77'"),
        (["-r", "3.7", "same.json", "-e", "dns=10.0.0.2/32"], "--endpoint needs a deployment"),
        (["acme.yaml", "same.json", "-g", "manager"], "--group manager: use <role>=<group>"),
        (["acme.yaml", "same.json", "-g", "boss=sg-1"], "unknown group 'boss': use manager or ha-"),
        (["acme.yaml", "same.json", "-g", "manager=x"], "--group manager=x: no such group. There"),
        (["acme.yaml", "same.json", "-g", "manager=a", "-g", "manager=b"], "manager: given twice"),
        (["acme.yaml", "same.json", "--parameter", "K"], "--parameter K: use <parameter>=<value>"),
        (["acme.yaml", "same.json", "--allow", "none.yaml"], "none.yaml: No such file or dir"),
    ],
)
@pytest.mark.usefixtures("here")
def test_wrong_usage_says_what_to_do(run, words, message):
    result = run("audit", *words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr


def test_what_is_no_text_is_refused(run, here):
    (here / "binary.json").write_bytes(b"\x80\x81")
    result = run("audit", "acme.yaml", "binary.json")
    assert result.exit_code == 2
    assert "binary.json: " in result.stderr
    assert "UTF-8" in result.stderr


def test_names_of_groups_do_not_act(run, here):
    name = "::stop-commands::x \x1b]0;owned\x07-manager"
    (here / "evil.json").write_text(groups_json([], {"manager": name, "ha-mediator": "\x1b[2Jx"}))
    for output in ("text", "markdown", "json", "sarif", "junit", "github"):
        result = run("audit", "acme.yaml", "evil.json", "-o", output)
        assert result.exit_code == 1
        assert "\x1b" not in result.stdout + result.stderr
