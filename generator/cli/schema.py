"""`cvo-sg schema`: JSON Schemas for editors and other tools."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from generator.cli import terminal
from generator.cli.options import open_rule_data
from generator.cli.options import rule_data as rule_data_option

if TYPE_CHECKING:
    from generator.load import RuleData

KINDS = ("allowances", "deployment", "project", "rule-data")


@click.command()
@click.argument("kind", metavar="|".join(KINDS), type=click.Choice(KINDS))
@rule_data_option
def schema(kind: str, rule_data: Path | None, config: Path | None) -> None:
    """Print the JSON Schema of a kind of file: deployment files, cvo-sg.yaml (project), rule data
    files, or accepted deviations for `cvo-sg audit` (allowances).

    \b
    Examples:
      cvo-sg schema deployment > deployment.schema.json
      cvo-sg schema project > cvo-sg.schema.json
    """

    terminal.echo(schema_text(kind, open_rule_data(rule_data, config)), nl=False)


def schema_text(kind: str, data: RuleData) -> str:
    """The schema of a kind of file as JSON text, with the names that the rule data allows."""
    from generator.load import (
        allowances_schema,
        deployment_schema,
        project_schema,
        rule_data_schema,
    )

    result: dict[str, Any]
    if kind == "rule-data":
        result = rule_data_schema()
    elif kind == "allowances":
        result = allowances_schema(list(data.catalogue.groups))
    elif kind == "project":
        result = project_schema(data.presets())
    else:
        result = deployment_schema(
            data.releases(),
            list(data.catalogue.groups),
            list(data.catalogue.endpoints),
            list(data.catalogue.supplements),
        )
    return json.dumps(result, indent=2, ensure_ascii=False) + "\n"
