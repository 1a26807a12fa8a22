"""Render: a resolved deployment becomes files, with a header that names their origin."""

from generator.render.filters import hcl, logical_id
from generator.render.header import (
    HEAD,
    MARK,
    Label,
    Origin,
    digest,
    header,
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
    "digest",
    "formats",
    "hcl",
    "header",
    "is_edited",
    "is_generated",
    "label",
    "logical_id",
    "render",
    "sealed",
    "with_inserts",
]
