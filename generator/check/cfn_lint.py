"""Check: CloudFormation templates through cfn-lint, in process, isolated from the user's settings.

cfn-lint is slow to import and reads `.cfnlintrc` from the working directory and the home folder
even as a library, which could switch it off. So it is imported where it lints, and told to read an
empty configuration.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

from generator.check.findings import Finding, Severity
from generator.check.suppressions import take_settings
from generator.model import RULES_MAX

if TYPE_CHECKING:
    from cfnlint.config import ConfigMixIn
    from cfnlint.match import Match
    from cfnlint.runner import Runner

PACK = "generator.check.cfn_rules"
INLINE = ("SecurityGroupIngress", "SecurityGroupEgress")
ADVICE = "W93"  # how the ids of the pack's warnings begin
OPINIONS = {"E9305"}  # an error in a template of ours; elsewhere what AWS documents as the default


def lint(text: str, file: str, advice: bool = True, suppressions: bool = True) -> list[Finding]:
    """The findings of cfn-lint and of our own rules in a template, in the order of its lines.

    Without `advice`, only what is wrong: no warnings of our own rules, and no notes. Without
    `suppressions`, the settings for cfn-lint in the template's own metadata have no effect. A
    template that cfn-lint cannot cope with is a finding, too.
    """
    gc.enable()
    found: list[Finding] = []
    try:
        found.extend(_findings(text, file, advice, suppressions))
    except Exception as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        message = f"cfn-lint failed on this template, which may hide other findings: {reason}"
        found.append(Finding(file, 0, 0, "error", "cfn-lint", message))
    return sorted(found)


def _findings(text: str, file: str, advice: bool, suppressions: bool) -> Iterator[Finding]:
    from cfnlint.decode import decode_str

    template, matches = decode_str(text)
    if not matches:
        for finding in take_settings(template, file, suppressions):
            if advice or finding.severity == "error":
                yield finding
        if message := _too_many_rules(template):
            yield Finding(file, 0, 0, "error", "E9304", message)
            return
        runner = _runner()
        runner.config = _config(advice)  # a template's metadata changes it
        matches = runner.validate_template(template)
    for match in matches:
        message = " ".join(match.message.split())
        severity = _severity(match, advice)
        place = match.linenumber, match.columnnumber
        yield Finding(file, *place, severity, match.rule.id, message)


def _too_many_rules(template: Any) -> str | None:
    """A sentence for a group with more rules than any quota: to check each would take minutes."""
    resources = template.get("Resources") if isinstance(template, dict) else None
    for name, resource in resources.items() if isinstance(resources, dict) else ():
        properties = resource.get("Properties") if isinstance(resource, dict) else None
        for key in INLINE if isinstance(properties, dict) else ():
            rules = properties[key] if properties and key in properties else None
            if isinstance(rules, list) and len(rules) > RULES_MAX:
                return (
                    f"{name} has {len(rules):,} rules in {key}, and EC2 allows at most "
                    f"{RULES_MAX:,} per direction: the template was not checked further"
                )
    return None


def _severity(match: Match, advice: bool) -> Severity:
    if advice and match.rule.id in OPINIONS:
        return "warning"
    return "error" if match.rule.id.startswith("E") else "warning"


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
