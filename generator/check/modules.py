"""Check: Terraform modules and plans, by Terraform itself and by our rules about groups.

Our rules judge what is written out: the literals of a module, and the values of a plan. A module
that reads nothing but variables has no findings of them.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from generator.check.findings import Check, Finding
from generator.check.group_rules import group_findings
from generator.check.terraform import run_terraform
from generator.errors import InputError
from generator.observe import read_module, read_text

OVERRIDES = ("override.tf", "override.tf.json")


def check_module(
    folder: Path, download: bool = False, clean: Collection[Path] = frozenset()
) -> Check:
    """The findings about one module: those of Terraform, and those of our rules.

    Terraform need not look again at one that is known to be `clean`: see `clean_modules`.
    With `download`, Terraform may fetch the modules and providers that the module names. What our
    reader does not understand is no finding, as Terraform has found it if it is wrong.
    """
    check = Check(str(folder)) if folder in clean else run_terraform(folder, download)
    try:
        found = _judge(folder)
    except InputError as error:
        if any(finding.severity == "error" for finding in check.findings):
            return check
        reason = f"its security group rules are not checked: {error.mistakes[0]}"
        reasons = [check.skipped, reason] if check.skipped else [reason]
        return check._replace(skipped=", ".join(reasons))
    return check._replace(findings=(*check.findings, *found))


def _judge(folder: Path) -> list[Finding]:
    """The findings of our rules; none where override files change what the others have."""
    if any(path.name.endswith(OVERRIDES) for path in folder.iterdir()):
        return []
    return group_findings(read_module(folder, variables=False))


def check_plan(text: str, file: str) -> Check:
    """The findings of our rules about `terraform show -json` of a plan or a state."""
    try:
        return Check(file, tuple(group_findings(read_text(text, file))))
    except InputError as error:
        return Check(
            file,
            tuple(
                Finding(*mistake[:3], "error", "plan", mistake.message)
                for mistake in error.mistakes
            ),
        )
