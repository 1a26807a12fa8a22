"""Every command knows the rule data of the option, or else of the repository's settings."""

from __future__ import annotations

import json

import pytest

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
LAYER = {
    "supplements.yaml": SUPPLEMENT,
    "endpoints.yaml": """\
scrapers: {title: Scrapers, help: Prometheus servers.}
dns: {help: Ask the network team.}
""",
    "releases/3.7.1/release.yaml": "product: Cloud Manager 3.7.1\ndocument: D\ngroups: [manager]\n",
    "releases/3.7.1/manager.yaml": """\
title: Cloud Manager
inbound:
  - {protocol: SSH, port: "22", purpose: Log in, id: ssh, endpoints: [administrators]}
outbound: []
""",
}
DEPLOYMENT = """\
name: site
release: "3.7"
endpoints: {scrapers: [10.9.0.0/24], inbound-clients: [10.0.0.0/8]}
"""
OTHER = DEPLOYMENT + "supplements: [node-exporter]\n"


@pytest.fixture(params=["option", "settings"])
def command(request, run, tmp_path):
    """Run a command in a repository with a layer of rule data, by an option or by its settings."""
    files = {f"rules/{name}": text for name, text in LAYER.items()}
    files |= {"before.yaml": DEPLOYMENT, "site.yaml": OTHER}
    if request.param == "settings":
        files["cvo-sg.yaml"] = "outputs: [{out: out, deployments: [site.yaml]}]\nrule_data: rules\n"
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    option = ["--rule-data", "rules"] if request.param == "option" else []
    return lambda *words: run(*words, *option)


def test_generate_knows_it(command, tmp_path):
    result = command("generate", "site.yaml", "--no-lint")
    assert result.exit_code == 0, result.stderr
    template = (tmp_path / "out" / "site" / "cloudformation" / "template.yaml").read_text()
    assert "CloudVolumesOntapIngressTcp9100From10x9x0x0m24" in template
    rules = (tmp_path / "out" / "site" / "terraform" / "rules.tf").read_text()
    assert 'peers = "scrapers", ip_protocol = "tcp", from_port = 9100' in rules


def test_rules_knows_it(command):
    result = command("rules", "--release", "3.7.1", "--output", "json")
    assert [row["id"] for row in json.loads(result.stdout)] == ["ssh"]
    assert len(json.loads(command("rules", "-r", "3.7", "-o", "json").stdout)) == 90


def test_rules_lists_its_supplements(command):
    found = json.loads(command("rules", "--supplements", "-o", "json").stdout)
    [row] = (r for r in found if r["release"] == "supplement node-exporter")
    assert (row["group"], row["direction"], row["endpoints"]) == (
        "cloud-volumes-ontap", "inbound", ["scrapers"])  # fmt: skip
    assert row["permissions"] == [{"ip_protocol": "tcp", "from_port": 9100, "to_port": 9100}]
    assert "supplement node-exporter cloud-volumes-ontap inbound" in (
        command("rules", "--supplements", "-g", "cloud-volumes-ontap").stdout
    )
    assert "node-exporter" not in command("rules", "--supplements", "-g", "manager").stdout
    listed = {r: command("rules", "--supplements", "-r", r).stdout for r in ("3.7", "console")}
    assert "node-exporter" in listed["3.7"]
    assert "TCP 21" in listed["3.7"]
    assert "aws-kms" not in listed["3.7"]
    assert "TCP 21" not in listed["console"]
    assert "aws-kms" in listed["console"]
    assert "(bluexp, console)" in command("rules", "--supplements").stdout
    assert command("rules", "--supplements", "--releases").exit_code == 2
    assert "TCP 9100" in command("explain", "node-exporter").stdout


def test_explain_knows_it(command):
    result = command("explain", "9100")
    assert "supplement node-exporter: Our runbook" in result.stdout
    assert "TCP 9100 from scrapers (row metrics)" in result.stdout
    assert command("explain", "dns").stdout.startswith(
        "DNS servers: Ask the network team. Default: none.\n"
    )


def test_diff_knows_it(command):
    result = command("diff", "before.yaml", "site.yaml")
    assert "+ cloud-volumes-ontap inbound TCP 9100 from 10.9.0.0/24, scrapers" in result.stdout
    assert "cloud-volumes-ontap" in command("diff", "3.7", "3.7.1").stdout


