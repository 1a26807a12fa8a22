"""What cfn-lint finds is the same, whether or not it works out everything anew."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from cfnlint.context import context
from cfnlint.context.conditions import _conditions
from cfnlint.decode import decode_str
from cfnlint.jsonschema import _filter, validators
from planted import ERRORS, acme, change
from samples import TEMPLATE

from generator.check import lint, remembered

FUNCTIONS = [
    (validators, "create"),
    (validators, "fields"),
    (_filter, "fields"),
    (context, "fields"),
    (_conditions, "satisfiable"),
]


TOGETHER = 10  # templates that the planted errors are spread over


def conditional(one, two):
    """A template with the same names, whatever its conditions mean."""
    conditions = f"""\
Parameters: {{Size: {{Type: String, Default: a}}}}
Conditions:
  One: !Equals [!Ref Size, {one}]
  Two: !Equals [!Ref Size, {two}]
"""
    return TEMPLATE % "!If [One, !If [Two, 10.0.0.0/8, 10.1.0.0/16], 10.2.0.0/33]" + conditions


TEXTS = {
    "conditions-that-are-one": conditional("a", "a"),
    "conditions-that-exclude-each-other": conditional("a", "b"),
    "conditions-the-other-way-round": conditional("b", "a"),
    "values-of-the-wrong-type": TEMPLATE % "[10.0.0.0/8]",
    "a-resource-of-another-type": TEMPLATE.replace("EC2::SecurityGroup", "S3::Bucket") % "x",
    "ours-with-an-error": change(r"GroupId: !GetAtt \w+", "GroupId: !GetAtt Missing")(acme()),
}


def found(text):
    return lint(text, "t.yaml")


def test_this_cfn_lint_has_every_function_that_is_remembered():
    found(TEMPLATE % "10.0.0.0/8")
    assert [
        name for place, name in FUNCTIONS if not hasattr(getattr(place, name), "__wrapped__")
    ] == []


@pytest.fixture
def forgetting(monkeypatch):
    """Have cfn-lint work out everything anew from now on."""

    def forget():
        for place, name in FUNCTIONS:
            monkeypatch.setattr(place, name, getattr(place, name).__wrapped__)

    return forget


def test_what_is_remembered_changes_no_finding(forgetting):
    first = {name: found(text) for name, text in TEXTS.items()}
    again = {name: found(text) for name, text in TEXTS.items()}
    forgetting()
    assert first == again == {name: found(text) for name, text in TEXTS.items()}
    assert all(first.values())


def with_errors(text, errors):
    """The text with those of the planted errors that leave it a template at all."""
    for planted in errors:
        if not decode_str(planted(text))[1]:
            text = planted(text)
    return text


@pytest.mark.slow
def test_what_is_remembered_hides_no_planted_error(forgetting):
    """With several in a template, as each lint that remembers nothing takes its time."""
    errors = [*ERRORS.values()]
    texts = [with_errors(acme(), errors[start::TOGETHER]) for start in range(TOGETHER)]
    remembering = [*map(found, texts)]
    forgetting()
    assert remembering == [*map(found, texts)]
    assert all(remembering)


@pytest.fixture
def place():
    """A module with a function that counts its calls."""
    calls = []
    place = SimpleNamespace(calls=calls, double=lambda number: calls.append(number) or [number] * 2)
    remembered._once(place, "double", lambda number: ("number", number))
    return place


def test_a_function_is_called_once_for_equal_arguments(place):
    assert [place.double(1), place.double(2), place.double(1)] == [[1, 1], [2, 2], [1, 1]]
    assert place.calls == [1, 2]


@pytest.mark.parametrize("arguments", [{"number": []}, {"number": {}}])
def test_arguments_without_a_key_are_passed_on_each_time(place, arguments):
    assert place.double(**arguments) == place.double(**arguments)
    assert len(place.calls) == 2


def test_of_many_answers_only_the_last_are_kept(place, monkeypatch):
    monkeypatch.setattr(remembered, "MANY", 2)
    for number in (1, 2, 3, 1):
        place.double(number)
    assert place.calls == [1, 2, 3, 1]


def test_a_function_that_is_not_there_is_not_made_up():
    place = SimpleNamespace()
    remembered._once(place, "double", id)
    assert not vars(place)
