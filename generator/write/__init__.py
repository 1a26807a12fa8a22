"""Write: compare rendered files with the disk, and put them there whole or not at all."""

from generator.write.archive import zipped
from generator.write.conflicts import judged
from generator.write.files import (
    Change,
    compare,
    differing,
    orphaned,
    refused,
    surveyed,
    unified_diff,
    write,
)
from generator.write.line_endings import with_lf
from generator.write.lock import locked, settled
from generator.write.places import Survey, renamed
from generator.write.sources import commands, commands_in
from generator.write.spool import Spool
from generator.write.staged import compare_staged, shortest
from generator.write.staging import Staging, clear, put, remains, stage, staging

__all__ = [
    "Change",
    "Spool",
    "Staging",
    "Survey",
    "clear",
    "commands",
    "commands_in",
    "compare",
    "compare_staged",
    "differing",
    "judged",
    "locked",
    "orphaned",
    "put",
    "refused",
    "remains",
    "renamed",
    "settled",
    "shortest",
    "stage",
    "staging",
    "surveyed",
    "unified_diff",
    "with_lf",
    "write",
    "zipped",
]
