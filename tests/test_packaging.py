"""The wheel carries everything, and works in a clean virtual environment from any folder."""

from __future__ import annotations

import re
import subprocess
import sys
import venv
from pathlib import Path

import pytest
from folders import files, generated

ROOT = Path(__file__).parents[1]


@pytest.mark.slow
def test_the_wheel_generates_the_checked_in_output_from_another_folder(tmp_path):
    build = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", tmp_path, ROOT]
    subprocess.run(build, check=True)
    (wheel,) = tmp_path.glob("cvo_sg-*.whl")
    venv.create(tmp_path / "venv", with_pip=True)
    binaries = tmp_path / "venv" / ("Scripts" if sys.platform == "win32" else "bin")
    subprocess.run([binaries / "python", "-m", "pip", "install", "-q", wheel], check=True)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    subprocess.run([binaries / "cvo-sg", "generate"], cwd=elsewhere, check=True)
    assert files(elsewhere / "out") == generated()
    shown = subprocess.run([binaries / "cvo-sg", "--version"], capture_output=True, text=True)
    version = re.search(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(), re.M)
    assert shown.stdout == f"cvo-sg, version {version[1]}\n"
