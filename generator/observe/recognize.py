"""Which text is a CloudFormation template or a deployment file: by its keys, even if broken.

Every pattern here takes time that is proportional to the text, whatever stands in it.
"""

from __future__ import annotations

import json
import re

VERSION, RESOURCES = "AWSTemplateFormatVersion", "Resources"
_FIRST = re.compile(r"^(?:---[ \t]+)?(?!---[ \t]*$)([ \t]*)(?=[^\s#%])", re.MULTILINE)
_FLOW = re.compile(r"(?:[!&]\S+\s+)*\{")  # with tags and anchors in front
_DEPLOYMENT_KEY = re.compile(
    r"""^["']?(name|release|topology|outbound|endpoints)["']?[ \t]*:""", re.MULTILINE
)
_FLOW_KEY = re.compile(rf"""[{{,\s]["']?({VERSION}|{RESOURCES})["']?\s*:""")
_KEY = rf"""(?:\?[ \t]+)?(?:[!&]\S+[ \t]+)*["']?({VERSION}|{RESOURCES})["']?\s*:"""
_NAME = re.compile(r"[A-Za-z0-9]::[A-Za-z0-9]")  # of a type, whatever stands between it and its key
_TYPE = re.compile(r"""\bAWS::|\bType["']?\s*:\s*["']?[A-Za-z0-9]+::[A-Za-z0-9]""")
# In JSON and YAML: of a letter or a colon.
_ESCAPE = re.compile(r"\\(?:u00|x|U000000)(3[Aa]|[46][1-9A-Fa-f]|[57][0-9Aa])")


def decode(data: bytes) -> str:
    """The text of a file in UTF-8, 16 or 32; what is none of them has replacement characters."""
    return data.decode(json.detect_encoding(data), "replace")


def is_cloudformation(text: str) -> bool:
    """Whether a text is a CloudFormation template, in YAML or JSON.

    Its top level has AWSTemplateFormatVersion, or it has Resources and the name of a type.
    """
    keys = _top_keys(text)
    return VERSION in keys or (RESOURCES in keys and bool(_NAME.search(_unescaped(text))))


def resembles_cloudformation(text: str) -> bool:
    """Whether a text that is no template holds one further below, or is a part of one."""
    text = _unescaped(text)
    return VERSION in text or bool(_TYPE.search(text) or _top_keys(text))


def _top_keys(text: str) -> set[str]:
    """Which of the two keys are at the top level. In flow style that is broken: anywhere."""
    first = _FIRST.search(text)
    if not first:
        return set()
    if not _FLOW.match(text, first.end()):
        pattern = rf"^[ \t]{{{len(first[1])}}}{_KEY}"
        return set(re.findall(pattern, _unescaped(text), re.MULTILINE))
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return set(_FLOW_KEY.findall(_unescaped(text)))
    return {key for key in (VERSION, RESOURCES) if key in value}


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(lambda match: chr(int(match[1], 16)), text)


def deployment_keys(text: str) -> set[str]:
    """The keys by which a text is known for a deployment file, well-formed or not."""
    return {match[1] for match in _DEPLOYMENT_KEY.finditer(text)}
