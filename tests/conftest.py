"""Fixtures that many tests use: the shipped rule data, and a runner of the command line."""

from __future__ import annotations

import atexit
import gc
import os
import shutil
import sys
import tempfile
from collections import Counter
from functools import lru_cache
from pathlib import Path

import draws
import pytest
from click.testing import CliRunner, Result

from generator import load
from generator.cache import FOLDER
from generator.cli import cli
from generator.load import RuleData, layers, rule_data, shipped

pytest.register_assert_rewrite(
    "emulator", "expectation", "stack", "strategies", "template", "terraform"
)
ROOT = Path(__file__).parents[1]

# Without bytecode, every run compiles the tests and hypothesis anew, and every process that a test
# starts compiles this project.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
# What is imported here is visited by each collection of garbage; a test makes little.
gc.set_threshold(100_000, 20, 100)
SHIPPED = shipped("rule_data")
MEMORY = Path("/dev/shm")
GIGABYTE = 10**9


def pytest_configure(config):
    """Draw few examples in the default run, and many in one that includes the slow tests."""
    is_default = config.getoption("markexpr") == "not slow"
    # Slow tests install environments, and Terraform may copy its provider.
    enough = (1 if is_default else 8) * GIGABYTE
    if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > enough:
        # A run writes thousands of small files, each of which is synced.
        os.environ.setdefault("TMPDIR", str(MEMORY))
        tempfile.tempdir = None
    # What is kept between runs stays between tests, and out of the user's folder.
    if FOLDER not in os.environ:
        os.environ[FOLDER] = tempfile.mkdtemp(prefix="cvo-sg-cache-")
        atexit.register(shutil.rmtree, os.environ[FOLDER], ignore_errors=True)
    draws.choose(few=is_default)


def pytest_sessionfinish(session):
    """Collect no garbage at the end of the default run, as pytest does: it takes a tenth of it."""
    if session.config.getoption("markexpr") == "not slow":
        gc.freeze()


def pytest_collection_modifyitems(items):
    """Begin with the files that take longest, so that every worker is busy until the end."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    order = {"proof": 0, "tests": 1, "check": 2, "render": 3}  # by their folders
    items.sort(key=lambda item: (item.path not in slow, order.get(item.path.parent.name, 4)))


@pytest.fixture(scope="session")
def data() -> RuleData:
    return RuleData(shipped("rule_data"))


@pytest.fixture(scope="session", autouse=True)
def _read_once():
    """Read the shipped rule data once, and each other text of rule data: most tests run commands
    that read the same files again.
    """
    ours = lru_cache(RuleData)
    with pytest.MonkeyPatch.context() as patch:
        for module in (layers, rule_data):
            patch.setattr(module, "parse", lru_cache(1000)(module.parse))
        patch.setattr(load, "RuleData", lambda f: (ours if f == SHIPPED else RuleData)(f))
        yield


@pytest.fixture
def proof(request):
    """Count what a test shows; the sums are printed at the end of the run, whoever ran the test."""

    def count(what: str, number: int) -> None:
        request.node.user_properties.append(("proof", (what, int(number))))

    return count


def pytest_terminal_summary(terminalreporter):
    counts: Counter[str] = Counter()
    for report in terminalreporter.stats.get("passed", []):
        for name, value in report.user_properties if report.when == "call" else ():
            if name == "proof":
                what, number = value
                counts[what] += number
    if counts:
        terminalreporter.section("proof")
        for what, number in sorted(counts.items()):
            terminalreporter.write_line(f"{number:10,} {what}")


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
