"""The command line: a thin shell over the steps, and the only place that prints and exits."""

from __future__ import annotations

import gc
import os
import sys
from contextlib import suppress
from typing import Any

import click

from generator.cli.diff import diff
from generator.cli.explain import explain
from generator.cli.generate import generate
from generator.cli.init import init
from generator.cli.rules import rules
from generator.cli.schema import schema
from generator.cli.validate import validate
from generator.errors import GeneratorError, InputError


class _Group(click.Group):
    """Turns every error that is meant for the user into its sentence and exit status 2."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except GeneratorError as error:
            # A mistake in a file begins with its place, as compilers and editors have it.
            click.echo(f"{'' if isinstance(error, InputError) else 'cvo-sg: '}{error}", err=True)
            ctx.exit(2)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="cvo-sg")
def cli() -> None:
    """Documented AWS security group rules, as Terraform HCL and CloudFormation YAML.

    Exit status: 0 clean, 1 findings or drift, 2 wrong usage or input.
    """


cli.add_command(diff)
cli.add_command(explain)
cli.add_command(generate)
cli.add_command(init)
cli.add_command(rules)
cli.add_command(schema)
cli.add_command(validate)


def main() -> None:
    """The console script."""
    gc.disable()  # a run is over before a collection pays; linting switches it on again
    if sys.stdout:  # none where it is closed; names of files need not be text
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")  # type: ignore[union-attr]
    try:
        cli(prog_name="cvo-sg")
    except OSError as error:  # standard output that takes no more
        with suppress(OSError):
            print(f"cvo-sg: {error.strerror or error}", file=sys.stderr, flush=True)
        os._exit(2)  # Python's own exit would try to write the rest once more, and complain
