"""Check: Terraform modules through `terraform fmt` and `terraform validate`.

Nothing is written where the modules are: what Terraform installs, it installs in a temporary mirror
of the folder, made of links. Where Terraform or its providers cannot be had, that is a reason and
not a finding.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from generator.check.findings import Check, Finding

SECONDS = 600  # installing a provider takes long over a slow line
_LOCAL_SOURCE = re.compile(r"""^\s*source\s*=\s*"(\.\.?/[^"]*)"\s*$""", re.MULTILINE)
_LOCK = ".terraform.lock.hcl"
# What a user sets for work of their own would change what is checked, or where.
_NOT_OURS = re.compile(r"TF_(CLI_ARGS.*|DATA_DIR|WORKSPACE|LOG.*|VAR_.*|INPUT)")
_NOT_INSTALLED = (
    "Missing required provider",
    "Module not installed",
    "Inconsistent dependency lock file",
)
_CANNOT_BE_HAD = re.compile(
    "available provider packages|install provider|download module|module registry|seconds|be run",
    re.IGNORECASE,
)


def is_module(folder: Path) -> bool:
    """Whether a folder holds files of Terraform."""
    return any(path.name.endswith((".tf", ".tf.json")) for path in folder.iterdir())


def installed() -> bool:
    """Whether there is a Terraform to run."""
    return shutil.which("terraform") is not None


def check_module(folder: Path) -> Check:
    """The findings of `terraform fmt -check` and `terraform validate` about one module."""
    if not installed():
        return Check(str(folder), skipped="not checked, because terraform is not on PATH")
    findings = tuple(_unformatted(folder))
    with TemporaryDirectory(prefix="cvo-sg-") as temporary:
        root = Path(temporary).resolve()
        mirror = _mirror(folder.resolve(), root / "modules")
        cache = {"TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE": "1"}
        init = _run(mirror, "init", "-backend=false", "-input=false", "-no-color", **cache)
        diagnostics = _diagnostics(mirror)
    if init.returncode:
        reason = _told(init.stderr) or "terraform init failed"
        diagnostics = [d for d in diagnostics if d["summary"] not in (*_NOT_INSTALLED, reason)]
        if not diagnostics and _CANNOT_BE_HAD.search(reason):
            return Check(str(folder), findings, f"not validated, because of: {reason}")
        diagnostics = diagnostics or [{"severity": "error", "summary": reason}]
    return Check(str(folder), findings + tuple(_finding(folder, d) for d in diagnostics))


def _unformatted(folder: Path) -> Iterator[Finding]:
    result = _run(folder, "fmt", "-check", "-list=true", "-no-color")
    if result.returncode == 3:
        for name in result.stdout.splitlines():
            message = "terraform fmt would change this file: run it"
            yield Finding(str(folder / name), 0, 0, "error", "terraform-fmt", message)


def _diagnostics(folder: Path) -> list[dict[str, Any]]:
    result = _run(folder, "validate", "-json", "-no-color")
    try:
        found: list[dict[str, Any]] = json.loads(result.stdout)["diagnostics"]
    except (ValueError, KeyError):
        text = _told(result.stderr or result.stdout)
        found = [{"severity": "error", "summary": text or "terraform validate says nothing"}]
    return found


def _told(output: str) -> str:
    """What Terraform's own words come to in a line: its errors, without frames."""
    text = " ".join(re.sub("[╷│╵]", " ", output).split())
    text = text[max(text.find("Error: "), 0) :].removeprefix("Error: ")
    return text if len(text) <= 300 else text[:297].rsplit(" ", 1)[0] + "..."


def _finding(folder: Path, diagnostic: dict[str, Any]) -> Finding:
    place = diagnostic.get("range") or {}
    start = place.get("start", {})
    texts = (diagnostic["summary"], diagnostic.get("detail", ""))
    file = os.path.normpath(folder / place["filename"]) if place.get("filename") else str(folder)
    return Finding(
        file,
        start.get("line", 0),
        start.get("column", 0),
        "error" if diagnostic["severity"] == "error" else "warning",
        "terraform-validate",
        ": ".join(" ".join(text.split()).rstrip(".") for text in texts if text),
    )


def _run(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not _NOT_OURS.match(name)}
    environment |= {"TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1", **variables}
    command = ["terraform", *arguments]
    try:
        return _run_group(command, folder, environment)
    except subprocess.TimeoutExpired:
        reason = f"terraform {arguments[0]} took more than {SECONDS} seconds"
        return subprocess.CompletedProcess(command, 1, "", reason)
    except OSError as error:
        return subprocess.CompletedProcess(command, 1, "", f"terraform cannot be run: {error}")


def _run_group(
    command: list[str], folder: Path, environment: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run a command, and end with it all that it starts, however the wait for it ends."""
    with subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,
    ) as process:
        try:
            stdout, stderr = process.communicate(timeout=SECONDS)
        except BaseException:
            with suppress(OSError):
                os.killpg(process.pid, signal.SIGKILL) if os.name == "posix" else process.kill()
            raise
    return subprocess.CompletedProcess(command, process.returncode, stdout, stderr)


def _mirror(folder: Path, root: Path) -> Path:
    """Links to the files of a module and of the local modules that it calls; where it stands."""
    folders = _with_local_modules(folder)
    top = Path(os.path.commonpath(folders))
    for original in folders:
        (root / original.relative_to(top)).mkdir(parents=True, exist_ok=True)
    for original in folders:
        for entry in original.iterdir():
            link = root / original.relative_to(top) / entry.name
            if entry.name == _LOCK:
                shutil.copyfile(entry, link)
            elif entry.name != ".terraform" and not link.exists():
                link.symlink_to(entry)
    return root / folder.relative_to(top)


def _with_local_modules(folder: Path) -> list[Path]:
    found = [folder]
    for each in found:
        for path in sorted(each.glob("*.tf")):
            text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
            for source in _LOCAL_SOURCE.findall(text):
                called = Path(os.path.normpath(each / source))
                if called.is_dir() and called not in found:
                    found.append(called)
    return found
