"""Deployments with another name: their old and new files belong together, and what to do about it.

The name of a deployment is the folder of its files and the prefix of its groups' names. AWS cannot
change the name of a group, so it stays where the caller of a module keeps it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

File = tuple[Path, str, str]
"""A path with the old and the new text of the file there; an empty one where there is none."""


class Renamed(NamedTuple):
    """What a deployment was called, and which of its groups stay if that is taken care of."""

    old: str
    new: str
    folder: str
    """Where it is now."""
    formats: tuple[str, ...]
    """Those that keep groups of their own; a group that something else owns keeps its name."""


def followed(files: Iterable[File], renamed: Mapping[Path, Path]) -> list[File]:
    """The files, with the old text of what moved to another folder beside the new one there.

    `renamed` has the new folder of a deployment by its old one.
    """
    old: dict[Path, str] = {}
    new: dict[Path, str] = {}
    for path, before, after in files:
        folder = renamed.get(path.parent.parent)
        there = folder / path.relative_to(path.parent.parent) if folder else path
        old[there] = before or old.get(there, "")
        new[there] = after or new.get(there, "")
    return [(path, old[path], new[path]) for path in old]


def lines(found: Renamed) -> Iterator[str]:
    """What to do about it, a paragraph for each format."""
    yield f"{found.old} is now called {found.new}, and its files are in {found.folder}"
    for name in found.formats:
        if name in _LINES:
            yield from _LINES[name](found)


def _terraform(found: Renamed) -> Iterator[str]:
    old, new = (name.replace("-", "_") for name in (found.old, found.new))
    yield (
        "terraform: in the call of the module, change source and keep the name of the groups. "
        "Without name, Terraform replaces them. If the call has a name already, leave it"
    )
    yield from f"""
    module "{new}" {{
      source = "./{found.folder}/terraform" # as seen from the root module
      name   = "{found.old}"
      # vpc_id and all other arguments stay
    }}

    moved {{ # if the call was module "{old}"
      from = module.{old}
      to   = module.{new}
    }}
""".strip("\n").splitlines()


def _cloudformation(found: Renamed) -> Iterator[str]:
    yield (
        "cloudformation: deploy the new template to the stack that you have. No group is replaced; "
        f"the Name tags change, unless the parameter Name stays {found.old}"
    )


_LINES = {"terraform": _terraform, "cloudformation": _cloudformation}
