"""Lines of .gitattributes that `init --project` wrote for a folder that the settings list no more.

After a change of `out:`, the files in the new folder would conflict in merges again.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from generator.cli import terminal
from generator.errors import InputError

if TYPE_CHECKING:
    from generator.cli.roots import Place

_FILES = "/*/*/*"
_MARK = "merge=cvo-sg"


def warn_of_old_attributes(where: Place) -> None:
    """Warn of a folder in .gitattributes in place of which the settings list another one."""
    path = where.root / ".gitattributes"
    if not where.outputs or not path.is_file():
        return
    from generator.load import read

    try:
        text = read(path, path.name).decode("utf-8", "replace")
    except InputError:  # git reads it, not we: without it, there is nothing to warn of
        return
    words = (line.split() for line in text.splitlines())
    patterns = [each[0] for each in words if each[-1:] == [_MARK] and each[0].endswith(_FILES)]
    known = [pattern.removesuffix(_FILES).strip("/") for pattern in patterns]
    listed = [os.path.normpath(output.out) for output in where.outputs]
    old = [folder for folder in known if folder not in listed and "*" not in folder]
    new = [folder for folder in listed if folder not in known]
    for folder in old if new else ():
        terminal.echo(
            terminal.warning(
                f"{os.path.relpath(path)}: {folder}{_FILES} is not a folder that the settings "
                f"list: write {new[0]}{_FILES} there, and remove what was generated in {folder}"
            ),
            err=True,
        )
