"""One lint for each kind of piece finds what linting every template finds, whatever is edited."""

from __future__ import annotations

import random
import re
from functools import cache, lru_cache

import pytest
from kinds import is_known, kinds
from planted import DEPLOYMENTS, ERRORS, RULE, acme, example, template
from strategies import deployments, sample

from generator.check import lint
from generator.check.shapes import shape

pytestmark = pytest.mark.slow
CHARACTERS = """ :"'#$&*!?|>%@`{}[],\\\n’019aFx-/."""
PIECE = re.compile(r"  \w+:.*\n(?: {4}.*\n)+")


@lru_cache(1)
def words_of(text):
    """Most edits are edits of the same text, as few of them may be."""
    return [*re.finditer(r"[\w.:/-]+", text)]


def edit(draw, text, other):
    """One random edit: of a line, a character, a word or number, a name, or a piece."""
    lines = text.splitlines(keepends=True)
    i, j = draw.randrange(len(lines)), draw.randrange(len(lines))
    at = draw.randrange(len(text))
    words = words_of(text)
    word, another_word = draw.choice(words), draw.choice(words)
    match draw.randrange(12):
        case 0:
            del lines[i]
        case 1:
            lines.insert(j, lines[i])
        case 2:
            lines[i], lines[j] = lines[j], lines[i]
        case 3:
            return text[:at] + draw.choice(CHARACTERS) + text[at:]
        case 4:
            return text[:at] + text[at + 1 :]
        case 5:
            return text[: word.start()] + another_word[0] + text[word.end() :]
        case 6:
            return _renumbered(draw, text)
        case 7:
            rule = draw.choice(RULE.findall(text) or [""])
            again = re.sub(r"\A  \w+", f"  Again{at}", rule)
            return text.replace(rule, rule + _renumbered(draw, again)) if rule else text
        case 8:
            names = [*re.finditer(r"(?<=!Ref )\w+|(?<=!GetAtt )\w+|\w+Given\b", text)] or words
            name, another_name = draw.choice(names), draw.choice(names)
            return text[: name.start()] + another_name[0] + text[name.end() :]
        case 9:
            return text.replace(draw.choice(PIECE.findall(text)), "", 1)
        case 10:
            piece, place = draw.choice(PIECE.findall(other)), draw.choice(PIECE.findall(text))
            return text.replace(place, place + piece, 1)
        case 11:
            piece, place = draw.choice(PIECE.findall(other)), draw.choice(PIECE.findall(text))
            return text.replace(place, piece, 1)
    return "".join(lines)


def _renumbered(draw, text):
    """Another number in the place of one."""
    number = draw.choice([*re.finditer(r"\d+", text)])
    return text[: number.start()] + str(draw.randrange(300)) + text[number.end() :]


def wander(draw, text, others, steps, may_be):
    """A template many random edits away, each of which may be, and how many were taken."""
    taken = 0
    for _ in range(steps):
        edited = edit(draw, text, draw.choice(others))
        if edited != text and may_be(edited):
            text, taken = edited, taken + 1
    return text, taken


def test_cfn_lint_finds_nothing_in_what_random_edits_leave_of_known_kinds(proof):
    others = [*map(example, DEPLOYMENTS)]
    other, taken = wander(random.Random(1), acme(), others, 250, is_known)
    assert taken > 10
    assert lint(other, "t.yaml", advice=False) == []
    proof("edits of a template that kept its kinds", taken)


@cache
def drawn():
    """Random templates that have shapes; texts of tags may be odd."""
    texts = map(template, sample(deployments(), 120))
    return [text for text in texts if kinds(text)]


@cache
def small():
    """The smaller half of them: as telling, and linted in a fraction of the time."""
    return sorted(drawn(), key=len)[: len(drawn()) // 2]


@cache
def of_drawn():
    return set().union(*map(kinds, drawn()))


def test_most_random_deployments_have_shapes_and_few_kinds_and_are_clean(proof):
    assert len(drawn()) > 90
    assert len(of_drawn()) < 2 * len(drawn())
    for text in random.Random(1).sample(small(), 10):
        assert lint(text, "t.yaml", advice=False) == []
    proof("random templates that were linted whole", 10)


@pytest.mark.parametrize("seed", range(8))
def test_of_random_templates_neither_edits_nor_errors_are_taken_for_clean(proof, seed):
    """Of each kind one piece is known to be clean: so is every template of such kinds only."""
    draw = random.Random(seed)
    text = draw.choice(small())

    def may_be(edited):
        found = kinds(edited)
        return found and found <= of_drawn()

    other, taken = wander(draw, text, drawn(), 500, may_be)
    wrong = [planted(each) for planted in ERRORS.values() for each in (text, other)]
    wrong = [each for each in wrong if each not in (text, other)]
    # One may be no error here: a quota may be higher, and an id be free.
    for each in (other, *filter(may_be, wrong)):
        assert lint(each, "t.yaml", advice=False) == []
    proof("edits of a template that kept its kinds", taken)
    proof("errors planted in literals and structure of random templates", len(wrong))


@pytest.mark.parametrize("seed", range(3))
def test_what_is_clean_in_part_is_clean_as_a_whole(proof, seed):
    """Random edits that make new kinds: those in which nothing is found, without all the rest."""
    draw = random.Random(seed)
    text = draw.choice(small())
    linted = 0

    def is_clean(edited):
        nonlocal linted
        found = shape(edited)
        new = found.kinds.keys() - of_drawn() if found else None
        if not found or not new or lint(found.only(new), "t.yaml", advice=False):
            return False
        linted += 1
        assert lint(edited, "t.yaml", advice=False) == []
        return True

    wander(draw, text, drawn(), 100, is_clean)
    proof("templates that were clean in part, and as a whole", linted)
