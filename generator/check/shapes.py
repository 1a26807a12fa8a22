"""What templates that were rendered here have in common: the kinds of their pieces.

A kind is a piece with all that it refers to, without names and checked literals. That decides what
cfn-lint finds in the piece, whatever else is in the template: one of each kind is linted for all.

What relates pieces otherwise is checked here: each refers to what there is, and is of use; each
rule is there once, within the quota. Two things make pieces one: rules for the same traffic of a
group, if it depends on parameters who their peers are, are compared by cfn-lint; and what a
template requires of its parameters (`Rules`) decides which conditions can hold together, so that it
is part of every kind. A template with anything that is not certain has no shape: it is linted
whole.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from generator.check.literals import without_prose
from generator.check.pieces import SECTIONS, Identity, Piece, Template, read

BYTES_MAX = 500_000  # half of what CloudFormation accepts
RESOURCES_MAX = 400  # of the 500 that it accepts
OTHERS_MAX = 150  # of the 200 parameters and 200 outputs
FORMS_MAX = 8  # of rules for the same traffic; of more, only the first by name would be compared
_LISTED = re.compile(r"^          - (\w+)\n|^      (\w+):\n        default: .+\n", re.MULTILINE)
_EMPTY_LIST = re.compile(
    r"^      - Label:\n          default: .+\n        Parameters:\n(?! {10}- )", re.MULTILINE
)
Pieces = Mapping[str, Piece]


class Shape(NamedTuple):
    """The kinds of the pieces in a template."""

    template: Template
    kinds: Mapping[str, tuple[str, ...]]
    """By digest, the names of the first pieces of the kind; none for what is in every template."""

    def only(self, kinds: Iterable[str]) -> str:
        """The template with one of each of these kinds only, and with what these refer to."""
        head, settings, _, interface, pieces = self.template
        names = [name for kind in kinds for name in self.kinds[kind]] or _groups(pieces)[:1]
        kept = _reached(pieces, [*_requirements(pieces), *names])
        texts: dict[str, list[str]] = {section: [] for section in SECTIONS}
        for piece in kept.values():
            texts[piece.section].append(piece.text)
        listed = _LISTED.sub(
            lambda line: line[0] if (line[1] or line[2]) in kept else "", interface
        )
        texts["Metadata"] = [settings, _EMPTY_LIST.sub("", listed) if texts["Parameters"] else ""]
        sections = ((section, "".join(lines)) for section, lines in texts.items())
        return "\n".join([head, *(f"{section}:\n{lines}" for section, lines in sections if lines)])


def shape(text: str) -> Shape | None:
    """What decides what cfn-lint finds in a template; None if all of the template does.

    Only for what the built-in templates rendered, and only without advice: what is open to the
    internet, or nearly too much, depends on the literals.
    """
    template = read(text) if len(text.encode()) <= BYTES_MAX else None
    if not template:
        return None
    pieces = template.pieces
    roots = list(_roots(pieces))
    if not _is_certain(template, roots):
        return None
    requirements = _requirements(pieces)
    kinds: dict[str, tuple[str, ...]] = {_digest(_common(template)): ()}
    for names in roots:
        kinds.setdefault(_digest(_kind(pieces, [*requirements, *names])), names)
    return Shape(template, kinds)


def _digest(kind: str) -> str:
    return hashlib.sha256(kind.encode()).hexdigest()


def _common(template: Template) -> str:
    """What is no piece, without literals. The quota is checked here."""
    return without_prose(template.head) + ("quota" if template.settings else "")


def _requirements(pieces: Pieces) -> list[str]:
    return [name for name, piece in pieces.items() if piece.section == "Rules"]


def _groups(pieces: Pieces) -> list[str]:
    return [name for name, piece in pieces.items() if piece.is_group]


def _roots(pieces: Pieces) -> Iterator[tuple[str, ...]]:
    """Resources and outputs, to which all others belong; those together that are compared."""
    together = defaultdict(list)
    for name, piece in pieces.items():
        if piece.identity and piece.depends:
            together[piece.identity[:3]].append(name)
        elif piece.section in ("Resources", "Outputs"):
            yield (name,)
    yield from map(tuple, together.values())


def _kind(pieces: Pieces, names: list[str]) -> str:
    """Pieces and all that they refer to, with numbers for names, in the order of appearance.

    Of a group only that it is one, unless it is among the pieces: it says nothing about others.
    """
    numbers = {name: i for i, name in enumerate(names)}
    parts = []
    for i, name in enumerate(todo := [*names]):
        piece = pieces[name]
        if piece.is_group and i >= len(names):
            parts.append("group")
            continue
        for other in piece.references:
            if other not in numbers:
                numbers[other] = len(numbers)
                todo.append(other)
        parts.append(f"{piece.common} {[numbers[other] for other in piece.references]}")
    return "\n".join(parts)


def _reached(pieces: Pieces, names: Iterable[str]) -> dict[str, Piece]:
    """The pieces of these names and all that they refer to, in the order of the template."""
    found = dict.fromkeys(names)
    todo = [*found]
    for name in todo:
        new = [other for other in pieces[name].references if other not in found]
        found |= dict.fromkeys(new)
        todo += new
    return {name: piece for name, piece in pieces.items() if name in found}


def _is_certain(template: Template, roots: list[tuple[str, ...]]) -> bool:
    """Whether all that relates pieces of different kinds is as it has to be."""
    pieces = template.pieces
    numbers = Counter(piece.section for piece in pieces.values())
    if not 1 <= numbers.pop("Resources", 0) <= RESOURCES_MAX:
        return False
    if max(numbers.values(), default=0) > OTHERS_MAX:
        return False
    if not all(_refers_to_what_there_is(pieces, piece) for piece in pieces.values()):
        return False
    if any(sum(_forms(pieces[name]) for name in names) > FORMS_MAX for names in roots):
        return False
    used = _reached(pieces, (name for names in roots for name in names))
    return len(used) + numbers["Rules"] == len(pieces) and _are_apart(template)


def _forms(piece: Piece) -> int:
    """How many forms conditions give a rule: one for each value that its peer can be."""
    return 1 + piece.text.count("!If")


def _refers_to_what_there_is(pieces: Pieces, piece: Piece) -> bool:
    """Whether there is what a piece refers to: parameters, or for rules and outputs whatever it is.

    So no group depends on another, of which a kind says nothing more.
    """
    others = [pieces.get(name) for name in piece.references]
    if piece.identity or piece.section == "Outputs":
        return all(others)
    return all(other and other.section == "Parameters" for other in others)


def _are_apart(template: Template) -> bool:
    """Whether each rule is one of its own to EC2, and the quota allows all of them at once.

    EC2 does not look at descriptions. Each group has one rule itself, which permits nothing.
    """
    pieces = template.pieces
    rules = [piece.identity for piece in pieces.values() if piece.identity]
    for name in _groups(pieces):
        own = Identity("Egress", f"!GetAtt {name}.GroupId", '"-1"', "CidrIp", '"127.0.0.1/32"')
        rules.append(own)
    numbers = Counter(rule[:2] for rule in rules)
    return len(rules) == len(set(rules)) and max(numbers.values(), default=0) <= template.quota
