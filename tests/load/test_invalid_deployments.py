"""Every file in `invalid/deployments` is a deployment that the command line refuses.

`<mistake>.yaml` is what a user wrote; `<mistake>.txt` holds the exact sentences that answer it.
"""

import re
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from generator.cli import cli
from generator.load import strict_yaml

CORPUS = Path(__file__).parents[1] / "invalid" / "deployments"
MISTAKES = sorted(path.stem for path in CORPUS.glob("*.yaml"))
HEAD = b'name: site\nrelease: "3.7"\n'


@pytest.fixture
def refusal(run, tmp_path):
    """What a user reads who generates a deployment; nothing is printed or written besides."""

    def generate(*arguments):
        before = sorted(tmp_path.rglob("*"))
        result = run("generate", "--no-lint", *arguments)
        assert (result.exit_code, result.stdout) == (2, "")
        assert sorted(tmp_path.rglob("*")) == before
        return re.sub("^cvo-sg: ", "", result.stderr, flags=re.MULTILINE)

    return generate


def test_every_mistake_has_its_sentences():
    assert sorted(path.stem for path in CORPUS.glob("*.txt")) == MISTAKES
    assert len(MISTAKES) >= 65


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistake_is_reported_in_its_sentences(mistake, refusal, tmp_path):
    shutil.copy(CORPUS / f"{mistake}.yaml", tmp_path)
    assert refusal(f"{mistake}.yaml") == (CORPUS / f"{mistake}.txt").read_text("utf-8")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        pytest.param(HEAD + b"# \xff\n", ":3: the file is not UTF-8 text", id="not-utf-8"),
        pytest.param(
            HEAD.decode().encode("utf-16"), ":1: the file is not UTF-8 text", id="utf-16-of-windows"
        ),
        pytest.param(
            HEAD.ljust(1 << 20, b"#") + b"\n", ": the file is larger than 1 MiB", id="over-1-mib"
        ),
        pytest.param(
            HEAD + b"endpoints: " + b"[" * 20_000 + b"]" * 20_000,
            ":3: the YAML is nested too deeply",
            id="nested-deeply",
        ),
        pytest.param(
            HEAD
            + b"endpoints:\n  dns: &peers ["
            + b"sg-01234567, " * 50
            + b"]\n"
            + b"".join(b"  endpoint-%d: *peers\n" % i for i in range(50)),
            ": the file has too many YAML aliases",
            id="alias-bomb-of-well-formed-peers",
        ),
    ],
)
def test_bytes_that_are_no_deployment_are_refused(
    content, sentence, refusal, tmp_path, monkeypatch
):
    monkeypatch.setattr(strict_yaml, "MAX_NODES", 1000)
    (tmp_path / "site.yaml").write_bytes(content)
    assert refusal("site.yaml") == f"site.yaml{sentence}\n"


@pytest.mark.parametrize("prefix", [b"", b"\xef\xbb\xbf"], ids=["plain", "byte-order-mark"])
@pytest.mark.parametrize("newline", [b"\n", b"\r\n"], ids=["unix", "windows"])
def test_the_bytes_of_any_editor_are_read(prefix, newline, run, tmp_path):
    (tmp_path / "site.yaml").write_bytes(prefix + HEAD.replace(b"\n", newline))
    assert run("generate", "--no-lint", "site.yaml").exit_code == 0


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        (
            "folder",
            "folder has no deployment files (*.yaml or *.yml with name: and release:): name "
            "another folder, or run `cvo-sg init` to create one",
        ),
        ("absent.yaml", "absent.yaml: No such file or directory"),
    ],
)
def test_what_is_no_file_is_named(path, sentence, refusal, tmp_path):
    (tmp_path / "folder").mkdir()
    assert refusal(path) == f"{sentence}\n"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        pytest.param(b"", ":1:1: the file is empty", id="empty"),
        pytest.param(HEAD + b"# \xff\n", ":3: the file is not UTF-8 text", id="not-utf-8"),
        pytest.param(
            HEAD + b"quota: 0\n",
            ":3:8: invalid quota: use 1 to 1000, the most that AWS allows",
            id="quota",
        ),
    ],
)
def test_standard_input_is_refused_like_a_file(content, sentence, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(cli, ["generate", "-"], input=content)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == f"<stdin>{sentence}\n"


def test_one_bad_file_keeps_the_good_ones_from_being_written(refusal, tmp_path):
    (tmp_path / "good.yaml").write_bytes(HEAD)
    shutil.copy(CORPUS / "quota-zero.yaml", tmp_path)
    expected = (CORPUS / "quota-zero.txt").read_text("utf-8")
    end = "nothing was written: 1 of 2 deployments has a mistake\n"
    assert refusal("good.yaml", "quota-zero.yaml") == expected + end


def test_the_mistakes_of_every_file_are_reported(refusal, tmp_path):
    both = ["compact-yes", "quota-zero"]
    for mistake in both:
        shutil.copy(CORPUS / f"{mistake}.yaml", tmp_path)
    expected = "".join((CORPUS / f"{mistake}.txt").read_text("utf-8") for mistake in both)
    end = "nothing was written: 2 of 2 deployments have mistakes\n"
    assert refusal(*(f"{mistake}.yaml" for mistake in both)) == expected + end
