"""The READMEs as transcripts: what they show is what their commands print.

In a block of the language `console`, a line that begins with `$ ` is a command, and the lines below
it are what it prints. `...` matches any lines on a line of its own, and any text within a line. A
block after a paragraph that ends with the name of a file in backquotes and a colon is that file.
Blocks of the language `sh` are not run. The table of readings comes from `readings.py`. To show
what the commands print now:

    python tests/transcripts.py
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import readings

ROOT = Path(__file__).parents[1]
READMES = (
    "README.md",
    "CONTRIBUTING.md",
    "rule_data/README.md",
    "templates/README.md",
    "out/README.md",
    "tests/README.md",
)

_BLOCK = re.compile(
    r"(?:`(?P<file>[\w./-]+)`:\n\n)?^```(?P<language>\w+)\n(?P<text>.*?)^```$", re.M | re.S
)
_COMMAND = re.compile(r"^\$ (?P<command>(?:.*\\\n)*.*\n)(?P<shown>(?:(?!\$ ).*\n)*)", re.M)
_NEXT = "printf '\\0'; (exit $status)\n"  # so that `echo $?` is about the command above


class Block(NamedTuple):
    """A fenced block; `file` is the file that it is, if the text before it says so."""

    language: str
    text: str
    file: str | None
    start: int
    """Where the text begins in the README."""


class Command(NamedTuple):
    """A command, what a README shows for it, and where."""

    text: str
    shown: str
    start: int
    end: int


def blocks(text: str) -> Iterator[Block]:
    """The fenced blocks of a README."""
    for found in _BLOCK.finditer(text):
        yield Block(found["language"], found["text"], found["file"], found.start("text"))


def commands(text: str) -> list[Command]:
    """The commands of a README that are run, in order."""
    return [
        Command(m["command"], m["shown"], b.start + m.start("shown"), b.start + m.end("shown"))
        for b in blocks(text)
        if b.language == "console"
        for m in _COMMAND.finditer(b.text)
    ]


def run(text: str, folder: Path, lint: bool = True) -> list[str]:
    """What the commands of a README print, in one shell that starts in an empty folder."""
    script = "exec 2>&1\n"
    for block in blocks(text):
        if block.language == "console":
            for match in _COMMAND.finditer(block.text):
                script += f"{_NEXT}{match['command']}status=$?\n"
        elif block.file:
            file = shlex.quote(block.file)
            script += f'mkdir -p "$(dirname {file})"\ncat > {file} <<"END OF FILE"\n'
            script += f"{block.text}END OF FILE\n"
    tool = folder / "bin" / "cvo-sg"
    work = folder / "work"
    tool.parent.mkdir()
    work.mkdir()
    quick = "" if lint else 'case $1 in generate) set -- "$@" --no-lint;; esac\n'
    tool.write_text(f'#!/bin/sh\n{quick}exec "{sys.executable}" -m generator "$@"\n')
    tool.chmod(0o755)
    path = os.pathsep.join([str(tool.parent), str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT), "COLUMNS": "100"}
    environment.pop("CI", None)
    result = subprocess.run(
        ["bash"], input=script, cwd=work, env=environment, stdout=subprocess.PIPE, text=True
    )
    return [_plain(printed) for printed in result.stdout.split("\0")[1:]]


def _plain(printed: str) -> str:
    return "".join(f"{line.rstrip()}\n" for line in printed.splitlines())


def matches(shown: str, printed: str) -> bool:
    """Whether a command prints what is shown."""
    pattern = "".join(
        r"(?:.*\n)*?" if line == "..." else ".*".join(map(re.escape, line.split("..."))) + r"\n"
        for line in shown.splitlines()
    )
    return re.fullmatch(pattern, printed) is not None


def shortened(printed: str, shown: str) -> str:
    """What is printed, shortened as it was shown: in the middle, and within the same lines."""
    patterns = [line for line in shown.splitlines() if line != "..." and "..." in line]
    lines = [
        next((p for p in patterns if matches(p, f"{line}\n")), line)
        for line in printed.splitlines()
    ]
    before = shown.splitlines()
    if "..." in before:
        head, tail = before.index("..."), before[::-1].index("...")
        if head + tail < len(lines):
            lines = [*lines[:head], "...", *lines[len(lines) - tail :]]
    return "".join(f"{line}\n" for line in lines)


def refresh(text: str) -> str:
    """A README that shows what its commands print."""
    with tempfile.TemporaryDirectory() as folder:
        printed = run(text, Path(folder), lint=False)
    for command, now in reversed(list(zip(commands(text), printed, strict=True))):
        if not matches(command.shown, now):
            text = text[: command.start] + shortened(now, command.shown) + text[command.end :]
    return text


if __name__ == "__main__":
    for name in READMES:
        path = ROOT / name
        text = readings.refresh(path.read_text(encoding="utf-8"))
        path.write_text(refresh(text), encoding="utf-8")
