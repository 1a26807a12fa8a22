"""Observe: security groups are read from wherever they are, into permissions to compare."""

from generator.observe import cloudformation
from generator.observe.recognize import decode, is_cloudformation, resembles_cloudformation
from generator.observe.sources import join, read_text
from generator.observe.terraform_folder import read_module

__all__ = [
    "cloudformation",
    "decode",
    "is_cloudformation",
    "join",
    "read_module",
    "read_text",
    "resembles_cloudformation",
]
