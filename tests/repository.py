"""A repository of git for tests, with deployments and what is generated from them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

SOMEBODY = "[user]\nname = Nobody\nemail = nobody@example.com\n"


def git(*words: str, folder: Path | str = ".") -> str:
    """What git prints, whatever the settings of whoever runs the tests."""
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    done = subprocess.run(
        ["git", *words], cwd=folder, env=environment, check=True, capture_output=True, text=True
    )
    return done.stdout


def init(folder: Path | str = ".") -> None:
    """An empty repository with somebody who commits."""
    git("init", "--quiet", "--initial-branch=main", folder=folder)
    with Path(folder, ".git", "config").open("a") as file:
        file.write(SOMEBODY)


def commit(folder: Path | str = ".") -> None:
    """A commit of everything that is there."""
    git("add", "--all", folder=folder)
    git("commit", "--quiet", "--allow-empty", "--message", "change", folder=folder)
