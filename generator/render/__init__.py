"""Render: a resolved deployment becomes files, with a header that names their origin."""

from generator.render.header import (
    HEAD,
    MARK,
    Origin,
    command,
    is_edited,
    is_generated,
    sealed,
    with_inserts,
)
from generator.render.render import formats, render

__all__ = [
    "HEAD",
    "MARK",
    "Origin",
    "command",
    "formats",
    "is_edited",
    "is_generated",
    "render",
    "sealed",
    "with_inserts",
]
