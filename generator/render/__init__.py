"""Render: a resolved deployment becomes files, with a header that names their origin."""

from generator.render.header import (
    HEAD,
    MARK,
    Label,
    Origin,
    is_edited,
    is_generated,
    label,
    sealed,
    with_inserts,
)
from generator.render.render import formats, render

__all__ = [
    "HEAD",
    "MARK",
    "Label",
    "Origin",
    "formats",
    "is_edited",
    "is_generated",
    "label",
    "render",
    "sealed",
    "with_inserts",
]
