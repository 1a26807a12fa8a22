"""What conditions say without a solver is what cfn-lint's solver says, and takes no time."""

from __future__ import annotations

from itertools import combinations

import pytest
from cfnlint.template import Template
from hypothesis import given
from hypothesis import strategies as st

from generator.check.cfn_rules._values import Values
from generator.observe.cloudformation import Written

REFERENCES = {"Stage": "dev", "Size": "large"}  # parameters, and their defaults
operands = st.sampled_from([{"Ref": "Stage"}, {"Ref": "Size"}])
texts = st.sampled_from(["dev", "prod", "large"])
equals = st.builds(lambda *sides: {"Fn::Equals": [*sides]}, operands, texts)
names = st.sampled_from("ABCD")


def functions(inner):
    parts = st.lists(inner, min_size=2, max_size=3)
    return st.one_of(
        st.builds(lambda condition: {"Fn::Not": [condition]}, inner),
        st.builds(lambda conditions: {"Fn::And": conditions}, parts),
        st.builds(lambda conditions: {"Fn::Or": conditions}, parts),
    )


written = st.recursive(equals, functions, max_leaves=4)


@st.composite
def sections(draw):
    """Conditions, of which each may refer to those before it."""
    found = {}
    for name in "ABCD":
        earlier = [st.just({"Condition": other}) for other in found]
        found[name] = draw(st.recursive(st.one_of(equals, *earlier), functions, max_leaves=4))
    return found


def template(conditions):
    parameters = {n: {"Type": "String", "Default": d} for n, d in REFERENCES.items()}
    return Template("t", {"Parameters": parameters, "Conditions": conditions, "Resources": {}})


def by_default(value):
    return REFERENCES[value["Ref"]] if isinstance(value, dict) else value


@given(sections())
def test_what_conditions_say_is_what_the_solver_says(conditions):
    cfn, said = template(conditions), Written(conditions, by_default)
    for name in conditions:
        held = {h for h in (True, False) if cfn.conditions.satisfiable({name: h}, REFERENCES)}
        assert held == {said.holds_by_default(name)}
    for pair in combinations(conditions, 2):
        if said.exclude_each_other(pair):
            scenarios = cfn.conditions.build_scenarios({name: {True} for name in pair})
            assert list(scenarios) == []


def test_values_that_exclude_each_other_are_seen_through_other_conditions():
    stages = {f"Is{s}": {"Fn::Equals": [{"Ref": "Stage"}, s]} for s in ("dev", "prod")}
    both = {"Fn::And": [{"Condition": "Isdev"}, {"Fn::Equals": ["x", {"Ref": "Size"}]}]}
    said = Written({**stages, "Both": both}, by_default)
    assert said.exclude_each_other(["Both", "Isprod"])
    assert not said.exclude_each_other(["Both", "Isdev"])


@pytest.mark.parametrize(
    "condition",
    [None, [], "A", {"Fn::Equals": ["a"]}, {"Fn::Equals": [{"Ref": "Other"}, "a"]},
     {"Fn::And": "x"}, {"Fn::Not": [{"Condition": "A"}]}, {"Condition": ["A"]}, {"Fn::If": []}],
    ids=str,
)  # fmt: skip
def test_nothing_is_said_of_what_cannot_be_known(condition):
    said = Written({"A": condition}, lambda value: value)
    assert said.holds_by_default("A") is None
    assert not said.exclude_each_other(["A"])


def test_many_conditions_take_no_solver(monkeypatch):
    conditions = {f"C{i}": {"Fn::Equals": [{"Ref": "Stage"}, f"s{i}"]} for i in range(100)}
    conditions |= {"Deep0": {"Condition": "C0"}}
    for i in range(1, 24):
        twice = [{"Condition": f"Deep{i - 1}"}, {"Condition": f"Deep{i - 1}"}]
        conditions[f"Deep{i}"] = {"Fn::Or" if i % 2 else "Fn::And": twice}
    cfn = template({name: conditions[name] for name in list(conditions)[:3]})
    cfn.template["Conditions"] = conditions
    monkeypatch.setattr(cfn.conditions, "build_scenarios", None)
    monkeypatch.setattr(cfn.conditions, "satisfiable", None)
    known = Values(cfn)
    for one, other in combinations(list(conditions)[:100], 2):
        assert not known.possible(frozenset({(one, True), (other, True)}))
    assert not known.hold_by_default(frozenset({("Deep23", True)}))
