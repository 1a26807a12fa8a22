"""Compare: two sets of permissions, and what is added, removed, renamed, reworded or replaced."""

from generator.compare.accepted import accept
from generator.compare.alike import alike, renamings, sentence, together
from generator.compare.audit import audit
from generator.compare.audit_result import Audited, Entry, problems
from generator.compare.audit_writers import AUDIT_FORMATS
from generator.compare.expected import Expected, of_deployed, of_documented
from generator.compare.generated import (
    IDENTITY,
    Summary,
    as_json,
    as_text,
    lists_permissions,
    replaced,
    summaries,
)
from generator.compare.marked import marked_audit, marked_changes
from generator.compare.matching import Role, match_groups
from generator.compare.observed import (
    Beside,
    beside_deployment,
    beside_each_other,
    beside_release,
)
from generator.compare.permissions import Differences, compare
from generator.compare.renames import Renamed, followed
from generator.compare.renames import lines as rename_lines
from generator.compare.review import UNKNOWN, as_markdown
from generator.compare.rows import CHANGE_FORMATS, State, changes, of_deployment, of_release

__all__ = [
    "AUDIT_FORMATS",
    "CHANGE_FORMATS",
    "IDENTITY",
    "UNKNOWN",
    "Audited",
    "Beside",
    "Differences",
    "Entry",
    "Expected",
    "Renamed",
    "Role",
    "State",
    "Summary",
    "accept",
    "alike",
    "as_json",
    "as_markdown",
    "as_text",
    "audit",
    "beside_deployment",
    "beside_each_other",
    "beside_release",
    "changes",
    "compare",
    "followed",
    "lists_permissions",
    "marked_audit",
    "marked_changes",
    "match_groups",
    "of_deployed",
    "of_deployment",
    "of_documented",
    "of_release",
    "problems",
    "rename_lines",
    "renamings",
    "replaced",
    "sentence",
    "summaries",
    "together",
]
