"""Other tools of a repository have nothing to change in what is generated, and work with it."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from conftest import ROOT
from folders import generated
from yamllint import linter
from yamllint.config import YamlLintConfig

from generator.cli import cli
from generator.render.header import header

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
    for page in (tmp_path / "out").rglob("*.html"):
        page.unlink()  # which nobody edits, and whose picture is as small as it can be
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
    """This project as a repository of its own, as it stands now, without what nobody installs."""
    folder = tmp_path_factory.mktemp("project") / "cvo-sg"
    ignored = shutil.ignore_patterns(
        ".git", ".venv", "__pycache__", ".*_cache", ".hypothesis", "out", "tests"
    )
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


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Where pre-commit keeps the environment of the hooks, which is built once."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture
def hooks(project, repository, home):
    """Run pre-commit in the repository, whose commits run it, too."""
    revision = git(project, "rev-parse", "HEAD")
    Path(".pre-commit-config.yaml").write_text(
        HOOKS.format(repository=project.as_posix(), revision=revision)
    )
    git(repository, "add", "-A")
    ours = {"PYTHONPATH"}  # the hooks are what pre-commit has installed
    environment = {name: os.environ[name] for name in os.environ.keys() - ours}
    environment |= {"PRE_COMMIT_HOME": str(home), "GIT_CONFIG_GLOBAL": os.devnull}
    environment |= {"PIP_COMPILE": "no"}  # the hooks import little of what is installed
    author = {
        f"GIT_{who}_{what}": "a" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
    }

    def run(*words):
        return subprocess.run(
            words, cwd=repository, env=environment | author, capture_output=True, text=True
        )

    run(sys.executable, "-m", "pre_commit", "install")
    return run


def all_files(hooks, *names):
    return hooks(sys.executable, "-m", "pre_commit", "run", "--all-files", *names)


@pytest.mark.slow
def test_pre_commit_runs_the_hooks(hooks, repository):
    check = all_files(hooks, "cvo-sg-check")
    assert check.returncode == 1, check.stdout + check.stderr
    assert "infra/acme/terraform/main.tf is missing" in check.stdout
    all_files(hooks, "cvo-sg-generate")
    git(repository, "add", "-A")
    for name in ("cvo-sg-generate", "cvo-sg-check", "cvo-sg-validate"):
        result = all_files(hooks, name)
        assert result.returncode == 0, result.stdout + result.stderr
    path = Path("infra/acme/cloudformation/template.yaml")
    path.write_text(path.read_text().replace("ToPort: 22", "ToPort: 2"))
    assert "E9303" in all_files(hooks, "cvo-sg-validate").stdout
    assert "was edited by hand" in all_files(hooks, "cvo-sg-check").stdout


def advised(result):
    """The commands of git that a hook prints."""
    return [
        shlex.split(words) for words in re.findall("`(git .*?)`", result.stdout + result.stderr)
    ]


@pytest.mark.slow
def test_a_commit_holds_what_it_generates_and_nothing_else(hooks, repository):
    """Commits that add, change and delete deployments, until the hooks have nothing to say."""
    Path("cvo-sg.yaml").write_text(PROJECT.replace("acme.yaml", "sites/*.yaml"))
    Path("sites").mkdir()
    Path("acme.yaml").rename("sites/acme.yaml")
    git(repository, "add", "-A")

    def commit(message):
        """Commit what is staged; where the hooks refuse, do what they advise, and commit again."""
        first = hooks("git", "commit", "-m", message)
        if first.returncode:
            commands = advised(first)
            assert commands, first.stderr
            for words in dict.fromkeys(map(tuple, commands)):
                done = hooks(*words)
                assert done.returncode == 0, (words, done.stderr)
            second = hooks("git", "commit", "-m", message)
            assert second.returncode == 0, second.stderr
        held = git(repository, "ls-files", "infra", "sites").splitlines()
        return first.returncode, sorted({Path(name).parts[1] for name in held})

    assert commit("one") == (1, ["acme", "acme.yaml"])
    Path("sites/two.yaml").write_text(ACME.replace("acme", "two"))
    Path("notes.md").write_text("mine")
    git(repository, "add", "notes.md")
    assert commit("another") == (0, ["acme", "acme.yaml"]), "two.yaml is not in the commit"
    git(repository, "add", "sites/two.yaml")
    assert commit("two") == (1, ["acme", "acme.yaml", "two", "two.yaml"])
    Path("sites/two.yaml").write_text(
        ACME.replace("acme", "two").replace("10.0.0.0/8", "10.0.0.0/9")
    )
    git(repository, "add", "sites/two.yaml")
    assert commit("change")[0] == 1
    assert "10.0.0.0/9" in git(repository, "show", "HEAD:infra/two/terraform/variables.tf")
    git(repository, "rm", "sites/two.yaml")
    assert commit("delete") == (1, ["acme", "acme.yaml"])
    assert not Path("infra/two").exists()
    Path("module").mkdir()
    Path("module/main.tf").write_text('output "a" {\n  value = var.a\n}\n')
    Path("module/variables.tf").write_text('variable "a" {\n  type = string\n}\n')
    git(repository, "add", "module/main.tf")
    assert commit("module") == (1, ["acme", "acme.yaml"])
    assert git(repository, "ls-files", "module").split() == [
        "module/main.tf",
        "module/variables.tf",
    ]
    assert git(repository, "status", "--porcelain") == ""


# The story of a repository.

SITE = """\
name: acme
release: "3.7"
outbound: advanced
connect_groups: true
supplements: [autosupport]
features: {tiering: false}
endpoints:
  inbound-clients: [10.0.0.0/8]
  administrators: [10.0.1.0/24]
  nfs-clients: [10.0.2.0/24]
  dns: [10.0.0.2/32]
  autosupport: [0.0.0.0/0]
