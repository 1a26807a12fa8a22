"""How long the steps before a check take, in process: `pytest -n0 --benchmark-only FILE`."""

from __future__ import annotations

import pytest

from generator.load import RuleData, shipped
from generator.render import formats, render
from generator.resolve import resolve

TEMPLATES = (shipped("templates"),)


@pytest.fixture(scope="session", autouse=True)
def _read_once():
    """Read the texts of rule data in each round, unlike in tests."""


@pytest.fixture(scope="module")
def data() -> RuleData:
    return RuleData(shipped("rule_data"))


def test_load_every_release(benchmark):
    def load() -> int:
        return len(RuleData(shipped("rule_data")).history())

    assert benchmark(load) > 1


def test_resolve_every_preset(benchmark, data):
    def resolve_all() -> int:
        presets = [data.preset(name) for name in data.presets()]
        return len([resolve(each, data.release(each.release), data.catalogue) for each in presets])

    assert benchmark(resolve_all) > 1


@pytest.mark.parametrize("format_", formats(TEMPLATES))
def test_render_one_preset(benchmark, data, format_):
    deployment = data.preset(data.presets()[0])
    resolved = resolve(deployment, data.release(deployment.release), data.catalogue)
    texts = benchmark(render, resolved, TEMPLATES, format_)
    assert sum(map(len, texts.values())) > 1_000
