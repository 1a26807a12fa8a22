"""Resolve: rule data and the bindings of a deployment become permissions as EC2 stores them."""

from generator.resolve.advice import Advice, advise, replacement
from generator.resolve.bindings import merge
from generator.resolve.permissions import check_quota, granted, summary, usage
from generator.resolve.resolve import resolve
from generator.resolve.rows import select_rows

__all__ = [
    "Advice",
    "advise",
    "check_quota",
    "granted",
    "merge",
    "replacement",
    "resolve",
    "select_rows",
    "summary",
    "usage",
]
