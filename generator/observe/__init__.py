"""Observe: security groups are read from wherever they are, into permissions to compare."""

from generator.observe.git import Revision, content, files, revision
from generator.observe.named import decoded, read_source, shown_name, source_bytes
from generator.observe.sources import READ, join, read_text

__all__ = [
    "READ",
    "Revision",
    "content",
    "decoded",
    "files",
    "join",
    "read_source",
    "read_text",
    "revision",
    "shown_name",
    "source_bytes",
]
