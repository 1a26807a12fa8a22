"""Write: compare rendered files with the disk, and put them there whole or not at all."""

from generator.write.archive import zipped
from generator.write.conflicts import judged
from generator.write.files import Change, compare, unified_diff, write
from generator.write.line_endings import with_lf
from generator.write.lock import locked, settled
from generator.write.places import copies, renamed

__all__ = [
    "Change",
    "compare",
    "copies",
    "judged",
    "locked",
    "renamed",
    "settled",
    "unified_diff",
    "with_lf",
    "write",
    "zipped",
]