def test_init_knows_it(command, tmp_path):
    assert command("init", "new.yaml", "--release", "3.7").exit_code == 0
    text = (tmp_path / "new.yaml").read_text()
    assert "#   - node-exporter  # Node exporter" in text
    assert "Ask the network team." in text


def test_validate_knows_it(command):
    assert command("validate", "site.yaml").exit_code == 0


def test_schema_knows_it(command):
    schema = json.loads(command("schema", "deployment").stdout)["properties"]
    assert "node-exporter" in schema["supplements"]["items"]["enum"]
    assert "3.7.1" in schema["release"]["enum"]


def test_a_mistake_names_the_file_of_the_layer(command, tmp_path):
    file = tmp_path / "rules" / "supplements.yaml"
    file.write_text(SUPPLEMENT.replace('"9100"', "9100"))
    for words in (["rules"], ["explain", "dns"], ["schema", "deployment"], ["generate"]):
        result = command(*words)
        assert result.exit_code == 2
        place = "rules/supplements.yaml:9:33: expected a string, but YAML reads 9100 as a number"
        assert place in result.stderr


def test_an_option_goes_before_the_settings(run, tmp_path):
    (tmp_path / "cvo-sg.yaml").write_text(
        "outputs: [{out: out, presets: [all]}]\nrule_data: nowhere\n"
    )
    assert "nowhere is not a folder of rule data" in run("rules").stderr
    layer = tmp_path / "layer"
    layer.mkdir()
    (layer / "endpoints.yaml").write_text("dns: {help: Ask the network team.}\n")
    assert run("explain", "dns", "--rule-data", "layer").exit_code == 0


def test_what_settings_list_to_generate_is_no_matter_of_other_commands(run, tmp_path):
    """`cvo-sg init` writes a file that the settings may list already."""
    (tmp_path / "cvo-sg.yaml").write_text("outputs: [{out: out, deployments: [acme.yaml]}]\n")
    assert run("init", "acme.yaml").exit_code == 0


def test_settings_cannot_name_rule_data_elsewhere(run, tmp_path):
    text = "outputs: [{out: out, presets: [all]}]\nrule_data: ../rules\n"
    (tmp_path / "cvo-sg.yaml").write_text(text)
    assert "cvo-sg.yaml:2:12: ../rules: it is not below" in run("rules").stderr


def test_settings_are_found_from_a_folder_below(run, tmp_path, monkeypatch):
    (tmp_path / "cvo-sg.yaml").write_text(
        "outputs: [{out: out, presets: [all]}]\nrule_data: rules\n"
    )
    for folder in ("rules", "sites"):
        (tmp_path / folder).mkdir()
    (tmp_path / "rules" / "endpoints.yaml").write_text("dns: {help: Ask the network team.}\n")
    monkeypatch.chdir(tmp_path / "sites")
    assert "Ask the network team." in run("explain", "dns").stdout


@pytest.mark.parametrize(
    "words",
    [
        ["generate", "site.yaml", "--no-lint"],
        ["rules"],
        ["explain", "dns"],
        ["init", "new.yaml"],
        ["validate", "site.yaml"],
        ["diff", "before.yaml", "site.yaml"],
        ["schema", "deployment"],
    ],
    ids=lambda words: words[0],
)
def test_settings_that_are_used_are_named(command, words, request):
    used = "settings" in request.node.callspec.id
    result = command(*words)
    assert result.exit_code in (0, 1)
    assert result.stderr.count("settings: cvo-sg.yaml\n") == used
    if words[0] == "validate":
        assert "settings" not in command(*words, "--quiet").stderr


@pytest.mark.parametrize("command", ["settings"], indirect=True)
def test_completion_prints_nothing_but_names(command, monkeypatch):
    result = command("rules")
    assert "settings: " in result.stderr
    monkeypatch.setenv("_CVO_SG_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", "cvo-sg rules --release 3.7")
    monkeypatch.setenv("COMP_CWORD", "3")
    result = command()
    assert "3.7.1" in result.stdout
    assert result.stderr == ""
