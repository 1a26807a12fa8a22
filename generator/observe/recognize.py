"""Which text is a CloudFormation template: by the keys at its top, also where it is broken.

Every pattern here takes time that is proportional to the text, whatever stands in it.
"""

from __future__ import annotations

import codecs
import json
import re

VERSION, RESOURCES = "AWSTemplateFormatVersion", "Resources"
_FIRST = re.compile(r"^(?:---[ \t]+)?(?!---[ \t]*$)([ \t]*)(?=[^\s#%])", re.MULTILINE)
_FLOW_KEY = re.compile(rf"""[{{,\s]["']?({VERSION}|{RESOURCES})["']?\s*:""")
_TYPE = re.compile(r"""\bType["']?\s*:\s*["']?[A-Za-z0-9]+::[A-Za-z0-9]""")
_BYTE_ORDER = {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


def decode(data: bytes) -> str:
    """The text of a file in UTF-8 or UTF-16; what is neither has replacement characters."""
    encoding = _BYTE_ORDER.get(data[:2], "utf-8-sig")
    if encoding == "utf-8-sig" and b"\0" in data[:2] and data[:2] != b"\0\0":
        encoding = "utf-16-be" if data[:1] == b"\0" else "utf-16-le"
    return data.decode(encoding, "replace")


def is_cloudformation(text: str) -> bool:
    """Whether a text is a CloudFormation template, in YAML or JSON.

    Its top level has AWSTemplateFormatVersion, or Resources of which one has a type.
    """
    keys = _top_keys(text)
    return VERSION in keys or (RESOURCES in keys and bool(_TYPE.search(text)))


def resembles_cloudformation(text: str) -> bool:
    """Whether a text that is no template holds one further below, or is a part of one."""
    return VERSION in text or bool(_TYPE.search(text))


def _top_keys(text: str) -> set[str]:
    """Which of the two keys are at the top level. In flow style that is broken: anywhere."""
    first = _FIRST.search(text)
    if not first:
        return set()
    if text[first.end()] != "{":
        pattern = rf"""^[ \t]{{{len(first[1])}}}["']?({VERSION}|{RESOURCES})["']?[ \t]*:"""
        return set(re.findall(pattern, text, re.MULTILINE))
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return set(_FLOW_KEY.findall(text))
    return {key for key in (VERSION, RESOURCES) if key in value}
