"""Observe: security groups are read from wherever they are, into permissions to compare."""

from generator.observe.sources import join, read_text
from generator.observe.terraform_folder import read_module

__all__ = ["join", "read_module", "read_text"]
