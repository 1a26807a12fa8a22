"""Fixtures that many tests use: the shipped rule data, and a runner of the command line."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from generator.cli import cli
from generator.load import RuleData, shipped

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def data() -> RuleData:
    return RuleData(shipped("rule_data"))


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run `cvo-sg` in an empty folder; the result has `exit_code`, `stdout` and `stderr`."""
    monkeypatch.chdir(tmp_path)

    def invoke(*args: object) -> Result:
        result = CliRunner().invoke(cli, [str(arg) for arg in args], prog_name="cvo-sg")
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return invoke
