"""Values of a template in one way of writing them, so that the same values are equal."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from ipaddress import ip_network
from typing import Any

_IDS = ("GroupId", "PrefixListId")
_ONLY = re.compile(r"\$\{([A-Za-z0-9]+)(?:\.(?:GroupId|PrefixListId))?\}")


def canonical(value: Any) -> str:
    """A value such that equal ones are equal, however they are written."""
    if isinstance(value, str):
        return _canonical_text(value)
    return reference(value) or json.dumps(value, sort_keys=True, default=str)


def reference(value: Any) -> str | None:
    """The logical id in `!Ref X` and `!GetAtt X.GroupId`, which are the same for a group."""
    if not isinstance(value, dict) or len(value) != 1:
        return None
    substitution = value.get("Fn::Sub")
    if isinstance(substitution, str):
        only = _ONLY.fullmatch(substitution)
        return only[1] if only else None
    if isinstance(value.get("Ref"), str):
        return str(value["Ref"])
    target = value.get("Fn::GetAtt")
    parts = target.split(".") if isinstance(target, str) else target
    if isinstance(parts, list) and len(parts) == 2 and parts[1] in _IDS:
        return str(parts[0])
    return None


@lru_cache(maxsize=4096)
def _canonical_text(value: str) -> str:
    try:
        return str(ip_network(value, strict=False))
    except ValueError:
        return value
