"""Environments for the programs that are compared, in a temporary folder: Python's and Node's."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

LISTED = "import importlib.metadata as m, sys; print(*(m.version(n) for n in sys.argv[1:]))"


class Missing(Exception):
    """What cannot be installed here, and why."""


def python_environment(folder: Path, *packages: str | Path) -> Path:
    """The programs of a new environment with these packages, from the index that is configured.

    uv is tried first, because it is fast; pip knows indexes that uv does not.
    """
    print(f"Installing {', '.join(Path(p).name for p in packages)}", file=sys.stderr)
    programs, named = folder / "bin", [str(package) for package in packages]
    uv = shutil.which("uv")
    if uv:
        install = [
            uv,
            "pip",
            "install",
            "--quiet",
            "--compile-bytecode",
            "--python",
            programs / "python",
        ]
        made = _succeeds([uv, "venv", "--quiet", "--python", sys.executable, folder])
        if made and _succeeds([*install, *named]):
            return programs
        shutil.rmtree(folder, ignore_errors=True)
    _run([sys.executable, "-m", "venv", folder])
    _run([programs / "python", "-m", "pip", "install", "--quiet", "--no-input", *named])
    return programs


def node_environment(folder: Path, *packages: str) -> Path:
    """The folder of modules with these packages of npm."""
    if not shutil.which("node") or not shutil.which("npm"):
        raise Missing("there is no node and npm on this machine")
    print(f"Installing {', '.join(packages)}", file=sys.stderr)
    folder.mkdir()
    _run(["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", folder, *packages])
    return folder / "node_modules"


def versions(programs: Path, *packages: str) -> list[str]:
    """The versions of packages in an environment, such as `click 8.2.1`."""
    numbers = _run([programs / "python", "-c", LISTED, *packages]).split()
    return [f"{name} {number}" for name, number in zip(packages, numbers, strict=True)]


def _succeeds(command: list) -> bool:
    try:
        _run(command)
    except Missing:
        return False
    return True


def _run(command: list) -> str:
    """What it prints. Raises Missing with its last line if it fails or takes ten minutes."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    except subprocess.TimeoutExpired:
        raise Missing(f"{Path(command[0]).name} took more than ten minutes") from None
    if done.returncode:
        printed = (done.stderr or done.stdout).strip().splitlines()
        raise Missing(printed[-1] if printed else f"{Path(command[0]).name} failed")
    return done.stdout
