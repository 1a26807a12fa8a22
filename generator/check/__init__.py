"""Check: the text of templates and modules goes in, findings come out."""

from generator.check.cfn_lint import lint
from generator.check.findings import Check, Finding, Report
from generator.check.mirror import CONFIGURATION
from generator.check.modules import check_module, check_plan
from generator.check.reports import REPORTS
from generator.check.targets import ENOUGH, Kind, Target, target_at, targets_below
from generator.check.together import clean_modules
from generator.check.verdicts import Linter
from generator.observe import is_cloudformation

__all__ = [
    "CONFIGURATION",
    "ENOUGH",
    "REPORTS",
    "Check",
    "Finding",
    "Kind",
    "Linter",
    "Report",
    "Target",
    "check_module",
    "check_plan",
    "clean_modules",
    "is_cloudformation",
    "lint",
    "target_at",
    "targets_below",
]
