"""The ten commands of the README, in order, as shown, with git and the hooks' own commands.

`test_neighbours.py` tells the same story with pre-commit itself, and in more detail.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import transcripts
import yaml
from conftest import ROOT
from repository import git, init

from generator.render import sealed

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not shutil.which("bash"), reason="the commands are for bash"),
]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SITE = "deployments/acme.yaml"
OUT = "out"  # where `init --project` says that files go
EDITOR = '#!/bin/sh\necho change > "$1"\n'
# The two endpoints that change are apart, so that git merges the deployment file itself.
DEPLOYMENT = """\
name: acme
release: "3.7"
outbound: advanced
endpoints:
  inbound-clients: [10.0.0.0/8]
  administrators: [10.0.1.0/24]
  nfs-clients: [10.0.2.0/24]
  dns: [10.0.0.2/32]
"""


def story():
    """The commands of the block that begins a project."""
    [block] = (
        block.text
        for block in transcripts.blocks(README)
        if block.language == "sh" and "--project" in block.text
    )
    return [line.partition("  #")[0].strip() for line in block.splitlines()]


@dataclass
class Shell:
    """A shell in the repository, with `cvo-sg` and the hooks of this project."""

    folder: Path
    environment: dict[str, str]

    def __call__(self, line: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "-c", line],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
        )

    def passes(self, line: str) -> str:
        done = self(line)
        assert done.returncode == 0, (line, done.stdout, done.stderr)
        return done.stdout + done.stderr

    def fails(self, line: str) -> str:
        done = self(line)
        assert done.returncode == 1, (line, done.stdout, done.stderr)
        return done.stdout + done.stderr

    def edit(self, old: str, new: str) -> None:
        path = self.folder / SITE
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))


def executable(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


@pytest.fixture
def shell(tmp_path):
    """An empty repository whose commits run the hooks that generate and check."""
    folder = tmp_path / "repository"
    folder.mkdir()
    init(folder)
    # cfn-lint has tests of its own; here it would only take time.
    quick = 'case $1 in generate) set -- "$@" --no-lint;; esac\n'
    executable(
        tmp_path / "bin/cvo-sg", f'#!/bin/sh\n{quick}exec "{sys.executable}" -m generator "$@"\n'
    )
    executable(tmp_path / "bin/editor", EDITOR)
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    entries = [each["entry"] for each in hooks if each["entry"].startswith("cvo-sg generate")]
    assert len(entries) == 2
    hook = "#!/bin/sh\nset -e\n" + "".join(f"{entry}\n" for entry in entries)
    for name in ("pre-commit", "pre-merge-commit"):
        executable(folder / ".git/hooks" / name, hook)
    ours = {"CI", "GITHUB_BASE_REF", "PRE_COMMIT_FROM_REF"}
    environment = {name: os.environ[name] for name in os.environ.keys() - ours}
    environment |= {
        "PATH": f"{tmp_path / 'bin'}{os.pathsep}{environment['PATH']}",
        "PYTHONPATH": str(ROOT),
        "GIT_EDITOR": "editor",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
    }
    return Shell(folder, environment)


def by_an_older_version(folder: Path) -> None:
    """Word every generated header as another version would have."""
    for path in (folder / OUT).rglob("*.*"):
        text = re.sub("sha256:[0-9a-f]{64}", f"sha256:{'0' * 64}", path.read_text(), count=1)
        assert "DO NOT EDIT." in text
        path.write_text(sealed(text.replace("DO NOT EDIT.", "Do not edit.", 1)))


def test_the_ten_commands_of_the_readme_are_the_story_of_a_repository(shell, tmp_path):
    begin, generate, commit, diff, merge, resume, against, rename, upgrade, plan = story()

    # A project is begun, and a commit without its generated files is refused.
    shell.passes(begin)
    (shell.folder / SITE).write_text(DEPLOYMENT)
    shell.passes(generate)
    refused = shell.fails("git add deployments cvo-sg.yaml .gitattributes && git commit")
    assert f"`git add {OUT}`" in refused
    shell.passes(commit)
    assert git("status", "--porcelain", folder=shell.folder) == ""

    # Two branches change a binding each. What git cannot merge, the command makes again.
    shell.passes("git checkout -b clients")
    shell.edit("10.0.0.0/8", "10.0.0.0/9")
    assert "  + 15 rules inbound from 10.0.0.0/9, " in shell.fails(diff)
    shell.passes(f"{generate} && git commit -a && git checkout main")
    shell.edit("10.0.0.2/32", "10.0.0.3/32")
    shell.passes(f"{generate} && git commit -a && git checkout clients")
    merged = shell.passes(merge)
    assert "CONFLICT" in merged
    assert "resolved: run `git add" in merged
    shell.passes(resume)
    assert git("rev-list", "--count", "--merges", "main..", folder=shell.folder) == "1\n"
    told = shell.passes(against)
    assert "  + 15 rules inbound from 10.0.0.0/9, " in told
    assert "10.0.0.3/32" not in told, "main has it already"
    shell.passes("git checkout main && git merge clients")
    shell.passes("cvo-sg generate --check")

    # In a clone, git itself gives every file, or the deployment alone, the line ends of Windows.
    for attributes, name in (("", "deployment"), ("* text eol=crlf\n", "everything")):
        clone = tmp_path / name
        shell.passes(f"git clone --no-checkout -c core.autocrlf=true . '{clone}'")
        (clone / ".git/info/attributes").write_text(attributes)
        there = Shell(clone, shell.environment)
        there.passes("git checkout main")
        assert b"\r\n" in (clone / SITE).read_bytes()
        template = (clone / OUT / "acme/cloudformation/template.yaml").read_bytes()
        assert (b"\r\n" in template) == (name == "everything")
        there.passes("cvo-sg generate --check")

    # Another name is one paragraph, and the hook names what the commit lacks.
    shell.passes("git checkout -b rename")
    shell.edit("name: acme", "name: acme-prod")
    renamed = shell.passes(rename)
    assert renamed.count("acme is now called acme-prod") == 1
    assert 'name   = "acme"' in renamed
    assert "`git add" in shell.fails("git commit -a")
    shell.passes(commit)
    shell.passes("git checkout main && git merge rename")
    shell.passes("cvo-sg generate --check")

    # A newer version changes every file, and no permission.
    by_an_older_version(shell.folder)
    shell.passes("git commit --no-verify -a")
    assert shell.fails(upgrade).startswith("8 files out of date; no permission changes")
    shell.passes(generate)
    shell.passes(commit)
    shell.passes("cvo-sg generate --check")
    assert git("status", "--porcelain", folder=shell.folder) == ""
    assert plan.startswith("terraform "), "proof/test_renamed.py plans and applies the renamed one"
