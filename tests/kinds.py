"""The kinds of pieces in templates, and those that are known to be clean."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from planted import DEPLOYMENTS, example

from generator.check.shapes import shape

PRESETS = sorted(Path(__file__).parents[1].glob("out/*/cloudformation/template.yaml"))


def kinds(text):
    """The kinds of pieces in a template; none if it has no shape."""
    found = shape(text)
    return found.kinds.keys() if found else set()


@cache
def known():
    """The kinds of pieces in templates that are known to be clean."""
    texts = [*map(example, DEPLOYMENTS), *(path.read_text() for path in PRESETS)]
    return set().union(*map(kinds, texts))


def is_known(text):
    """Whether a template is taken for clean without a lint."""
    found = kinds(text)
    return bool(found) and found <= known()
