"""What checks find."""

from __future__ import annotations

from typing import Literal, NamedTuple

Severity = Literal["error", "warning", "note"]
"""A note never fails a check."""


class Finding(NamedTuple):
    """One finding about one file. Lines and columns count from 1; 0 means that there is none."""

    file: str
    line: int
    column: int
    severity: Severity
    rule: str
    """The id of the rule that is broken, as its tool calls it."""
    message: str

    @property
    def where(self) -> str:
        """The file, with line and column where there are any."""
        return ":".join([self.file, *(str(n) for n in (self.line, self.column) if n)])

    def __str__(self) -> str:
        return f"{self.where}: {self.severity}: {self.message} [{self.rule}]"


class Check(NamedTuple):
    """One place that was checked, and what was found there."""

    place: str
    """A file, or the folder of a module."""
    findings: tuple[Finding, ...] = ()
    skipped: str | None = None
    """Why it could not be checked, or not wholly, if so."""


class Report(NamedTuple):
    """What was checked, in that order, and what was found."""

    checks: tuple[Check, ...]
    strict: bool = False
    """Whether warnings are as bad as errors."""
    command: str = "validate"
    """The command that checked it."""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All findings."""
        return tuple(finding for check in self.checks for finding in check.findings)

    @property
    def skipped(self) -> tuple[str, ...]:
        """What could not be checked, or not wholly, and why, in sentences."""
        return tuple(f"{check.place}: {check.skipped}" for check in self.checks if check.skipped)

    def fails(self, finding: Finding) -> bool:
        """Whether a finding makes the check fail."""
        return finding.severity == "error" or (self.strict and finding.severity == "warning")

    @property
    def failed(self) -> bool:
        """Whether any finding makes the check fail."""
        return any(map(self.fails, self.findings))
