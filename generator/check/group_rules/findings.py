"""The findings of all rules in what was read from Terraform."""

from __future__ import annotations

from collections.abc import Iterator

from generator.check.findings import Finding, Severity
from generator.check.group_rules.cases import Case, cases
from generator.check.group_rules.duplicates import duplicate, duplicates
from generator.check.group_rules.exposure import administrative, exposures
from generator.check.group_rules.ports import port_problems
from generator.check.group_rules.quota import counts
from generator.check.group_rules.texts import description_problems, name_problems
from generator.model import RULES_DEFAULT, RULES_MAX, Observation, Place


def group_findings(observation: Observation) -> list[Finding]:
    """What EC2 would refuse, and what is open, in groups that were read.

    Only what is known is judged: neither references nor what was left out make a finding. Each
    finding of one place is there once.
    """
    known = cases(observation)
    found = [
        *_texts(observation),
        *_ports(observation),
        *_duplicates(known),
        *_quota(known),
        *_exposures(known),
    ]
    return sorted(dict.fromkeys(found))


def _texts(observation: Observation) -> Iterator[Finding]:
    for group in observation.groups:
        if group.description is not None:
            for problem in description_problems(group.description, of_group=True):
                yield _finding(group.place, "E9301", problem)
        if group.name is not None:
            for problem in name_problems(group.name):
                yield _finding(group.place, "E9308", problem)
    for rule in observation.rules:
        for problem in description_problems(rule.description or ""):
            yield _finding(rule.place, "E9301", problem)


def _ports(observation: Observation) -> Iterator[Finding]:
    for rule in observation.rules:
        for problem in port_problems(rule):
            yield _finding(rule.place, "E9303", problem)


def _duplicates(rules: list[Case]) -> Iterator[Finding]:
    for first, second in duplicates(rules):
        message = duplicate(second.rule, str(first.rule.place))
        yield _finding(second.rule.place, "E9302", message)


def _quota(rules: list[Case]) -> Iterator[Finding]:
    for count in counts(case._replace(place=i) for i, case in enumerate(rules)):
        place = count.first.rule.place
        if message := count.too_many(RULES_DEFAULT):
            # AWS raises the quota on request, and nothing in Terraform says that it did.
            certain = count.number > RULES_MAX
            yield _finding(place, "E9304", message)._replace(
                severity="error" if certain else "warning"
            )
        if message := count.nearly(RULES_DEFAULT):
            yield _finding(place, "W9304", message)


def _exposures(rules: list[Case]) -> Iterator[Finding]:
    for each in exposures(case._replace(place=i) for i, case in enumerate(rules)):
        place = each.case.rule.place
        if message := each.administration(administrative()):
            yield _finding(place, "W9306", message)
        elif message := each.internet(administrative()):
            yield _finding(place, "W9307", message)


def _finding(place: Place, rule: str, message: str) -> Finding:
    severity: Severity = "error" if rule.startswith("E") else "warning"
    named = place.what and not message.startswith(place.what)
    text = f"{place.what}: {message}" if named else message
    return Finding(place.file, place.line, 0, severity, rule, text)
