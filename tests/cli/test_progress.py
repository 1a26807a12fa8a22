"""A progress bar on standard error, for a person who waits at a terminal and for nobody else."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress

import pytest
from conftest import ROOT
from samples import TEMPLATE
from terraform import require_terraform

pty = pytest.importorskip("pty", reason="no pseudo-terminals here")

GENERATE = ("generate", "--no-lint", "--preset", "predefined", "--preset", "advanced")
MODULE = 'variable "a" {\n  type = string\n}\n'


@pytest.fixture
def on_a_terminal(tmp_path):
    """What the command line shows on a terminal that standard error leads to."""

    def run(*arguments, **variables):
        terminal, its_end = pty.openpty()
        plain = {"CI", "NO_COLOR", "TERM"}  # what a person's environment has not, or not so
        environment = {k: v for k, v in os.environ.items() if k not in plain}
        process = subprocess.Popen(
            [sys.executable, "-m", "generator", *arguments],
            cwd=tmp_path,
            env={**environment, "TERM": "xterm", "PYTHONPATH": str(ROOT), **variables},
            stdout=subprocess.DEVNULL,
            stderr=its_end,
        )
        os.close(its_end)
        shown = b""
        with suppress(OSError), os.fdopen(terminal, "rb", buffering=0) as screen:
            while some := screen.read(4096):  # ends with an error on Linux
                shown += some
        assert process.wait() == 0, shown.decode()
        return shown.decode()

    return run


@pytest.fixture
def templates(tmp_path):
    for name in "abc":
        (tmp_path / f"{name}.yaml").write_text(TEMPLATE % "10.0.0.0/8")


@pytest.mark.slow
def test_several_deployments_have_a_bar(on_a_terminal):
    shown = on_a_terminal(*GENERATE)
    assert "generate  [" in shown
    assert "50%" in shown


@pytest.mark.slow
@pytest.mark.usefixtures("templates")
def test_several_templates_have_a_bar(on_a_terminal):
    shown = on_a_terminal("validate", ".")
    assert "checking  [" in shown
    assert "33%" in shown
    assert "66%" in shown


@pytest.mark.slow
def test_modules_that_are_tried_together_have_one_from_the_first_on(on_a_terminal, tmp_path):
    require_terraform()
    for name in "abc":
        (tmp_path / name).mkdir()
        (tmp_path / name / "main.tf").write_text(MODULE)
    shown = on_a_terminal("validate", ".")
    assert "16%" in shown  # of three to prepare and three to report


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "variables"),
    [
        pytest.param(GENERATE[:-2], {}, id="one deployment"),
        pytest.param((*GENERATE, "--quiet"), {}, id="generate --quiet"),
        pytest.param(GENERATE, {"CI": "true"}, id="a pipeline"),
        pytest.param(GENERATE, {"TERM": "dumb"}, id="a terminal that cannot go back"),
        pytest.param(("validate", "a.yaml"), {}, id="one template"),
        pytest.param(("validate", ".", "--quiet"), {}, id="validate --quiet"),
        pytest.param(("validate", "."), {"CI": "true"}, id="validate in a pipeline"),
    ],
)
@pytest.mark.usefixtures("templates")
def test_nobody_else_has_one(on_a_terminal, words, variables):
    assert "[#" not in on_a_terminal(*words, **variables).replace("-", "#")
