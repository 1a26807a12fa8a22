"""Terraform as the tests run it: its binary, and a mirror of the AWS provider on this machine."""

from __future__ import annotations

import atexit
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from states import address

PROVIDER = Path("registry.terraform.io", "hashicorp", "aws")
IMPLIED_MIRRORS = (
    Path.home() / ".terraform.d" / "plugins",
    Path.home() / ".local" / "share" / "terraform" / "plugins",
    Path("/usr/local/share/terraform/plugins"),
    Path("/usr/share/terraform/plugins"),
)
NOT_SEARCHED = {"proc", "sys", "dev", "run", "tmp"}  # below the root
DEPTH = 3  # of a mirror below the root: registry.terraform.io is one deeper
SETTINGS = """
provider_installation {
  filesystem_mirror {
    path = "%s"
  }
}
"""
REQUIRED = """
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}
"""
WITHOUT_PROVIDER = ("fmt", "get", "init")


@cache
def mirror() -> Path | None:
    searched = (*IMPLIED_MIRRORS, *_folders(Path(Path.cwd().anchor)))
    return next((folder for folder in searched if (folder / PROVIDER).is_dir()), None)


def _folders(root: Path) -> Iterator[Path]:
    for name, below, _ in os.walk(root):
        folder = Path(name)
        yield folder
        deepest = len(folder.parts) > DEPTH
        skipped = NOT_SEARCHED if folder == root else ()
        below[:] = [n for n in below if not (deepest or n.startswith(".") or n in skipped)]


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
    """Run a command of Terraform, with a provider that all commands of this process share."""
    shared = {} if args[0] in WITHOUT_PROVIDER else {"TF_REATTACH_PROVIDERS": running_provider()}
    return _run(folder, args, stdin, shared)


@cache
def running_provider() -> str:
    """Start the provider in its debug mode; what tells Terraform where it is.

    Starting it takes longer than most of what it does, and a plan alone would start it three times.
    """
    folder = Path(tempfile.mkdtemp(prefix="cvo-sg-provider-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    (folder / "main.tf").write_text(REQUIRED)
    succeeded(_run(folder, ("init",)))
    installed = folder / ".terraform" / "providers" / PROVIDER
    [binary] = installed.glob("*/*/terraform-provider-aws*")
    process = subprocess.Popen(
        [binary, "-debug"],
        cwd=folder,
        env=_environment() | {"GOMEMLIMIT": "2GiB"},  # it grows from run to run
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    atexit.register(process.wait)
    atexit.register(process.kill)  # before it
    assert process.stdout
    for line in process.stdout:
        if found := re.search("TF_REATTACH_PROVIDERS='(.*)'", line):
            return found[1]
    raise AssertionError("the provider ended without a word of where it is")


def _run(folder, args, stdin="", variables=None) -> subprocess.CompletedProcess[str]:
    settings = folder / ".terraformrc"
    settings.write_text(SETTINGS % mirror())
    own = {"TF_CLI_CONFIG_FILE": str(settings), "TF_HTTP_ADDRESS": address(folder)}
    environment = _environment() | own | (variables or {})
    command = ["terraform", *args]
    return subprocess.run(
        command, cwd=folder, env=environment, input=stdin, capture_output=True, text=True
    )


def _environment() -> dict[str, str]:
    users_own = {name for name in os.environ if name.startswith(("TF_", "AWS_"))}
    return {
        **{name: os.environ[name] for name in os.environ.keys() - users_own},
        "TF_CLI_ARGS": "-no-color",
        "TF_IN_AUTOMATION": "1",
        "CHECKPOINT_DISABLE": "1",
        # A quarter of a short run would be garbage collection.
        "GOGC": "off",
        "GOMEMLIMIT": "1500MiB",
    }


def succeeded(result: subprocess.CompletedProcess[str]) -> str:
    """What a command that has to succeed printed."""
    assert result.returncode == 0, result.stderr + result.stdout[-3000:]
    return result.stdout
