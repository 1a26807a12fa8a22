"""What a template's own metadata tells cfn-lint to ignore, at the top and in its resources.

cfn-lint obeys `Metadata: {cfn-lint: {config: ...}}` without a word, reads files that it names, and
crashes where it does not have the expected shape.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from generator.check.findings import Finding

_LOCATION = ("Metadata", "cfn-lint", "config")
_KEPT = {  # the others name files to read
    "configure_rules": dict,
    "ignore_checks": list,
    "include_checks": list,
    "include_experimental": bool,
    "regions": list,
}


def take_settings(template: Any, file: str, obeyed: bool) -> Iterator[Finding]:
    """Report the settings in a template, and remove those that are not to be obeyed.

    Changes the template. A note is a setting that hides findings; an error is one of a wrong shape.
    """
    for owner, where in _owners(template):
        parent, key, wrong = _locate(owner)
        if key is None:
            continue
        line = _line(key)
        if wrong:
            del parent[key]
            yield Finding(file, line, 0, "error", "metadata", f"{where}: {wrong}")
        elif not obeyed:
            del parent[key]
        else:
            parent[key] = {k: v for k, v in parent[key].items() if isinstance(v, _kept(k))}
            for sentence in _hidden(parent[key]):
                message = f"{sentence} in {where}; --no-suppressions reports everything"
                yield Finding(file, line, 0, "note", "suppression", message)


def _owners(template: Any) -> Iterator[tuple[dict[Any, Any], str]]:
    if isinstance(template, dict):
        yield template, "the template"
        resources = template.get("Resources")
        for name, resource in resources.items() if isinstance(resources, dict) else ():
            if isinstance(resource, dict):
                yield resource, f"resource {name}"


def _locate(owner: dict[Any, Any]) -> tuple[dict[Any, Any], Any, str | None]:
    """What holds the settings, under which key, and what is wrong there; no key if there are none.

    Where something above the settings is wrong, the key is its own.
    """
    parent = owner
    for depth, name in enumerate(_LOCATION, 1):
        key = next((key for key in parent if key == name), None)
        if key is None:
            return parent, None, None
        if not isinstance(parent[key], dict):
            return parent, key, f"{'.'.join(_LOCATION[:depth])} must be a mapping"
        if depth == len(_LOCATION):
            return parent, key, _wrong(parent[key])
        parent = parent[key]
    raise AssertionError


def _wrong(settings: dict[Any, Any]) -> str | None:
    ignored = settings.get("ignore_checks", [])
    if not isinstance(ignored, list) or not all(isinstance(rule, str) for rule in ignored):
        return "Metadata.cfn-lint.config.ignore_checks must be a list of rule IDs"
    return None


def _kept(key: Any) -> type | tuple[()]:
    return _KEPT.get(key, ()) if isinstance(key, str) else ()


def _hidden(settings: dict[str, Any]) -> Iterator[str]:
    if settings.get("ignore_checks"):
        yield f"rules {', '.join(settings['ignore_checks'])} are ignored"
    if settings.get("configure_rules"):
        yield f"rules {', '.join(map(str, settings['configure_rules']))} are configured"


def _line(key: Any) -> int:
    mark = getattr(key, "start_mark", None)
    return mark.line + 1 if mark else 0
