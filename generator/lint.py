"""Check: CloudFormation templates through cfn-lint, in process, isolated from the user's settings.

cfn-lint is slow to import and reads `.cfnlintrc` from the working directory and the home folder
even as a library, which could switch it off. So it is imported where it lints, and told to read an
empty configuration.
"""

from __future__ import annotations

import gc
import os
from typing import NamedTuple


class Finding(NamedTuple):
    """One finding of cfn-lint. Lines and columns count from 1."""

    file: str
    line: int
    column: int
    rule: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.rule} {self.message}"


def is_cloudformation(text: str) -> bool:
    """Whether the text of a file is a CloudFormation template in YAML."""
    return "\nAWSTemplateFormatVersion:" in f"\n{text}"


def lint(text: str, file: str) -> list[Finding]:
    """cfn-lint's errors and warnings about a template, in the order of its lines."""
    gc.enable()
    from cfnlint.config import ConfigMixIn
    from cfnlint.decode import decode_str
    from cfnlint.runner import Runner

    template, matches = decode_str(text)
    if not matches:
        config = ConfigMixIn(["--config-file", os.devnull], regions=["us-east-1"])
        matches = list(Runner(config).validate_template(template))
    return sorted(
        Finding(file, m.linenumber, m.columnnumber, m.rule.id, m.message) for m in matches
    )
