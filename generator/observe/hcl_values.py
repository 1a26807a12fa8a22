"""The values of expressions of HCL as far as they are literals. python-hcl2 reads them.

Its versions 7 and 8 differ: 8 keeps the quotes of strings and escapes, 7 does not.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from generator.errors import FieldError
from generator.observe.hcl_blocks import Expression
from generator.observe.terraform_resources import Lined

_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_INTEGER = re.compile(r"-?[0-9]{1,9}", re.ASCII)
_WORDS = {"true": True, "false": False, "null": None}
_WHOLE = re.compile(r"\$\{([^{}]*)\}")
_INTERPOLATED = re.compile(r"(?<![$])(?:\$\$)*\$\{|(?<![%])(?:%%)*%\{")
_ESCAPE = re.compile(r'\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|([nrt"\\]))')
_ESCAPED = {"n": "\n", "r": "\r", "t": "\t"}
MAX_CHARACTER = 0x10FFFF
MAX_LENGTH = 100_000  # of an expression: python-hcl2 takes seconds for as much


@lru_cache(1000)
def literal(text: str) -> Any:
    """The value of an expression: a string, number, boolean, null, list or object.

    What is none of these is an Expression, also within lists and objects. Raises
    FieldError for what is no HCL.
    """
    if _STRING.fullmatch(text):
        return _quoted(text[1:-1])
    if _INTEGER.fullmatch(text):
        return int(text)
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in "[{":
        return Expression(text)
    if len(text) > MAX_LENGTH:
        raise FieldError(f"an expression has more than {MAX_LENGTH:,} characters")
    import hcl2

    try:
        value = hcl2.loads(f"value = {text}\n")["value"]
    except RecursionError:
        raise FieldError("invalid HCL: an expression is nested too deeply") from None
    except Exception:  # its own, those of its parser, and what its transformer stumbles over
        raise FieldError("invalid HCL: an expression cannot be read") from None
    return _plain(value)


def template(text: str) -> Any:
    """The value of a template: a string, or an Expression if something is interpolated."""
    if whole := _WHOLE.fullmatch(text):
        return Expression(whole[1].strip())
    if _INTERPOLATED.search(text):
        return Expression(f'"{text}"')
    return text.replace("$${", "${").replace("%%{", "%{")


def _quoted(text: str) -> Any:
    """The value of what stands between quotes."""
    value = template(text)
    return unescape(value) if isinstance(value, str) else value


def unescape(text: str) -> str:
    """A string of HCL without its escapes."""

    def character(match: re.Match[str]) -> str:
        if match[3]:
            return _ESCAPED.get(match[3], match[3])
        code = int(match[1] or match[2], 16)
        return chr(code) if code <= MAX_CHARACTER and not 0xD800 <= code <= 0xDFFF else match[0]

    return _ESCAPE.sub(character, text)


def _plain(value: Any) -> Any:
    """What python-hcl2 found, in either version. A key with two underscores is its own."""
    if isinstance(value, dict):
        items = value.items()
        return Lined({_unquoted(k): _plain(v) for k, v in items if not str(k).startswith("__")})
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, str):
        return _quoted(_unquoted(value))
    return value


def _unquoted(text: object) -> str:
    return re.sub(r'\A"(.*)"\Z', r"\1", str(text), flags=re.DOTALL)
