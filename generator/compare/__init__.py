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
from generator.compare.match import roles_of
from generator.compare.observed import (
    Beside,
    beside_deployment,
    beside_each_other,
    beside_release,
)
from generator.compare.permissions import Differences, compare
from generator.compare.rows import CHANGE_FORMATS, State, changes, of_deployment, of_release

__all__ = [
    "CHANGE_FORMATS",
    "IDENTITY",
    "Beside",
    "Differences",
    "State",
    "Summary",
    "alike",
    "as_json",
    "as_markdown",
    "as_text",
    "beside_deployment",
    "beside_each_other",
    "beside_release",
    "changes",
    "compare",
    "of_deployment",
    "of_release",
    "renamings",
    "replaced",
    "roles_of",
    "sentence",
    "summaries",
    "together",
]
