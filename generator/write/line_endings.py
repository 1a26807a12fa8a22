"""Line endings: a file that git checked out with CRLF is the file that was generated."""

from __future__ import annotations

_BINARY = b"\0"


def with_lf(content: bytes) -> bytes:
    """The content with LF, if each of its lines ends with CRLF, as git writes them on Windows.

    Mixed line endings come from an editor, and stay: the file differs from what was generated.
    """
    lines = content.count(b"\n")
    if not lines or _BINARY in content:
        return content
    if content.count(b"\r\n") != lines or content.count(b"\r") != lines:
        return content
    return content.replace(b"\r\n", b"\n")
