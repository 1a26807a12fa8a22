"""How findings are written: for people, scripts, annotations, code scanning and test reports."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import PurePath
from typing import Any

from generator.check.findings import Finding, Report
from generator.model import markdown, markdown_code

MOST = 10
"""GitHub shows so many annotations of a step and a level, and drops the others."""


def as_text(report: Report) -> str:
    """One line a finding."""
    return "".join(f"{finding}\n" for finding in report.findings)


def as_json(report: Report) -> str:
    """An object: `failed`, `checked`, `skipped`, and `findings` with the fields of `Finding`."""
    return _json(
        {
            "failed": report.failed,
            "checked": _places(report),
            "skipped": report.skipped,
            "findings": [finding._asdict() for finding in report.findings],
        }
    )


def as_github(report: Report) -> str:
    """Workflow commands of GitHub Actions, which become annotations of a change."""
    return "".join(
        f"::{_level(report, f).replace('note', 'notice')} "
        + ",".join(f"{name}={_property(value)}" for name, value in _place(f).items())
        + f"::{_data(f.message)}\n"
        for f in _shown(report)
    )


def _shown(report: Report) -> Iterator[Finding]:
    """The findings, in their order; of one level at most MOST, of which the last lists the rest."""
    levels: dict[str, list[Finding]] = {}
    for finding in report.findings:
        levels.setdefault(_level(report, finding), []).append(finding)
    seen: Counter[str] = Counter()
    for finding in report.findings:
        level = _level(report, finding)
        same = levels[level]
        seen[level] += 1
        if seen[level] < MOST or len(same) == MOST:
            yield finding
        elif seen[level] == MOST:
            rest = same[MOST - 1 :]
            lines = (f"{each.where}: {each.message} [{each.rule}]" for each in rest)
            yield finding._replace(message="\n".join([f"and {len(rest)} more:", *lines]))


def as_sarif(report: Report) -> str:
    """SARIF 2.1.0: one run with a result a finding."""
    rules = sorted({finding.rule for finding in report.findings})
    driver = {"name": "cvo-sg", "rules": [{"id": rule} for rule in rules]}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "artifacts": [{"location": {"uri": _uri(path)}} for path in _places(report)],
        "results": [_result(report, finding, rules) for finding in report.findings],
        "invocations": [
            {
                "executionSuccessful": True,
                "toolExecutionNotifications": [
                    {"level": "note", "message": {"text": text}} for text in report.skipped
                ],
            }
        ],
    }
    schema = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json"
    return _json({"$schema": schema, "version": "2.1.0", "runs": [run]})


def as_junit(report: Report) -> str:
    """JUnit's XML: a test case per finding, and one for each place without any."""
    from xml.etree.ElementTree import Element, SubElement, indent, tostring

    suites = Element("testsuites")
    suite = SubElement(suites, "testsuite", name=f"cvo-sg {report.command}")
    for check in report.checks:
        for finding in check.findings:
            name = f"{finding.rule} at line {finding.line}" if finding.line else finding.rule
            case = SubElement(suite, "testcase", classname=_xml(finding.file), name=_xml(name))
            if report.fails(finding):
                message = _xml(finding.message)
                failure = SubElement(case, "failure", message=message, type=finding.rule)
                failure.text = _xml(str(finding))
            else:
                SubElement(case, "system-out").text = _xml(str(finding))
        if check.skipped or not check.findings:
            case = SubElement(suite, "testcase", classname=_xml(check.place), name=report.command)
            if check.skipped:
                SubElement(case, "skipped", message=_xml(check.skipped))
    suite.set("tests", str(len(suite)))
    suite.set("failures", str(sum(map(report.fails, report.findings))))
    suite.set("errors", "0")
    suite.set("skipped", str(len(report.skipped)))
    indent(suites)
    return tostring(suites, encoding="unicode", xml_declaration=True) + "\n"


def as_markdown(report: Report) -> str:
    """A list for the summary of a run."""
    lines = [
        f"- {_level(report, f).replace('error', '**error**')} {markdown_code(f.where)}: "
        f"{markdown(f.message)} ({markdown(f.rule)})"
        for f in report.findings
    ]
    lines += [f"- skipped: {markdown(reason)}" for reason in report.skipped]
    return "\n".join(lines or ["Nothing found."]) + "\n"


REPORTS: Mapping[str, Callable[[Report], str]] = {
    "text": as_text,
    "json": as_json,
    "github": as_github,
    "sarif": as_sarif,
    "junit": as_junit,
    "markdown": as_markdown,
}


def _level(report: Report, finding: Finding) -> str:
    """How bad a finding is in this report: error, warning or note."""
    return "error" if report.fails(finding) else finding.severity


def _places(report: Report) -> list[str]:
    return [check.place for check in report.checks]


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def _place(finding: Finding) -> dict[str, str]:
    place = {"file": finding.file} if finding.file else {}
    if finding.line:
        place["line"] = str(finding.line)
    if finding.column:
        place["col"] = str(finding.column)
    return place | {"title": f"cvo-sg {finding.rule}"}


def _data(text: str) -> str:
    """A message as workflow commands escape it."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    """The value of a property as workflow commands escape it."""
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _result(report: Report, finding: Finding, rules: list[str]) -> dict[str, Any]:
    location: dict[str, Any] = {"artifactLocation": {"uri": _uri(finding.file)}}
    if finding.line:
        location["region"] = {"startLine": finding.line}
        if finding.column:
            location["region"]["startColumn"] = finding.column
    return {
        "ruleId": finding.rule,
        "ruleIndex": rules.index(finding.rule),
        "level": _level(report, finding),
        "message": {"text": finding.message},
        "locations": [{"physicalLocation": location}],
    }


def _uri(path: str) -> str:
    from urllib.parse import quote

    pure = PurePath(path)
    return pure.as_uri() if pure.is_absolute() else quote(os.fsencode(pure.as_posix()))


def _xml(text: str) -> str:
    """The text without the characters that XML cannot hold."""
    return "".join(c if c.isprintable() or c in "\n\t" else "\ufffd" for c in text)
