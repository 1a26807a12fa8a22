"""What is installed from this folder: the package carries everything and works from any folder,
and the GitHub action, whose steps run here as a runner would run them, installs and runs it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml
from conftest import ROOT
from folders import files, generated
from repository import commit, git, init

from generator import __version__

ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
ACME = 'name: acme\nrelease: "3.7"\noutbound: basic\nendpoints: {inbound-clients: [10.0.0.0/8]}\n'
needs_bash = pytest.mark.skipif(not shutil.which("bash"), reason="the steps are for bash")


@pytest.fixture(scope="module", autouse=True)
def _elsewhere():
    """What is installed must not find this folder, which whoever runs the tests may have named."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("PYTHONPATH", raising=False)
        yield


class Runner:
    """Runs the steps of the action one after the other, until one fails."""

    def __init__(self, folder: Path, temporary: Path) -> None:
        self.workspace = folder / "work space"
        self.workspace.mkdir()
        self.summary = folder / "summary.md"
        self.temporary = temporary
        self.base = ""  # the branch that a pull request is merged into
        self.event = "push"

    def run(self, *names: str, **inputs: str) -> subprocess.CompletedProcess[str]:
        self.summary.write_text("")
        values = {f"inputs.{name}": each["default"] for name, each in ACTION["inputs"].items()}
        values |= {f"inputs.{name}": value for name, value in inputs.items()}
        values["github.action_path"] = str(ROOT)
        values["github.server_url"] = inputs.get("server_url", "https://github.example")
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
                    "GITHUB_ACTIONS": "true",
                    "GITHUB_BASE_REF": self.base,
                    "GITHUB_EVENT_NAME": self.event,
                    "GITHUB_WORKSPACE": str(self.workspace),
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


class Installation(NamedTuple):
    """What the action did to install the package."""

    result: subprocess.CompletedProcess[str]
    temporary: Path
    started: Path
    """What the workspace has run meanwhile."""


SHADOWS = ("venv", "pip", "ensurepip", "sitecustomize", "setuptools", "hatchling", "os", "json")


@pytest.fixture(scope="module")
def installation(tmp_path_factory):
    """The action installs the package, in a workspace with modules named like Python's own."""
    folder, temporary = tmp_path_factory.mktemp("install"), tmp_path_factory.mktemp("temporary")
    runner = Runner(folder, temporary)
    started = folder / "started"
    for name in SHADOWS:
        code = f"open({str(started)!r}, 'a').write({name!r})\n"
        (runner.workspace / f"{name}.py").write_text(code)
    return Installation(runner.run(INSTALL), temporary, started)


@pytest.fixture(scope="module")
def installed(installation):
    """A folder with a clean environment `cvo-sg`, in which the action has installed the package."""
    assert installation.result.returncode == 0, installation.result.stderr
    return installation.temporary


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


PYTHON = """\
#!/bin/sh
# python3 -I -m venv FOLDER, with a python that only says what it is asked for
mkdir -p "$4/bin"
cat > "$4/bin/python" <<'EOS'
#!/bin/sh
printf '%s\\n' "$PIP_CONSTRAINT" "$PIP_BUILD_CONSTRAINT" "$@"
EOS
chmod +x "$4/bin/python"
"""
CONSTRAINTS = [
    line
    for line in (ROOT / ".ci" / "constraints.txt").read_text("utf-8").splitlines()
    if not line.startswith("#")
]


@pytest.fixture
def action(tmp_path, monkeypatch):
    """A runner whose Python only says what it is asked for."""
    python = tmp_path / "bin" / "python3"
    python.parent.mkdir()
    python.write_text(PYTHON)
    python.chmod(0o755)
    monkeypatch.setenv("PATH", f"{python.parent}{os.pathsep}{os.environ['PATH']}")
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    return Runner(tmp_path, temporary)


@needs_bash
def test_the_action_installs_its_own_checkout_with_tested_dependencies(action):
    result = action.run(INSTALL)
    assert result.returncode == 0, result.stderr
    constraints, for_the_build, *_, installed = result.stdout.splitlines()
    assert constraints == for_the_build == str(ROOT / ".ci" / "constraints.txt")
    assert installed == f"{ROOT}[xlsx]"


