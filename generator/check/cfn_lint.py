"""Check: CloudFormation templates through cfn-lint, in process, isolated from the user's settings.

cfn-lint is slow to import and reads `.cfnlintrc` from the working directory and the home folder
even as a library, which could switch it off. So it is imported where it lints, and told to read an
empty configuration.
"""

from __future__ import annotations

import gc
import os
import re
from functools import cache
from typing import TYPE_CHECKING

from generator.check.findings import Finding

if TYPE_CHECKING:
    from cfnlint.config import ConfigMixIn
    from cfnlint.runner import Runner

PACK = "generator.check.cfn_rules"
ADVICE = "W93"  # how the ids of the pack's warnings begin
_VERSION = re.compile(r"""^\s*["']?AWSTemplateFormatVersion["']?\s*:""", re.MULTILINE)
_RESOURCES = re.compile(r"""^["']?Resources["']?\s*:.*?\bType["']?\s*:\s*["']?AWS::""",
                        re.MULTILINE | re.DOTALL)  # fmt: skip
_JSON = re.compile(r"""\s*\{.*"(AWSTemplateFormatVersion|Type)"\s*:\s*"(20|AWS::)""", re.DOTALL)


def is_cloudformation(text: str) -> bool:
    """Whether the text of a file is a CloudFormation template, in YAML or JSON."""
    return bool(_VERSION.search(text) or _RESOURCES.search(text) or _JSON.match(text))


def lint(text: str, file: str, advice: bool = True) -> list[Finding]:
    """The findings of cfn-lint and of our own rules in a template, in the order of its lines.

    Without `advice`, only what is wrong: no warnings of our own rules.
    """
    gc.enable()
    from cfnlint.decode import decode_str

    template, matches = decode_str(text)
    if not matches:
        runner = _runner()
        runner.config = _config(advice)  # a template's metadata changes it
        matches = list(runner.validate_template(template))
    return sorted(
        Finding(
            file,
            m.linenumber,
            m.columnnumber,
            "error" if m.rule.id.startswith("E") else "warning",
            m.rule.id,
            " ".join(m.message.split()),
        )
        for m in matches
    )


@cache
def _runner() -> Runner:
    """What has all the rules: to load them takes longer than to check a template."""
    from cfnlint.runner import Runner

    return Runner(_config(advice=True))


def _config(advice: bool) -> ConfigMixIn:
    from cfnlint.config import ConfigMixIn

    options = ["--config-file", os.devnull, "--append-rules", PACK]
    if not advice:
        options += ["--ignore-checks", ADVICE]
    return ConfigMixIn(options, regions=["us-east-1"])
