"""Several settings files in one repository: which one counts, and what it means for a command."""

from __future__ import annotations

import json
import os
import re
import shlex
from pathlib import Path

import pytest
from repository import init

from generator.cli.repository_paths import SUMMARY, in_summary
from generator.load import find_project, projects_below

DEPLOYMENT = 'name: acme\nrelease: "3.7"\noutbound: basic\nendpoints: {inbound-clients: [%s]}\n'
PROJECT = "outputs:\n  - out: infra\n    deployments: [sites/*.yaml]\n"
TEAMS = {"team a": "10.0.0.0/8", "team-b": "192.168.0.0/16"}


def write(name, text):
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).write_text(text, encoding="utf-8")


@pytest.fixture
def generate(run):
    """Run `cvo-sg generate` at the top of a repository of two teams."""
    init()
    for team, network in TEAMS.items():
        write(f"{team}/cvo-sg.yaml", PROJECT)
        write(f"{team}/sites/acme.yaml", DEPLOYMENT % network)
    return lambda *words: run("generate", "--no-lint", *words)


def generated():
    return {path: path.read_bytes() for path in Path().rglob("infra/*/*/*") if path.is_file()}


def test_a_run_above_several_settings_runs_each(generate):
    result = generate()
    assert result.stderr.startswith("settings: team a/cvo-sg.yaml\nsettings: team-b/cvo-sg.yaml\n")
    assert {path.parts[0] for path in generated()} == {*TEAMS}
    assert len(generated()) == 16
    assert generate("--check").stderr.endswith("16 files up to date\n")
    Path("team-b/infra/acme/terraform/main.tf").unlink()
    stale = generate("--check")
    assert (stale.exit_code, stale.stdout) == (
        1,
        "team-b/infra/acme/terraform/main.tf is missing\n",
    )


def test_nothing_is_written_anywhere_if_one_root_has_a_mistake(generate):
    write("team-b/sites/acme.yaml", "name: acme\nrelease: nope\n")
    assert generate().exit_code == 2
    assert generated() == {}


def test_the_settings_nearest_to_a_file_count(generate):
    assert generate("team a/sites/acme.yaml", "--quiet").exit_code == 0
    assert {path.parts[:2] for path in generated()} == {("team a", "infra")}
    generate("team a/sites/acme.yaml", "team-b/sites/acme.yaml", "--quiet")
    assert {path.parts[0] for path in generated()} == {*TEAMS}
    write("cvo-sg.yaml", PROJECT.replace("sites/", "team-b/sites/"))
    assert generate("team-b/sites/acme.yaml", "--check").exit_code == 0, "not the one at the top"


@pytest.mark.parametrize("team", TEAMS)
def test_the_command_of_a_header_works_in_the_folder_of_the_settings(generate, monkeypatch, team):
    generate("--quiet")
    before = generated()
    text = Path(team, "infra/acme/terraform/main.tf").read_text()
    words = shlex.split(re.search("Command: cvo-sg generate (.*)", text)[1])
    monkeypatch.chdir(team)
    for path in before:
        if path.parts[0] == team:
            Path(*path.parts[1:]).unlink()
    assert generate(*words, "--quiet").exit_code == 0
    monkeypatch.chdir("..")
    assert generated() == before


@pytest.mark.parametrize("option", [[], ["--out", "built"]])
def test_so_does_that_of_a_file_that_no_settings_list(generate, monkeypatch, option):
    write("team-b/other.yaml", DEPLOYMENT % "10.9.0.0/16")
    assert generate("team-b/other.yaml", "--quiet", *option).exit_code == 0
    [file] = Path().rglob("acme/terraform/main.tf")
    assert file.parts[0] == ("built" if option else "team-b")
    words = shlex.split(re.search("Command: cvo-sg generate (.*)", file.read_text())[1])
    monkeypatch.chdir("team-b")
    assert generate(*words, "--check").exit_code == 0


def test_config_names_one(generate, monkeypatch):
    assert generate("--config", "team-b/cvo-sg.yaml", "--quiet").exit_code == 0
    assert {path.parts[0] for path in generated()} == {"team-b"}
    Path("team-b/cvo-sg.yaml").rename("team-b/special.yaml")
    assert generate("--config", "team-b/special.yaml", "--quiet").exit_code == 0
    text = Path("team-b/infra/acme/terraform/main.tf").read_text()
    assert "Command: cvo-sg generate sites/acme.yaml --config special.yaml\n" in text
    monkeypatch.chdir("team-b")
    assert generate("sites/acme.yaml", "--config", "special.yaml", "--check").exit_code == 0


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        ("team-b", "is a folder: name the file in it, such as team-b/cvo-sg.yaml"),
        ("nope.yaml", "--config nope.yaml: there is no such file"),
        ("pyproject.toml", "pyproject.toml: the file has no [tool.cvo-sg]: add it"),
    ],
)
@pytest.mark.parametrize("command", [["generate"], ["rules"], ["validate", "team-b/sites"]])
def test_a_config_that_is_none_is_a_sentence(generate, run, command, config, sentence):
    write("pyproject.toml", "[project]\nname = 'a'\n")
    assert generate
    result = run(*command, "--config", config)
    assert result.exit_code == 2
    assert sentence in result.stderr


