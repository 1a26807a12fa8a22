"""The files of a folder with Terraform, read as one module."""

from __future__ import annotations

from pathlib import Path

from generator.errors import InputError, Mistake
from generator.model import Observation
from generator.observe.terraform_source import MAX_SIZE, NAMES, TOO_LARGE, VARIABLES, read_files

MAX_FILES = 500  # of a module


def read_module(folder: Path, variables: bool = True) -> Observation:
    """The groups and rules in a folder of Terraform. Raises InputError if it has no such files.

    Without `variables`, the values of variables are not known: who calls the module chooses them.
    """
    try:
        paths = sorted(p for p in folder.iterdir() if belongs(p.name))
    except OSError as error:
        raise InputError(
            [Mistake(str(folder), 0, 0, f"cannot be read: {error.strerror}")]
        ) from None
    if not any(path.name.endswith(NAMES) for path in paths):
        raise InputError([Mistake(str(folder), 0, 0, "no Terraform files (*.tf, *.tf.json) here")])
    if len(paths) > MAX_FILES:
        raise InputError([Mistake(str(folder), 0, 0, f"more than {MAX_FILES} files of Terraform")])
    return read_files({str(path): _text(path) for path in paths}, str(folder), variables)


def belongs(name: str) -> bool:
    """Whether a file with this name is part of the module in its folder."""
    return not name.startswith(".") and bool(name.endswith(NAMES) or VARIABLES.fullmatch(name))


def _text(path: Path) -> str:
    try:
        if not path.is_file():
            reason = "not a regular file"
        elif path.stat().st_size > 4 * MAX_SIZE:
            reason = TOO_LARGE
        else:
            return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        reason = "not in UTF-8"
    except OSError as error:
        reason = f"cannot be read: {error.strerror}"
    raise InputError([Mistake(str(path), 0, 0, reason)])
