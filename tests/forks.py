"""Runs of the command line by one process and its forks, which can end at any change of the disk.

Most of a run is starting; this process, and so a fork of it, has loaded what the runs before it
needed. What runs the tests is not forked itself, because it may have threads.
"""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CHANGES = ("chmod", "link", "mkdir", "remove", "rename", "rmdir", "symlink", "truncate")
"""What Python audits in `os` before it is done, besides the opening of files."""
Command = tuple[str, ...]


class Runs:
    """The process that runs commands, all in one folder. Each method returns exit statuses."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def one(self, command: Command) -> int:
        """Run a command, without a fork."""
        return self._ask("one", command)

    def at_once(self, *commands: Command) -> list[int]:
        """Run several commands at the same time, until all have ended."""
        return self._ask("at_once", *commands)

    def killed(self, changes: int, command: Command) -> int:
        """Run a command that is killed when it is to change the disk after so many changes."""
        return self._ask("killed", changes, command)

    def stopped(self, changes: int, command: Command, other: Command) -> list[int]:
        """Run a command, and another while it is stopped after so many changes, if it is."""
        return self._ask("stopped", changes, command, other)

    def _ask(self, *words: object):
        print(json.dumps(words), file=self._process.stdin, flush=True)
        return json.loads(self._process.stdout.readline())


@contextmanager
def runs(folder: Path, **environment: str) -> Iterator[Runs]:
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1]), **environment}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    command = [sys.executable, __file__]
    with subprocess.Popen(command, cwd=folder, env=environment, **pipes) as process:
        yield Runs(process)


def one(command: list[str]) -> int:
    from generator.__main__ import main

    sys.argv[1:] = command
    try:
        main()
    except SystemExit as ended:
        return ended.code or 0
    return 0


def at_once(*commands: list[str]) -> list[int]:
    return [end(pid) for pid in [forked(command) for command in commands]]


def killed(changes: int, command: list[str]) -> int:
    return end(forked(command, changes, signal.SIGKILL))


def stopped(changes: int, command: list[str], other: list[str]) -> list[int]:
    pid = forked(command, changes, signal.SIGSTOP)
    _, status = os.waitpid(pid, os.WUNTRACED)
    if not os.WIFSTOPPED(status):
        return [os.waitstatus_to_exitcode(status)]
    code = one(other)
    os.kill(pid, signal.SIGCONT)
    return [end(pid), code]


def forked(command: list[str], changes: int = -1, number: int = 0) -> int:
    pid = os.fork()
    if not pid:
        signal_after(changes, number)
        os._exit(one(command))  # to take apart what is loaded takes as long as the run
    return pid


def end(pid: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def signal_after(changes: int, number: int) -> None:
    """Send this process a signal when it is to change the disk after so many changes."""

    def count() -> None:
        nonlocal changes
        if not changes:
            os.kill(os.getpid(), number)
        changes -= 1

    def audited(event: str, arguments: tuple) -> None:
        is_written = event == "open" and arguments[2] & (os.O_WRONLY | os.O_RDWR)
        if is_written or event.removeprefix("os.") in CHANGES:
            count()

    def opened(*arguments, **options):
        file = plainly_opened(*arguments, **options)
        if file.writable():  # it is there, and what is written to it is not
            count()
        return file

    sys.addaudithook(audited)
    plainly_opened, io.open = io.open, opened


if __name__ == "__main__":
    for line in sys.stdin:
        what, *words = json.loads(line)
        print(json.dumps(globals()[what](*words)), flush=True)
