"""The rules about security groups that were read, from whatever they were read.

They judge `Observed` rules. The pack for cfn-lint adds what the conditions of a template change.
"""

from generator.check.group_rules.cases import Case, Together, traffic
from generator.check.group_rules.duplicates import duplicate, duplicates
from generator.check.group_rules.exposure import Exposure, administrative, exposures
from generator.check.group_rules.findings import group_findings
from generator.check.group_rules.ports import port_problems
from generator.check.group_rules.quota import Count, counts
from generator.check.group_rules.texts import (
    DESCRIPTIONS,
    NAMES,
    description_problems,
    name_problems,
)

__all__ = [
    "DESCRIPTIONS",
    "NAMES",
    "Case",
    "Count",
    "Exposure",
    "Together",
    "administrative",
    "counts",
    "description_problems",
    "duplicate",
    "duplicates",
    "exposures",
    "group_findings",
    "name_problems",
    "port_problems",
    "traffic",
]
