"""Text in Markdown: it means exactly what it says, in a paragraph, an item or a cell of a table."""

from __future__ import annotations

import re

# What begins markup within a line (CommonMark 0.31, "Inlines"; GitHub's tables, strikethrough and
# math). > does so at the beginning of a line only, where no text of others
# is; an underscore only at the edge of a word, and & only where an entity follows.
_MARKUP = re.compile(r"[\\`*\[\]<|~$]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|&(?=#?[A-Za-z0-9]+;)")
_BREAKS = frozenset("\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029")
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")


def markdown(text: object) -> str:
    """A text as Markdown, on one line."""
    return _MARKUP.sub(r"\\\g<0>", " ".join(str(text).splitlines()))


def markdown_code(text: object) -> str:
    """A text in a code span, on one line; a line break in it is shown as an escape."""
    line = "".join(c if c not in _BREAKS else f"\\u{ord(c):04x}" for c in str(text))
    longest = max(map(len, re.findall("`+", line)), default=0)
    fence = "`" * (longest + 1)
    space = " " if line.startswith("`") or line.endswith("`") or not line.strip() else ""
    return f"{fence}{space}{line}{space}{fence}"


def from_markdown(text: str) -> str:
    """The text that `markdown` was given."""
    return _ESCAPED.sub(r"\1", text)
