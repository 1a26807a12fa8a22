"""Observe: security groups are read from wherever they are, into permissions to compare."""

from generator.observe import cloudformation
from generator.observe.git import Revision, content, files, revision
from generator.observe.git_index import Staged, differs_from_head, removed, staged, unstaged
from generator.observe.merges import merged_versions
from generator.observe.named import decoded, is_folder, read_source, shown_name, source_bytes
from generator.observe.recognize import (
    decode,
    deployment_keys,
    is_cloudformation,
    resembles_cloudformation,
)
from generator.observe.sources import join, read_text
from generator.observe.terraform_folder import read_module

__all__ = [
    "Revision",
    "Staged",
    "cloudformation",
    "content",
    "decode",
    "decoded",
    "deployment_keys",
    "differs_from_head",
    "files",
    "is_cloudformation",
    "is_folder",
    "join",
    "merged_versions",
    "read_module",
    "read_source",
    "read_text",
    "removed",
    "resembles_cloudformation",
    "revision",
    "shown_name",
    "source_bytes",
    "staged",
    "unstaged",
]
