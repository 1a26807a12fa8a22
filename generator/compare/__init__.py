"""Compare: two sets of permissions, and what is added, removed, renamed, reworded or replaced."""

from generator.compare.alike import alike, renamings, sentence, together
from generator.compare.generated import (
    IDENTITY,
    Summary,
    as_json,
    as_markdown,
    as_text,
    replaced,
    summaries,
)
from generator.compare.permissions import Differences, compare
from generator.compare.rows import CHANGE_FORMATS, State, changes, of_deployment, of_release

__all__ = [
    "CHANGE_FORMATS",
    "IDENTITY",
    "Differences",
    "State",
    "Summary",
    "alike",
    "as_json",
    "as_markdown",
    "as_text",
    "changes",
    "compare",
    "of_deployment",
    "of_release",
    "renamings",
    "replaced",
    "sentence",
    "summaries",
    "together",
]
