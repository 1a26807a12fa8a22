"""Write: compare rendered files with the disk, and put them there whole or not at all."""

from generator.write.archive import zipped
from generator.write.files import Change, compare, refuse_links, unified_diff, write
from generator.write.lock import locked, settled
from generator.write.places import copies, renamed

__all__ = [
    "Change",
    "compare",
    "copies",
    "locked",
    "refuse_links",
    "renamed",
    "settled",
    "unified_diff",
    "write",
    "zipped",
]
