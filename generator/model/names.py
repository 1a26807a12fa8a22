"""Names and texts in rule data: ids that every output can hold, and texts of one line."""

from __future__ import annotations

import re
from datetime import date
from functools import cache

from generator.errors import FieldError, shown

SLUG = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
RELEASE_ID = re.compile(r"[A-Za-z0-9]+([._-][A-Za-z0-9]+)*")
OUTPUT_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
ARGUMENT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.\[\]/:-]*")
# A prefix of 200 characters, a hyphen and a role make a group's name, which has 255 at most.
MAX_ID = 54
MAX_LINE = 200  # several of them share a description of CloudFormation, which has 1,024 bytes
MAX_TEXT = 1000  # bytes that CloudFormation takes in the description of a parameter: 4,000


def check_slug(text: str, what: str, field: str | None = None) -> None:
    """Reject what is not part of an identifier in every output. Messages call it `what`."""
    if not SLUG.fullmatch(text) or len(text) > MAX_ID:
        raise FieldError(
            f"invalid {what} {shown(text)}: use up to {MAX_ID} lowercase letters, digits and "
            "single hyphens, beginning with a letter",
            field,
        )


def check_release_id(text: str) -> None:
    """Reject what is not a folder on every system and a word of a command line."""
    if not RELEASE_ID.fullmatch(text) or len(text) > MAX_ID:
        raise FieldError(
            f"invalid release id {shown(text)}: use up to {MAX_ID} letters and digits, with single "
            ". _ or - between them"
        )


def check_date(text: str, field: str | None) -> None:
    """Raises FieldError for anything but a date such as 2019-12-18."""
    try:
        if date.fromisoformat(text).isoformat() == text:
            return
    except ValueError:
        pass
    raise FieldError(
        f"invalid date {shown(text)}: use year, month and day, as in 2019-12-18", field
    )


def check_line(text: str, field: str, longest: int = MAX_LINE) -> None:
    """Reject what would end a comment or a row of a table and continue as code."""
    if not text.isprintable() or not text.strip():
        raise FieldError(f"the {field} must be one line of printable text", field)
    if len(text) > longest:
        raise FieldError(f"the {field} is too long: use up to {longest} characters", field)


def snake(slug: str) -> str:
    """An HCL identifier: `web-server` as `web_server`."""
    return slug.replace("-", "_")


@cache
def pascal(slug: str) -> str:
    """Part of a CloudFormation logical id: `tcp-161-162` as `Tcp161To162`.

    The signs of an address keep their places, since 10.1.10.0 and 10.11.0.0 have the same digits.
    """
    slug = re.sub(r"(?<=\d)-(?=\d)", "-to-", slug)
    slug = slug.replace("/sg-", "-sg-")
    slug = slug.translate({ord("."): "x", ord(":"): "x", ord("/"): "m"})
    return "".join(part[:1].upper() + part[1:] for part in re.split(r"[^a-zA-Z0-9]+", slug))
