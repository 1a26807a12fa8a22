"""`cvo-sg schema`: JSON Schemas for editors and other tools."""

from __future__ import annotations

import json
from pathlib import Path

import click

from generator.cli.options import rule_data as rule_data_option

KINDS = ["deployment", "rule-data"]


@click.command()
@click.argument(
    "kind", metavar="deployment|rule-data", type=click.Choice(["deployment", "rule-data"])
)
@rule_data_option
def schema(kind: str, rule_data: Path | None) -> None:
    """Print the JSON Schema of deployment files, or of the files of rule data.

    \b
    Example:
      cvo-sg schema deployment > deployment.schema.json
    """
    from generator.load import RuleData, deployment_schema, rule_data_schema, shipped

    if kind == "rule-data":
        result = rule_data_schema()
    else:
        data = RuleData(rule_data or shipped("rule_data"))
        result = deployment_schema(
            data.releases(),
            list(data.catalogue.groups),
            list(data.catalogue.endpoints),
            list(data.catalogue.supplements),
        )
    click.echo(json.dumps(result, indent=2, ensure_ascii=False))
