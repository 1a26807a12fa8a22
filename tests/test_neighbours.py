"""Other tools of a repository have nothing to change in what is generated, and work with it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT
from folders import generated
from yamllint import linter
from yamllint.config import YamlLintConfig

OUT = {name: content.decode() for name, content in sorted(generated().items())}
TEMPLATES = [name for name in OUT if name.endswith(".yaml")]
PRETTIER = "prettier@3"


def test_there_is_no_whitespace_at_line_ends_and_one_line_end_at_the_end():
    for name, text in OUT.items():
        assert text.endswith("\n"), name
        assert not text.endswith("\n\n"), name
        assert not [line for line in text.splitlines() if line != line.rstrip()], name
        assert "\r" not in text, name
        assert "\t" not in text, name


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(
            name, marks=[pytest.mark.slow] if "example" in name or "console" in name else []
        )
        for name in TEMPLATES
    ],
)
def test_yamllint_with_its_default_rules_finds_nothing(name):
    assert list(linter.run(OUT[name], YamlLintConfig("extends: default"))) == []


DEPLOYMENT = """\
name: acme
release: "3.7"
quota: 200
endpoints:
  inbound-clients: {office: 10.0.0.0/8, v6: "2001:db8::/32", list: pl-01234567}
  outbound-internet: [10.0.0.0/8, 10.1.0.0/16, pl-01234567]
  ontap-cluster-management-lif: [pl-01234567, sg-01234567, "group:manager", 192.168.0.0/16]
  dns: [10.0.0.2/32]
tags: {"a: b": "yes", "x": "3.10"}
"""


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("npx"), reason="npx, which runs prettier, is not on PATH")
def test_prettier_has_nothing_to_change(run, tmp_path):
    shutil.copytree(ROOT / "out", tmp_path / "out")
    (tmp_path / "out" / "README.md").unlink()
    (tmp_path / "acme.yaml").write_text(DEPLOYMENT)
    for options in ([], ["--name", "other", "-e", "inbound-clients=10.0.0.0/8", "-g", "manager"]):
        assert run("generate", "acme.yaml", *options).exit_code == 0
    result = subprocess.run(
        ["npx", "--yes", PRETTIER, "--check", "out"], cwd=tmp_path, capture_output=True, text=True
    )
    assert result.returncode == 0, result.stdout + result.stderr


def git(folder: Path, *arguments: str) -> str:
    author = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
    result = subprocess.run(
        ["git", *author, *arguments], cwd=folder, check=True, capture_output=True, text=True
    )
    return result.stdout.strip()


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """This project as a repository of its own, as it stands now."""
    folder = tmp_path_factory.mktemp("project") / "cvo-sg"
    ignored = shutil.ignore_patterns(".git", ".venv", "__pycache__", ".*_cache", ".hypothesis")
    shutil.copytree(ROOT, folder, ignore=ignored)
    git(folder, "init", "-q")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "As it stands")
    return folder


PROJECT = "outputs:\n  - out: infra\n    deployments: [acme.yaml]\n"
HOOKS = """\
repos:
  - repo: {repository}
    rev: {revision}
    hooks:
      - id: cvo-sg-generate
      - id: cvo-sg-check
      - id: cvo-sg-validate
"""
ACME = 'name: acme\nrelease: "3.7"\noutbound: basic\nendpoints: {inbound-clients: [10.0.0.0/8]}\n'


@pytest.fixture
def repository(tmp_path, monkeypatch):
    folder = tmp_path / "repository"
    folder.mkdir()
    monkeypatch.chdir(folder)
    Path("acme.yaml").write_text(ACME)
    Path("cvo-sg.yaml").write_text(PROJECT)
    git(folder, "init", "-q")
    return folder


@pytest.mark.slow
def test_pre_commit_runs_the_hooks(project, repository, tmp_path):
    revision = git(project, "rev-parse", "HEAD")
    Path(".pre-commit-config.yaml").write_text(
        HOOKS.format(repository=project.as_posix(), revision=revision)
    )
    git(repository, "add", "-A")

    def hooks(*names):
        return subprocess.run(
            [sys.executable, "-m", "pre_commit", "run", "--all-files", *names],
            cwd=repository,
            env={**os.environ, "PRE_COMMIT_HOME": str(tmp_path / "home")},
            capture_output=True,
            text=True,
        )

    check = hooks("cvo-sg-check")
    assert check.returncode == 1, check.stdout + check.stderr
    assert "infra/acme/terraform/main.tf is missing" in check.stdout
    hooks("cvo-sg-generate")
    git(repository, "add", "-A")
    for name in ("cvo-sg-generate", "cvo-sg-check", "cvo-sg-validate"):
        result = hooks(name)
        assert result.returncode == 0, result.stdout + result.stderr
    path = Path("infra/acme/cloudformation/template.yaml")
    path.write_text(path.read_text().replace("ToPort: 22", "ToPort: 2"))
    assert "E9303" in hooks("cvo-sg-validate").stdout
    assert "was edited by hand" in hooks("cvo-sg-check").stdout
