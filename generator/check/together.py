"""Which modules Terraform finds nothing in, found out for many at once.

Most of what `terraform validate` takes is starting a provider and reading its schema. So modules
that need the same providers are called by one module, which is validated once. Nothing but "clean"
is taken from that: a module with a finding, or one that may have another when it is on its own, is
validated alone.

What makes "clean" mean the same: in a module of its own, every variable is unknown, so each is
given a value that is. What only the outermost module must not do (give out what is sensitive), or
what means something else there, is for a module alone, and so is what is written in JSON, where a
word can have another spelling.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from generator.check.hcl import Block, read_hcl
from generator.check.mirror import CONFIGURATION, LOCK, MANIFEST, make_mirror
from generator.check.terraform import (
    diagnose,
    executable,
    initialize,
    terraform_environment,
    unformatted_names,
)

_UNKNOWN = "${terraform_data.unknown.output}"
_WORDS = re.compile(rb"\b(?:(?:non)?sensitive|ephemeral\w*|root|cwd)\b")  # path.root, path.cwd
_BLOCKS = {"provider", "import"}
MOST = 50  # in a group: time and memory are limited


class _Member(NamedTuple):
    """A module of a group, and its copy."""

    folder: Path
    name: str
    copy: Path
    formatted: Path
    variables: frozenset[str]
    lock: bytes


def clean_modules(folders: Sequence[Path], download: bool = False) -> Iterator[Collection[Path]]:
    """The modules in which Terraform certainly finds nothing; the others may be clean, too.

    They come part by part, and nothing for each module that is prepared, so that somebody who waits
    can be shown that it goes on.
    """
    if not executable() or len(folders) < 2:
        return
    with TemporaryDirectory(prefix="cvo-sg-") as temporary:
        top = Path(temporary).resolve()
        environment = terraform_environment(top, download)
        groups: dict[object, list[_Member]] = {}
        found: list[tuple[_Member, frozenset[object]]] = []
        for number, folder in enumerate(folders):
            found += _member(folder, top / f"m{number}")
            yield ()
        unformatted = _unformatted([member for member, _ in found], top, environment)
        for member, providers in found:
            if member.name not in unformatted:
                groups.setdefault((providers, member.lock), []).append(member)
        parts = (m[i : i + MOST] for m in groups.values() for i in range(0, len(m), MOST))
        for members in parts:
            yield [m.folder for m in _clean(members, top, environment, download)]


def _member(folder: Path, place: Path) -> Iterator[tuple[_Member, frozenset[object]]]:
    """The module with the providers that it names; nothing where being called matters to it."""
    mirror = make_mirror(folder, place)
    if not mirror.is_whole:
        return
    variables: set[str] = set()
    providers: set[object] = set()
    for file in (place / "modules").rglob("*"):
        if not file.name.endswith(CONFIGURATION):
            continue
        content = file.read_bytes()
        blocks = read_hcl(content.decode("utf-8-sig", "replace")).blocks
        types = {block.words[0] for block in blocks if block.words}
        if file.suffix == ".json" or _WORDS.search(content) or types & _BLOCKS:
            return
        providers.update(_providers(blocks))
        providers.update(_implied(blocks))
        if file.parent == mirror.module:
            variables.update(b.words[-1] for b in blocks if b.words[:1] == ("variable",))
    lock = mirror.module / LOCK
    locked = lock.read_bytes() if lock.exists() else b""
    member = _Member(
        folder, place.name, mirror.module, mirror.formatted, frozenset(variables), locked
    )
    yield member, frozenset(providers) - {"terraform"}  # which is built in


def _unformatted(
    members: Sequence[_Member], top: Path, environment: Mapping[str, str]
) -> Collection[str]:
    """The names of the members in whose own files `terraform fmt` finds something."""
    names = unformatted_names(top, environment, "-recursive")
    if names is None:  # where it cannot read one file, it lists none
        return [m.name for m in members if unformatted_names(m.formatted, environment)]
    own = {member.formatted.relative_to(top): member.name for member in members}
    return [own[f] for name in names if (f := Path(*Path(name).parts[:2])) in own]


def _providers(blocks: Sequence[Block]) -> Iterator[object]:
    """The entries of `required_providers`, to compare."""
    settings = [inner for b in blocks if b.words == ("terraform",) for inner in b.blocks]
    for each in (p for b in settings if b.words == ("required_providers",) for p in b.blocks):
        yield each.words, *(tuple(each.strings.get(key, ())) for key in ("source", "version"))


def _implied(blocks: Sequence[Block]) -> Iterator[str]:
    """The providers of the resources, as Terraform takes them from types that name none."""
    for block in blocks:
        if block.words[:1] in (("resource",), ("data",)):
            yield from (word.partition("_")[0] for word in block.words[1:2])


def _clean(
    members: Sequence[_Member], top: Path, environment: Mapping[str, str], download: bool
) -> Sequence[_Member]:
    """Those of a group about which Terraform says nothing when one module calls all of them."""
    if len(members) < 2:
        return ()
    root = top / f"group-{members[0].name}"
    (root / MANIFEST).parent.mkdir(parents=True)
    if members[0].lock:
        (root / LOCK).write_bytes(members[0].lock)
    is_ready = False
    while True:
        _call(members, root)
        is_ready = is_ready or not initialize(root, environment, download)
        found = diagnose(root, environment)
        if not found:
            return members if is_ready else ()
        named = {_member_of(diagnostic, root) for diagnostic in found}
        rest = [member for member in members if member.name not in named]
        if len(rest) < 2 or len(members) - len(rest) < len(named):  # one is about something else
            return ()
        members = rest


def _member_of(diagnostic: Mapping[str, Any], root: Path) -> str:
    """The name of the member that a diagnostic is about, or that of another folder."""
    place = (diagnostic.get("range") or {}).get("filename", "")
    return Path(os.path.relpath(root / place, root.parent)).parts[0]


def _call(members: Sequence[_Member], root: Path) -> None:
    """Write the module that calls the members, and the list of what is installed below it."""
    calls: dict[str, dict[str, str]] = {}
    installed = [{"Key": "", "Source": "", "Dir": "."}]
    for member in members:
        source = Path(os.path.relpath(member.copy, root)).as_posix()
        calls[member.name] = {**dict.fromkeys(sorted(member.variables), _UNKNOWN), "source": source}
        manifest = json.loads((member.copy / MANIFEST).read_text(encoding="utf-8"))
        installed += [
            {
                "Key": f"{member.name}.{each['Key']}".rstrip("."),
                "Source": each["Source"] or source,
                "Dir": Path(os.path.relpath(member.copy / each["Dir"], root)).as_posix(),
            }
            for each in manifest["Modules"]
        ]
    main = {"resource": {"terraform_data": {"unknown": {}}}, "module": calls}
    (root / "main.tf.json").write_text(json.dumps(main), encoding="utf-8")
    (root / MANIFEST).write_text(json.dumps({"Modules": installed}), encoding="utf-8")
