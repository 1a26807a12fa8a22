"""A copy of what Terraform needs of a module, and of the local modules that it calls.

Terraform runs what it finds where it runs: providers under `terraform.d/plugins`, provisioners
called `terraform-provisioner-*`, settings in `.terraform`. So it runs in a copy that holds
configuration, templates and the lock file, as regular files, and nothing else.
"""

from __future__ import annotations

import json
import os
import re
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from generator.check.files import UnreadableError, read_regular
from generator.check.findings import Finding
from generator.check.hcl import Block, read_hcl, read_json

CONFIGURATION = (".tf", ".tf.json")
FORMATTED = (".tf", ".tfvars", ".tftest.hcl", ".tfmock.hcl")  # what `terraform fmt` reads
TEMPLATE = ".tftpl"
LOCK = ".terraform.lock.hcl"
MANIFEST = Path(".terraform", "modules", "modules.json")
MAX_BYTES = 4 << 20  # of a file
MAX_CALLS = 500  # of modules, counted as Terraform installs them: once a call
MAX_FOLDERS = 2000  # that are searched for templates
# Calls of the functions that read files, or that render a text which may call them. A comment or an
# escape of JSON may stand within one.
_READS_FILES = re.compile(
    rb"\b(?:(?:template)?file\w*|templatestring)\s*[(/#\\]|\\u00(?:28|[67][0-9a-f])", re.IGNORECASE
)


class Mirror(NamedTuple):
    """Where the copy is, and what is not in it."""

    module: Path
    """The folder of the module itself."""
    formatted: Path
    """A folder with the files of the module that `terraform fmt` reads."""
    findings: tuple[Finding, ...]
    """Files and calls that are wrong."""
    remote: tuple[str, ...]
    """The calls of modules that would have to be fetched, in words."""
    reads_files: bool
    """Whether an expression may read any file of this machine while Terraform validates."""

    @property
    def is_whole(self) -> bool:
        """Whether nothing is missing, and nothing is read but the copy."""
        return not (self.findings or self.remote or self.reads_files)


class Call(NamedTuple):
    """A call of a module: its name and its source, and where it stands."""

    name: str
    source: str
    file: Path
    line: int

    @property
    def is_local(self) -> bool:
        """Whether its source is a path, as Terraform decides it."""
        return self.source.startswith(("./", "../"))


class Installed(NamedTuple):
    """A module as a call of the one above it installs it."""

    key: str
    """The names of the calls that lead to it, with dots between them."""
    source: str
    folder: Path
    above: tuple[Path, ...]


def make_mirror(folder: Path, root: Path) -> Mirror:
    """Copy a module to below `root`. `folder` is named in findings as it is given."""
    start = folder.resolve()
    modules, wrong, remote = _follow(start)
    folders = list(dict.fromkeys(module.folder for module in modules))
    top = Path(os.path.commonpath(folders))
    boundary = _repository(start)
    for each in folders:
        target = root / "modules" / each.relative_to(top)
        wrong += _copy(_configuration(each), each, target, boundary)
        _copy(_templates(each), each, target, boundary)
    module = root / "modules" / start.relative_to(top)
    _copy([start / LOCK], start, module, boundary)
    _copy(_named(start, FORMATTED), start, root / "formatted", boundary)
    _write_manifest(module, start, modules)
    findings = tuple(
        Finding(_as_given(file, start, folder), line, 0, "error", "terraform-module", message)
        for file, line, message in dict.fromkeys(wrong)
    )
    copied = (root / "modules").rglob("*.tf*")
    reads_files = any(_READS_FILES.search(file.read_bytes()) for file in copied if file.is_file())
    remote = list(dict.fromkeys(remote))
    return Mirror(module, root / "formatted", findings, tuple(remote), reads_files)


Wrong = list[tuple[Path, int, str]]


def _follow(start: Path) -> tuple[list[Installed], Wrong, list[str]]:
    """The module with all local ones below it; which calls are wrong, and which are remote."""
    boundary = _repository(start)
    found, wrong, remote = [Installed("", "", start, ())], Wrong(), list[str]()
    calls: dict[Path, tuple[Call, ...]] = {}
    todo = deque(found)
    while todo:
        module = todo.popleft()
        if module.folder not in calls:
            calls[module.folder] = tuple(_calls(module.folder))
        for call in calls[module.folder]:
            if not call.is_local:
                remote.append(f"remote module {call.source}")
                continue
            folder = Path(os.path.normpath(module.folder / call.source))
            reason = _refused(folder, call, module, boundary)
            if not reason and len(found) >= MAX_CALLS:
                reason = f"only the first {MAX_CALLS} module calls are followed"
            if reason:
                wrong.append((call.file, call.line, f'module "{call.name}": {reason}'))
            else:
                key = f"{module.key}.{call.name}".lstrip(".")
                above = (*module.above, module.folder)
                found.append(Installed(key, call.source, folder, above))
                todo.append(found[-1])
        if len(found) >= MAX_CALLS:
            break
    return found, wrong, remote


