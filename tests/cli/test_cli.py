"""The command line as a user meets it: what is printed where, and the exit status."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from folders import files, generated

from generator.cli import COMMANDS, cli
from generator.errors import choices
from generator.load import RuleData, shipped

ROOT = Path(__file__).parents[2]
DATA = RuleData(shipped("rule_data"))


def test_the_checked_in_output_is_what_the_tool_generates(run):
    result = run("generate", "--no-lint", "--check", "--diff", "--out", ROOT / "out")
    assert result.exit_code == 0, f"{result.stdout}\nrun `cvo-sg generate` to refresh out/"
    assert result.stdout == ""


def test_generate_without_arguments_writes_every_preset_in_every_format(run, tmp_path):
    result = run("generate", "--no-lint")
    assert result.exit_code == 0
    assert files(tmp_path / "out") == generated()
    assert result.stdout == ""
    lines = result.stderr.splitlines()
    assert [line.split()[0] for line in lines[:-2]] == DATA.presets()
    assert lines[-2] == f"out: {len(generated())} files written"
    assert lines[-1].startswith("next: cvo-sg init ")
    assert "warning" not in result.stderr


def test_verbose_lists_the_files_on_standard_output(run):
    result = run("generate", "--no-lint", "--verbose")
    assert "wrote out/advanced/terraform/main.tf" in result.stdout.splitlines()


def test_examples_to_copy_are_free_of_warnings(run):
    names = [name for name in DATA.presets() if name.startswith("example-")]
    arguments = [word for name in names for word in ("--preset", name)]
    result = run("generate", "--no-lint", "--strict", *arguments)
    assert (result.exit_code, result.stdout) == (0, "")


def test_a_preset_that_is_named_is_summarised_with_its_warnings(run):
    told = run("generate", "--no-lint", "--preset", "advanced").stderr
    assert told.count("warning: advanced: ") == 5
    assert "  open to the internet: manager (4 rules)" in told


def test_a_second_run_touches_nothing(run, tmp_path):
    run("generate", "--no-lint")
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    result = run("generate", "--no-lint")
    assert (result.exit_code, result.stdout) == (0, "")
    assert f"{len(generated())} files up to date" in result.stderr
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


def test_one_changed_byte_fails_the_check_and_shows_in_the_diff(run, tmp_path):
    run("generate", "--no-lint")
    path = tmp_path / "out" / "predefined" / "terraform" / "rules.tf"
    path.write_text(path.read_text().replace("to_port = 22,", "to_port = 23,", 1))
    check = run("generate", "--no-lint", "--check", "--preset", "all")
    assert check.exit_code == 1
    assert check.stdout == "out/predefined/terraform/rules.tf was edited by hand\n"
    assert "run `cvo-sg generate --no-lint --preset predefined --force`" in check.stderr
    diff = run("generate", "--no-lint", "--diff", "--preset", "all")
    assert diff.exit_code == 1
    changed = [line for line in diff.stdout.splitlines() if line and line[0] in "+-"]
    assert len(changed) == 4
    assert "to_port = 23," in changed[2]
    assert "to_port = 22," in changed[3]
    assert "to_port = 23," in path.read_text(), "--diff writes nothing"


def test_check_tells_missing_and_orphaned_files_from_stale_ones(run, tmp_path):
    run("generate", "--no-lint")
    module = tmp_path / "out" / "predefined" / "terraform"
    (module / "main.tf").rename(module / "old.tf")
    result = run("generate", "--no-lint", "--check", "--preset", "all")
    assert result.stdout.splitlines() == [
        "out/predefined/terraform/main.tf is missing",
        "out/predefined/terraform/old.tf is no longer generated",
    ]
    assert run("generate", "--no-lint").exit_code == 0
    assert files(tmp_path / "out") == generated()


def test_a_run_for_one_preset_leaves_the_others_alone(run, tmp_path):
    run("generate", "--no-lint")
    (tmp_path / "out" / "advanced" / "terraform" / "main.tf").write_text("mine")
    assert run("generate", "--no-lint", "--preset", "predefined").exit_code == 0
    assert (tmp_path / "out" / "advanced" / "terraform" / "main.tf").read_text() == "mine"


@pytest.mark.parametrize("argument", ["--preset", "--release", "--group", "--format"])
def test_an_unknown_name_is_one_line_with_the_choices_and_the_nearest_match(run, argument):
    near = {
        "--preset": ("advancd", "advanced"),
        "--release": ("3.70", "3.7"),
        "--group": ("ha-mediater", "ha-mediator"),
        "--format": ("teraform", "terraform"),
    }
    typed, meant = near[argument]
    result = run("generate", argument, typed)
    assert result.exit_code == 2
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"cvo-sg: unknown {argument.strip('-')} '{typed}': use ")
    assert line.endswith(f"; did you mean {meant}?")


def test_an_output_folder_that_is_a_file_is_refused(run, tmp_path):
    (tmp_path / "out").write_text("mine")
    result = run("generate", "--no-lint")
    assert result.exit_code == 2
    assert result.stderr.startswith("cvo-sg: out: ")
    assert (tmp_path / "out").read_text() == "mine"


def test_stdout_prints_one_deployment_in_one_format(run):
    result = run("generate", "-p", "predefined", "-f", "cloudformation", "--stdout", "--no-lint")
    template = ROOT / "out" / "predefined" / "cloudformation" / "template.yaml"
    assert result.stdout == template.read_text()


def test_stdout_refuses_several_deployments_or_formats(run):
    def refusal(*arguments):
        result = run("generate", "--no-lint", "--stdout", *arguments)
        assert (result.exit_code, result.stdout) == (2, "")
        return result.stderr.removeprefix("cvo-sg: --stdout prints one deployment in one format: ")

    presets = choices(DATA.presets())
    formats = "--format cloudformation or terraform"
    assert refusal() == f"add --preset {presets}; and {formats}\n"
    assert refusal("--format", "terraform") == f"add --preset {presets}\n"
    assert refusal("--preset", "advanced") == f"add {formats}\n"


def test_a_group_that_the_product_creates_is_generated_by_name_only_and_with_a_warning(run):
    result = run("generate", "-p", "advanced", "-g", "ha-internal", "--no-lint")
    assert result.exit_code == 0
    assert "warning: advanced: Cloud Manager 3.7 always creates the group ha-internal" in (
        result.stderr
    )
    assert "ha-internal" not in run("generate", "--no-lint", "--out", "other").stderr


def test_findings_of_cfn_lint_stop_everything(run, tmp_path):
    templates = tmp_path / "templates" / "bad"
    templates.mkdir(parents=True)
    bad = (
        "# {{ header | join(' ') }}\nAWSTemplateFormatVersion: '2010-09-09'\n"
        "Resources: {A: {Type: No::No}}\n"
    )
    (templates / "t.yaml.jinja").write_text(bad)
    command = ["generate", "-p", "predefined", "--templates", tmp_path / "templates", "-f", "bad"]
    result = run(*command, "-f", "terraform")
    assert result.exit_code == 1
    assert result.stdout.startswith("out/predefined/bad/t.yaml:3:")
    assert "nothing was written" in result.stderr
    assert not (tmp_path / "out").exists()


def test_the_rules_as_json_are_the_documented_rows(run):
    rows = json.loads(run("rules", "--release", "3.7", "--output", "json").stdout)
    assert len(rows) == 90
    assert list(rows[0]) == [
        "release", "group", "direction", "mode", "id", "service", "protocol", "port", "source",
        "destination", "purpose", "endpoints", "ha_only", "note", "permissions",
    ]  # fmt: skip
    assert rows[0] == {
        "release": "3.7",
        "group": "manager",
        "direction": "inbound",
        "mode": None,
        "id": "inbound-tcp-22",
        "service": None,
        "protocol": "SSH",
        "port": "22",
        "source": None,
        "destination": None,
        "purpose": "Provides SSH access to the Cloud Manager host",
        "endpoints": ["administrators"],
        "ha_only": False,
        "note": None,
        "permissions": [{"ip_protocol": "tcp", "from_port": 22, "to_port": 22}],
    }


def test_the_other_outputs_hold_the_same_rows(run):
    rows = json.loads(run("rules", "--output", "json").stdout)
    table = list(csv.DictReader(io.StringIO(run("rules", "--output", "csv").stdout)))
    assert [row["purpose"] for row in table] == [row["purpose"] for row in rows]
    for output in ("markdown", "table"):
        text = run("rules", "--output", output).stdout
        assert all(row["purpose"] in text for row in rows)


def test_rules_can_be_narrowed_to_a_group(run):
    narrowed = ["--group", "ha-internal", "--release", "3.7", "--output", "json"]
    rows = json.loads(run("rules", *narrowed).stdout)
    assert [(row["group"], row["mode"]) for row in rows] == [("ha-internal", None)] * 2
    assert run("rules", "--group", "nobody").exit_code == 2


@pytest.mark.slow
@pytest.mark.parametrize("hash_seed", ["0", "1", "4711"])
def test_the_same_input_gives_the_same_bytes_whatever_the_hash_seed(tmp_path, hash_seed):
    subprocess.run(
        [sys.executable, "-m", "generator", "generate", "--no-lint"],
        env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT)},
        check=True,
        cwd=tmp_path,
        capture_output=True,
    )
    assert files(tmp_path / "out") == generated()


# Colour.


@pytest.fixture
def colored(tmp_path, monkeypatch):
    """What a command prints on a terminal, and in which environment."""
    monkeypatch.chdir(tmp_path)
    for name in ("NO_COLOR", "CI", "TERM"):
        monkeypatch.delenv(name, raising=False)

    def invoke(*arguments, **environment):
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        return CliRunner().invoke(cli, ["generate", "--no-lint", *arguments], color=True)

    return invoke


def test_warnings_errors_and_diffs_have_color_on_a_terminal(colored, tmp_path):
    assert "\x1b[31m\x1b[1mcvo-sg:\x1b[0m unknown preset" in colored("-p", "x").stderr
    assert "\x1b[33m\x1b[1mwarning:\x1b[0m advanced: " in colored("-p", "advanced").stderr
    path = tmp_path / "out" / "advanced" / "terraform" / "rules.tf"
    path.write_text(path.read_text() + "mine\n")
    diff = colored("-p", "advanced", "--diff").stdout
    assert "\x1b[31m-mine\x1b[0m\n" in diff
    assert "\x1b[36m@@ " in diff


def test_findings_and_mistakes_have_color_on_a_terminal(colored, tmp_path):
    (tmp_path / "x.yaml").write_text('name: x\nrelease: "3.7"\noutbound: x\n')
    mistake = "\x1b[31m\x1b[1mx.yaml:3:11:\x1b[0m "
    assert colored("x.yaml").stderr.startswith(mistake)
    result = CliRunner().invoke(cli, ["validate", "x.yaml"], color=True)
    assert result.stdout.startswith("x.yaml:3:11: \x1b[31m\x1b[1merror\x1b[0m: ")


@pytest.mark.usefixtures("colored")
def test_changes_have_color_on_a_terminal():
    result = CliRunner().invoke(cli, ["diff", "3.7", "3.8"], color=True)
    assert "\n\x1b[32m  + cloud-volumes-ontap advanced outbound UDP 389 to" in result.stdout
    result = CliRunner().invoke(cli, ["diff", "3.8", "3.7"], color=True)
    assert "\n\x1b[31m  - cloud-volumes-ontap advanced outbound UDP 389 to" in result.stdout


@pytest.mark.parametrize("name", ["NO_COLOR", "CI"])
def test_color_can_be_switched_off(colored, name):
    result = colored("-p", "advanced", **{name: "1"})
    assert "warning: advanced" in result.stderr
    assert "\x1b" not in result.output


def parameters(name):
    return cli.get_command(click.Context(cli), name).params


@pytest.mark.parametrize("name", [None, *COMMANDS])
def test_every_command_has_help_that_shows_how_to_use_it(run, name):
    text = run(*([name] if name else []), "--help").stdout
    assert ("Example" in text) == bool(name)
    for parameter in parameters(name) if name else ():
        assert parameter.help if isinstance(parameter, click.Option) else parameter.metavar


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        pytest.param("generate --preset ex", "example-ha-active-directory", id="preset"),
        pytest.param("generate --group man", "manager", id="group"),
        pytest.param("rules --release 3", "3.7", id="release"),
        pytest.param("audit --preset ex", "example-ha-active-directory", id="preset of audit"),
        pytest.param("audit --group man", "manager", id="role"),
        pytest.param("val", "validate", id="command"),
        pytest.param("validate --output sa", "sarif", id="choice"),
    ],
)
def test_a_shell_completes_names(monkeypatch, capsys, words, expected):
    monkeypatch.setenv("_CVO_SG_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", f"cvo-sg {words}")
    monkeypatch.setenv("COMP_CWORD", str(len(words.split())))
    with pytest.raises(SystemExit):
        cli(prog_name="cvo-sg")
    assert f"plain,{expected}\n" in capsys.readouterr().out


def test_the_version_is_that_of_the_package(run):
    assert run("--version").stdout == f"cvo-sg, version {version('cvo-sg')}\n"