def released(folder: Path, file: str) -> str:
    """Make a repository of the action with a version v1.2, which holds one file; its server."""
    repository = folder / "acme" / "cvo-sg"
    (repository / file).parent.mkdir(parents=True)
    (repository / file).write_text("")
    init(repository)
    commit(repository)
    git("tag", "v1.2", folder=repository)
    return f"file://{folder}"


@needs_bash
@pytest.mark.parametrize("pinned", [True, False])
def test_the_action_installs_another_version_with_its_own_dependencies(action, tmp_path, pinned):
    server = released(tmp_path, ".ci/constraints.txt" if pinned else ".ci/run")
    result = action.run(INSTALL, version="v1.2", server_url=server)
    assert result.returncode == 0, result.stderr
    source = action.temporary / "cvo-sg-source"
    assert result.stdout.splitlines()[-1] == f"{source}[xlsx]"
    constraints = str(source / ".ci" / "constraints.txt") if pinned else ""
    assert result.stdout.splitlines()[:2] == [constraints] * 2


@needs_bash
def test_an_installation_that_fails_fails_the_step(action, tmp_path):
    python = tmp_path / "bin" / "python3"
    python.write_text(PYTHON.replace("printf", "exit 1\nprintf"))
    assert action.run(INSTALL).returncode == 1


@pytest.mark.slow
@needs_bash
def test_installing_runs_nothing_in_the_workspace(installation):
    """Python and pip import from the folder where they start, unless they are told not to."""
    assert not installation.started.exists(), installation.started.read_text()
    assert installation.result.returncode == 0, installation.result.stderr


@needs_bash
@pytest.mark.parametrize(
    "version", ["$(id)", "--upload-pack=id", "v1\n::stop-commands::x", "v1 v2", "../../other@v1"]
)
def test_a_version_that_is_no_name_of_git_is_refused(action, version):
    result = action.run(INSTALL, version=version)
    assert result.returncode == 2
    assert result.stdout == (
        "::error title=cvo-sg::invalid version: use a tag, branch or full commit hash\n"
    )


def install(action, script):
    tool = action.temporary / "cvo-sg" / "bin" / "cvo-sg"
    tool.parent.mkdir(parents=True)
    tool.write_text(f"#!/bin/sh\n{script}\n")
    tool.chmod(0o755)


@pytest.fixture(scope="module")
def branch(tmp_path_factory):
    """A repository whose branch opens SSH to everybody and generates the files again."""
    work = tmp_path_factory.mktemp("branch")

    def generate():
        words = [sys.executable, "-m", "generator", "generate", "--no-lint", "--quiet"]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        subprocess.run(words, cwd=work, env=environment, check=True)
        commit(work)

    init(work)
    (work / "acme.yaml").write_text(ACME)
    (work / "cvo-sg.yaml").write_text("outputs:\n  - out: infra\n    deployments: [acme.yaml]\n")
    generate()
    git("update-ref", "refs/remotes/origin/main", "HEAD", folder=work)
    peers = "[10.0.0.0/8], administrators: [0.0.0.0/0]"
    (work / "acme.yaml").write_text(ACME.replace("[10.0.0.0/8]", peers))
    generate()
    return work


@pytest.fixture
def pull_request(action, branch):
    """A runner with a checkout of the branch."""
    install(action, f'PYTHONPATH="{ROOT}" exec "{sys.executable}" -m generator "$@"')
    shutil.copytree(branch, action.workspace, dirs_exist_ok=True)
    return action


@pytest.mark.slow
@needs_bash
def test_the_action_shows_what_an_up_to_date_pull_request_opens(pull_request):
    pull_request.base = "main"
    result = pull_request.run(RUN)
    assert result.returncode == 0, result.stderr
    opened = "manager inbound TCP 22 from 0.0.0.0/0"
    place = "file=acme.yaml,line=4,title=cvo-sg open-to-the-internet"
    assert f"::warning {place}::open to the internet from now on: {opened}\n" in result.stdout
    summary = pull_request.summary.read_text()
    assert summary.startswith(
        "## cvo-sg check\nSince `origin/main`: **4 rules open to the internet**, 4 rules close.\n\n"
        f"### Opens to the internet\n\n`infra/acme`:\n\n- {opened}, administrators: "
    )
    assert summary.endswith("\n\nEvery generated file is up to date.\n")


