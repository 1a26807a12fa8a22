"""Load: from YAML files to the values of the model, with every mistake and its place."""

from generator.load.files import read_stream
from generator.load.project import (
    Output,
    Project,
    find_project,
    listed_deployments,
    project_root,
    read_project,
)
from generator.load.rule_data import RuleData, shipped
from generator.load.schema import deployment_schema, rule_data_schema

__all__ = [
    "Output",
    "Project",
    "RuleData",
    "deployment_schema",
    "find_project",
    "listed_deployments",
    "project_root",
    "read_project",
    "read_stream",
    "rule_data_schema",
    "shipped",
]
