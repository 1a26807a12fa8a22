"""Paths as other programs show them: from the root of the repository, wherever the command runs.

Annotations, code scanning, test reports and summaries link to the files of a repository.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from generator.check import Report
    from generator.compare import Summary

SUMMARY = 1_000_000
"""Bytes of a summary: GitHub drops one of more than 1 MiB, with what a step wrote before."""


def top() -> Path:
    """The root of the repository: git's, or else the workspace of GitHub's runner, or here."""
    here = Path.cwd()
    for folder in (here, *here.parents):
        if os.path.lexists(folder / ".git"):
            return folder
    workspace = Path(os.environ.get("GITHUB_WORKSPACE") or here)
    return workspace if here.is_relative_to(workspace) else here


def from_top(path: str | Path) -> str:
    """A path from the root of the repository; what is outside of it, or no path, as it is."""
    if ":" in str(path) and not os.path.lexists(path):  # a file of a revision of git
        return str(path)
    found = Path(os.path.relpath(path, top()))
    is_inside = found.parts[:1] != ("..",) and str(path) != "<stdin>"
    return found.as_posix() if is_inside else Path(path).as_posix()


def summary_from_top(told: Summary) -> Summary:
    """What becomes of a deployment, with folders from the root of the repository."""
    renamed = told.renamed and told.renamed._replace(folder=from_top(told.renamed.folder))
    return told._replace(folders=tuple(map(from_top, told.folders)), renamed=renamed)


def at_root(report: Report) -> Report:
    """A report whose paths are those from the root of the repository."""
    checks = (
        check._replace(
            place=from_top(check.place),
            findings=tuple(each._replace(file=from_top(each.file)) for each in check.findings),
        )
        for check in report.checks
    )
    return report._replace(checks=tuple(checks))


def in_summary(markdown: str) -> str:
    """Markdown that GitHub accepts as the summary of a step: whole lines, and how many are left."""
    data = markdown.encode("utf-8", "backslashreplace")
    if len(data) <= SUMMARY:
        return markdown
    kept = data[: data.rindex(b"\n", 0, SUMMARY)].decode()
    rest = markdown.count("\n") - kept.count("\n") - 1
    return f"{kept}\n\n{rest} more lines are left out, because a summary holds 1 MiB.\n"
