"""Compare: two sets of permissions, and what is added, removed, reworded or replaced."""

from generator.compare.changes import (
    IDENTITY,
    Summary,
    as_json,
    as_markdown,
    as_text,
    replaced,
    summaries,
)
from generator.compare.differences import FORMATS, State, compare, of_deployment, of_release

__all__ = [
    "FORMATS",
    "IDENTITY",
    "State",
    "Summary",
    "as_json",
    "as_markdown",
    "as_text",
    "compare",
    "of_deployment",
    "of_release",
    "replaced",
    "summaries",
]
