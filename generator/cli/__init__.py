"""The command line: one file a command, and the only code that prints and exits."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from io import UnsupportedOperation
from pathlib import Path
from types import FrameType
from typing import Any

import click

from generator import __version__
from generator.cli import terminal
from generator.errors import GeneratorError, InputError

COMMANDS = (
    "adopt",
    "audit",
    "diff",
    "explain",
    "generate",
    "init",
    "rules",
    "schema",
    "show",
    "validate",
)
"""Each is a module of this package with a function of the same name."""


INTERRUPTED = 128 + signal.SIGINT
"""The exit status after Ctrl-C, as shells have it."""
_ENDING = [
    "INT",
    "TERM",
    "HUP",
    "QUIT",
    "USR1",
    "USR2",
    "ALRM",
    "VTALRM",
    "PROF",
    "XCPU",
    "IO",
    "PWR",
]
"""The signals that end a program unless it handles them, but for those about faults in it."""


class _Terminated(BaseException):
    """A signal that ends the run: raised, so that files and processes are cleaned up on the way."""

    def __init__(self, number: int) -> None:
        self.number = number


@contextmanager
def _harmless() -> Iterator[None]:
    """click quotes words of the command line in its errors, and prints them itself."""
    try:
        yield
    except click.ClickException as error:
        error.message = terminal.safe(error.message)  # type: ignore[misc]
        raise


class _Group(click.Group):
    """Imports commands late, and turns our errors into sentences and exit status 2."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(
        self,
        ctx: click.Context,  # noqa: ARG002
        cmd_name: str,
    ) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"generator.cli.{cmd_name}"), cmd_name)
        return command

    def make_context(self, *args: Any, **extra: Any) -> click.Context:
        with _harmless():
            return super().make_context(*args, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        ctx.color = terminal.color()
        try:
            with _harmless():
                return super().invoke(ctx)
        except InputError as error:  # begins with a file and a line, as in compilers
            terminal.echo(terminal.mistakes(str(error)), err=True)
        except GeneratorError as error:
            terminal.echo(terminal.error(str(error)), err=True)
        except OSError as error:
            if error.filename is None:  # standard output, which `main` reports
                raise
            message = f"{error.filename}: {error.strerror or error}"
            terminal.echo(terminal.error(message), err=True)
        except click.Abort:  # of a prompt, at the end of its input
            message = "standard input ended before every question was answered"
            terminal.echo(terminal.error(message), err=True)
        return ctx.exit(2)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def cli() -> None:
    """Generate AWS security groups from documented rules, as Terraform and CloudFormation.

    Exit status: 0 success, 1 findings or drift, 2 usage or input error.
    """


def main() -> None:
    """The console script."""
    if sys.stdout:  # None where it is closed; file names need not be valid text
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")  # type: ignore[union-attr]
    else:  # whatever is printed is lost, and that is an error
        sys.stdout = Path(os.devnull).open(encoding="utf-8")  # noqa: SIM115
    if not sys.stderr:
        sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115
    for name in _ENDING:
        number = getattr(signal, f"SIG{name}", None)  # not every system has them all
        if number and signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler):
            signal.signal(number, _terminate)
    try:
        cli(prog_name="cvo-sg")
    except _Terminated as error:
        if error.number == signal.SIGINT:
            os._exit(INTERRUPTED)
        signal.signal(error.number, signal.SIG_DFL)
        os.kill(os.getpid(), error.number)  # whoever waits learns it from the system
    except OSError as error:  # standard output is full or closed
        is_closed = isinstance(error, UnsupportedOperation)
        reason = "standard output is closed" if is_closed else error.strerror or error
        with suppress(OSError):
            print(f"cvo-sg: {reason}", file=sys.stderr, flush=True)
        os._exit(2)  # Python's own exit would try to write the rest again, and complain


def _terminate(number: int, _: FrameType | None) -> None:
    signal.signal(number, signal.SIG_IGN)  # cleaning up is not to be interrupted
    raise _Terminated(number)
