"""What is read from our own template is what a stack of it has, for random deployments and values
of their parameters; and a template without parameters that are given is what the rule data says.
"""

from __future__ import annotations

from hypothesis import given
from samples import rendered
from stack import Stack, filled_in, template_of
from strategies import resolved

from generator.observe import read_text
from generator.resolve import granted

PLACEHOLDER = "127.0.0.1/32"


def read(deployment, parameters):
    text = rendered(deployment, "cloudformation")["template.yaml"]
    found = read_text(text, "template.yaml", parameters)
    assert found.left_out == ()
    groups = resolved(deployment).groups
    roles = {
        "".join(part.capitalize() for part in g.role.split("-")) + "SecurityGroup": g.role
        for g in groups
    }
    assert {group.key for group in found.groups} == roles.keys()
    named = {g.role: "".join(map(str.title, g.output.split("_"))) for g in groups}
    assert {roles[group.key]: group.output for group in found.groups} == named
    return roles, [rule for rule in found.rules if rule.peer != PLACEHOLDER]


def test_a_template_is_read_as_its_stack_has_it(proof):
    @given(filled_in(existing=None))
    def check(drawn):
        deployment, parameters = drawn
        stack = Stack(template_of(deployment), **parameters)
        if stack.refusals:
            return
        roles, rules = read(deployment, parameters)
        found = [
            (
                roles[rule.group],
                rule.direction,
                rule.ip_protocol,
                rule.from_port,
                rule.to_port,
                rule.peer_kind,
                roles.get(rule.peer, rule.peer),
                rule.description,
            )
            for rule in rules
        ]
        assert sorted(found, key=str) == sorted(map(tuple, stack.rules()), key=str)
        proof("permissions read from CloudFormation templates with parameters", len(found))

    check()


def test_a_template_is_read_as_the_rule_data_says(proof):
    @given(filled_in(existing=None))
    def check(drawn):
        deployment = drawn[0]
        roles, rules = read(deployment, {})
        found = {
            (
                roles[p.group],
                p.direction,
                p.traffic,
                p.peer.kind,
                roles.get(p.peer.value, p.peer.value),
            )
            for p in (rule.permission() for rule in rules)
        }
        assert found == {p.identity for p in granted(resolved(deployment))}
        proof("permissions read from CloudFormation templates", len(found))

    check()
