"""Sources by their names: files, standard input, and files of a revision of git."""

from __future__ import annotations

import json
import os
import sys
from io import BytesIO, TextIOWrapper
from pathlib import Path

import pytest
from repository import commit, git, init

from generator.errors import GeneratorError
from generator.observe import files, read_source, revision, source_bytes
from generator.observe import git as reader

GROUP = {
    "GroupId": "sg-0123456789abcdef0",
    "GroupName": "acme-manager",
    "IpPermissions": [
        {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}
    ],
}
PAGE = json.dumps({"SecurityGroups": [GROUP]})


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """A repository in which a file has changed since the last commit."""
    monkeypatch.chdir(tmp_path)
    init()
    Path("infra").mkdir()
    Path("infra/groups.json").write_text(PAGE)
    commit()
    Path("infra/groups.json").write_text("{}")
    return tmp_path


def peers(name):
    return [rule.peer for rule in read_source(name).rules]


def refusal(name):
    with pytest.raises(GeneratorError) as caught:
        read_source(name)
    return str(caught.value)


@pytest.mark.usefixtures("repository")
def test_a_file_of_a_revision_is_read_as_it_was(monkeypatch):
    assert peers("HEAD:infra/groups.json") == ["10.0.0.0/8"]
    [rule] = read_source("main:infra/groups.json").rules
    assert rule.place.file == "main:infra/groups.json"
    monkeypatch.chdir("infra")
    assert peers("HEAD:infra/groups.json") == peers("HEAD:./groups.json") == ["10.0.0.0/8"]


@pytest.mark.usefixtures("repository")
def test_a_path_that_exists_is_no_revision():
    Path("HEAD:infra").mkdir()
    Path("HEAD:infra/groups.json").write_text(json.dumps({"SecurityGroups": []}))
    assert peers("HEAD:infra/groups.json") == []


def test_standard_input_is_read_once(monkeypatch):
    monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO(PAGE.encode())))
    [rule] = read_source("-").rules
    assert rule.place.file == "<stdin>"


def test_a_text_in_utf_16_is_read(tmp_path):
    """PowerShell redirects output so."""
    (tmp_path / "groups.json").write_bytes(PAGE.encode("utf-16"))
    assert peers(str(tmp_path / "groups.json")) == ["10.0.0.0/8"]


@pytest.mark.usefixtures("repository")
@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("nope:x", "git has no revision 'nope': use a tag, branch or commit"),
        ("--help:x", "git has no revision '--help': use "),
        ("--output=owned:x", "git has no revision '--output=owned': use "),
        ("HEAD\nmain:x", "git has no revision "),
        ("HEAD:nope", "HEAD:nope: HEAD has no such file: use a path from the top"),
        ("HEAD:--help", "HEAD:--help: HEAD has no such file: "),
        ("HEAD:../x", "HEAD:../x: the path is not in the repository"),
        ("HEAD:x\ny", "the path is not in the repository"),
        ("HEAD:infra", "HEAD:infra: no Terraform files (*.tf, *.tf.json) here"),
        (":infra/groups.json", "no such file: use a file or folder, - for standard input, or REV"),
        ("infra", "infra: no Terraform files (*.tf, *.tf.json) here"),
        ("infra/groups.json", "infra/groups.json: not recognised: use the JSON of `aws ec2 desc"),
        ("", "no such file: use a file or folder"),
        ("binary", "binary: this is not a text in UTF-8: use "),
    ],
)
def test_what_is_no_source_is_a_sentence(name, sentence):
    Path("binary").write_bytes(b"\xff\x00")
    assert sentence in refusal(name)
    assert not Path("owned").exists()


