"""`generate --check` and `--diff` against a revision: what a change opens, closes and replaces."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from repository import commit, git, init

pytestmark = pytest.mark.slow

DEPLOYMENT = (
    'name: {name}\nrelease: "3.7"\noutbound: basic\nendpoints:\n  inbound-clients: {peers}\n'
)
PROJECT = "outputs:\n  - out: infra\n    deployments: [sites/*.yaml]\n"
FOLDERS = "infra/acme/cloudformation, infra/acme/terraform:"
SSH = "manager inbound TCP 22 from"


def site(peers="[10.0.0.0/8]", name="acme", file="acme"):
    Path("sites").mkdir(exist_ok=True)
    Path(f"sites/{file}.yaml").write_text(DEPLOYMENT.format(name=name, peers=peers))


@pytest.fixture
def generate(run, monkeypatch):
    """Run `cvo-sg generate` in a repository whose last commit has a deployment and its files."""
    monkeypatch.delenv("GITHUB_BASE_REF", raising=False)
    monkeypatch.delenv("PRE_COMMIT_FROM_REF", raising=False)

    def invoke(*arguments):
        return run("generate", "--no-lint", *arguments)

    init()
    Path("cvo-sg.yaml").write_text(PROJECT)
    site()
    invoke("--quiet")
    commit()
    return invoke


def against(generate, *arguments, revision="HEAD"):
    """What is told of a working tree that is up to date."""
    assert generate("--quiet").exit_code == 0
    result = generate("--check", "--against", revision, *arguments)
    assert result.exit_code == 0, result.stderr
    return result.stdout


BASTION = "[10.0.0.0/8]\n  administrators: {bastion: 10.1.2.0/28}"


def test_an_up_to_date_change_shows_what_it_opens_and_closes(generate):
    site(BASTION)
    told = against(generate)
    assert told.startswith(f"since HEAD:\n\n{FOLDERS}\n  - {SSH} 10.0.0.0/8, administrators: ")
    assert f"\n  + {SSH} 10.1.2.0/28 (bastion), administrators: " in told
    assert told.count("\n  - ") == told.count("\n  + ") == 4


def test_without_a_change_it_says_so(generate):
    assert against(generate) == "since HEAD, what is permitted stays the same\n"
    markdown = against(generate, "--output", "markdown")
    assert markdown == (
        "since HEAD, what is permitted stays the same\n\nEvery generated file is up to date.\n"
    )
    assert against(generate, "--output", "github") == ""
    assert json.loads(against(generate, "--output", "json")) == {
        "files": [],
        "against": "HEAD",
        "deployments": [],
    }


def test_a_stale_change_shows_its_files_and_what_they_would_permit(generate):
    site(BASTION)
    result = generate("--diff", "--against", "HEAD")
    assert result.exit_code == 1
    files, told = result.stdout.split("\nsince HEAD:\n\n")
    assert "+++ infra/acme/terraform/README.md\n" in files
    assert f"  + {SSH} 10.1.2.0/28 (bastion), administrators: " in told
    listed = generate("--check", "--against", "HEAD").stdout
    assert listed.startswith("infra/acme/cloudformation/README.md is out of date\n")
    assert "\n\nsince HEAD:\n\n" in listed


def test_markdown_and_json_have_all_of_it(generate):
    site(BASTION)
    markdown = against(generate, "--output", "markdown")
    assert markdown.startswith(
        "Since `HEAD`: 4 rules open, 4 rules close.\n\n### Opens\n\n`infra/acme`:\n\n"
        f"- {SSH} 10.1.2.0/28 (bastion), administrators: "
    )
    assert f"\n\n### Closes\n\n`infra/acme`:\n\n- {SSH} 10.0.0.0/8, administrators" in markdown
    assert markdown.endswith("\n\nEvery generated file is up to date.\n")
    found = json.loads(against(generate, "--output", "json"))
    [deployment] = found["deployments"]
    assert found["against"] == "HEAD"
    assert [len(deployment[kind]) for kind in ("added", "removed", "opened")] == [4, 4, 0]


def test_another_name_for_a_peer_is_renamed(generate):
    site(BASTION)
    against(generate)
    commit()
    site(BASTION.replace("bastion", "jump"))
    assert f"  = {SSH} 10.1.2.0/28 (jump): peer bastion is now jump\n" in against(generate)


@pytest.mark.parametrize("kept", [True, False], ids=["kept", "not-kept"])
def test_a_deployment_that_is_gone_deletes_its_groups(generate, kept):
    site(name="other", file="other")
    generate("--quiet")
    if not kept:
        Path(".gitignore").write_text("infra\n")
        git("rm", "-r", "-q", "--cached", "infra")
    commit()
    Path("sites/other.yaml").unlink()
    told = against(generate)
    assert told.startswith("since HEAD:\n\ninfra/other/cloudformation, infra/other/terraform:\n")
    assert "  REPLACES OR DELETES THE SECURITY GROUP manager\n" in told
    assert "  - 30 rules inbound from 10.0.0.0/8, " in told
    assert "acme" not in told


RENAMED = (
    "infra/zeta/cloudformation, infra/zeta/terraform:\n"
    "  acme is now called zeta, and its files are in infra/zeta\n"
)


def test_another_name_of_a_deployment_is_told_once(generate):
    site(name="zeta")
    told = against(generate)
    assert told.startswith(f"since HEAD:\n\n{RENAMED}")
    assert "REPLACES OR DELETES" not in told
    assert "30 rules" not in told


def test_a_deployment_named_on_its_own_knows_its_earlier_name(generate):
    site(name="zeta")
    generate("--quiet")
    told = generate("sites/acme.yaml", "--check", "--against", "HEAD").stdout
    assert f"\n{RENAMED}" in told


def test_a_new_deployment_adds_all_of_its_rules(generate):
    site(name="other", file="other")
    told = against(generate)
    assert "infra/other/cloudformation, infra/other/terraform:\n  + 30 rules inbound" in told
    assert "infra/acme" not in told


def test_files_that_are_not_kept_are_rendered_as_they_were(generate):
    """The deployment file of the revision says what was permitted."""
    Path(".gitignore").write_text("infra\n")
    git("rm", "-r", "-q", "--cached", "infra")
    commit()
    assert against(generate) == "since HEAD, what is permitted stays the same\n"
    site(BASTION)
    told = against(generate)
    assert told.startswith(f"since HEAD:\n\n{FOLDERS}\n  - {SSH} 10.0.0.0/8, administrators: ")
    site(BASTION, name="zeta")
    told = against(generate)
    assert RENAMED in told
    assert f"  - {SSH} 10.0.0.0/8, administrators: " in told


def test_a_deployment_that_was_broken_is_not_guessed(generate):
    Path(".gitignore").write_text("infra\n")
    git("rm", "-r", "-q", "--cached", "infra")
    Path("sites/acme.yaml").write_text("name: acme\nrelase: 3\n")
    commit()
    site()
    generate("--quiet")
    result = generate("--check", "--against", "HEAD")
    assert result.exit_code == 0
    assert "  which permissions change is unknown: " in result.stdout
    assert "warning: not compared: HEAD:sites/acme.yaml:2:1: " in result.stderr


def test_presets_are_compared_with_what_was_generated(generate):
    Path("cvo-sg.yaml").write_text("outputs:\n  - out: infra\n    presets: [predefined]\n")
    told = against(generate)
    assert "infra/predefined/cloudformation, infra/predefined/terraform:\n  + 30 rules" in told
    commit()
    assert against(generate) == "since HEAD, what is permitted stays the same\n"


def test_presets_that_are_not_kept_stay_as_they_are(generate):
    Path("cvo-sg.yaml").write_text("outputs:\n  - out: build\n    presets: [predefined]\n")
    Path(".gitignore").write_text("build\n")
    assert against(generate) == "since HEAD, what is permitted stays the same\n"


def test_a_deployment_that_was_there_and_not_generated_is_new(generate):
    site(name="other", file="other")
    commit()
    told = against(generate, revision="HEAD")
    assert "infra/other/cloudformation, infra/other/terraform:\n  + 30 rules inbound" in told
    alone = generate("sites/other.yaml", "--check", "--against", "HEAD").stdout
    assert alone == told


def test_a_folder_below_the_root_and_an_absolute_folder_mean_the_same(generate, monkeypatch):
    site(BASTION)
    generate("--quiet")
    Path("below").mkdir()
    monkeypatch.chdir("below")
    told = generate("--check", "--against", "HEAD").stdout
    assert "\n../infra/acme/cloudformation, ../infra/acme/terraform:\n  - manager inbound" in told
    out = Path.cwd().parent / "infra"
    told = generate("../sites/acme.yaml", "--out", out, "--check", "--against", "HEAD").stdout
    assert told.count("\n  - ") == 4


def test_a_copy_and_a_hand_written_file_are_none_of_its_files(generate):
    Path("infra/notes").mkdir()
    Path("infra/notes/README.md").write_text("mine")
    Path("infra/copy/terraform").mkdir(parents=True)
    text = Path("infra/acme/terraform/README.md").read_text()
    Path("infra/copy/terraform/README.md").write_text(text)
    commit()
    Path("infra/notes/README.md").unlink()
    assert against(generate) == "since HEAD, what is permitted stays the same\n"


def test_where_no_file_lists_permissions_it_is_unknown_what_changes(generate):
    Path("cvo-sg.yaml").write_text(f"{PROJECT}    formats: [csv, html]\n")
    generate("--quiet")
    commit()
    site("[0.0.0.0/0]")
    told = against(generate)
    assert told.startswith("since HEAD:\n\ninfra/acme/csv, infra/acme/html:\n  which permissions")
    assert "**" not in against(generate, "--output", "markdown")
    assert "It is unknown what changes." in against(generate, "--output", "markdown")
    place = "::warning file=sites/acme.yaml,line=5,title=cvo-sg unknown::"
    assert against(generate, "--output", "github").startswith(place)


def test_one_format_that_lists_permissions_is_enough(generate):
    Path("cvo-sg.yaml").write_text(f"{PROJECT}    formats: [csv, terraform]\n")
    generate("--quiet")
    commit()
    site("[0.0.0.0/0]")
    assert "unknown" not in against(generate)


# Annotations.


def test_annotations_stand_on_the_changed_line(generate):
    site("[10.0.0.0/8]\n  administrators: {bastion: 10.1.2.0/28}\n  nfs-clients: [0.0.0.0/0]")
    lines = against(generate, "--output", "github").splitlines()
    assert [line.partition("::open")[0] for line in lines if "::warning" in line] == [
        "::warning file=sites/acme.yaml,line=7,title=cvo-sg open-to-the-internet"
    ]
    notices = [line for line in lines if line.startswith("::notice ")]
    place = "::notice file=sites/acme.yaml,line=6,title=cvo-sg permissions-change::"
    assert f"{place}opens: {SSH} 10.1.2.0/28 (bastion)" in notices


def test_a_network_that_is_gone_is_where_it_was(generate):
    site(BASTION)
    generate("--quiet")
    commit()
    site()
    lines = against(generate, "--output", "github").splitlines()
    closes = [line for line in lines if f"::closes: {SSH} 10.1.2.0/28" in line]
    assert [line.partition(",title")[0] for line in closes] == [
        "::notice file=sites/acme.yaml,line=5"
    ]


def test_at_most_ten_of_a_kind_and_the_rest_are_counted(generate):
    for number in range(12):
        site(name=f"site{number}", file=f"site{number}")
    generate("--quiet")
    commit()
    for number in range(12):
        site(BASTION, name=f"site{number}", file=f"site{number}")
    lines = against(generate, "--output", "github").splitlines()
    assert len(lines) == 10
    assert "::and 87 more:%0A" in lines[-1]
    assert lines[-1].count("%0A") == 87
    for number in range(12):
        site(name=f"site{number}", file=f"site{number}")
    stale = generate("--check", "--output", "github").stdout.splitlines()
    assert len(stale) == 11  # ten errors, and a notice about the permissions
    assert "::infra/site0/cloudformation/README.md is out of date" in stale[0]


def test_a_replaced_group_comes_first(generate):
    site("[10.0.0.0/8]\ngroups: [ha-mediator]")
    lines = generate("--check", "--against", "HEAD", "--output", "github").stdout.splitlines()
    assert "title=cvo-sg group-replaced::REPLACES OR DELETES THE SECURITY GROUP manager" in lines[0]
    assert lines[0].startswith("::error file=sites/acme.yaml,line=")


# What there is nothing to compare with.


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--check", "--against", "nope"], "git has no revision 'nope': use a tag, branch or"),
        (["--check", "--against", "--help"], "git has no revision '--help'"),
        (["--check", "--against", ""], "git has no revision ''"),
        (["--against", "HEAD"], "--against needs --diff or --check"),
        (["--check", "--against", "HEAD", "--zip", "x.zip"], "leave out --stdout and --zip"),
    ],
)
def test_what_cannot_be_compared_is_a_sentence(generate, arguments, sentence):
    result = generate(*arguments)
    assert result.exit_code == 2
    assert sentence in result.stderr


def test_without_git_there_is_nothing_to_compare_with(run, monkeypatch, tmp_path):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    result = run("generate", "-p", "predefined", "--check", "--against", "HEAD")
    assert (result.exit_code, result.stderr) == (
        2,
        "cvo-sg: this folder is not in a git repository, so it has no revisions and no index\n",
    )


@pytest.mark.parametrize("variable", ["GITHUB_BASE_REF", "PRE_COMMIT_FROM_REF"])
def test_the_base_of_a_pull_request_is_compared_with(generate, monkeypatch, variable):
    git("update-ref", "refs/remotes/origin/release", "HEAD")
    site(BASTION)
    generate("--quiet")
    commit()
    assert generate("--check", "--against-base").stdout == "", "no pull request"
    github = variable == "GITHUB_BASE_REF"
    monkeypatch.setenv(variable, "release" if github else "HEAD~1")
    told = generate("--check", "--against-base", "--quiet").stdout
    assert told.startswith(f"since {'origin/release' if github else 'HEAD~1'}:\n\n")
    monkeypatch.setenv(variable, "nope")
    missing = generate("--check", "--against-base")
    assert (missing.exit_code, missing.stdout) == (0, "")
    assert "warning: not compared with " in missing.stderr
