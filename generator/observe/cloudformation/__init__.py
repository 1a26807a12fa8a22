"""CloudFormation templates: their security group rules, in all forms or with certain parameters.

cfn-lint reads the text of a template and is imported only then. Nothing else here needs it.
"""

from generator.observe.cloudformation.conditions import Written
from generator.observe.cloudformation.functions import section
from generator.observe.cloudformation.read import read_template
from generator.observe.cloudformation.references import canonical, reference
from generator.observe.cloudformation.rules import (
    GROUP,
    STANDALONE,
    Path,
    TemplateRule,
    contradictory,
    resources,
    rules,
    under,
)
from generator.observe.cloudformation.values import (
    ABSENT,
    ALWAYS,
    Conditions,
    Values,
    if_parts,
)

__all__ = [
    "ABSENT",
    "ALWAYS",
    "GROUP",
    "STANDALONE",
    "Conditions",
    "Path",
    "TemplateRule",
    "Values",
    "Written",
    "canonical",
    "contradictory",
    "if_parts",
    "read_template",
    "reference",
    "resources",
    "rules",
    "section",
    "under",
]
