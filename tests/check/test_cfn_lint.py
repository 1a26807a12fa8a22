"""cfn-lint as a library: out of reach of the user's settings, and imported only when it lints."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from generator.check import is_cloudformation, lint

IGNORE_EVERYTHING = "ignore_checks: [E, W, I]\n"
BAD = """\
AWSTemplateFormatVersion: "2010-09-09"
Parameters:
  Unused: {Type: String}
Resources:
  Group:
    Type: AWS::EC2::SecurityGroup
    Properties:
      GroupName: group
      VpcId: vpc-01234567
      SecurityGroupEgress: [{IpProtocol: "-1", CidrIp: 127.0.0.1/32}]
"""


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A home folder and, elsewhere, the working directory."""
    home = tmp_path / "home"
    work = tmp_path / "work"
    home.mkdir()
    work.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USERPROFILE", str(home))
    monkeypatch.chdir(work)
    return home


def test_findings_say_where_what_and_which_rule():
    warning, error = lint(BAD, "out/t.yaml")
    assert warning[:5] == ("out/t.yaml", 3, 3, "warning", "W2001")
    assert error[:5] == ("out/t.yaml", 7, 5, "error", "E3003")
    assert "GroupDescription" in error.message
    assert str(error) == f"out/t.yaml:7:5: error: {error.message} [E3003]"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        pytest.param("Resources: {}\nResources: [\n", 3, id="not-yaml"),
        pytest.param("Resources:\n  A: {Type: B}\n  A: {Type: B}\n", 2, id="key-twice"),
    ],
)
def test_a_text_that_cannot_be_read_is_a_finding_too(text, line):
    finding, *_ = lint(text, "t.yaml")
    assert (finding.file, finding.line, finding.rule) == ("t.yaml", line, "E0000")


def test_what_one_template_configures_is_not_so_for_the_next():
    metadata = (
        "Metadata:\n  cfn-lint:\n    config:\n      ignore_checks: [W2001]\n"
        "      configure_rules: {E9304: {quota: 1}}\n"
    )
    before = lint(BAD, "t.yaml")
    assert "W2001" not in {finding.rule for finding in lint(metadata + BAD, "t.yaml")}
    assert lint(BAD, "t.yaml") == before


@pytest.mark.parametrize("name", [".cfnlintrc", ".cfnlintrc.yaml", ".cfnlintrc.yml"])
@pytest.mark.parametrize("place", ["working-directory", "home"])
def test_settings_of_the_user_do_not_silence_it(home, place, name):
    folder = home if place == "home" else Path.cwd()
    (folder / name).write_text(IGNORE_EVERYTHING)
    assert {finding.rule for finding in lint(BAD, "t.yaml")} == {"W2001", "E3003"}


@pytest.mark.slow
def test_the_same_settings_silence_cfn_lint_itself(home):
    (home / ".cfnlintrc").write_text(IGNORE_EVERYTHING)
    Path("t.yaml").write_text(BAD)
    command = "from cfnlint.runner import main; main()"
    subprocess.run([sys.executable, "-c", command, "t.yaml"], check=True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(BAD, True, id="template"),
        pytest.param(f"# a comment\n{BAD}", True, id="template-under-a-comment"),
        pytest.param('# AWSTemplateFormatVersion: "2010-09-09"\n', False, id="mere-comment"),
        pytest.param('resource "aws_security_group" "a" {}\n', False, id="terraform"),
    ],
)
def test_a_template_is_known_by_its_format_version(text, expected):
    assert is_cloudformation(text) == expected