def _refused(folder: Path, call: Call, caller: Installed, boundary: Path) -> str | None:
    """Why a local module is not followed, if it is not."""
    if not folder.is_dir():
        return f"{call.source} is not a folder"
    if folder in (*caller.above, caller.folder):
        return "the module calls itself"
    return _leaves(folder, boundary)


def _leaves(path: Path, boundary: Path) -> str | None:
    """Whether a symbolic link in a path leads out of the repository. A plain path may."""
    real = Path(os.path.realpath(path))  # resolve() fails for a link to itself
    if real == path or real.is_relative_to(boundary):
        return None
    return f"a symbolic link leads to {real}, outside {boundary}"


def _repository(folder: Path) -> Path:
    """The repository that a folder is in, or else the folder."""
    return next((f for f in (folder, *folder.parents) if (f / ".git").exists()), folder)


def _calls(folder: Path) -> Iterator[Call]:
    """The calls of a module's files; files that override others come last, and win."""
    found = {}
    for file in sorted(_configuration(folder), key=lambda file: (_overrides(file), file)):
        for name, block in _read_calls(file):
            for source in block.strings.get("source", [])[:1]:
                found[name] = Call(name, source, file, block.line)
    yield from found.values()


def _overrides(file: Path) -> bool:
    stem = file.name.split(".")[0]
    return stem == "override" or stem.endswith("_override")


def _read_calls(file: Path) -> Iterator[tuple[str, Block]]:
    try:
        text = read_regular(file, MAX_BYTES).decode("utf-8-sig", "replace")
        top = read_json(text) if file.suffix == ".json" else read_hcl(text)
    except (UnreadableError, ValueError, RecursionError):
        return
    for block in top.blocks:
        if block.words[:1] == ("module",) and len(block.words) == 2:
            yield block.words[1], block
        elif block.words == ("module",):
            yield from ((each.words[0], each) for each in block.blocks)


def _configuration(folder: Path) -> list[Path]:
    return _named(folder, CONFIGURATION)


def _named(folder: Path, endings: tuple[str, ...]) -> list[Path]:
    """The files that Terraform reads: not those of editors."""
    try:
        names = sorted(os.listdir(folder))  # noqa: PTH208  # names, which need not be text
    except OSError:
        return []
    return [folder / n for n in names if n.endswith(endings) and not n.startswith((".", "#"))]


def _templates(folder: Path) -> Iterator[Path]:
    for number, (name, folders, files) in enumerate(os.walk(folder)):
        folders[:] = sorted(f for f in folders if not f.startswith(".") and f != "terraform.d")
        yield from (Path(name, file) for file in files if file.endswith(TEMPLATE))
        if number >= MAX_FOLDERS:
            return


def _copy(files: Iterable[Path], folder: Path, target: Path, boundary: Path) -> Wrong:
    """Copy files to the same places below another folder; which ones cannot be copied."""
    wrong = Wrong()
    target.mkdir(parents=True, exist_ok=True)
    for file in files:
        reason = _leaves(file, boundary)
        try:
            content = b"" if reason else read_regular(file, MAX_BYTES + 1)
            if len(content) > MAX_BYTES:
                reason = f"is larger than {MAX_BYTES >> 20} MiB"
        except UnreadableError as error:
            reason = str(error)
        if reason:
            wrong.append((file, 0, f"not validated: {reason}"))
            continue
        copy = target / file.relative_to(folder)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(content)
    return wrong


def _write_manifest(module: Path, start: Path, modules: list[Installed]) -> None:
    """The list of installed modules that `terraform init` writes, so that it need not fetch any."""
    listed = [
        {"Key": each.key, "Source": each.source, "Dir": os.path.relpath(each.folder, start)}
        for each in modules
    ]
    manifest = module / MANIFEST
    manifest.parent.mkdir(parents=True)
    manifest.write_text(json.dumps({"Modules": listed}), encoding="utf-8")


def _as_given(file: Path, start: Path, folder: Path) -> str:
    """The path of a file as the user would write it, who wrote `folder` for `start`."""
    return os.path.normpath(folder / os.path.relpath(file, start))
