"""The whole result of an audit, and the problems in it, each with a place and a sentence."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

from generator.compare.accepted import Accepted
from generator.compare.bundles import Bundle, bundles
from generator.compare.expected import Expected
from generator.compare.matching import Matching, described, listed
from generator.model import Allowance, Place

Severity = Literal["error", "warning", "note"]
CHOOSE = "sg-0123456789abcdef0"


class Entry(NamedTuple):
    """An entry of the file of accepted deviations, and where it is."""

    allowance: Allowance
    place: Place


class Audited(NamedTuple):
    """Everything that an audit found."""

    expected: Expected
    file: str
    """What problems are about that are in none of the sources: the deployment file, or so."""
    sources: tuple[str, ...]
    matching: Matching
    accepted: Accepted
    entries: tuple[Entry, ...] = ()
    left_out: tuple[str, ...] = ()
    """What could not be read of the sources, in sentences."""
    apart: bool = False
    """Whether every deviation has a line of its own."""

    def bundles(self, role: str) -> list[Bundle]:
        """The deviations of a group, those of one reason together."""
        found = (d for g in self.accepted.groups if g.role == role for d in g.deviations)
        return bundles(found, self.apart)

    @property
    def failed(self) -> bool:
        """Whether anything is not as it should be."""
        return any(problem.severity == "error" for problem in problems(self))


class Problem(NamedTuple):
    """One thing to look at."""

    place: Place
    severity: Severity
    rule: str
    """A word for what is wrong."""
    message: str
    role: str = ""
    """The group that it is about, if it is one that was found."""

    @property
    def whole(self) -> str:
        """The sentence, with the group that it is about."""
        return f"group {self.role}: {self.message}" if self.role else self.message


def problems(found: Audited) -> Iterator[Problem]:
    """What is wrong: groups that were not found, then group by group, accepted deviations, and
    what could not be read."""
    yield from _unmatched(found)
    for group in found.accepted.groups:
        for bundle in found.bundles(group.role):
            yield Problem(bundle.place, "error", bundle.kind, bundle.sentence, group.role)
        for each in group.unknown:
            message = f"the rule {each.place} cannot be compared: {each.reason}"
            yield Problem(each.place, "error", "unknown", message, group.role)
    yield from _stale(found)
    for sentence in found.left_out:
        message = (
            "not everything was read: a rule that is listed as missing may exist, and one that is "
            f"too much may not be listed ({sentence})"
        )
        yield Problem(Place(found.sources[0]), "warning", "left-out", message)


def _unmatched(found: Audited) -> Iterator[Problem]:
    matching, there = found.matching, found.expected
    for role, groups in matching.ambiguous.items():
        message = (
            f"several groups may have the role {role}: {listed(groups)}. Choose one, as in "
            f"--group {role}={groups[0].key}"
            if len(groups) > 1
            else f"{described(groups[0])} may have the role {role}, or another one. Choose, as in "
            f"--group {role}={groups[0].key}"
        )
        yield Problem(groups[0].place, "error", "group-ambiguous", message)
    nothing = not matching.groups and not matching.ambiguous
    for role in matching.absent:
        severity: Severity = "note" if there.optional and not nothing else "error"
        message = (
            f"no group has the role {role}, by its output, name or Name tag. If there is one, use "
            f"--group {role}={CHOOSE}"
        )
        yield Problem(Place(found.file), severity, "group-missing", message)
    for role, group in matching.ids.items():
        message = f"{role} is {group}, which no source describes: its rules were not compared"
        yield Problem(Place(found.file), "note", "group-not-read", message)
    if matching.others:
        message = f"not compared, because they have no role: {listed(matching.others)}"
        yield Problem(matching.others[0].place, "note", "group-without-role", message)


def _stale(found: Audited) -> Iterator[Problem]:
    for index in found.accepted.expired:
        entry = found.entries[index]
        message = (
            f"accepted until {entry.allowance.until}, which has passed: {entry.allowance}. Remove "
            "the entry, or give it a later date"
        )
        yield Problem(entry.place, "error", "allowance-expired", message)
    for index in found.accepted.unused:
        entry = found.entries[index]
        what = "missing" if entry.allowance.missing else "too much"
        message = f"nothing like it is {what}: {entry.allowance}. Remove the entry"
        yield Problem(entry.place, "error", "allowance-unused", message)
