"""Terraform as the tests run it: its binary, and a mirror of the AWS provider on this machine."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

PROVIDER = Path("registry.terraform.io", "hashicorp", "aws")
IMPLIED_MIRRORS = (
    Path.home() / ".terraform.d" / "plugins",
    Path.home() / ".local" / "share" / "terraform" / "plugins",
    Path("/usr/local/share/terraform/plugins"),
    Path("/usr/share/terraform/plugins"),
)
NOT_SEARCHED = {"proc", "sys", "dev", "run", "tmp"}
DEPTH = 4  # of the folder registry.terraform.io, counted from the root of the file system


@cache
def mirror() -> Path | None:
    searched = (*IMPLIED_MIRRORS, *_folders(Path(Path.home().anchor), DEPTH - 1))
    return next((folder for folder in searched if (folder / PROVIDER).is_dir()), None)


def _folders(top: Path, depth: int) -> Iterator[Path]:
    """The folder and those below it, nearest first; no hidden ones, no symbolic links."""
    level = [top]
    for _ in range(depth + 1):
        yield from level
        level = [below for folder in level for below in _below(folder) if folder != top
                 or below.name not in NOT_SEARCHED]  # fmt: skip


def _below(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            folders = [e.name for e in entries if e.is_dir(follow_symlinks=False)]
    except OSError:
        return []
    return [folder / name for name in sorted(folders) if not name.startswith(".")]


def require_terraform() -> None:
    if not shutil.which("terraform"):
        missing = "terraform is not on PATH"
    elif not mirror():
        missing = f"no folder of this machine holds {PROVIDER}"
    else:
        return
    if os.environ.get("CVO_SG_REQUIRE_TERRAFORM") == "1":
        pytest.fail(f"{missing}, and CVO_SG_REQUIRE_TERRAFORM=1")
    pytest.skip(missing)


def terraform(folder: Path, *args: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Run Terraform in a folder, with the mirror and without the user's own settings."""
    settings = folder / ".terraformrc"
    mirrored = (
        f'provider_installation {{\n  filesystem_mirror {{\n    path = "{mirror()}"\n  }}\n}}\n'
    )
    settings.write_text(mirrored)
    environment = {name: value for name, value in os.environ.items() if name[:3] != "TF_"}
    environment |= {"TF_CLI_CONFIG_FILE": str(settings), "TF_CLI_ARGS": "-no-color"}
    environment |= {"TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1"}
    return subprocess.run(
        ["terraform", *args],
        cwd=folder,
        env=environment,
        input=stdin,
        capture_output=True,
        text=True,
    )
