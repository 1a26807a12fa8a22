"""How long rendering takes in process. Not part of the test run: `pytest -n0 --benchmark-only`."""

from __future__ import annotations

from generator.load import RuleData, shipped
from generator.render import formats, render
from generator.resolve import resolve


def test_render_both_presets_in_both_formats(benchmark):
    templates = shipped("templates")

    def everything() -> int:
        data = RuleData(shipped("rule_data"))
        size = 0
        for name in data.presets():
            deployment = data.preset(name)
            resolved = resolve(deployment, data.release(deployment.release), data.catalogue)
            for format_ in formats(templates):
                size += sum(map(len, render(resolved, templates, format_).values()))
        return size

    assert benchmark(everything) > 50_000
