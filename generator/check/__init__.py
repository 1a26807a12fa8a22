"""Check: the text of templates and modules goes in, findings come out."""

from generator.check.cfn_lint import is_cloudformation, lint
from generator.check.findings import Check, Finding, Report
from generator.check.reports import REPORTS
from generator.check.terraform import check_module

__all__ = [
    "REPORTS",
    "Check",
    "Finding",
    "Report",
    "check_module",
    "is_cloudformation",
    "lint",
]
