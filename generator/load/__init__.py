"""Load: read YAML files into the model. Every mistake is reported with its file and line."""

from generator.load.files import read, read_stream
from generator.load.layers import shipped
from generator.load.project import (
    PROJECT_FILES,
    Output,
    Project,
    find_project,
    listed_deployments,
    project_root,
    read_project,
    rule_data_setting,
)
from generator.load.rule_data import RuleData
from generator.load.schema import deployment_schema, project_schema, rule_data_schema

__all__ = [
    "PROJECT_FILES",
    "Output",
    "Project",
    "RuleData",
    "deployment_schema",
    "find_project",
    "listed_deployments",
    "project_root",
    "project_schema",
    "read",
    "read_project",
    "read_stream",
    "rule_data_schema",
    "rule_data_setting",
    "shipped",
]
