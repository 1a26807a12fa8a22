"""The result of `cvo-sg audit`, printed in each of its formats."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.cli import terminal
from generator.cli.repository_paths import at_root

if TYPE_CHECKING:
    from generator.check import Report
    from generator.compare import Audited


def print_result(found: Audited, output: str) -> None:
    """Print the result in a format of its own, or as findings about files."""
    from generator.check import REPORTS
    from generator.compare import AUDIT_FORMATS

    if output in AUDIT_FORMATS:
        terminal.echo(AUDIT_FORMATS[output](found), nl=False)
    elif output == "github":
        terminal.echo_commands(REPORTS[output](at_root(_report(found))))
    else:
        terminal.echo(REPORTS[output](at_root(_report(found))), nl=False)


def _report(found: Audited) -> Report:
    """The problems as findings about files."""
    from generator.check import Check, Finding, Report
    from generator.compare import problems

    findings: dict[str, list[Finding]] = {name: [] for name in found.sources}
    for each in problems(found):
        finding = Finding(each.place.file, each.place.line, 0, each.severity, each.rule, each.whole)
        findings.setdefault(each.place.file, []).append(finding)
    checks = (Check(place, tuple(several)) for place, several in findings.items())
    return Report(tuple(checks), command="audit")


def summary(found: Audited) -> str:
    """The result in a sentence."""
    from generator.compare import problems

    wrong = sum(problem.severity == "error" for problem in problems(found))
    number = len(found.accepted.groups)
    groups = "1 group" if number == 1 else f"{number} groups"
    same = sum(group.same for group in found.accepted.groups)
    rules = "1 rule" if same == 1 else f"{same} rules"
    what = "nothing deviates" if not wrong else f"{wrong} to look at"
    return f"compared {groups} with {found.expected.source}: {rules} as expected, {what}"
