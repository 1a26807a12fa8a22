"""Check: Terraform modules through `terraform fmt` and `terraform validate`.

Terraform runs in a temporary copy of the module, and nothing is written beside the module itself.
Unless downloads are allowed, no module is fetched, and providers come from this machine only: see
`mirror` and `providers`. Where Terraform or something it needs is missing, that is a reason for a
check that is not complete, and not a finding.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from generator.check.findings import Check, Finding
from generator.check.mirror import make_mirror
from generator.check.providers import offline_settings

DOWNLOAD_SECONDS = 600  # installing a provider takes long over a slow line
SECONDS = 120
# Of what the user sets, with downloads: where providers and modules come from. The rest would
# change what is checked, where Terraform writes, or what it logs.
_USERS = re.compile(r"TF_(CLI_CONFIG_FILE|PLUGIN_CACHE_DIR|TOKEN_.*|REGISTRY_.*)")
_NEEDED = ("PATH", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT", "LANG", "LC_ALL")
_NOT_INSTALLED = (
    "Missing required provider",
    "Module not installed",
    "Inconsistent dependency lock file",
)
_CANNOT_BE_HAD = re.compile(
    "available provider packages|install provider|download module|module registry|seconds|be run",
    re.IGNORECASE,
)
_NO_PROVIDER = re.compile(r"available versions for provider (\S+):")
_NOT_HERE = "no version of the provider {} that it accepts is in your mirrors or plugin cache"
_PLACE = re.compile(r" on \S.* line \d")  # in a message: code and values follow
_LEFT_OUT = "(details are left out, because they may quote a file that the module reads)"
_MISSING_FILE = re.compile(r'no file exists at "([^"]+)"')
_DOWNLOAD = "--download lets Terraform fetch what is missing"
MEMORY = 4 << 30  # bytes of data; a function in a module can read a device that has no end


def executable() -> str | None:
    """The Terraform on PATH; one in the working directory, which Windows prefers, is none."""
    found = shutil.which("terraform")
    return found if found and Path(found).is_absolute() else None


def run_terraform(folder: Path, download: bool = False) -> Check:
    """The findings of `terraform fmt -check` and `terraform validate` about one module.

    With `download`, Terraform may fetch the modules and providers that the module names.
    """
    if not executable():
        return Check(str(folder), skipped="not checked, because terraform is not on PATH")
    with TemporaryDirectory(prefix="cvo-sg-") as temporary:
        root = Path(temporary).resolve()
        mirror = make_mirror(folder, root)
        environment = terraform_environment(root, download)
        unformatted = _unformatted(folder, mirror.formatted, environment)
        failure = initialize(mirror.module, environment, download)
        diagnostics = diagnose(mirror.module, environment)
    reasons = [] if download else list(mirror.remote)
    if failure:
        if mirror.reads_files:
            failure = _PLACE.split(failure)[0]
        diagnostics = [d for d in diagnostics if d["summary"] not in (*_NOT_INSTALLED, failure)]
        if not (diagnostics or reasons or mirror.findings):
            if _CANNOT_BE_HAD.search(failure):
                missing = None if download else _NO_PROVIDER.search(failure)
                reasons.append(_NOT_HERE.format(missing[1]) if missing else failure)
            else:
                diagnostics = [{"severity": "error", "summary": failure}]
    if reasons and not download:
        reasons[-1] += f" ({_DOWNLOAD})"
    diagnostics, unread = _without_missing(diagnostics, folder)
    reasons += [f"it reads {path}, which is not copied" for path in unread]
    if mirror.reads_files:
        diagnostics = [d | {"detail": _LEFT_OUT} if d.get("detail") else d for d in diagnostics]
    findings = (*unformatted, *mirror.findings, *(_finding(folder, d) for d in diagnostics))
    skipped = f"not validated: {', '.join(reasons)}" if reasons else None
    return Check(str(folder), findings, skipped)


def unformatted_names(
    copy: Path, environment: Mapping[str, str], *options: str
) -> list[str] | None:
    """The files in a folder that `terraform fmt` would change; None where it cannot read one."""
    result = _run(copy, environment, "fmt", "-check", "-list=true", "-no-color", *options)
    return result.stdout.splitlines() if result.returncode in (0, 3) else None


def _unformatted(folder: Path, copy: Path, environment: Mapping[str, str]) -> list[Finding]:
    message = "not formatted: run terraform fmt"
    return [
        Finding(str(folder / name), 0, 0, "error", "terraform-fmt", message)
        for name in unformatted_names(copy, environment) or ()
    ]


def initialize(module: Path, environment: Mapping[str, str], download: bool) -> str | None:
    """Install providers, and modules if they may be fetched. Why it fails, if it does."""
    seconds = DOWNLOAD_SECONDS if download else SECONDS
    fetch = f"-get={str(download).lower()}"
    options = ("-backend=false", fetch, "-input=false", "-no-color")
    result = _run(module, environment, "init", *options, seconds=seconds)
    return (_errors(result.stderr) or "terraform init failed") if result.returncode else None


def diagnose(module: Path, environment: Mapping[str, str]) -> list[dict[str, Any]]:
    """What `terraform validate` finds in a module whose providers are installed."""
    result = _run(module, environment, "validate", "-json", "-no-color")
    try:
        found: list[dict[str, Any]] = json.loads(result.stdout)["diagnostics"]
    except (ValueError, KeyError):
        text = _errors(result.stderr or result.stdout)
        found = [{"severity": "error", "summary": text or "terraform validate printed nothing"}]
    return found


def _without_missing(
    diagnostics: list[dict[str, Any]], folder: Path
) -> tuple[list[dict[str, Any]], list[str]]:
    """What is found but for files that are missing in the copy only; and those files."""
    kept: list[dict[str, Any]] = []
    unread: dict[str, None] = {}
    for diagnostic in diagnostics:
        missing = _MISSING_FILE.search(diagnostic.get("detail", ""))
        if missing and (folder / missing[1]).exists():
            unread[missing[1]] = None
        else:
            kept.append(diagnostic)
    return kept, list(unread)


def _errors(output: str) -> str:
    """The errors that Terraform printed, in one line of at most 300 characters."""
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


def terraform_environment(root: Path, download: bool) -> dict[str, str]:
    """The variables that Terraform gets.

    With downloads, the user's, but for those of Terraform that would change what is checked.
    Without, only what a program needs to start: a module can read its own environment and the home
    folder, and Terraform's messages quote what a function cannot convert.
    """
    if download:
        environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("TF_") or _USERS.fullmatch(name)
        }
    else:
        settings, empty, home = root / "terraform.tfrc.json", root / "empty", root / "home"
        empty.mkdir()
        home.mkdir()
        settings.write_text(offline_settings(os.environ, empty), encoding="utf-8")
        environment = {name: os.environ[name] for name in _NEEDED if name in os.environ}
        environment |= {"HOME": str(home), "TF_CLI_CONFIG_FILE": str(settings)}
    return environment | {
        "TF_IN_AUTOMATION": "1",
        "CHECKPOINT_DISABLE": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GOGC": "400",  # less garbage collection: a quarter of the time of a short run
        "TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE": "1",
    }


def _run(
    folder: Path, environment: Mapping[str, str], *arguments: str, seconds: int = SECONDS
) -> subprocess.CompletedProcess[str]:
    command = [executable() or "terraform", *arguments]
    process = None
    try:
        with _signals_held():
            process = subprocess.Popen(
                command,
                cwd=folder,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                encoding="utf-8",
                errors="replace",
                start_new_session=True,  # so that its providers end with it
                preexec_fn=_release_signals if os.name == "posix" else None,
            )
        _limit_memory(process.pid)
        stdout, stderr = process.communicate(timeout=seconds)
    except OSError as error:
        return subprocess.CompletedProcess(command, 1, "", f"terraform cannot be run: {error}")
    except subprocess.TimeoutExpired:
        reason = f"terraform {arguments[0]} took more than {seconds} seconds"
        return subprocess.CompletedProcess(command, 1, "", reason)
    finally:
        if process:
            _end(process)
    return subprocess.CompletedProcess(command, process.returncode, stdout, stderr)


@contextmanager
def _signals_held() -> Iterator[None]:
    """Let a signal wait until the started program is known, so that it can be ended."""
    if os.name != "posix":
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _release_signals() -> None:
    """In the started program, which inherits what is held."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, signal.valid_signals())


def _limit_memory(pid: int) -> None:
    if sys.platform == "linux":
        import resource

        with suppress(OSError):  # it may have ended
            resource.prlimit(pid, resource.RLIMIT_DATA, (MEMORY, MEMORY))


def _end(process: subprocess.Popen[str]) -> None:
    """End Terraform and its providers, where they have not ended: whatever interrupted us."""
    if process.poll() is None:
        if sys.platform == "win32":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
