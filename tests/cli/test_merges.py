"""Generated files and git: branches that are merged, clones with CRLF, and a newer tool."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner
from repository import commit, git, init

from generator.cli import cli
from generator.render import sealed
from generator.show import attributes

pytestmark = pytest.mark.slow

# The two endpoints are apart, so that git merges the deployment file itself.
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
TEMPLATE = "infra/acme/cloudformation/template.yaml"
RULES = "infra/acme/terraform/variables.tf"


def generate(*arguments):
    return CliRunner().invoke(cli, ["generate", "--no-lint", *arguments])


def branch(name, old, new, and_then=lambda: None):
    """Commit a change of the deployment, and what it generates, on a branch of main."""
    git("checkout", "--quiet", "-B", name, "base")
    path = Path("sites/acme.yaml")
    path.write_text(path.read_text().replace(old, new))
    assert generate("--quiet").exit_code == 0
    and_then()
    commit()


@pytest.fixture(scope="module")
def origin(tmp_path_factory):
    """A repository with two branches that change different endpoints."""
    folder = tmp_path_factory.mktemp("origin")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        init()
        Path("cvo-sg.yaml").write_text(
            "outputs:\n  - out: infra\n    deployments: [sites/*.yaml]\n"
        )
        Path("sites").mkdir()
        Path("sites/acme.yaml").write_text(DEPLOYMENT)
        assert generate("--quiet").exit_code == 0
        commit()
        git("tag", "base")
        branch("theirs", "10.0.0.2/32", "10.0.0.3/32")
        branch("ours", "10.0.0.0/8", "10.0.0.0/9")
    return folder


def clone_of(origin, folder, *settings):
    """Clone the repository for somebody who commits."""
    settings = ["user.name=Nobody", "user.email=nobody@example.com", *settings]
    git("clone", "--quiet", *(f"--config={each}" for each in settings), str(origin), str(folder))


@pytest.fixture
def clone(origin, tmp_path, monkeypatch):
    """A clone of the repository, on the branch `ours`."""
    clone_of(origin, tmp_path / "clone")
    monkeypatch.chdir(tmp_path / "clone")
    git("branch", "theirs", "origin/theirs")
    return tmp_path / "clone"


def merge(*options, fails=True):
    try:
        git("merge", "--quiet", "--no-edit", *options, "theirs")
    except subprocess.CalledProcessError:
        assert fails
    else:
        assert not fails


def kinds(*arguments):
    found = json.loads(generate("--check", "--output", "json", *arguments).stdout)
    return {each["path"]: each["kind"] for each in found["files"]}


def edit(name, old, new):
    text = Path(name).read_text()
    assert old in text
    Path(name).write_text(text.replace(old, new, 1))


# A merge.


@pytest.mark.parametrize("style", ["merge", "diff3", "zdiff3"])
@pytest.mark.parametrize("staged", [False, True], ids=["unmerged", "staged"])
@pytest.mark.usefixtures("clone")
def test_a_conflict_between_generated_versions_is_resolved_by_generating(style, staged):
    git("config", "merge.conflictStyle", style)
    merge()
    if staged:
        git("add", "--all")
    assert "<<<<<<< " in Path(TEMPLATE).read_text()
    check = generate("--check")
    assert check.exit_code == 1
    assert f"{TEMPLATE} is a merge conflict between generated versions\n" in check.stdout
    assert "nobody edited them: `cvo-sg generate` resolves this; then run `git add" in check.stderr
    done = generate()
    assert (done.exit_code, done.stdout) == (0, "")
    assert "4 generated files were merged by git, resolved: run `git add --all infra/acme`\n" in (
        done.stderr
    )
    git("add", "--all", "infra/acme")
    git("commit", "--quiet", "--no-edit")
    assert generate("--check").exit_code == 0
    assert "10.0.0.0/9" in Path(TEMPLATE).read_text()
    assert "10.0.0.3/32" in Path(TEMPLATE).read_text()


@pytest.mark.usefixtures("clone")
@pytest.mark.parametrize("command", ["rebase", "cherry-pick"])
def test_a_conflict_of_another_command_is_resolved_too(command):
    with pytest.raises(subprocess.CalledProcessError):
        git(command, "theirs")
    assert {"conflict"} == set(kinds().values())
    git("add", "--all")
    assert {"conflict"} == set(kinds().values())
    assert generate("--quiet").exit_code == 0


@pytest.mark.usefixtures("clone")
@pytest.mark.parametrize("option", ["ours", "theirs"])
def test_a_merge_that_took_one_side_is_no_edit(option):
    merge("--strategy-option", option, fails=False)
    assert set(kinds().values()) == {"merged"}
    check = generate("--check")
    assert f"{TEMPLATE} was merged from two generated versions\n" in check.stdout
    assert generate("--quiet").exit_code == 0
    assert generate("--check").exit_code == 0


@pytest.mark.usefixtures("clone")
def test_a_digest_that_somebody_chose_in_the_conflict_is_no_edit():
    merge()
    chosen = re.sub(
        "<{7}.*\n(.*\n)={7}\n(?:.*\n)>{7}.*\n", r"\1", Path(TEMPLATE).read_text(), count=1
    )
    Path(TEMPLATE).write_text(chosen)
    assert "<<<<<<<" not in chosen
    assert kinds()[TEMPLATE] == "merged"
    git("add", "--all")
    git("commit", "--quiet", "--no-edit")
    assert kinds()[TEMPLATE] == "merged"


EDITS = {
    "a line that is new": lambda: edit(TEMPLATE, "\nResources:\n", "\nResources:\n  # mine\n"),
    "another value": lambda: edit(TEMPLATE, "IpProtocol: tcp", "IpProtocol: udp"),
    "a line that is gone": lambda: edit(TEMPLATE, "      IpProtocol: tcp\n", ""),
}


@pytest.mark.usefixtures("clone")
@pytest.mark.parametrize("change", EDITS.values(), ids=EDITS)
def test_an_edit_in_the_conflict_is_not_lost(change):
    merge()
    change()
    assert kinds()[TEMPLATE] == "disputed"
    *_, edited, _, merged = generate("--check").stderr.splitlines()
    assert "edited by hand: put the change into sites/acme.yaml, then run" in edited
    assert "`cvo-sg generate` resolves this; then run `git add" in merged
    done = generate()
    assert done.exit_code == 2
    assert (
        f"{TEMPLATE} is a merge conflict in which a side may have been edited by hand: put an edit "
        "into the deployment file; then use --force to overwrite it"
    ) in done.stderr
    assert "<<<<<<< " in Path(TEMPLATE).read_text()
    assert generate("--force").exit_code == 0


@pytest.mark.usefixtures("clone")
@pytest.mark.parametrize("change", EDITS.values(), ids=EDITS)
def test_an_edit_on_one_side_is_not_lost(change):
    branch("theirs", "10.0.0.2/32", "10.0.0.3/32", change)
    git("checkout", "--quiet", "ours")
    merge()
    assert kinds()[TEMPLATE] == "disputed"
    merge_done = generate()
    assert (merge_done.exit_code, "edited by hand" in merge_done.stderr) == (2, True)
    git("merge", "--abort")
    merge("--strategy-option", "theirs", fails=False)
    assert kinds()[TEMPLATE] == "edited"


@pytest.mark.usefixtures("clone")
def test_without_git_only_the_digests_of_both_sides_prove_it():
    merge()
    Path(".git").rename(".not-git")
    assert kinds()[TEMPLATE] == "disputed"
    Path(".not-git").rename(".git")
    git("checkout", "--quiet", "--force", "ours")
    one, other = (git("show", f"{name}:{TEMPLATE}") for name in ("ours", "theirs"))
    Path(".git").rename(".not-git")
    Path(TEMPLATE).write_text(f"<<<<<<< a\n{one}=======\n{other}>>>>>>> b\n")
    assert kinds()[TEMPLATE] == "conflict"


@pytest.mark.usefixtures("clone")
def test_a_conflict_in_a_file_that_is_no_longer_generated_goes():
    merge()
    edit("sites/acme.yaml", "name: acme", "name: other")
    assert kinds()[TEMPLATE] == "conflict"
    assert "conflict between generated versions, and is no longer generated" in (
        generate("--check").stdout
    )
    assert generate("--quiet").exit_code == 0
    assert not Path(TEMPLATE).exists()


@pytest.mark.usefixtures("clone")
def test_a_conflict_in_the_deployment_comes_first():
    branch("theirs", "10.0.0.0/8", "10.0.0.0/10")
    git("checkout", "--quiet", "ours")
    merge()
    done = generate()
    assert done.exit_code == 2
    assert done.stderr.endswith(
        "sites/acme.yaml:5:1: merge conflict: keep one side or combine both, and remove the lines "
        "that mark it\n"
    )


@pytest.mark.parametrize("name", ["cvo-sg.yaml", "pyproject.toml"])
def test_a_conflict_in_the_settings_is_a_sentence(run, tmp_path, name):
    text = "a: 1\n" if name == "cvo-sg.yaml" else "[tool.cvo-sg]\nx = 1\n"
    (tmp_path / name).write_text(f"{text}<<<<<<< a\nb: 1\n=======\nc: 1\n>>>>>>> b\n")
    done = run("generate", "--check")
    assert (done.exit_code, done.stderr.count("\n")) == (2, 1)
    line = text.count("\n") + 1
    assert f"{name}:{line}:1: merge conflict: keep one side" in done.stderr


# No conflict in the first place.


@pytest.fixture
def driven(clone):
    """The clone with the attributes that `init --project` writes, and the driver that they name."""
    text = attributes("infra")
    [command] = re.findall("^# (git config .*)", text, re.MULTILINE)
    for name in ("theirs", "ours"):
        git("checkout", "--quiet", name)
        Path(".gitattributes").write_text(text)
        commit()
    subprocess.run(command, shell=True, check=True)
    return clone


@pytest.mark.usefixtures("driven")
def test_with_the_driver_generated_files_do_not_conflict():
    merge(fails=False)
    assert "10.0.0.3/32" in Path("sites/acme.yaml").read_text()
    assert set(kinds().values()) == {"changed"}
    assert generate("--quiet").exit_code == 0
    assert generate("--check").exit_code == 0


@pytest.mark.usefixtures("driven")
def test_without_the_driver_the_attributes_change_nothing():
    git("config", "--unset", "merge.cvo-sg.driver")
    merge()
    assert set(kinds().values()) == {"conflict"}


@pytest.mark.usefixtures("driven")
def test_the_driver_merges_files_of_others_as_usual():
    own = Path("infra/acme/terraform/own.tf")
    lines = [f"# {number}\n" for number in range(9)]
    for name, change in (("theirs", 8), ("ours", 0)):
        git("checkout", "--quiet", name)
        own.write_text("".join([*lines[:change], f"{name}\n", *lines[change + 1 :]]))
        commit()
    merge()
    assert "ours" in own.read_text()
    assert "theirs" in own.read_text()


def resolve():
    """Generate after a merge, commit, and see that nothing was taken for an edit."""
    assert not {"edited", "disputed"} & set(kinds().values())
    assert generate("--quiet").exit_code == 0
    commit()
    assert generate("--check").exit_code == 0


@pytest.mark.usefixtures("driven")
def test_with_the_driver_a_deployment_can_get_another_name():
    git("checkout", "--quiet", "theirs")
    git("mv", "sites/acme.yaml", "sites/moved.yaml")
    edit("sites/moved.yaml", "name: acme", "name: moved")
    assert generate("--quiet").exit_code == 0
    commit()
    git("checkout", "--quiet", "ours")
    merge(fails=False)
    resolve()
    template = Path("infra/moved/cloudformation/template.yaml").read_text()
    assert "10.0.0.0/9" in template
    assert "10.0.0.3/32" in template
    assert not Path("infra/acme").exists()


@pytest.mark.usefixtures("driven")
def test_with_the_driver_both_can_add_a_deployment():
    for name, peer in (("theirs", "10.0.0.7/32"), ("ours", "10.0.0.8/32")):
        git("checkout", "--quiet", name)
        text = DEPLOYMENT.replace("name: acme", "name: new").replace("10.0.0.2/32", peer)
        Path("sites/new.yaml").write_text(text)
        assert generate("--quiet").exit_code == 0
        commit()
    merge()
    conflicts = git("diff", "--name-only", "--diff-filter=U").split()
    assert conflicts == ["sites/new.yaml"]
    git("checkout", "--theirs", "sites/new.yaml")
    resolve()
    assert "10.0.0.7/32" in Path("infra/new/cloudformation/template.yaml").read_text()


@pytest.mark.usefixtures("driven")
@pytest.mark.parametrize("kept", [False, True], ids=["gone", "kept"])
def test_with_the_driver_one_can_remove_what_the_other_changes(kept):
    git("checkout", "--quiet", "theirs")
    git("rm", "--quiet", "-r", "sites/acme.yaml", "infra/acme")
    git("commit", "--quiet", "--message", "change")
    git("checkout", "--quiet", "ours")
    merge()  # the files are changed here and deleted there
    if not kept:
        Path("sites/acme.yaml").unlink()
    resolve()
    assert Path("infra/acme").exists() == kept


# Line endings.


def crlf(*names):
    for name in names:
        data = Path(name).read_bytes()
        Path(name).write_bytes(data.replace(b"\n", b"\r\n"))


@pytest.fixture
def windows(origin, tmp_path, monkeypatch):
    """A clone as git makes it on Windows."""
    clone_of(origin, tmp_path / "crlf", "core.autocrlf=true")
    monkeypatch.chdir(tmp_path / "crlf")
    assert b"\r\n" in Path(TEMPLATE).read_bytes()
    return tmp_path / "crlf"


@pytest.mark.usefixtures("windows")
def test_a_checkout_with_crlf_is_the_same_and_stays():
    before = Path(TEMPLATE).read_bytes()
    assert generate("--check").exit_code == 0
    assert generate("--quiet").exit_code == 0
    assert Path(TEMPLATE).read_bytes() == before
    assert git("status", "--porcelain") == ""


@pytest.mark.usefixtures("windows")
def test_a_change_in_a_checkout_with_crlf_is_no_more_than_that():
    edit("sites/acme.yaml", "10.0.0.2/32", "10.0.0.4/32")
    diff = generate("--diff", "--verbose").stdout
    assert "\\r" not in diff
    assert "  - manager outbound UDP 53 to 10.0.0.2/32" in diff
    assert generate("--diff", "--against", "HEAD").stdout.count("10.0.0.2/32") == diff.count(
        "10.0.0.2/32"
    )
    assert generate("--quiet").exit_code == 0
    changed = git("diff", "--stat=200", "--", TEMPLATE)
    assert re.search(r"\| +\d{1,2} ", changed), changed


@pytest.mark.usefixtures("windows")
def test_an_edit_in_a_checkout_with_crlf_is_one():
    data = Path(TEMPLATE).read_bytes()
    Path(TEMPLATE).write_bytes(data.replace(b"tcp", b"udp", 1))
    assert kinds() == {TEMPLATE: "edited"}


@pytest.mark.usefixtures("windows")
def test_a_conflict_in_a_checkout_with_crlf_is_resolved_by_generating():
    git("branch", "theirs", "origin/theirs")
    merge()
    assert b"<<<<<<< HEAD\r\n" in Path(TEMPLATE).read_bytes()
    assert set(kinds().values()) == {"conflict"}
    assert generate("--quiet").exit_code == 0


@pytest.mark.usefixtures("clone")
def test_mixed_line_endings_are_out_of_date():
    data = Path(TEMPLATE).read_bytes()
    Path(TEMPLATE).write_bytes(data.replace(b"\n", b"\r\n", 3))
    assert kinds() == {TEMPLATE: "changed"}


@pytest.mark.usefixtures("clone")
def test_a_deployment_and_settings_with_crlf_generate_the_same():
    crlf("sites/acme.yaml", "cvo-sg.yaml")
    assert generate("--check").exit_code == 0


def test_the_attributes_and_the_schema_may_have_crlf(run, tmp_path):
    assert run("init", "acme.yaml", "--project").exit_code == 0
    crlf(".gitattributes", "deployment.schema.json")
    (tmp_path / "cvo-sg.yaml").unlink()
    again = run("init", "other.yaml", "--project")
    assert again.stderr == "next: edit other.yaml, then run: cvo-sg generate\n"


# A newer tool.


def by_an_older_version():
    """Generate everything as a version that words the header in another way would have."""
    for path in Path("infra").rglob("*.*"):
        text = re.sub("sha256:[0-9a-f]{64}", f"sha256:{'0' * 64}", path.read_text(), count=1)
        path.write_text(sealed(text.replace("DO NOT EDIT.", "Do not edit.", 1)))


SAME = "8 files out of date; no permission changes: the permissions of 1 deployment stay the same"


@pytest.mark.usefixtures("clone")
def test_after_an_upgrade_it_says_first_that_no_permission_changes():
    by_an_older_version()
    assert generate("--diff").stdout.startswith(f"{SAME}\n\n--- infra/acme/")
    assert f"\n{SAME}\n" in generate("--check").stderr
    assert generate("--check", "--output", "markdown").stdout.startswith(f"**{SAME}**\n")
    assert f"title=cvo-sg permissions::{SAME}\n" in generate("--check", "--output", "github").stdout
    found = json.loads(generate("--check", "--output", "json").stdout)
    assert found["permissions"] == {"changed": [], "unknown": [], "same": ["infra/acme"]}


@pytest.mark.usefixtures("clone")
def test_after_an_upgrade_it_names_the_deployments_whose_permissions_change():
    Path("sites/other.yaml").write_text(DEPLOYMENT.replace("name: acme", "name: other"))
    assert generate("--quiet").exit_code == 0
    by_an_older_version()
    edit("sites/other.yaml", "10.0.0.2/32", "10.0.0.4/32")
    assert generate("--diff").stdout.startswith(
        "16 files out of date; permissions change in infra/other; the permissions of 1 other "
        "deployment stay the same\n"
    )


@pytest.mark.usefixtures("clone")
def test_it_does_not_claim_anything_about_files_that_somebody_edited():
    by_an_older_version()
    edit(RULES, "10.0.0.2/32", "0.0.0.0/0")
    assert generate("--diff").stdout.startswith(
        "8 files differ; what changes in infra/acme cannot be told\n"
    )
