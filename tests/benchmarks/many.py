"""How `generate` copes with many deployments: time per deployment, and memory.

Run it at the top of the repository: `python tests/benchmarks/many.py [--lint] [NUMBER]...`. It
makes folders of so many deployments, and times one process after the other: all files new, none
changed, --check, all changed, --diff of all. Each column is compared with the smallest number in
the same run, because machines differ.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
RELEASES = ("3.7", "3.9", "console")
OWN = ("dns", "active-directory", "mail-server", "syslog-server", "ontap-intercluster-lifs")


class Run(NamedTuple):
    """What one process took."""

    wall: float
    cpu: float
    memory: float
    """At its peak, of the process or of its largest worker, in MB."""


def deployment(number: int, version: int) -> str:
    """A customer's file: networks of their own, in one of a few arrangements."""
    chance = random.Random(number)
    lines = [
        f"name: customer-{number:05}",
        f'release: "{chance.choice(RELEASES)}"',
        f"topology: {chance.choice(['ha', 'single-node'])}",
        f"outbound: {chance.choice(['basic', 'advanced'])}",
        f'tags: {{Customer: "{number}", Version: "{version}"}}',
        "endpoints:",
        f"  inbound-clients: [10.{number % 256}.{number // 256 % 256}.0/24]",
    ]
    for endpoint in chance.sample(OWN, 2) if lines[3].endswith("advanced") else []:
        lines.append(f"  {endpoint}: [172.16.{chance.randrange(256)}.{chance.randrange(256)}/32]")
    return "\n".join(lines) + "\n"


def write_deployments(folder: Path, number: int, version: int) -> None:
    """So many files in a folder, in which everything changes with the version."""
    for i in range(number):
        path = folder / f"{i % 100:02}" / f"customer-{i:05}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(deployment(i, version))


def generate(folder: Path, *arguments: str, expected: int = 0) -> Run:
    """Run the command line there; the time of its workers is counted, too."""
    command = [sys.executable, "-m", "generator", "generate", "deployments", "-q", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": ""}
    began = time.monotonic()
    process = subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    assert process.stderr
    stderr = process.stderr.read().decode()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.monotonic() - began
    assert process.returncode == expected, (process.returncode, stderr[-2000:])
    return Run(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def measured(number: int, options: list[str]) -> Iterator[tuple[str, Run]]:
    """Every case of so many deployments."""
    folder = Path(tempfile.mkdtemp(prefix="cvo-sg-many-", dir=os.environ.get("BENCHMARK_DIR")))
    try:
        write_deployments(folder / "deployments", number, 1)
        yield "new", generate(folder, *options)
        yield "unchanged", generate(folder, *options)
        yield "--check", generate(folder, *options, "--check")
        write_deployments(folder / "deployments", number, 2)
        yield "all changed", generate(folder, *options)
        write_deployments(folder / "deployments", number, 3)
        yield "--diff of all", generate(folder, *options, "--diff", expected=1)
    finally:
        shutil.rmtree(folder)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("numbers", nargs="*", type=int, default=[10, 100, 1000, 10000])
    parser.add_argument("--lint", action="store_true")
    parser.add_argument("--jobs", default=None)
    arguments = parser.parse_args()
    options = [] if arguments.lint else ["--no-lint"]
    options += ["--jobs", arguments.jobs] if arguments.jobs else []
    print(f"{'number':>7} {'case':14} {'ms each':>8} {'CPU ms':>8} {'MB':>7}  ratio of CPU, of MB")
    first: dict[str, Run] = {}
    # The start of Python and the reading of the rule data come once a run, whatever the number.
    for number in sorted(arguments.numbers):
        for case, run in measured(number, options):
            base = first.setdefault(case, run)
            each = run.cpu / number
            of_cpu = each / (base.cpu / min(arguments.numbers))
            ratios = f"{of_cpu:12.2f} {run.memory / base.memory:6.2f}"
            print(
                f"{number:7,} {case:14} {run.wall / number * 1e3:8.2f} {each * 1e3:8.2f} "
                f"{run.memory:7.1f}  {ratios}",
                flush=True,
            )


if __name__ == "__main__":
    main()
