"""Addresses of import blocks: those of the module, whatever the deployment binds."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from module import rules_by_key
from samples import rendered
from strategies import deployments, resolved

from generator.adopt import MODULE
from generator.adopt.terraform import key
from generator.resolve import granted


@pytest.mark.slow
@given(deployments())
def test_the_key_of_a_permission_is_that_of_the_module(deployment):
    keys = [(p.group, p.direction, key(p)) for p in granted(resolved(deployment))]
    assert sorted(keys) == sorted(rules_by_key(rendered(deployment)))


@pytest.mark.parametrize(
    "address",
    ["", "module.acme", "module.a.module.b-c", 'module.site["a.b"].module.acme', "module.x[0]"],
)
def test_an_address_of_a_module_is_taken(address):
    assert MODULE.fullmatch(address)


@pytest.mark.parametrize(
    "address",
    [
        "acme",
        "module.",
        "module.a.",
        "module.a module.b",
        'module.a["${x}"]',
        "module.a\n",
        "module.a.x",
    ],
)
def test_anything_else_is_not(address):
    assert not MODULE.fullmatch(address)
    assert not re.fullmatch(MODULE, address)
