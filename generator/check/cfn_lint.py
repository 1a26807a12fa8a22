"""Check: CloudFormation templates through cfn-lint, in process, isolated from the user's settings.

cfn-lint is slow to import and reads `.cfnlintrc` from the working directory and the home folder
even as a library, which could switch it off. So it is imported where it lints, and gets an
empty configuration.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any

from generator.check.findings import Finding, Severity
from generator.check.remembered import remember
from generator.check.suppressions import take_settings

if TYPE_CHECKING:
    from cfnlint.config import ConfigMixIn
    from cfnlint.match import Match
    from cfnlint.runner import Runner

PACK = "generator.check.cfn_rules"
INLINE = ("SecurityGroupIngress", "SecurityGroupEgress")
RESOURCES_MAX = 500  # of a template: "CloudFormation quotas" in its User Guide
RULES_MAX = 2000  # of a template: each takes cfn-lint milliseconds
ADVICE = "W93"  # how the ids of the pack's warnings begin
FAILED = "cfn-lint"  # instead of a rule's id
OPINIONS = {"E9305"}  # an error in a template of ours; elsewhere what AWS documents as the default


def lint(text: str, file: str, advice: bool = True, suppressions: bool = True) -> list[Finding]:
    """The findings of cfn-lint and of our own rules in a template, in the order of its lines.

    Without `advice`, only what is wrong: no warnings of our own rules, and no notes. Without
    `suppressions`, the settings for cfn-lint in the template's own metadata have no effect. A
    template that cfn-lint cannot cope with is a finding, too.
    """
    found: list[Finding] = []
    try:
        with _collecting():
            found.extend(_findings(text, file, advice, suppressions))
    except Exception as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        message = f"cfn-lint failed on this template, which may hide other findings: {reason}"
        found.append(Finding(file, 0, 0, "error", FAILED, message))
    return sorted(found)


@contextmanager
def _collecting() -> Iterator[None]:
    """Load the rules, and lint with the garbage collector switched on, as that makes much garbage.

    The collector would visit what is loaded over and over: it is off meanwhile, and leaves it out
    from then on in a program of ours, which has switched it off. Others may look for their objects.
    """
    enabled = gc.isenabled()
    try:
        gc.disable()
        _loaded()
        if not enabled:
            _leave_out()
        gc.enable()
        yield
    finally:
        (gc.enable if enabled else gc.disable)()


def _findings(text: str, file: str, advice: bool, suppressions: bool) -> Iterator[Finding]:
    from cfnlint.decode import decode_str

    template, matches = decode_str(text)
    if not matches:
        for finding in take_settings(template, file, suppressions):
            if advice or finding.severity == "error":
                yield finding
        if too_much := _too_much(template):
            yield Finding(file, 0, 0, "error", *too_much)
            return
        runner = _runner(advice)
        runner.config = _config(advice)  # a template's metadata changes it
        matches = runner.validate_template(template)
    for match in matches:
        message = " ".join(match.message.split())
        severity = _severity(match, advice)
        place = match.linenumber, match.columnnumber
        yield Finding(file, *place, severity, match.rule.id, message)


def _too_much(template: Any) -> tuple[str, str] | None:
    """The id of a rule and a sentence for more than can be checked in seconds."""
    resources = template.get("Resources") if isinstance(template, dict) else None
    if not isinstance(resources, dict):
        return None
    end = "the template was not checked further"
    if len(resources) > RESOURCES_MAX:
        known = f"CloudFormation allows at most {RESOURCES_MAX}"
        return "E3010", f"{len(resources):,} resources, and {known}: {end}"
    found = (value for resource in resources.values() for value in _inline(resource))
    if sum(1 for _ in islice(found, RULES_MAX + 1)) > RULES_MAX:
        return "E9304", f"more than {RULES_MAX:,} inline rules of security groups: {end}"
    return None


def _inline(resource: Any) -> Iterator[Any]:
    properties = resource.get("Properties") if isinstance(resource, dict) else None
    for key in INLINE if isinstance(properties, dict) else ():
        if properties and key in properties:
            yield from _parts(properties[key])


def _parts(value: Any) -> Iterator[Any]:
    """The rules in a value, and the lists and the Fn::If around them."""
    yield value
    function = value.get("Fn::If") if isinstance(value, dict) else value
    for part in function if isinstance(function, list) else ():
        yield from _parts(part)


def _severity(match: Match, advice: bool) -> Severity:
    if advice and match.rule.id in OPINIONS:
        return "warning"
    return "error" if match.rule.id.startswith("E") else "warning"


@cache
def _runner(advice: bool) -> Runner:
    """What has all the rules: to load them takes longer than to check a template.

    Without advice, it has no rules that only advise.
    """
    runner = _loaded()
    if not advice:
        from cfnlint.rules import Rules

        runner = copy(runner)
        kept = {i: rule for i, rule in runner.rules.items() if not i.startswith(ADVICE)}
        runner.rules = Rules(kept)
    return runner


@cache
def _loaded() -> Runner:
    from cfnlint.runner import Runner

    remember()
    return Runner(_config(advice=True))


@cache
def _leave_out() -> None:
    gc.freeze()


def _config(advice: bool) -> ConfigMixIn:
    from cfnlint.config import ConfigMixIn

    options = ["--config-file", os.devnull, "--append-rules", PACK]
    if not advice:
        options += ["--ignore-checks", ADVICE]
    return ConfigMixIn(options, regions=["us-east-1"])