"""


def tool(*words):
    """`cvo-sg` in this process, with the checks of cfn-lint left to the hooks."""
    lint = ["--no-lint"] if words[0] == "generate" else []
    return CliRunner().invoke(cli, [*words, *lint])


def edit(name, old, new):
    text = Path(name).read_text()
    assert old in text
    Path(name).write_text(text.replace(old, new, 1))


@pytest.mark.slow
def test_the_story_of_a_repository(hooks, repository, tmp_path, monkeypatch):
    """From the first file to a merged pull request, with the hooks at every commit."""

    def sh(*words, code=0):
        done = hooks(*words)
        assert done.returncode == code, (words, done.stdout, done.stderr)
        return done

    # A project is begun, and the first commit is told what it lacks.
    git(repository, "rm", "-q", "--cached", "acme.yaml", "cvo-sg.yaml")
    for name in ("acme.yaml", "cvo-sg.yaml"):
        Path(name).unlink()
    git(repository, "checkout", "-qB", "main")
    assert tool("init", "sites/acme.yaml", "--project").exit_code == 0
    Path("sites/acme.yaml").write_text(SITE)
    assert tool("generate").exit_code == 0
    sh("git", "add", ".pre-commit-config.yaml", ".gitattributes", "cvo-sg.yaml", "sites")
    refused = sh("git", "commit", "-m", "Begin", code=1)
    commands = list(dict.fromkeys(map(tuple, advised(refused))))
    assert commands == [("git", "add", "out")]
    sh(*commands[0])
    sh("git", "commit", "-m", "Begin")
    assert git(repository, "status", "--porcelain") == ""

    # Two branches change one deployment. What git cannot merge, `generate` makes again.
    sh("git", "checkout", "-b", "resolvers")
    edit("sites/acme.yaml", "10.0.0.2/32", "10.0.0.3/32")
    assert tool("generate").exit_code == 0
    sh("git", "commit", "-am", "Use the new resolver")
    sh("git", "checkout", "main")
    sh("git", "checkout", "-b", "clients")
    edit("sites/acme.yaml", "[10.0.0.0/8]", "[10.0.0.0/9]")
    assert tool("generate").exit_code == 0
    sh("git", "commit", "-am", "Narrow the clients")
    sh("git", "merge", "resolvers", code=1)
    check = tool("generate", "--check")
    assert "is a merge conflict between generated versions" in check.stdout
    assert "edited by hand" not in check.output
    resolved = tool("generate")
    assert resolved.exit_code == 0
    [add] = advised(resolved)
    sh(*add)
    sh("git", "commit", "--no-edit")
    assert tool("generate", "--check").exit_code == 0
    variables = Path("out/acme/terraform/variables.tf").read_text()
    assert "10.0.0.3/32" in variables
    assert "10.0.0.0/9" in variables

    # The pull request says what it opens and closes, although every file is up to date.
    told = tool("generate", "--check", "--against", "main", "--output", "markdown").stdout
    assert "to 10.0.0.3/32, dns" in told
    assert "Every generated file is up to date." in told
    sh("git", "checkout", "main")
    sh("git", "merge", "--no-edit", "clients")

    # A colleague's clone with the line endings of Windows is the same.
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", "-c", "core.autocrlf=true", str(repository), str(clone))
    (clone / ".git/info/attributes").write_text("* text eol=crlf\n")
    for path in git(clone, "ls-files").splitlines():
        (clone / path).unlink()
    git(clone, "checkout", "--", ".")
    assert b"\r\n" in (clone / "out/acme/terraform/main.tf").read_bytes()
    monkeypatch.chdir(clone)
    assert tool("generate", "--check").exit_code == 0
    monkeypatch.chdir(repository)

    # The deployment gets another name: one paragraph, and its groups stay.
    sh("git", "checkout", "-b", "rename")
    edit("sites/acme.yaml", "name: acme", "name: acme-prod")
    renamed = tool("generate")
    assert renamed.stderr.count("acme is now called acme-prod") == 1
    assert 'name   = "acme"' in renamed.stderr
    refused = sh("git", "commit", "-am", "Rename", code=1)
    for words in dict.fromkeys(map(tuple, advised(refused))):
        sh(*words)
    sh("git", "commit", "-am", "Rename")
    assert not Path("out/acme").exists()
    sh("git", "checkout", "main")
    sh("git", "merge", "--no-edit", "rename")

    # A newer tool words every header anew, and no permission changes.
    def newer(*given):
        first, *others = header(*given)
        return (first, "A newer version words this differently.", *others)

    monkeypatch.setattr(sys.modules["generator.render.render"], "header", newer)
    upgrade = tool("generate", "--check", "--diff")
    assert upgrade.exit_code == 1
    assert upgrade.stdout.startswith("8 files out of date; no permission changes")
    assert tool("generate").exit_code == 0
    assert tool("generate", "--check").exit_code == 0
    sh("git", "commit", "--no-verify", "-am", "Upgrade")  # the hooks are of the old version
    assert git(repository, "status", "--porcelain") == ""
