"""A repository of git for tests, with deployments and what is generated from them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path


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
    git("config", "user.name", "Nobody", folder=folder)
    git("config", "user.email", "nobody@example.com", folder=folder)


def commit(folder: Path | str = ".") -> None:
    """A commit of everything that is there."""
    git("add", "--all", folder=folder)
    git("commit", "--quiet", "--allow-empty", "--message", "change", folder=folder)
