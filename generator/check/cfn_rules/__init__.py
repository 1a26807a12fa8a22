"""Rules for cfn-lint about what it misses in security groups.

They work on any template: `cvo-sg validate` uses them, and so does cfn-lint itself with
`--append-rules generator.check.cfn_rules`. Their ids lie in the range that cfn-lint leaves to
others, E9xxx and W9xxx, where E93xx is about resources as E3xxx is among its own.
"""

from generator.check.cfn_rules.duplicates import DuplicateRules, RulesOfAttachedGroups
from generator.check.cfn_rules.open import OpenAdministration, OpenToTheInternet
from generator.check.cfn_rules.quota import NearlyTooManyRules, TooManyRules
from generator.check.cfn_rules.refused import Descriptions, GroupNames, ImplicitEgress, Ports

__all__ = [
    "Descriptions",
    "DuplicateRules",
    "GroupNames",
    "ImplicitEgress",
    "NearlyTooManyRules",
    "OpenAdministration",
    "OpenToTheInternet",
    "Ports",
    "RulesOfAttachedGroups",
    "TooManyRules",
]
