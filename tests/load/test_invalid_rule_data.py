"""Every file in `invalid/rule_data` replaces one file of the real rule data, and is refused.

`<mistake>.yaml` names the file that it replaces; `<mistake>.txt` holds the exact sentences.
"""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from generator.errors import InputError, UsageError
from generator.load import RuleData, shipped, strict_yaml

CORPUS = Path(__file__).parents[1] / "invalid" / "rule_data"
MISTAKES = sorted(path.stem for path in CORPUS.glob("*.yaml"))
MANAGER = "releases/3.7/manager.yaml"


@pytest.fixture
def root(tmp_path):
    return shutil.copytree(shipped("rule_data"), tmp_path / "rule_data")


def load_everything(root):
    data = RuleData(root)
    for release in data.releases():
        data.release(release)
    for preset in data.presets():
        data.preset(preset)


def refusal(root):
    """What a user reads, but for where the rule data stands."""
    with pytest.raises(InputError) as error:
        load_everything(root)
    return str(error.value).replace(f"{root}/", "")


def test_every_mistake_has_its_sentences():
    assert sorted(path.stem for path in CORPUS.glob("*.txt")) == MISTAKES
    assert MISTAKES


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistake_is_reported_with_its_place(mistake, root, tmp_path):
    bad = (CORPUS / f"{mistake}.yaml").read_text("utf-8")
    first, _, _ = bad.partition("\n")
    replaced = root / first.removeprefix("# replaces: ")
    assert replaced.is_file(), f"{mistake}.yaml: the first line names no file of the rule data"
    replaced.write_text(bad, "utf-8")
    expected, actual = CORPUS / f"{mistake}.txt", tmp_path / f"{mistake}.txt"
    actual.write_text(refusal(root) + "\n", "utf-8")
    assert actual.read_text("utf-8") == expected.read_text("utf-8"), (
        f"other sentences than expected; look at them with\n    diff -u {expected} {actual}"
    )


def test_the_rule_data_without_a_mistake_loads(root):
    load_everything(root)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(b"title:\n- \xff\n", ":2: the file is not UTF-8 text", id="not-utf-8"),
        pytest.param(b"#" * (1 << 20) + b"\n", ": the file is larger than 1 MiB", id="over-1-mib"),
    ],
)
def test_bytes_that_are_no_rule_data_are_refused(content, message, root):
    (root / MANAGER).write_bytes(content)
    assert refusal(root) == MANAGER + message


def test_a_file_of_just_1_mib_is_read(root):
    manager = root / MANAGER
    manager.write_bytes(manager.read_bytes().ljust((1 << 20) - 1, b" ") + b"\n")
    load_everything(root)


@pytest.mark.parametrize(
    "missing", ["groups.yaml", "endpoints.yaml", "releases/3.7/release.yaml", MANAGER]
)
def test_a_missing_file_is_named(missing, root):
    (root / missing).unlink()
    assert refusal(root) == f"{missing}: No such file or directory"


def test_a_folder_without_releases_replaces_no_rule_data(root):
    shutil.rmtree(root / "releases")
    sentence = "rule_data replaces the built-in rule data, but has no releases/"
    with pytest.raises(UsageError, match=sentence):
        RuleData(root)


def test_aliases_that_multiply_well_formed_rules_are_refused(root, monkeypatch):
    monkeypatch.setattr(strict_yaml, "MAX_NODES", 1000)
    permissions = ", ".join(["{ip_protocol: tcp, from_port: 22, to_port: 22}"] * 20)
    rule = "{id: ssh, protocol: SSH, port: '22', purpose: Log in, endpoints: [dns]"
    rows = ", ".join([f"&row {rule}, permissions: [{permissions}]}}"] + ["*row"] * 20)
    (root / MANAGER).write_text(f"title: Manager\ninbound: [{rows}]\noutbound: []\n")
    assert refusal(root) == f"{MANAGER}: the file has too many YAML aliases"


def test_deep_nesting_is_refused_and_does_not_crash_python(root):
    """In a process of its own: a C stack that overflows ends the process without an exception."""
    (root / MANAGER).write_text(f"title: {'[' * 100_000}{']' * 100_000}\n")
    script = "import sys, pathlib, generator.load as load\n"
    script += "load.RuleData(pathlib.Path(sys.argv[1])).release('3.7')"
    command = [sys.executable, "-c", script, str(root)]
    run = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[2])
    assert "the YAML is nested too deeply" in run.stderr
    assert run.returncode == 1


@pytest.mark.parametrize(
    "cells",
    [
        pytest.param("port: '{digits}'", id="port"),
        pytest.param(
            "port: '22', permissions: [{{ip_protocol: tcp, from_port: {digits}, to_port: 22}}]",
            id="permission",
        ),
    ],
)
def test_a_number_of_absurd_length_is_refused(cells, root):
    """Python refuses to convert numbers of more than 4300 digits, with a ValueError of its own."""
    row = "id: ssh, protocol: SSH, purpose: Log in, endpoints: [dns]"
    row += ", " + cells.format(digits="9" * 5000)
    (root / MANAGER).write_text(f"title: Manager\ninbound: [{{{row}}}]\noutbound: []\n")
    assert refusal(root).startswith(f"{MANAGER}:2:")
