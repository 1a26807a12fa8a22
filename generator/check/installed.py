"""What can change a verdict of cfn-lint, other than the template: what is installed, as a digest.

cfn-lint is not imported, which is what takes long, nor are the packages asked for their metadata.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path

_PACKAGE = Path(__file__).parents[1]
_METADATA = (".dist-info", ".egg-info")
# The rules of the pack, and all that they use: among it, the ports of the rule data.
_OURS = ("check", "errors.py", "light.py", "load", "model", "observe")


@cache
def installed() -> str | None:
    """A digest of the tools that lint; None where it is not certain what they are.

    Each package has a folder with its name and version beside it: whatever else cfn-lint uses is
    among them. It may have newer schemas than its own in a folder of the user's. Of this project
    it is the source that counts.
    """
    spec = find_spec("cfnlint")
    if not spec or not spec.origin:
        return None
    cfnlint = Path(spec.origin).parent
    digest = hashlib.sha256(f"{sys.version} {cfnlint}".encode())
    try:
        names = [name for folder in _folders(cfnlint.parent) for name in sorted(_packages(folder))]
        if not any(name.startswith("cfn_lint-") for name in _packages(cfnlint.parent)):
            return None
        digest.update("\n".join(names).encode())
        for path in (cfnlint / "version.py", cfnlint / "data/schemas/version.json"):
            digest.update(path.read_bytes())
        for path in (*schemas(), *_sources()):
            digest.update(f"\n{path} ".encode() + path.read_bytes())
    except OSError:
        return None
    return digest.hexdigest()


def schemas() -> list[Path]:
    """The date of the schemas that the user has downloaded with `cfn-lint --update-specs`, if any.

    The folder is that of `get_cache_dir` in cfn-lint's `helpers`.
    """
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA", _home("AppData/Local"))
    elif sys.platform == "darwin":
        base = _home("Library/Caches")
    else:
        base = os.environ.get("XDG_CACHE_HOME", _home(".cache"))
    path = Path(base, "aws/cfn-lint/schemas/version.json")
    return [path] if path.is_file() else []


def _home(folder: str) -> str:
    return os.path.expanduser(f"~/{folder}")  # noqa: PTH111  # which fails without a home


def _folders(own: Path) -> list[Path]:
    """Where packages may be installed, be it with `pip install --target`."""
    others = (Path(entry) for entry in sys.path if entry)
    return [*dict.fromkeys((own, *others))]


@cache
def _packages(folder: Path) -> list[str]:
    try:
        names = os.listdir(folder)  # noqa: PTH208  # much faster
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return []  # from which nothing can be imported
    return [name for name in names if name.endswith(_METADATA)]


def _sources() -> Iterator[Path]:
    """Our own source, and the rule data. Raises OSError where there is only compiled code."""
    from generator.load import shipped

    for name in _OURS:
        path = _PACKAGE / name
        yield from sorted(path.rglob("*.py")) if path.is_dir() else [path]
    yield from sorted(shipped("rule_data").rglob("*.yaml"))