def test_outside_of_a_repository_there_are_no_revisions(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert refusal("HEAD:x") == (
        "this folder is not in a git repository, so it has no revisions and no index"
    )


def test_without_git_there_is_a_sentence(repository, monkeypatch):
    monkeypatch.setenv("PATH", str(repository))
    assert refusal("HEAD:x") == "git is not installed: install it, or name files instead"


def test_a_shallow_clone_says_how_to_get_the_rest(repository, tmp_path, monkeypatch):
    commit()
    shallow = tmp_path / "shallow"
    git("clone", "--quiet", "--depth", "1", f"file://{repository}", str(shallow))
    monkeypatch.chdir(shallow)
    assert "HEAD~1': this is a shallow clone, which lacks history: run git fetch --unsh" in refusal(
        "HEAD~1:infra/groups.json"
    )


def test_a_repository_of_somebody_else_is_said_to_be_one(repository, monkeypatch):
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", os.devnull)
    told = refusal("HEAD:x")
    assert told == (
        f"git does not read {repository}, because it belongs to another user: to trust it, run "
        f"git config --global --add safe.directory {repository}"
    )


def test_a_revision_runs_nothing_that_the_repository_names(repository):
    """Neither a hook nor a program of its settings, of which a monitor would run first."""
    owned = repository / "owned"
    program = repository / "program"
    program.write_text(f"#!/bin/sh\ntouch {owned}\n")
    program.chmod(0o755)
    for setting in ("core.fsmonitor", "core.pager", "diff.external", "diff.x.textconv"):
        git("config", setting, str(program))
    Path(".git/info/attributes").write_text("* diff=x filter=x\n")
    git("config", "filter.x.smudge", str(program))
    assert peers("HEAD:infra/groups.json") == ["10.0.0.0/8"]
    assert files(revision("HEAD", Path.cwd()), [Path()], lambda _: True).keys() == {
        "infra/groups.json"
    }
    assert not owned.exists()


MODULE = """
resource "aws_security_group" "web" {
  name = "web"
  ingress {
    protocol    = "tcp"
    from_port   = 22
    to_port     = 22
    cidr_blocks = [var.office]
  }
}
variable "office" {}
"""


@pytest.mark.usefixtures("repository")
def test_a_folder_is_a_module_also_at_a_revision(monkeypatch):
    Path("module/inner").mkdir(parents=True)
    Path("module/main.tf").write_text(MODULE)
    Path("module/terraform.tfvars").write_text('office = "10.0.0.0/8"\n')
    Path("module/inner/main.tf").write_text(MODULE)
    commit()
    then = peers("module")
    assert then == ["10.0.0.0/8"]
    Path("module/terraform.tfvars").write_text('office = "10.9.0.0/16"\n')
    assert peers("module") == ["10.9.0.0/16"]
    [rule] = read_source("HEAD:module").rules
    assert (rule.peer, rule.place.file) == ("10.0.0.0/8", "HEAD:module/main.tf")
    monkeypatch.chdir("module")
    assert peers("HEAD:./") == peers("HEAD:.") == peers("HEAD:module/") == then


@pytest.mark.usefixtures("repository")
def test_files_of_a_revision_have_paths_from_the_folder(monkeypatch):
    Path("link").symlink_to("infra/groups.json")
    Path("ümlaut *").write_text("x")
    Path("other").mkdir()
    commit()
    monkeypatch.chdir("infra")
    head = revision("HEAD", Path.cwd())
    assert files(head, [Path()], lambda _: True) == {"groups.json": b"{}"}
    assert files(head, [Path("..")], lambda n: n.endswith("*")) == {"../ümlaut *": b"x"}
    assert "../link" not in files(head, [Path("..")], lambda _: True)
    assert files(head, [Path("../nope"), Path("../..")], lambda _: True) == {}


@pytest.mark.usefixtures("repository")
@pytest.mark.parametrize("name", ["large.json", "HEAD:large.json"])
def test_a_source_that_is_too_large_is_refused(monkeypatch, name):
    Path("large.json").write_text("x" * 2_000_000)
    commit()
    for module in (reader, sys.modules["generator.observe.named"]):
        monkeypatch.setattr(module, "MAX_BYTES", 1 << 20)
    with pytest.raises(GeneratorError, match=f"{name}: the file is larger than 1 MiB"):
        source_bytes(name)