@pytest.mark.slow
@needs_bash
def test_without_a_pull_request_the_action_checks_the_files(pull_request):
    result = pull_request.run(RUN)
    assert (result.returncode, result.stdout) == (0, "")
    summary = "## cvo-sg check\nEvery generated file is up to date.\n"
    assert pull_request.summary.read_text() == summary


def unknown(runner, reason):
    """The action succeeds, and everybody sees that nothing is known of what the change opens."""
    result = runner.run(RUN)
    assert result.returncode == 0, result.stderr
    assert f"::warning title=cvo-sg not-compared::not compared with origin/{runner.base}: " in (
        result.stdout
    )
    summary = runner.summary.read_text()
    assert summary.startswith(
        "## cvo-sg check\n**What this change opens and closes is unknown:** not compared with "
    )
    assert reason in result.stdout
    assert reason.replace("_", "\\_") in summary or reason in summary


@pytest.mark.slow
@needs_bash
def test_without_the_base_the_action_says_how_to_fetch_it(pull_request):
    pull_request.base = "release"
    unknown(pull_request, "git fetch origin release gets a branch of a remote repository")


@pytest.mark.slow
@needs_bash
def test_in_a_shallow_clone_the_action_names_fetch_depth(pull_request):
    work = pull_request.workspace
    full = work.rename(work.parent / "full")
    words = ["git", "clone", "--quiet", "--depth", "1", f"file://{full}", str(work)]
    subprocess.run(words, check=True)
    pull_request.base = "release"
    unknown(pull_request, "set fetch-depth: 0 for actions/checkout")


@pytest.mark.slow
@needs_bash
def test_a_pull_request_from_a_fork_is_compared_with_where_it_left_the_base(pull_request):
    """Later commits of the base would else appear as closed by the pull request."""
    work = pull_request.workspace
    for words in (
        ["checkout", "--quiet", "-b", "later", "origin/main"],
        ["rm", "--quiet", "-r", "infra/acme/terraform"],
        ["commit", "--quiet", "--message", "later"],
        ["update-ref", "refs/remotes/origin/main", "HEAD"],
        ["checkout", "--quiet", "--detach", "-"],
    ):
        git(*words, folder=work)
    pull_request.base, pull_request.event = "main", "pull_request"
    assert pull_request.run(RUN).returncode == 0
    assert "**4 rules open to the internet**, 4 rules close." in pull_request.summary.read_text()


@pytest.mark.slow
@needs_bash
def test_a_checkout_of_the_base_is_not_taken_for_the_pull_request(pull_request):
    git("update-ref", "refs/remotes/origin/main", "HEAD", folder=pull_request.workspace)
    pull_request.base, pull_request.event = "main", "pull_request_target"
    unknown(pull_request, "this is a checkout of the base itself, not of the pull request")


@pytest.mark.slow
@needs_bash
def test_the_action_runs_each_root_of_a_repository_or_one(pull_request):
    work = pull_request.workspace
    for team in ("team a", "team-b"):
        (work / team).mkdir()
        shutil.copy(work / "acme.yaml", work / team)
        shutil.copy(work / "cvo-sg.yaml", work / team)
    (work / "cvo-sg.yaml").unlink()
    missing = "::error file={}/infra/acme/cloudformation/README.md,title=cvo-sg missing::"
    both = pull_request.run(RUN)
    assert both.returncode == 1
    assert missing.format("team a") in both.stdout
    assert "`team-b/infra/acme/terraform/main.tf` is missing" in pull_request.summary.read_text()
    one = pull_request.run(RUN, config="team a/cvo-sg.yaml")
    assert missing.format("team a") in one.stdout
    assert "team-b" not in one.stdout + pull_request.summary.read_text()
    assert pull_request.run(RUN, command="validate", config="team a/cvo-sg.yaml").returncode == 0


