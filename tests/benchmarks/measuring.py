"""Processes run in turn, and the CPU and wall time that each took with those that it started."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple


class Case(NamedTuple):
    """A command that is measured."""

    name: str
    command: Sequence[object]
    extra: Mapping[str, str] = {}
    """Environment variables besides those that all commands get."""
    folder: Path | None = None
    """Where it runs, if not in an empty folder."""
    rule: str = ""
    """What the files that it writes there hold once for each rule, if it writes any."""


class Took(NamedTuple):
    """The seconds that one run took."""

    cpu: float
    wall: float


def environment(home: Path) -> dict[str, str]:
    """What every command gets. One user's configuration must not change what is compared."""
    return {
        "HOME": str(home),
        "PATH": os.environ["PATH"],
        "LANG": "C.UTF-8",
        "CVO_SG_CACHE_DIR": str(home / "cache"),
    }


def run(case: Case, home: Path) -> Took:
    """Run it once. Raises RuntimeError with what it printed if it fails."""
    command = [str(word) for word in case.command]
    with tempfile.TemporaryFile() as output:
        began = time.perf_counter()
        process = subprocess.Popen(
            command,
            cwd=case.folder,
            env={**environment(home), **case.extra},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            output.seek(0)
            printed = output.read().decode(errors="replace")[-2000:]
            raise RuntimeError(f"{' '.join(command)}\nexited {process.returncode}: {printed}")
    return Took(used.ru_utime + used.ru_stime, wall)


def in_own_folder(case: Case, home: Path) -> tuple[Took, int]:
    """What one run took, and how many rules it wrote."""
    if case.folder:
        return run(case, home), 0
    folder = Path(tempfile.mkdtemp(dir=home))
    try:
        took = run(case._replace(folder=folder), home)
        return took, rules_in(folder, case.rule)
    finally:
        shutil.rmtree(folder)


def rules_in(folder: Path, rule: str) -> int:
    """How often the files there hold this text."""
    files = [path for path in folder.rglob("*") if path.is_file()] if rule else []
    return sum(path.read_text(encoding="utf-8").count(rule) for path in files)


def measure(
    cases: Sequence[Case], rounds: int, home: Path
) -> tuple[dict[str, list[Took]], dict[str, int]]:
    """What each case took in each round, and how many rules it writes.

    A first round, which fills caches and compiles, does not count. The cases of a round run in
    random order, so that a machine that is busy for a while disturbs all of them alike.
    """
    written = {}
    for case in cases:
        print(f"Trying {case.name}", file=sys.stderr)
        written[case.name] = in_own_folder(case, home)[1]
    took: dict[str, list[Took]] = {case.name: [] for case in cases}
    for number in range(rounds):
        print(f"Round {number + 1} of {rounds}", file=sys.stderr)
        for case in random.Random(number).sample(cases, len(cases)):
            took[case.name].append(in_own_folder(case, home)[0])
    return took, written