def test_two_roots_cannot_generate_to_one_folder(generate):
    result = generate("team a/sites/acme.yaml", "team-b/sites/acme.yaml", "--out", "built")
    assert (result.exit_code, Path("built").exists()) == (2, False)
    assert "duplicate deployment name 'acme' in team a/sites/acme.yaml and team-b" in result.stderr


def test_each_command_reads_the_rule_data_near_its_deployment(generate, run):
    write("team-b/cvo-sg.yaml", f"{PROJECT}rule_data: rules\n")
    write("team-b/rules/endpoints.yaml", "{")
    assert generate
    for words in (["validate"], ["diff", "3.7"], ["audit"]):
        last = ["x.json"] if words == ["audit"] else []
        assert "team-b/rules/endpoints.yaml" in run(*words, "team-b/sites/acme.yaml", *last).stderr
        other = run(*words, "team a/sites/acme.yaml", *last).stderr
        assert "team-b" not in other


def test_what_is_not_the_repositorys_own_is_not_searched(generate, tmp_path):
    assert generate
    write("module/.git", "gitdir: elsewhere\n")
    for folder in ("node_modules/x", ".hidden", "module"):
        write(f"{folder}/cvo-sg.yaml", PROJECT)
    Path("link").symlink_to("team-b")
    found = [path.relative_to(tmp_path).parts[0] for path in projects_below(tmp_path)]
    assert found == [*TEAMS]


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root can give files away")
def test_settings_of_another_user_near_a_named_file_do_not_count(generate, tmp_path):
    assert generate
    for path in (Path("team-b"), Path("team-b/cvo-sg.yaml"), Path("team-b/sites")):
        os.chown(path, 4711, -1)
    assert find_project(tmp_path / "team-b" / "sites", tmp_path) is None
    assert [path.parent.name for path in projects_below(tmp_path)] == ["team a"]


@pytest.mark.parametrize("output", ["github", "sarif", "junit", "markdown"])
def test_reports_show_paths_from_the_root_of_the_repository(generate, run, monkeypatch, output):
    assert generate
    write("team-b/sites/bad.yaml", 'name: bad\nrelease: "9"\n')
    monkeypatch.chdir("team-b/sites")
    text = run("validate", ".", "--output", output).stdout
    assert "team-b/sites/bad.yaml" in text
    if output == "sarif":
        [result] = [r for r in json.loads(text)["runs"][0]["results"] if r["level"] == "error"]
        uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        assert uri == "team-b/sites/bad.yaml"


@pytest.mark.parametrize("output", ["github", "markdown"])
def test_so_does_a_check(generate, monkeypatch, output):
    monkeypatch.chdir("team-b")
    text = generate("--diff", "--output", output).stdout
    assert "team-b/infra/acme/terraform/main.tf" in text


@pytest.mark.parametrize("output", ["github", "markdown"])
def test_sentences_have_them_too(generate, monkeypatch, output):
    generate("--quiet")
    monkeypatch.chdir("team-b")
    write("sites/acme.yaml", DEPLOYMENT.replace("acme", "acme-two") % "192.168.0.0/16")
    assert "its files are in team-b/infra/acme-two" in generate("--diff", "--output", output).stdout
    Path("infra/acme/terraform/README.md").unlink()
    Path("infra/acme/cloudformation/README.md").unlink()
    write("sites/acme.yaml", DEPLOYMENT % "10.0.0.0/8")
    text = generate("--check", "--output", output).stdout
    assert "what changes in team-b/infra/acme cannot be told" in text


def test_without_git_paths_are_from_the_workspace(run, tmp_path, monkeypatch):
    write("sub/bad.yaml", 'name: bad\nrelease: "9"\n')
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path))
    monkeypatch.chdir("sub")
    assert "file=sub/bad.yaml," in run("validate", "bad.yaml", "--output", "github").stdout


def test_a_summary_that_is_too_long_ends_with_the_number_of_lines_left_out():
    text = "ü" * 99 + "\n"
    short = in_summary(text * 10_000)
    assert len(short.encode()) < 1 << 20
    kept = short.count("ü\n")
    assert kept == SUMMARY // 199
    assert short.endswith(
        f"\n{10_000 - kept} more lines are left out, because a summary holds 1 MiB.\n"
    )
    assert in_summary(text) == text
