"""Adopt: groups that exist are taken over by a generated module or stack, rule by rule."""

from generator.adopt.cloudformation import cloudformation_files, is_our_list
from generator.adopt.match import Matches, match_groups
from generator.adopt.pairs import Adoption, adoption
from generator.adopt.report import report
from generator.adopt.terraform import MODULE, terraform_files

__all__ = [
    "MODULE",
    "Adoption",
    "Matches",
    "adoption",
    "cloudformation_files",
    "is_our_list",
    "match_groups",
    "report",
    "terraform_files",
]
