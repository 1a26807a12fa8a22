"""Write: compare rendered files with the disk, and put them there whole or not at all."""

from generator.write.archive import zipped
from generator.write.files import Change, compare, unified_diff, write
from generator.write.lock import locked, settled
from generator.write.places import copies, renamed
from generator.write.sources import commands
from generator.write.staged import compare_staged, shortest

__all__ = [
    "Change",
    "commands",
    "compare",
    "compare_staged",
    "copies",
    "locked",
    "renamed",
    "settled",
    "shortest",
    "unified_diff",
    "write",
    "zipped",
]
