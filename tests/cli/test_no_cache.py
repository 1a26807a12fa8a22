"""`generate` and `validate` lint what they have not linted before, and all of it on request."""

from __future__ import annotations

from pathlib import Path

import pytest

from generator import cache
from generator.check import verdicts

PRESET = "example-nfs-single-node"
ROOT = Path(__file__).parents[2]


@pytest.fixture
def linted(monkeypatch, tmp_path):
    """The files that cfn-lint was run on, in a run that begins with an empty cache."""
    seen = []
    monkeypatch.setenv(cache.FOLDER, str(tmp_path / "cache"))
    monkeypatch.setattr(verdicts, "_clean", verdicts._clean.__wrapped__)
    monkeypatch.setattr(verdicts.cfn_lint, "lint", lambda _, file, *__: seen.append(file) or [])
    return seen


COMMANDS = {
    "generate": ("generate", "--preset", PRESET),
    "validate": ("validate", ROOT / "out" / PRESET / "cloudformation"),
}


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_what_was_linted_is_linted_again_with_no_cache_only(run, linted, tmp_path, command):
    for _ in range(2):
        assert run(*command).exit_code == 0
    assert len(linted) == 1
    before = sorted((tmp_path / "cache").iterdir())
    for _ in range(2):
        assert run(*command, "--no-cache").exit_code == 0
    assert len(linted) == 3
    assert sorted((tmp_path / "cache").iterdir()) == before


def test_no_cache_holds_for_one_run(run, linted):
    for arguments in (["--no-cache"], [], []):
        run(*COMMANDS["generate"], *arguments)
    assert len(linted) == 2


def test_what_templates_of_others_render_is_linted_text_by_text(run, linted, tmp_path, monkeypatch):
    monkeypatch.setattr(verdicts, "shape", lambda _: pytest.fail("only ours have a shape"))
    own = tmp_path / "own" / "cloudformation"
    own.mkdir(parents=True)
    (own / "notes.md.jinja").write_text("{{ header | join('\\n') }}\n")
    for _ in range(2):
        assert run(*COMMANDS["generate"], "--templates", "own").exit_code == 0
    assert len(linted) == 1
