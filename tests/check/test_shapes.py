"""One lint for each kind of piece finds what linting every template finds."""

from __future__ import annotations

import pytest
from kinds import PRESETS, is_known, kinds, known
from planted import DEPLOYMENTS, ERRORS, OF_ANOTHER, SAME, UNCERTAIN, acme, example

from generator.check import Linter, lint, verdicts


@pytest.fixture
def linter(monkeypatch):
    """A linter that knows the kinds of pieces that are known to be clean."""
    clean = set(known())
    monkeypatch.setattr(verdicts, "_clean", lambda *_: clean)
    return lambda text: Linter().lint(text, "t.yaml", advice=False, rendered=True)


@pytest.mark.parametrize("path", PRESETS, ids=lambda path: path.parts[-3])
def test_what_the_templates_print_has_a_shape(path):
    assert kinds(path.read_text()), "generator/check/pieces.py shows what they print"


@pytest.mark.slow
@pytest.mark.parametrize("name", DEPLOYMENTS)
def test_the_examples_are_clean(name):
    assert lint(example(name), "t.yaml", advice=False) == []


@pytest.mark.parametrize("changed", SAME.values(), ids=SAME)
def test_what_our_model_checks_leaves_the_kinds_as_they_are(changed):
    other = changed(acme())
    assert other != acme()
    assert kinds(other) == kinds(acme()) != set()


def test_the_id_of_a_group_that_exists_leaves_the_kinds_as_they_are():
    text = example("with-another-group")
    other = text.replace("sg-01234567", "sg-0123456789abcdef0")
    assert other != text
    assert kinds(other) == kinds(text) != set()


@pytest.mark.parametrize("planted", (ERRORS | UNCERTAIN).values(), ids=ERRORS | UNCERTAIN)
def test_an_error_is_not_of_the_kinds_that_are_known(planted):
    wrong = [(text, planted(text)) for text in map(example, DEPLOYMENTS)]
    wrong = [changed for text, changed in wrong if changed != text]
    assert wrong
    assert not any(map(is_known, wrong))


@pytest.mark.parametrize(("before", "planted"), OF_ANOTHER.values(), ids=OF_ANOTHER)
def test_an_error_is_not_of_the_kinds_of_what_it_was_planted_in(before, planted):
    other = before(acme())
    wrong = planted(other)
    assert acme() != other != wrong
    assert not kinds(wrong) or not kinds(wrong) <= known() | kinds(other)


def test_groups_that_depend_on_groups_have_no_kinds():
    """Of a group that a piece refers to, a kind says no more than that it is one."""
    assert not kinds(acme().replace("VpcId: !Ref VpcId", "VpcId: !Ref ManagerSecurityGroup", 1))


@pytest.mark.slow
@pytest.mark.parametrize("planted", ERRORS.values(), ids=ERRORS)
def test_each_of_these_errors_is_found(linter, planted):
    wrong = [planted(text) for text in map(example, DEPLOYMENTS) if planted(text) != text]
    assert linter(min(wrong, key=len))


@pytest.mark.slow
@pytest.mark.parametrize(("before", "planted"), OF_ANOTHER.values(), ids=OF_ANOTHER)
def test_only_the_error_is_found(linter, before, planted):
    assert lint(before(acme()), "t.yaml", advice=False) == []
    assert linter(planted(before(acme())))


@pytest.mark.slow
@pytest.mark.parametrize("changed", SAME.values(), ids=SAME)
def test_each_of_these_changes_is_none_to_cfn_lint(changed):
    assert lint(changed(acme()), "t.yaml", advice=False) == []
