"""The JSON Schemas describe what the loader takes, and the checked-in copies are up to date."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import jsonschema
import pytest
import yaml

from generator.load import shipped

RULE_DATA = shipped("rule_data")
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
FILES = sorted(p.relative_to(RULE_DATA).as_posix() for p in RULE_DATA.rglob("*.yaml"))
INVALID = Path(__file__).parents[1] / "invalid" / "rule_data"


@cache
def schema(kind: str) -> jsonschema.Draft202012Validator:
    text = (RULE_DATA / "schema" / f"{kind}.json").read_text()
    return jsonschema.Draft202012Validator(json.loads(text))


def schema_of(name: str) -> jsonschema.Draft202012Validator:
    return schema("deployment" if name.startswith("presets/") else "rule-data")


@pytest.mark.parametrize("kind", ["rule-data", "deployment"])
def test_the_checked_in_schema_is_what_the_command_prints(run, kind):
    printed = run("schema", kind).stdout
    path = RULE_DATA / "schema" / f"{kind}.json"
    assert printed == path.read_text(), f"run `cvo-sg schema {kind} > {path}`"


@pytest.mark.parametrize(
    ("text", "is_valid"),
    [
        ("outputs: [{out: out, deployments: [acme.yaml]}]", True),
        ("outputs: [{out: out, presets: [all, predefined], formats: [terraform]}]", True),
        ("outputs: [{out: out, presets: [predefind]}]", False),
        ("outputs: [{ot: out}]", False),
        ("rule_data: mine", False),
    ],
)
def test_the_schema_of_a_project_fits_what_the_settings_may_hold(run, text, is_valid):
    validator = jsonschema.Draft202012Validator(json.loads(run("schema", "project").stdout))
    assert validator.is_valid(yaml.safe_load(text)) == is_valid


@pytest.mark.parametrize("name", FILES)
def test_every_shipped_file_fits_its_schema_and_names_it(name):
    text = (RULE_DATA / name).read_text()
    schema_of(name).validate(yaml.load(text, LOADER))
    reference = text.splitlines()[0].partition("$schema=")[2]
    assert (RULE_DATA / name).parent.joinpath(reference).resolve().is_file()


@pytest.mark.parametrize("name", ["unknown-key", "missing-key", "number-for-text", "text-for-list"])
def test_mistakes_of_shape_do_not_fit_the_schema(name):
    document = yaml.safe_load((INVALID / f"{name}.yaml").read_text())
    with pytest.raises(jsonschema.ValidationError):
        schema_of("releases/3.7/manager.yaml").validate(document)


def test_the_schema_explains_every_key_of_a_rule():
    rule = schema_of("groups.yaml").schema["$defs"]["Rule"]
    assert all(key["description"].endswith(".") for key in rule["properties"].values())
