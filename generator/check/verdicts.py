"""What cfn-lint found in a template before, so that it need not be linted again.

A verdict holds for the whole text of a template; for one that was rendered here, for all templates
of its shape. It is kept in the process and, between runs, in a cache, under a key that has all that
can change it: see `installed`. What is kept is data, and an entry that is not whole or not of this
form is as good as none.
"""

from __future__ import annotations

import hashlib
import json
import re
from functools import cache as memoized
from typing import NamedTuple, get_args

from generator.cache import NO_CACHE, Cache
from generator.check import cfn_lint
from generator.check.findings import Finding, Severity
from generator.check.installed import installed
from generator.check.shapes import shape

_KIND = "verdict"
# Rules for other services may read files that a template names, and transforms may do anything; an
# escape can hide either.
_MORE_THAN_ITS_TEXT = re.compile(
    r"AWS::(?!EC2::|CloudFormation::Interface\b"
    r"|(?:AccountId|NoValue|Partition|Region|StackId|StackName|URLSuffix)\b)"
    r"|Transform|\\[xuU]"
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
        common = shape(text) if rendered and suppressions and not advice else None
        options = [advice, suppressions, common is not None]
        digest = hashlib.sha256((text if common is None else common).encode()).hexdigest()
        if common and digest in _clean():
            return []
        tools = installed() if self.cache.folder else None
        lasts = tools and (rendered or not _MORE_THAN_ITS_TEXT.search(text))
        key = json.dumps([tools, options, digest])
        known = _read(self.cache.load(_KIND, key), file) if lasts else None
        if known is not None and not (common and known):
            found = known
        else:
            found = cfn_lint.lint(text, file, advice, suppressions)
            failed = any(finding.rule == cfn_lint.FAILED for finding in found)
            if lasts and not failed and not (common and found):
                self.cache.store(_KIND, key, _written(found))
        if common and not found:
            _clean().add(digest)
        return found


@memoized
def _clean() -> set[str]:
    """The shapes in which this process has found nothing, by their digests."""
    return set()


def _written(findings: list[Finding]) -> bytes:
    return json.dumps([finding[1:] for finding in findings]).encode()


def _read(content: bytes | None, file: str) -> list[Finding] | None:
    """The findings of an entry, for a template of this name; None for one of another form."""
    if content is None:
        return None
    try:
        listed = json.loads(content)
    except (ValueError, RecursionError):
        return None
    if not isinstance(listed, list) or not all(map(_is_finding, listed)):
        return None
    return [Finding(file, *each) for each in listed]


def _is_finding(value: object) -> bool:
    if not isinstance(value, list) or [type(part) for part in value] != [int, int, str, str, str]:
        return False
    return value[2] in get_args(Severity)
