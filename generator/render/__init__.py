"""Render: a resolved deployment becomes files, with a header that names their origin."""

from generator.render.comparison import comparison_page
from generator.render.filters import hcl, logical_id
from generator.render.header import (
    HEAD,
    MARK,
    VOUCHER,
    Label,
    Origin,
    digest,
    encoded,
    header,
    is_edited,
    is_generated,
    is_vouched,
    label,
    sealed,
    with_inserts,
)
from generator.render.render import default_formats, formats, render

__all__ = [
    "HEAD",
    "MARK",
    "VOUCHER",
    "Label",
    "Origin",
    "comparison_page",
    "default_formats",
    "digest",
    "encoded",
    "formats",
    "hcl",
    "header",
    "is_edited",
    "is_generated",
    "is_vouched",
    "label",
    "logical_id",
    "render",
    "sealed",
    "with_inserts",
]
