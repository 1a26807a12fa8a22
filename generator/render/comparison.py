"""The page of a comparison: the flows of both sides with their marks, one file for a browser."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from generator.model import Comparison

_FOLDER, _TEMPLATE = "html", "_comparison.html.jinja"


def comparison_page(comparison: Comparison, folders: Sequence[Path]) -> str:
    """The page, from the templates of the flow matrix. Raises TemplateError for one that fails."""
    from generator.render.environment import render_template

    places = tuple(folder / _FOLDER for folder in folders)
    return render_template(places, _TEMPLATE, {"comparison": comparison})[0]
