"""What is installed from this folder: the package carries everything and works from any folder,
and the GitHub action, whose steps run here as a runner would run them, installs and runs it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from conftest import ROOT
from folders import files, generated

ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
ACME = 'name: acme\nrelease: "3.7"\noutbound: basic\nendpoints: {inbound-clients: [10.0.0.0/8]}\n'
needs_bash = pytest.mark.skipif(not shutil.which("bash"), reason="the steps are for bash")


class Runner:
    """Runs the steps of the action one after the other, until one fails."""

    def __init__(self, folder: Path, temporary: Path) -> None:
        self.workspace = folder / "workspace"
        self.workspace.mkdir()
        self.summary = folder / "summary.md"
        self.temporary = temporary

    def run(self, *names: str, **inputs: str) -> subprocess.CompletedProcess[str]:
        self.summary.write_text("")
        values = {f"inputs.{name}": each["default"] for name, each in ACTION["inputs"].items()}
        values |= {f"inputs.{name}": value for name, value in inputs.items()}
        values["github.action_path"] = str(ROOT)
        values["github.server_url"] = "https://github.example"
        values["github.action_repository"] = "acme/cvo-sg"
        for step in ACTION["runs"]["steps"]:
            if names and step["name"] not in names:
                continue
            given = {
                name: re.sub(r"\$\{\{ *([a-z._]+) *\}\}", lambda m: values[m[1]], text)
                for name, text in step["env"].items()
            }
            assert "${{" not in step["run"], "an input in a script is code"
            result = subprocess.run(
                ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
                cwd=self.workspace,
                env={
                    **os.environ,
                    **given,
                    "CI": "true",
                    "GITHUB_STEP_SUMMARY": str(self.summary),
                    "RUNNER_TEMP": str(self.temporary),
                },
                capture_output=True,
                text=True,
            )
            if result.returncode:
                return result
        return result


INSTALL, RUN = (step["name"] for step in ACTION["runs"]["steps"])


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A folder with a clean environment `cvo-sg`, in which the action has installed the package."""
    temporary = tmp_path_factory.mktemp("temporary")
    result = Runner(tmp_path_factory.mktemp("install"), temporary).run(INSTALL)
    assert result.returncode == 0, result.stderr
    return temporary


@pytest.fixture
def tool(installed):
    return installed / "cvo-sg" / "bin" / "cvo-sg"


@pytest.fixture
def runner(installed, tmp_path):
    runner = Runner(tmp_path, installed)
    (runner.workspace / "acme.yaml").write_text(ACME)
    (runner.workspace / "cvo-sg.yaml").write_text(
        "outputs:\n  - out: infra\n    deployments: [acme.yaml]\n"
    )
    (runner.workspace / ".git").mkdir()
    return runner


def test_every_input_is_described_and_has_a_default():
    for each in ACTION["inputs"].values():
        assert each.keys() == {"description", "default"}
    assert ACTION["runs"]["using"] == "composite"


needs_bash = pytest.mark.skipif(not shutil.which("bash"), reason="the steps are for bash")
PYTHON = """\
#!/bin/sh
# python3 -m venv FOLDER, with a python that only says what it is asked for
mkdir -p "$3/bin"
printf '#!/bin/sh\\nprintf "%%s\\\\n" "$@"\\n' > "$3/bin/python"
chmod +x "$3/bin/python"
"""


@needs_bash
@pytest.mark.parametrize(
    ("version", "installed"),
    [
        pytest.param("", str(ROOT), id="its own checkout"),
        pytest.param("v1.2", "git+https://github.example/acme/cvo-sg@v1.2", id="a tag"),
        pytest.param("$(id)", "git+https://github.example/acme/cvo-sg@$(id)", id="no code"),
    ],
)
def test_the_action_installs_from_its_own_repository(
    runner, tmp_path, monkeypatch, version, installed
):
    python = tmp_path / "bin" / "python3"
    python.parent.mkdir()
    python.write_text(PYTHON)
    python.chmod(0o755)
    monkeypatch.setenv("PATH", f"{python.parent}{os.pathsep}{os.environ['PATH']}")
    result = runner.run("Install cvo-sg", version=version)
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines()[-1] == installed


@pytest.mark.slow
@needs_bash
def test_the_package_generates_the_checked_in_output_from_another_folder(tool, tmp_path):
    subprocess.run([tool, "generate", "--no-lint"], cwd=tmp_path, check=True)
    assert files(tmp_path / "out") == generated()
    shown = subprocess.run([tool, "--version"], capture_output=True, text=True)
    version = re.search(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(), re.M)
    assert shown.stdout == f"cvo-sg, version {version[1]}\n"


@pytest.mark.slow
@needs_bash
def test_the_steps_annotate_summarise_and_fail(runner, tool):
    missing = runner.run(RUN)
    assert missing.returncode == 1, missing.stderr
    assert (
        "::error file=infra/acme/terraform/main.tf,title=cvo-sg missing::"
        "infra/acme/terraform/main.tf is missing\n"
    ) in missing.stdout
    summary = runner.summary.read_text()
    assert summary.startswith("## cvo-sg check\n### `infra/acme/cloudformation`")
    assert "- added: manager inbound tcp 22 from administrators 10.0.0.0/8: " in summary
    assert "- `infra/acme/terraform/main.tf` is missing\n" in summary

    subprocess.run([tool, "generate", "--quiet", "--no-lint"], cwd=runner.workspace, check=True)
    clean = runner.run(RUN)
    assert clean.returncode == 0
    assert runner.summary.read_text() == "## cvo-sg check\nEvery generated file is up to date.\n"

    template = runner.workspace / "infra" / "acme" / "cloudformation" / "template.yaml"
    template.write_text(template.read_text().replace("ToPort: 22", "ToPort: 2", 1))
    found = runner.run(RUN, command="validate", paths="\nacme.yaml\ninfra/acme/cloudformation\n")
    assert found.returncode == 1
    assert re.search(
        "::error file=infra/acme/cloudformation/template.yaml,line=.*E9303::", found.stdout
    )
    assert "- **error** `infra/acme/cloudformation/template.yaml:" in runner.summary.read_text()

    assert runner.run(RUN, command="validate").returncode == 1, "everything, without paths"
    wrong = runner.run(RUN, command="rm -rf /")
    assert wrong.returncode == 2
    assert "::error title=cvo-sg::invalid command 'rm -rf /'" in wrong.stdout
    hostile = runner.run(RUN, paths="$(touch hacked)`touch hacked`;touch hacked")
    assert hostile.returncode == 2
    assert not (runner.workspace / "hacked").exists()
