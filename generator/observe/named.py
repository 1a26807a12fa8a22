"""Sources by their names: a path, `-` for standard input, or a file of a revision."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Mapping
from pathlib import Path

from generator.errors import InputError, Mistake
from generator.model import Observation
from generator.observe import git
from generator.observe.git import MAX_BYTES
from generator.observe.sources import READ, read_text
from generator.observe.terraform_folder import belongs, read_module
from generator.observe.terraform_source import NAMES, read_files

STDIN = "<stdin>"
_NAMES = f"use a file or folder, - for standard input, or REVISION:PATH, with {READ}"


def read_source(name: str, parameters: Mapping[str, str] = {}) -> Observation:
    """The security groups in what has this name: a path, `-`, or `REVISION:PATH`.

    `parameters` are values of the parameters of a CloudFormation template. Raises InputError for
    what cannot be read and what is none of what is read, UsageError if git does not answer.
    """
    if not is_folder(name):
        return read_text(decoded(source_bytes(name), name), shown_name(name), parameters)
    if os.path.lexists(name):
        return read_module(Path(name))
    return _read_module_then(name)


def is_folder(name: str) -> bool:
    """Whether a source is a folder, on the disk or at a revision: a module of Terraform."""
    if name == "-" or os.path.lexists(name):
        return name != "-" and Path(name).is_dir()
    at = _at_revision(name)
    return at is not None and git.is_folder(*at)


def source_bytes(name: str) -> bytes:
    """The content of a file, of standard input or of a file of a revision, at most MAX_BYTES."""
    if name == "-":
        return _stdin()
    if os.path.lexists(name):
        return _file(name)
    at = _at_revision(name)
    if at is None:
        raise _mistake(name, f"no such file: {_NAMES}")
    return git.content(*at)


def _at_revision(name: str) -> tuple[git.Revision, str] | None:
    """The revision and the path in a name that has both, and that no file has."""
    revision, colon, path = name.partition(":")
    if not (colon and revision and path):
        return None
    return git.revision(revision, Path.cwd()), path


def _read_module_then(name: str) -> Observation:
    at = _at_revision(name)
    assert at
    texts = {
        f"{at[0].name}:{path}": decoded(data, f"{at[0].name}:{path}")
        for path, data in git.folder(*at, lambda path: belongs(path.rpartition("/")[2])).items()
    }
    if not any(path.endswith(NAMES) for path in texts):
        raise _mistake(name, "no Terraform files (*.tf, *.tf.json) here")
    return read_files(texts, name)


def decoded(data: bytes, name: str) -> str:
    """The text of a source, in UTF-8 or UTF-16 with a byte order mark. Raises InputError."""
    try:
        return data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError:
        raise _mistake(shown_name(name), f"this is not a text in UTF-8: {_NAMES}") from None


def shown_name(name: str) -> str:
    """What messages call a source."""
    return STDIN if name == "-" else name


def _stdin() -> bytes:
    if sys.stdin is None:
        raise _mistake(STDIN, "standard input is closed: name a file instead")
    try:
        return _limited(sys.stdin.buffer.read(MAX_BYTES + 1), STDIN)
    except OSError as error:
        raise _mistake(STDIN, error.strerror or str(error)) from None


def _file(name: str) -> bytes:
    """A pipe is read, too: `<(aws ec2 describe-security-groups)` is one. A device never ends."""
    try:
        mode = Path(name).stat().st_mode
        if not (stat.S_ISREG(mode) or stat.S_ISFIFO(mode)):
            raise _mistake(name, f"this is not a regular file: {_NAMES}")
        with Path(name).open("rb") as file:
            return _limited(file.read(MAX_BYTES + 1), name)
    except OSError as error:
        raise _mistake(name, error.strerror or str(error)) from None


def _limited(data: bytes, name: str) -> bytes:
    if len(data) > MAX_BYTES:
        raise _mistake(name, f"the file is larger than {MAX_BYTES >> 20} MiB")
    return data


def _mistake(name: str, message: str) -> InputError:
    return InputError([Mistake(name, 0, 0, message)])