@needs_bash
def test_an_older_version_runs_without_what_it_does_not_know(action):
    install(action, 'echo "$@"')
    assert action.run(RUN).stdout == "generate --diff --output github --\n"


@pytest.mark.slow
@needs_bash
@pytest.mark.parametrize("command", ["check", "validate"])
def test_paths_are_never_options(action, command):
    install(action, f'cd "{ROOT}" && exec "{sys.executable}" -m generator "$@"')
    result = action.run(RUN, command=command, paths="--help")
    assert result.returncode == 2, "no help, which is a success"
    assert "--help" in result.stderr
    summary = "Nothing was checked: the log of this step says why.\n"
    assert action.summary.read_text() == f"## cvo-sg {command}\n{summary}"


def test_files_that_hooks_give_are_never_options(run, tmp_path):
    [hook] = [
        hook
        for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
        if hook.get("pass_filenames", True)
    ]
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    for name in ("-h.yaml", "--help"):
        (tmp_path / name).write_text(f"{ACME}connect_groups: true\n")
        command = [*hook["entry"].split()[1:], *hook["args"], name]
        result = run(*command)
        assert (result.exit_code, result.stdout) == (0, ""), result.stderr


@needs_bash
@pytest.mark.parametrize(
    "command", ["rm -rf /", "check\n::stop-commands::x", "\n::add-mask::a", "--help", ""]
)
def test_a_command_that_does_not_exist_is_not_printed(action, command):
    result = action.run(RUN, command=command)
    assert result.returncode == 2
    assert result.stdout == "::error title=cvo-sg::invalid command: use check or validate\n"
    assert not result.stderr


def test_every_dependency_has_a_tested_version():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    extra = project["project"]["optional-dependencies"]["xlsx"]
    required = [*project["project"]["dependencies"], *extra, *project["build-system"]["requires"]]
    names = {re.match("[a-z0-9-]+", line)[0] for line in CONSTRAINTS}
    assert {re.match("[a-z0-9-]+", each)[0] for each in required} <= names
    assert all(re.match(r"[a-z0-9-]+==[0-9.]+( ; |$)", line) for line in CONSTRAINTS)


def test_workflows_use_actions_by_their_commits():
    for workflow in (ROOT / ".github" / "workflows").iterdir():
        uses = re.findall(r"uses: (.*)", workflow.read_text("utf-8"))
        assert uses
        assert all(re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v[0-9.]+", each) for each in uses)
    assert not [step for step in ACTION["runs"]["steps"] if "uses" in step]


@pytest.mark.slow
@needs_bash
def test_the_action_installs_exactly_the_tested_versions(tool):
    code = (
        "from importlib.metadata import distributions as found; "
        "print(*(f'{each.name}=={each.version}' for each in found()))"
    )
    found = subprocess.run([tool.parent / "python", "-c", code], capture_output=True, text=True)
    pinned = {line.partition(" ;")[0] for line in CONSTRAINTS}
    installed = {re.sub("_", "-", each.lower()) for each in found.stdout.split()}
    ours = {each for each in installed if not re.match("(cvo-sg|pip|setuptools)==", each)}
    assert ours
    assert ours <= pinned


@pytest.mark.slow
@needs_bash
def test_the_package_generates_the_checked_in_output_from_another_folder(tool, tmp_path):
    subprocess.run([tool, "generate", "--no-lint"], cwd=tmp_path, check=True)
    assert files(tmp_path / "out") == generated()
    shown = subprocess.run([tool, "--version"], capture_output=True, text=True)
    assert shown.stdout == f"cvo-sg, version {__version__}\n"


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
    assert summary.startswith("## cvo-sg check\n37 rules open.\n\n### Opens")
    assert "- 30 rules inbound from 10.0.0.0/8, administrators, " in summary
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
    hostile = runner.run(RUN, paths="$(touch hacked)`touch hacked`;touch hacked")
    assert hostile.returncode == 2
    assert not (runner.workspace / "hacked").exists()
