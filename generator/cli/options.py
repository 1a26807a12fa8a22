"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path

import click

rule_data = click.option(
    "--rule-data",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Read another folder of rule data instead of the one that comes with the tool.",
)
