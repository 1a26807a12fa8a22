"""What a commit lacks of what is generated, or holds in vain, according to the index of git."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from pathlib import Path

import pytest
from repository import commit, git, init

from generator.write import compare_staged

pytestmark = pytest.mark.slow

ONE = 'name: one\nrelease: "3.7"\ngroups: [manager]\noutbound: basic\nendpoints: {dns: []}\n'
PROJECT = "outputs:\n  - {out: sg, deployments: [sites/*.yaml]}\n"
LACKS = "the commit lacks {}: run `git {}`\n"
HOLDS = "the commit holds {}: run `git {}`\n"


@pytest.fixture
def generate(run):
    """Run `cvo-sg generate --staged` in a repository with a deployment, whose files are in it."""
    init()
    Path("sites").mkdir()
    Path("sites/one.yaml").write_text(ONE)
    Path("cvo-sg.yaml").write_text(PROJECT)

    def generate(*arguments):
        return run("generate", "--no-lint", "--staged", "--quiet", *arguments)

    run("generate", "--no-lint", "--quiet")
    commit()
    assert generate("--check").exit_code == 0
    return generate


def add_two(run, stage=True):
    Path("sites/two.yaml").write_text(ONE.replace("one", "two"))
    if stage:
        git("add", "sites/two.yaml")
    assert run("generate", "--no-lint", "--quiet").exit_code == 0


def follow(result):
    """Run what the command advises, in its order."""
    commands = re.findall("`(git .*?)`", result.stderr)
    assert commands, result.stderr
    for command in commands:
        subprocess.run(shlex.split(command), check=True, capture_output=True)


def test_a_commit_that_lacks_generated_files_fails_with_the_command_that_adds_them(generate, run):
    add_two(run)
    check = generate("--check")
    assert check.exit_code == 1
    assert "sg/two/terraform/main.tf is not staged\n" in check.stdout
    assert check.stderr == LACKS.format("8 files", "add sg/two")
    write = generate()
    assert (write.exit_code, write.stderr) == (1, "cvo-sg: " + check.stderr)
    follow(check)
    assert generate("--check").exit_code == 0
    assert generate().exit_code == 0


def test_a_commit_that_deletes_a_deployment_removes_its_files(generate, run):
    add_two(run)
    commit()
    git("rm", "sites/two.yaml")
    check = generate("--check")
    assert check.exit_code == 1
    assert check.stderr.endswith(HOLDS.format("8 files that are no longer needed", "rm -r sg/two"))
    assert "cvo-sg generate" not in check.stderr
    follow(check)
    assert generate("--check").exit_code == 0
    assert not Path("sg/two").exists()


def test_what_generate_has_removed_is_removed_from_the_commit(generate, run):
    add_two(run)
    commit()
    git("rm", "sites/two.yaml")
    write = generate()
    assert write.exit_code == 1
    assert not Path("sg/two").exists()
    follow(write)
    assert generate("--check").exit_code == 0


def test_files_that_were_never_committed_can_be_removed_too(generate, run):
    add_two(run)
    git("add", "--all")
    git("rm", "--force", "sites/two.yaml")
    check = generate("--check")
    assert "`git rm -f -r sg/two`" in check.stderr
    follow(check)
    assert generate("--check").exit_code == 0


def test_a_deployment_that_git_does_not_know_is_not_part_of_the_commit(generate, run):
    add_two(run, stage=False)
    before = git("status", "--porcelain", "--untracked-files=all")
    assert generate("--check").exit_code == 0
    assert generate().exit_code == 0
    assert git("status", "--porcelain", "--untracked-files=all") == before
    told = run("generate", "--no-lint", "--check", "--staged").stderr
    assert "sites/two.yaml is not staged: it and its files are not checked\n" in told


@pytest.mark.parametrize("settings", [PROJECT, PROJECT.replace("*", "one")], ids=["*", "name"])
def test_settings_and_the_files_that_they_name_belong_into_the_commit(generate, settings):
    Path("cvo-sg.yaml").write_text(settings)
    git("rm", "--cached", "cvo-sg.yaml", "sites/one.yaml")
    check = generate("--check")
    assert check.stderr == LACKS.format("2 files", "add cvo-sg.yaml sites/one.yaml")


def test_a_change_is_in_the_commit_with_what_it_generates(generate, run):
    Path("sites/one.yaml").write_text(ONE + "tags: {a: b}\n")
    run("generate", "--no-lint", "--quiet")
    check = generate("--check")
    assert "sites/one.yaml is staged with other content\n" in check.stdout
    assert check.stderr.startswith("the commit lacks 3 files: run `git add sg/one/")
    git("add", "sites/one.yaml")
    check = generate("--check")
    assert "the commit lacks 2 files" in check.stderr
    follow(check)
    assert generate("--check").exit_code == 0


def test_a_stale_file_is_generated_and_then_added(generate):
    Path("sites/one.yaml").write_text(ONE + "tags: {a: b}\n")
    git("add", "sites/one.yaml")
    permissions, first, second, *_ = generate("--check").stderr.splitlines()
    assert "no permission changes" in permissions
    assert first.endswith("to update, run `cvo-sg generate --no-lint`")
    assert second.startswith("the commit lacks 2 files: run `git add ")
    write = generate()
    assert write.stderr == f"cvo-sg: {second}\n"
    follow(write)
    assert generate("--check").exit_code == 0


def test_a_deployment_that_is_only_gone_from_the_disk_is_still_in_the_commit(generate, run):
    add_two(run)
    commit()
    Path("sites/two.yaml").unlink()
    check = generate("--check")
    assert "sites/two.yaml is staged, but no longer there\n" in check.stdout
    follow(check)
    assert generate("--check").exit_code == 0


def test_files_of_ones_own_are_neither_added_nor_removed(generate, run):
    add_two(run)
    Path("sg/two/terraform/mine.tf").write_text("")
    Path("sg/two/notes.md").write_text("")
    check = generate("--check")
    assert "git add sg/two/cloudformation sg/two/terraform/README.md" in check.stderr
    follow(check)
    commit()
    git("rm", "sites/two.yaml")
    follow(generate("--check"))
    assert [path.name for path in sorted(Path("sg/two").rglob("*.*"))] == ["notes.md", "mine.tf"]


def test_what_is_not_kept_in_the_repository_is_not_asked_for(generate, run):
    Path(".gitignore").write_text("sg\n")
    git("rm", "-r", "--cached", "sg")
    add_two(run)
    assert generate("--check").exit_code == 0
    assert generate().exit_code == 0


def test_the_index_of_a_commit_of_some_files_counts(generate, run, monkeypatch):
    """`git commit FILE` makes an index of its own, and names it to the hooks."""
    add_two(run)
    git("add", "--all")
    assert generate("--check").exit_code == 0
    monkeypatch.setenv("GIT_INDEX_FILE", str(Path(".git/other").absolute()))
    git("read-tree", "HEAD")
    git("add", "sites/two.yaml")
    assert generate("--check").stderr == LACKS.format("8 files", "add sg/two")


def test_names_reach_git_as_they_are(generate, run):
    Path("cvo-sg.yaml").write_text(PROJECT.replace("sg,", '"-s g",'))
    git("add", "cvo-sg.yaml")
    git("rm", "-r", "sg")
    run("generate", "--no-lint", "--quiet")
    check = generate("--check")
    assert "run `git add -- '-s g'`" in check.stderr
    follow(check)
    assert generate("--check").exit_code == 0


def test_scripts_learn_what_is_not_staged(generate, run):
    add_two(run)
    report = json.loads(generate("--check", "--output", "json").stdout)
    assert {"path": "sg/two/terraform/main.tf", "kind": "untracked"} in report["files"]


def test_from_a_folder_below_the_paths_are_those_from_there(generate, run, monkeypatch):
    add_two(run)
    monkeypatch.chdir("sites")
    check = generate("--check")
    assert check.stderr == LACKS.format("8 files", "add ../sg/two")
    follow(check)
    assert generate("--check").exit_code == 0


def test_without_a_repository_there_is_no_index(run, tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    Path("one.yaml").write_text(ONE)
    result = run("generate", "one.yaml", "--no-lint", "--staged", "--check")
    assert (result.exit_code, result.stderr) == (
        2,
        "cvo-sg: this folder is not in a git repository, so it has no revisions and no index\n",
    )


# Modules.


MAIN = 'output "a" {\n  value = var.a\n}\n'


@pytest.fixture
def validate(run, monkeypatch):
    """Run `cvo-sg validate --staged` as a hook, without Terraform."""
    init()
    Path("m").mkdir()
    Path("m/main.tf").write_text(MAIN)
    Path("m/variables.tf").write_text('variable "a" {\n  type = string\n}\n')
    monkeypatch.setenv("PATH", str(Path(__import__("shutil").which("git")).parent))

    def validate(*paths):
        return run("validate", "--quiet", "--skip-others", "--staged", "--verbose", "--", *paths)

    return validate


def test_a_module_needs_all_of_its_files_in_the_commit(validate):
    git("add", "m/main.tf")
    result = validate("m/main.tf")
    assert result.exit_code == 1
    assert "m/variables.tf: error: Terraform reads this file, but it is not staged" in result.stdout
    git("add", "m/variables.tf")
    assert "not staged" not in validate("m/main.tf").stdout


def test_a_module_that_loses_a_file_is_checked(validate, monkeypatch):
    commit()
    assert "checking" not in validate().stderr
    git("rm", "m/variables.tf")
    assert "checking m\n" in validate().stderr
    commit()
    assert "checking" not in validate().stderr
    monkeypatch.setenv("PRE_COMMIT_FROM_REF", "HEAD~1")
    assert "checking m\n" in validate().stderr


def test_a_commit_without_anything_to_check_passes(validate):
    result = validate()
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "")


def test_without_a_path_a_validation_asks_for_one(run):
    result = run("validate")
    assert result.exit_code == 2
    assert "name what to check: files or folders" in result.stderr


def test_a_deployment_that_moved_to_another_file_is_to_be_added_and_its_files_stay(generate, run):
    Path("sites/one.yaml").rename("sites/uno.yaml")
    run("generate", "--no-lint", "--quiet")  # the header names the file
    git("add", "--update")
    check = generate("--check")
    assert check.stderr == LACKS.format("1 file", "add sites/uno.yaml")
    follow(check)
    assert generate("--check").exit_code == 0


def test_a_forgotten_deployment_is_to_be_added_and_its_files_stay(generate, run):
    add_two(run, stage=False)
    git("add", "sg")
    check = generate("--check")
    assert check.stderr == LACKS.format("1 file", "add sites/two.yaml")
    follow(check)
    assert generate("--check").exit_code == 0


def test_a_draft_that_is_not_in_the_commit_may_be_broken(generate):
    Path("sites/draft.yaml").write_text("name: [")
    assert generate("--check").exit_code == 0


def test_tables_and_workbooks_come_and_go_with_their_deployment(generate, run):
    Path("cvo-sg.yaml").write_text(PROJECT.replace("]}", "], formats: [terraform, csv, xlsx]}"))
    add_two(run)
    commit()
    assert generate("--check").exit_code == 0
    git("rm", "sites/two.yaml")
    follow(generate("--check"))
    assert git("ls-files", "sg/two") == ""
    assert generate("--check").exit_code == 0


def test_a_workbook_is_compared_byte_by_byte():
    book = {Path("out/one/xlsx/matrix.xlsx"): b"PK\0\r\n"}
    assert [*compare_staged(book, book, [Path("out")], [], ["xlsx"])] == []
