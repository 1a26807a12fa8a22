"""Descriptions and names that EC2 refuses: E9301 and E9308."""

from __future__ import annotations

from collections.abc import Iterator

from generator.model import NOT_EC2_TEXT

DESCRIPTIONS = (
    "EC2 accepts 1 to 255 characters from a-z A-Z 0-9, space and ._-:/()#,@[]+=&;{}!$* in the "
    "description of a group, and up to 255 of them in that of a rule"
)
NAMES = (
    "EC2 accepts up to 255 characters from a-z A-Z 0-9, space and ._-:/()#,@[]+=&;{}!$* in the "
    "name of a group, which must not begin with sg-"
)
LONGEST = 255


def description_problems(text: str, of_group: bool = False) -> Iterator[str]:
    """Why EC2 would refuse the description of a rule, or of a group, which needs one."""
    yield from _illegal(text, DESCRIPTIONS)
    if of_group and not text:
        yield f"the description is empty: {DESCRIPTIONS}"


def name_problems(text: str, beginning: str | None = None) -> Iterator[str]:
    """Why EC2 would refuse the name of a group.

    Of a name that is known in part, `text` is what is known, and `beginning` what it begins with.
    """
    begins = text if beginning is None else beginning
    if begins.startswith("sg-"):
        yield f"{begins[:60]!r} begins with sg-: {NAMES}"
    yield from _illegal(text, NAMES)


def _illegal(text: str, accepted: str) -> Iterator[str]:
    illegal = "".join(dict.fromkeys(NOT_EC2_TEXT.findall(text)))
    if illegal or len(text) > LONGEST:
        reason = f"has {illegal!r}" if illegal else f"has {len(text)} characters"
        yield f"{text[:60]!r} {reason}: {accepted}"
