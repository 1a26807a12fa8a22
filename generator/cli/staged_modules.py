"""Modules in the next commit: those that lose files, and those whose files are not all staged."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from generator.check import Check, Target


def modules_with_removals() -> Iterator[Target]:
    """The modules from which a file is removed: since the base of pre-commit's --from-ref, if any.

    Hooks are told of the files that a commit adds or changes only.
    """
    from generator.check import CONFIGURATION, Kind, Target
    from generator.observe import removed

    gone = removed(Path.cwd(), os.environ.get("PRE_COMMIT_FROM_REF"))
    folders = dict.fromkeys(path.parent for path in gone if path.name.endswith(CONFIGURATION))
    for folder in folders:
        if folder.is_dir() and any(each.name.endswith(CONFIGURATION) for each in folder.iterdir()):
            yield Target(folder, Kind.MODULE)


def with_files_not_staged(target: Target, check: Check) -> Check:
    """The check of a target; for a module, also a finding for each file that git does not know."""
    from generator.check import CONFIGURATION, Finding, Kind
    from generator.observe import staged, unstaged

    if target.kind is not Kind.MODULE:
        return check
    files = [each for each in target.path.iterdir() if each.name.endswith(CONFIGURATION)]
    present, _ = unstaged(Path.cwd(), files)
    known = staged(Path.cwd(), present, ()).files
    found = (
        Finding(
            str(path),
            0,
            0,
            "error",
            "not-staged",
            "Terraform reads this file, but it is not staged: run "
            f"`{shlex.join(['git', 'add', '--', path.as_posix()])}`, or move it",
        )
        for path in present
        if path not in known
    )
    return check._replace(findings=(*check.findings, *found))
