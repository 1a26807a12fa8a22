"""Load: read YAML files into the model. Every mistake is reported with its file and line."""

from generator.load.allowances import Allowed, read_allowances
from generator.load.files import read, read_stream
from generator.load.layers import shipped
from generator.load.project import (
    PROJECT_FILES,
    Output,
    Project,
    find_project,
    listed_deployments,
    project_root,
    projects_below,
    read_project,
    repository,
    rule_data_setting,
)
from generator.load.rule_data import RuleData
from generator.load.schema import (
    allowances_schema,
    deployment_schema,
    project_schema,
    rule_data_schema,
)

__all__ = [
    "PROJECT_FILES",
    "Allowed",
    "Output",
    "Project",
    "RuleData",
    "allowances_schema",
    "deployment_schema",
    "find_project",
    "listed_deployments",
    "project_root",
    "project_schema",
    "projects_below",
    "read",
    "read_allowances",
    "read_project",
    "read_stream",
    "repository",
    "rule_data_schema",
    "rule_data_setting",
    "shipped",
]
