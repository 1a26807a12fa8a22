"""The least that does it: click and Jinja2, a row in, a rule out, nothing checked."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

import click
import yaml
from jinja2 import Environment, FileSystemLoader


@click.command()
@click.argument("rows", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--out", default="template.yaml", type=click.Path(path_type=Path))
def main(rows: Path, out: Path) -> None:
    """Render the rows of a YAML file as a CloudFormation template."""
    loaded = yaml.load(rows.read_text(encoding="utf-8"), yaml.CSafeLoader)
    groups = {name: list(own) for name, own in groupby(loaded, lambda row: row["group"])}
    templates = Environment(
        loader=FileSystemLoader(Path(__file__).parent), trim_blocks=True, lstrip_blocks=True
    )
    text = templates.get_template("bare.yaml.j2").render(groups=groups)
    out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
