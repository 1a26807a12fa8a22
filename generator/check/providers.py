"""Where Terraform may take providers from while nothing is downloaded.

Terraform's own search begins in `terraform.d/plugins` of the folder it runs in and ends at a
registry (see `provider_source.go` in its source, and "Provider Installation" in the documentation
of its CLI configuration file). Neither is for a module that nobody vouches for. So Terraform gets a
configuration that lists only what the user's own one does: file system mirrors and the plugin
cache, or the folders that are mirrors without being listed.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from generator.check.files import UnreadableError, read_regular
from generator.check.hcl import Block, read_hcl, read_json

LIMIT = 1 << 20


def offline_settings(environment: Mapping[str, str], empty: Path) -> str:
    """A CLI configuration, in JSON, that installs providers from this machine only.

    `empty` is an empty folder: Terraform ignores a list without any mirror, and asks a registry.
    """
    users = list(_configurations(environment))
    explicit = [each for top in users for each in _named(top, "provider_installation")]
    caches = [path for top in users for path in top.strings.get("plugin_cache_dir", [])]
    caches.append(environment.get("TF_PLUGIN_CACHE_DIR", ""))
    mirrors = [
        {key: block.strings[key] for key in ("path", "include", "exclude") if key in block.strings}
        for each in explicit
        for block in _named(each, "filesystem_mirror")
    ]
    if not explicit:
        mirrors = [{"path": [str(folder)]} for folder in _implied(environment)]
    mirrors += [{"path": [os.path.expandvars(cache)]} for cache in caches]
    usable = [{**each, "path": each["path"][0]} for each in mirrors if _usable(each)]
    methods = {"filesystem_mirror": [*usable, {"path": str(empty)}]}
    return json.dumps({"provider_installation": methods})


def _usable(mirror: dict[str, list[str]]) -> bool:
    """Whether it can be searched; a relative path would be one in the module that is checked."""
    path = Path(mirror.get("path", [""])[0])
    return path.is_absolute() and path.is_dir()


def _configurations(environment: Mapping[str, str]) -> Iterator[Block]:
    """The user's CLI configuration files, as far as they can be read."""
    chosen = environment.get("TF_CLI_CONFIG_FILE")
    if chosen:
        files = [Path(chosen)]
    elif sys.platform == "win32":
        files = [Path(environment.get("APPDATA", ""), "terraform.rc")]
    else:
        files = [_home(environment) / ".terraformrc"]
    if not chosen:
        folder = _settings(environment)
        files += sorted([*folder.glob("*.tfrc"), *folder.glob("*.tfrc.json")])
    for file in files:
        try:
            text = read_regular(file, LIMIT).decode("utf-8", "replace")
            yield read_json(text) if text.lstrip().startswith("{") else read_hcl(text)
        except (UnreadableError, ValueError, RecursionError):
            continue


def _implied(environment: Mapping[str, str]) -> Iterator[Path]:
    """The mirrors that Terraform searches by default, but for that of the module."""
    yield _settings(environment) / "plugins"
    home = _home(environment)
    if sys.platform == "win32":
        yield Path(environment.get("APPDATA", ""), "HashiCorp", "Terraform", "plugins")
    elif sys.platform == "darwin":
        for root in (home, Path("/")):
            yield root / "Library" / "Application Support" / "io.terraform" / "plugins"
    else:
        data = [environment.get("XDG_DATA_HOME") or str(home / ".local" / "share")]
        data += (environment.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share").split(":")
        yield from (Path(folder, "terraform", "plugins") for folder in data)


def _home(environment: Mapping[str, str]) -> Path:
    return Path(environment.get("HOME") or Path.home())


def _settings(environment: Mapping[str, str]) -> Path:
    if sys.platform == "win32":
        return Path(environment.get("APPDATA", ""), "terraform.d")
    return _home(environment) / ".terraform.d"


def _named(block: Block, word: str) -> list[Any]:
    return [each for each in block.blocks if each.words == (word,)]
