"""What cfn-lint finds is the same, whether or not it works out everything anew."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from cfnlint.context import context
from cfnlint.context.conditions import _conditions
from cfnlint.jsonschema import _filter, validators
from planted import acme, change
from samples import TEMPLATE

from generator.check import lint, remembered

FUNCTIONS = [
    (validators, "create"),
    (validators, "fields"),
    (_filter, "fields"),
    (context, "fields"),
    (_conditions, "satisfiable"),
]


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


def test_what_is_remembered_changes_no_finding(monkeypatch):
    first = {name: found(text) for name, text in TEXTS.items()}
    again = {name: found(text) for name, text in TEXTS.items()}
    for place, name in FUNCTIONS:
        monkeypatch.setattr(place, name, getattr(place, name).__wrapped__)
    assert first == again == {name: found(text) for name, text in TEXTS.items()}
    assert all(first.values())


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
