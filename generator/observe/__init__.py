"""Observe: security groups are read from wherever they are, into permissions to compare."""

from generator.observe.sources import join, read_text

__all__ = ["join", "read_text"]
