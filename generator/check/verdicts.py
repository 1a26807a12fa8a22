"""What cfn-lint found in a template before, so that it need not be linted again.

A verdict holds for the whole text of a template; of one that was rendered here, also for every
kind of piece in it in which nothing was found: see `shapes`. It is kept in the process and, between
runs, in a cache, under a key that has all that can change it: see `installed`. What is kept is
data, and an entry that is not whole or not of this form is as good as none.
"""

from __future__ import annotations

import hashlib
import json
import re
from functools import cache as memoized
from typing import Any, NamedTuple, get_args

from generator.cache import NO_CACHE, Cache
from generator.check import cfn_lint
from generator.check.findings import Finding, Severity
from generator.check.installed import installed
from generator.check.shapes import Shape, shape

_VERDICT, _KINDS = "verdict", "kinds"
_MANY = 5000  # kinds, of which a few hundred are usual: then begin again
# Rules for other services may read files that a template names, or look at the date, and transforms
# may do anything; an escape can hide either.
_MORE_THAN_ITS_TEXT = re.compile(
    r"AWS::(?!EC2::|CloudFormation::Interface\b"
    r"|(?:AccountId|NoValue|Partition|Region|StackId|StackName|URLSuffix)\b)"
    r"|Transform|\\[xuU\r\n]"
)


class Linter(NamedTuple):
    """Lints templates, each verdict once. Processes may share its cache."""

    cache: Cache = NO_CACHE

    def lint(
        self,
        text: str,
        file: str,
        *,
        advice: bool = True,
        suppressions: bool = True,
        rendered: bool = False,
    ) -> list[Finding]:
        """The same as `cfn_lint.lint` finds.

        `rendered` is for a text as the built-in templates rendered it, in this very run.
        """
        found = shape(text) if rendered and suppressions and not advice else None
        tools = installed() if self.cache.folder else None
        new = found.kinds.keys() - _clean(self.cache, tools) if found else set()
        if found and not new:
            return []
        lasts = tools and (rendered or not _MORE_THAN_ITS_TEXT.search(text))
        digest = hashlib.sha256(text.encode()).hexdigest()
        key = json.dumps([tools, advice, suppressions, digest])
        known = _read(self.cache.load(_VERDICT, key), file) if lasts else None
        if known is not None:
            return known
        if found and not cfn_lint.lint(found.only(new), file, advice):
            self._remember(found, tools)
            return []
        # What is found in a part of it has another place in the whole, if it is there at all.
        findings = cfn_lint.lint(text, file, advice, suppressions)
        if found and not findings:
            self._remember(found, tools)
        elif lasts and not any(finding.rule == cfn_lint.FAILED for finding in findings):
            self.cache.store(_VERDICT, key, _written(findings))
        return findings

    def _remember(self, found: Shape, tools: str | None) -> None:
        """Keep the kinds of a template in which nothing was found."""
        clean = _clean(self.cache, tools)
        clean |= _kept(self.cache, tools)  # by other processes meanwhile
        if len(clean) > _MANY:
            clean.clear()
        clean.update(found.kinds)
        if tools:
            self.cache.store(_KINDS, tools, json.dumps(sorted(clean)).encode())


@memoized
def _clean(cache: Cache, tools: str | None) -> set[str]:
    """The kinds in which nothing was found, by this process or, with these tools, by others."""
    return _kept(cache, tools)


def _kept(cache: Cache, tools: str | None) -> set[str]:
    """The kinds in an entry; none of one of another form."""
    listed = _listed(cache.load(_KINDS, tools)) if tools else None
    return set(listed) if listed and all(isinstance(kind, str) for kind in listed) else set()


def _written(findings: list[Finding]) -> bytes:
    return json.dumps([finding[1:] for finding in findings]).encode()


def _read(content: bytes | None, file: str) -> list[Finding] | None:
    """The findings of an entry, for a template of this name; None for one of another form."""
    listed = _listed(content)
    if listed is None or not all(map(_is_finding, listed)):
        return None
    return [Finding(file, *each) for each in listed]


def _listed(content: bytes | None) -> list[Any] | None:
    try:
        listed = json.loads(content or b"")
    except (ValueError, RecursionError):
        return None
    return listed if isinstance(listed, list) else None


def _is_finding(value: object) -> bool:
    if not isinstance(value, list) or [type(part) for part in value] != [int, int, str, str, str]:
        return False
    return value[2] in get_args(Severity)
