"""What a check advises works: each command, in the order in which it is printed."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from repository import commit, init

ACME = 'name: acme\nrelease: "3.7"\ngroups: [manager]\noutbound: basic\nendpoints: {dns: []}\n'
ROOT = Path("infra/acme/terraform")


@pytest.fixture
def generate(run):
    """Run `cvo-sg generate` where two deployments are listed and generated."""
    Path("sites").mkdir()
    Path("sites/acme.yaml").write_text(ACME)
    Path("sites/other.yaml").write_text(ACME.replace("acme", "other"))
    Path("cvo-sg.yaml").write_text("outputs:\n  - {out: infra, deployments: [sites/*.yaml]}\n")

    def generate(*arguments):
        return run("generate", "--no-lint", *arguments)

    assert generate("--quiet").exit_code == 0
    return generate


def edit(path, text="# mine\n"):
    path.write_text(path.read_text() + text)


def commands(result):
    """The commands of cvo-sg in the sentences of a check."""
    return [shlex.split(found)[1:] for found in re.findall("`cvo-sg (.*?)`", result.stderr)]


def foreign():
    (ROOT / "main.tf").write_text("mine\n")
    return [ROOT / "main.tf"]


def special():
    (ROOT / "rules.tf").unlink()
    (ROOT / "rules.tf").symlink_to("main.tf")
    return [ROOT / "rules.tf"]


def edited():
    edit(ROOT / "outputs.tf")
    return []


def edited_orphan():
    Path("sites/other.yaml").unlink()
    edit(Path("infra/other/terraform/main.tf"))
    return [Path("infra/other/terraform/main.tf")]


def stale():
    edit(Path("sites/acme.yaml"), "tags: {a: b}\n")
    return []


def missing():
    (ROOT / "versions.tf").unlink()
    return []


ALL = (foreign, special, edited, edited_orphan, stale, missing)


@pytest.mark.parametrize(
    "spoilt", [*((each,) for each in ALL), (edited, stale), ALL], ids=lambda s: len(s)
)
def test_the_steps_lead_to_files_that_are_up_to_date(generate, run, spoilt):
    to_move = [path for spoil in spoilt for path in spoil()]
    check = generate("--check")
    assert check.exit_code == 1
    for path in to_move:
        assert re.search(rf"(move|remove or move) .*{path}", check.stderr)
        path.unlink()
    for words in commands(check):
        result = run("generate", *words)
        assert result.exit_code == 0, (words, result.stderr)
    assert generate("--check").exit_code == 0


def test_a_hand_edit_belongs_into_the_deployment_file(generate):
    edited()
    assert generate("--check").stderr.endswith(
        "1 file was edited by hand: put the change into sites/acme.yaml, then run "
        "`cvo-sg generate --no-lint --force sites/acme.yaml`\n"
    )


def test_the_command_to_run_is_the_one_that_was_checked(generate):
    Path("out").mkdir()
    options = ("--out", "out", "-f", "terraform", "--outbound", "advanced")
    check = generate("sites/acme.yaml", *options, "--diff", "--output", "json", "--verbose")
    [words] = commands(check)
    expected = "--no-lint --out out --format terraform --outbound advanced sites/acme.yaml"
    assert {*words} == {*expected.split()}


def test_each_of_several_sentences_has_its_prefix(generate):
    Path(".gitignore").write_text("infra\n")
    Path("sites/acme.yaml").write_text(ACME + "x: 1\ny: 2\n")
    init()
    commit()
    Path("sites/acme.yaml").write_text(ACME)
    told = generate("--check", "--against", "HEAD", "--quiet").stderr.splitlines()
    mistakes = [line for line in told if "HEAD:sites/acme.yaml:" in line]
    assert len(mistakes) == 2
    assert all(line.startswith("warning: ") for line in mistakes)


def test_each_group_that_exceeds_the_quota_is_a_finding(run):
    networks = ", ".join(f"10.{i}.0.0/16" for i in range(20))
    Path("acme.yaml").write_text(
        f'name: acme\nrelease: "3.7"\nendpoints: {{inbound-clients: [{networks}]}}\n'
    )
    for line in run("validate", "acme.yaml").stdout.splitlines():
        assert line.startswith("acme.yaml: "), line
    result = run("generate", "acme.yaml", "--no-lint")
    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) > 1
    for line in result.stderr.splitlines():
        assert line.startswith("cvo-sg: acme: "), line
