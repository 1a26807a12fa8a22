"""Compare: two sets of permissions, and what is added, removed, renamed, reworded or replaced."""

from generator.compare.accepted import accept
from generator.compare.audit import audit
from generator.compare.audit_result import Audited, Entry, problems
from generator.compare.audit_writers import AUDIT_FORMATS
from generator.compare.expected import Expected, of_deployed, of_documented
from generator.compare.generated import (
    IDENTITY,
    Summary,
    as_json,
    as_markdown,
    as_text,
    replaced,
    summaries,
)
from generator.compare.matching import match_groups
from generator.compare.permissions import Differences, compare
from generator.compare.rows import CHANGE_FORMATS, State, changes, of_deployment, of_release
from generator.compare.writers import sentence

__all__ = [
    "AUDIT_FORMATS",
    "CHANGE_FORMATS",
    "IDENTITY",
    "Audited",
    "Differences",
    "Entry",
    "Expected",
    "State",
    "Summary",
    "accept",
    "as_json",
    "as_markdown",
    "as_text",
    "audit",
    "changes",
    "compare",
    "match_groups",
    "of_deployed",
    "of_deployment",
    "of_documented",
    "of_release",
    "problems",
    "replaced",
    "sentence",
    "summaries",
]
