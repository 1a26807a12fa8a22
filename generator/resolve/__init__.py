"""Resolve: rule data and the bindings of a deployment become permissions as EC2 stores them."""

from generator.resolve.advice import Advice, advise, deletion, replacement
from generator.resolve.bindings import merge
from generator.resolve.flows import matrix, services, written
from generator.resolve.permissions import granted, not_filled_in, open_to_everybody
from generator.resolve.quota import Usage, over_quota, overfull, usage
from generator.resolve.resolve import resolve
from generator.resolve.rows import select_rows
from generator.resolve.summary import summary

__all__ = [
    "Advice",
    "Usage",
    "advise",
    "deletion",
    "granted",
    "matrix",
    "merge",
    "not_filled_in",
    "open_to_everybody",
    "over_quota",
    "overfull",
    "replacement",
    "resolve",
    "select_rows",
    "services",
    "summary",
    "usage",
    "written",
]
