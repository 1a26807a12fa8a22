"""Rule data from the cache: the same as from the files, and never of other files or other code."""

from __future__ import annotations

import json
import os
import shutil

import pytest

from generator.cache import NO_CACHE, Cache
from generator.errors import InputError
from generator.load import RuleData, kept, shipped, strict_yaml


@pytest.fixture
def cache(tmp_path):
    return Cache(tmp_path / "cache")


@pytest.fixture
def folder(tmp_path):
    """Rule data that replaces what is built in."""
    shutil.copytree(shipped("rule_data"), tmp_path / "data")
    (tmp_path / "data" / "rule-data.yaml").write_text("replaces_built_in: true\n")
    return tmp_path / "data"


@pytest.fixture(autouse=True)
def reads(monkeypatch):
    """The files that are read as YAML, rather than taken from the cache."""
    read = []
    original = strict_yaml.parse
    monkeypatch.setattr(strict_yaml, "parse", lambda *a: read.append(a[2]) or original(*a))
    monkeypatch.setattr("generator.load.layers.parse", kept.parse)
    monkeypatch.setattr("generator.load.rule_data.parse", kept.parse)
    return read


def everything(data):
    return data.catalogue, data.history(), [data.preset(name) for name in data.presets()]


@pytest.fixture(scope="module")
def expected():
    """What the files say."""
    return everything(RuleData(shipped("rule_data"), NO_CACHE))


def test_what_is_kept_is_what_the_files_say(folder, cache, reads, expected):
    assert everything(RuleData(folder, cache)) == expected
    reads.clear()
    assert everything(RuleData(folder, cache)) == expected
    assert reads == []


def test_a_file_that_changes_is_read_again(folder, cache, reads):
    RuleData(folder, cache)
    path = folder / "groups.yaml"
    path.write_text(path.read_text().replace("output: ", "output: x_"))
    reads.clear()
    roles = RuleData(folder, cache).catalogue.groups
    assert reads == [str(path)]
    assert all(group.output.startswith("x_") for group in roles.values())


def test_code_that_changes_reads_again(folder, cache, reads, monkeypatch):
    RuleData(folder, cache)
    reads.clear()
    monkeypatch.setattr(kept, "_code", lambda: "other code")
    RuleData(folder, cache)
    assert str(folder / "groups.yaml") in reads


def test_mistakes_across_files_have_their_places(folder, cache):
    """Nothing is wrong with either file alone, so both are in the cache."""
    path = folder / "releases" / "3.7" / "manager.yaml"
    path.write_text(path.read_text().replace("endpoints: [", "endpoints: [nobody, ", 1))
    messages = []
    for each in (NO_CACHE, cache, cache):
        with pytest.raises(InputError) as error:
            RuleData(folder, each).release("3.7")
        messages.append(str(error.value))
    assert "unknown endpoint 'nobody'" in messages[0]
    assert messages[0].startswith(f"{path}:")
    assert len(set(messages)) == 1


def test_a_file_with_mistakes_is_not_kept(folder, cache):
    (folder / "groups.yaml").write_text("manager: {description: 1}\n")
    for _ in range(2):
        with pytest.raises(InputError):
            RuleData(folder, cache)


BROKEN = {
    "not-json": b"{",
    "another-class": json.dumps({"\0class": "Path"}).encode(),
    "another-field": json.dumps({"a": {"\0class": "Group", "x": 1}}).encode(),
    "refused-by-its-class": json.dumps(
        {"a": {"\0class": "Group", "description": "é", "output": "a"}}
    ).encode(),
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
def test_a_broken_entry_is_as_if_there_were_none(folder, cache, content, monkeypatch, expected):
    """Even one with the right digest, as no other program than ours writes it."""
    monkeypatch.setattr(Cache, "load", lambda *_: content)
    assert everything(RuleData(folder, cache)) == expected


def test_an_entry_that_somebody_changed_is_not_taken(folder, cache, expected):
    RuleData(folder, cache).history()
    for path in cache.folder.glob("rule-data-*"):
        path.write_bytes(path.read_bytes().replace(b"443", b"444"))
    assert everything(RuleData(folder, cache)) == expected


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="Windows has no permissions of this kind")
def test_entries_are_the_users_own(folder, cache):
    RuleData(folder, cache)
    assert {path.stat().st_mode & 0o077 for path in cache.folder.glob("*.cache")} == {0}
