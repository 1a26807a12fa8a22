"""A verdict of cfn-lint is kept, and taken only for what it was made of."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from generator.cache import NO_CACHE, Cache
from generator.check import Finding, Linter, installed, verdicts
from generator.check.installed import schemas

ROOT = Path(__file__).parents[2]
CLEAN = """\
AWSTemplateFormatVersion: "2010-09-09"
Resources:
  Vpc:
    Type: AWS::EC2::VPC
    Properties: {CidrBlock: 10.0.0.0/16}
"""


@pytest.fixture
def cache(tmp_path):
    return Cache(tmp_path / "cache")


@pytest.fixture
def linted(monkeypatch):
    """The files that cfn-lint was run on, with one finding in each, or what a test puts there."""

    class Linted(list):
        finding = (3, 1, "warning", "W1", "a finding")
        clean = ()
        """The texts without a finding."""
        texts = ()

    seen = Linted()

    def lint(text, file, *_options):
        seen.append(file)
        seen.texts += (text,)
        return [Finding(file, *seen.finding)] if seen.finding and text not in seen.clean else []

    monkeypatch.setattr(verdicts.cfn_lint, "lint", lint)
    forget()
    yield seen
    forget()


def forget():
    """The next lint is as in another process."""
    verdicts._clean.cache_clear()


def entries(cache):
    return sorted(cache.folder.glob("verdict-*"))


def test_a_template_is_linted_once_and_its_findings_name_the_file_that_was_asked_for(cache, linted):
    first = Linter(cache).lint(CLEAN, "one.yaml")
    assert first == [Finding("one.yaml", 3, 1, "warning", "W1", "a finding")]
    assert Linter(cache).lint(CLEAN, "two.yaml") == [first[0]._replace(file="two.yaml")]
    assert linted == ["one.yaml"]


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(lambda lint: lint(CLEAN + "\n", "t"), id="text"),
        pytest.param(lambda lint: lint(CLEAN, "t", advice=False), id="advice"),
        pytest.param(lambda lint: lint(CLEAN, "t", suppressions=False), id="suppressions"),
    ],
)
def test_a_verdict_is_not_taken_for_another(cache, linted, other):
    lint = Linter(cache).lint
    for _ in range(2):
        lint(CLEAN, "t")
        other(lint)
    assert len(linted) == 2


def test_a_verdict_is_not_taken_when_the_tools_change(cache, linted, monkeypatch):
    for version in ("1", "2", "2"):
        monkeypatch.setattr(verdicts, "installed", lambda version=version: version)
        Linter(cache).lint(CLEAN, "t")
    assert len(linted) == 2


def test_without_certainty_about_the_tools_nothing_is_kept(cache, linted, monkeypatch):
    monkeypatch.setattr(verdicts, "installed", lambda: None)
    for _ in range(2):
        Linter(cache).lint(CLEAN, "t")
    assert len(linted) == 2


def test_without_a_cache_nothing_is_kept(linted):
    for _ in range(2):
        Linter(NO_CACHE).lint(CLEAN, "t")
    assert len(linted) == 2


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[",
        b"{}",
        b"null",
        b"[[]]",
        b'["a"]',
        b'[[1, 1, "warning", "W1"]]',
        b'[[1, 1, "fatal", "W1", "message"]]',
        b'[["1", 1, "warning", "W1", "message"]]',
        b"[" * 100_000,
        b"\xff\xfe",
    ],
)
def test_an_entry_of_another_form_is_linted_anew(cache, linted, content, monkeypatch):
    monkeypatch.setattr(Cache, "load", lambda *_: content)
    [finding] = Linter(cache).lint(CLEAN, "t")
    assert linted == ["t"]
    assert finding.rule == "W1"


@pytest.mark.parametrize("spoilt", [lambda old: old[:-1], lambda old: old.replace(b"W1", b"W2")])
def test_an_entry_that_was_changed_is_linted_anew(cache, linted, spoilt):
    Linter(cache).lint(CLEAN, "t")
    [entry] = entries(cache)
    entry.write_bytes(spoilt(entry.read_bytes()))
    [finding] = Linter(cache).lint(CLEAN, "t")
    assert (len(linted), finding.rule) == (2, "W1")


def test_an_entry_of_one_template_is_not_taken_for_another(cache, linted):
    Linter(cache).lint(CLEAN, "t")
    [entry] = entries(cache)
    Linter(cache).lint(CLEAN + "# another\n", "t")
    [other] = {*entries(cache)} - {entry}
    linted.finding = None
    other.write_bytes(entry.read_bytes())
    assert Linter(cache).lint(CLEAN + "# another\n", "t") == []
    assert len(linted) == 3


def test_a_failure_of_cfn_lint_is_not_kept(cache, linted):
    linted.finding = (0, 0, "error", verdicts.cfn_lint.FAILED, "out of memory")
    for _ in range(2):
        Linter(cache).lint(CLEAN, "t")
    assert len(linted) == 2


@pytest.mark.parametrize(
    "more",
    [
        "  A: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: ./other.yaml}}\n",
        "  A: {Type: AWS::Serverless::Application}\n",
        '  A: {Type: "AWS::CloudFormation\\x3a:Stack"}\n',
        '  A: {Type: "AWS:\\\n    :Lambda::Function"}\n',
        "Transform: AWS::LanguageExtensions\n",
    ],
    ids=["stack", "application", "escaped", "broken", "transform"],
)
def test_what_may_depend_on_other_files_is_linted_each_time(cache, linted, more):
    for _ in range(2):
        Linter(cache).lint(CLEAN + more, "t")
    assert len(linted) == 2


@pytest.mark.usefixtures("linted")
def test_many_at_a_time_share_a_cache(cache):
    texts = [f"{CLEAN}# {i % 5}\n" for i in range(100)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda text: Linter(cache).lint(text, "t"), texts))
    assert all(each == found[0] for each in found)
    assert len(entries(cache)) == 5


def preset(name):
    return Path(ROOT, "out", name, "cloudformation/template.yaml").read_text()


PREDEFINED, ADVANCED = preset("predefined"), preset("advanced")
RENAMED = PREDEFINED.replace("Default: predefined", "Default: another")


def lint_rendered(text, cache=NO_CACHE):
    return Linter(cache).lint(text, "t", advice=False, rendered=True)


def test_of_what_was_rendered_one_piece_of_each_kind_is_linted(linted):
    linted.finding = None
    for each in (PREDEFINED, RENAMED):
        assert lint_rendered(each) == []
    [text] = linted.texts
    assert len(text) < len(PREDEFINED) / 2
    assert text.count("    Export:\n") == 1
    Linter().lint(RENAMED, "t", advice=False)
    assert linted.texts[1:] == (RENAMED,), "nobody says that it was rendered"


def test_of_another_template_the_new_kinds_are_linted(linted):
    linted.finding = None
    lint_rendered(PREDEFINED)
    lint_rendered(ADVANCED)
    _, text = linted.texts
    assert len(text) < len(ADVANCED) / 8
    assert "ToActiveDirectory:" in text
    assert "FromInboundClients:" not in text


@pytest.mark.slow
def test_nothing_of_presets_is_linted_whole():
    forget()
    texts = [path.read_text() for path in ROOT.glob("out/*/cloudformation/template.yaml")]
    with pytest.MonkeyPatch.context() as patch:
        linted = []
        lint = verdicts.cfn_lint.lint
        patch.setattr(
            verdicts.cfn_lint, "lint", lambda text, *rest: linted.append(text) or lint(text, *rest)
        )
        assert [lint_rendered(text) for text in texts] == [[]] * len(texts)
    assert len(texts) > 4
    assert sum(map(len, linted)) < sum(map(len, texts)) / 4


def test_what_is_found_in_a_part_only_is_no_finding(linted):
    linted.clean = (PREDEFINED,)
    assert lint_rendered(PREDEFINED) == []
    assert linted.texts[1:] == (PREDEFINED,)
    assert lint_rendered(RENAMED) == []
    assert len(linted) == 2, "the kinds are known, because all of the first was linted"


def test_what_is_found_is_found_in_the_whole(linted):
    for each in (PREDEFINED, RENAMED):
        assert lint_rendered(each) == [Finding("t", *linted.finding)]
    assert linted.texts[1::2] == (PREDEFINED, RENAMED)


def test_kinds_are_kept_between_runs(cache, linted):
    linted.finding = None
    for each in (PREDEFINED, RENAMED):
        assert lint_rendered(each, cache) == []
        forget()
    assert len(linted) == 1


def test_kinds_that_another_process_has_found_meanwhile_are_kept(cache, linted):
    linted.finding = None
    lint_rendered(PREDEFINED, cache)
    ours = verdicts._clean(cache, installed.installed())
    forget()
    lint_rendered(ADVANCED, cache)
    theirs = verdicts._clean(cache, installed.installed())
    forget()
    verdicts._clean(cache, installed.installed()).intersection_update(ours)
    lint_rendered(preset("example-nfs-single-node"), cache)
    forget()
    assert verdicts._clean(cache, installed.installed()) > theirs | ours


def test_kinds_are_not_known_when_the_tools_change(cache, linted, monkeypatch):
    linted.finding = None
    for version in ("1", "2", "2"):
        monkeypatch.setattr(verdicts, "installed", lambda version=version: version)
        lint_rendered(PREDEFINED, cache)
        forget()
    assert len(linted) == 2


@pytest.mark.parametrize("content", [b"", b"[", b"{}", b"null", b"[1]", b"[[]]", b"\xff\xfe"])
def test_kinds_of_another_form_are_not_known(cache, linted, content, monkeypatch):
    linted.finding = None
    monkeypatch.setattr(Cache, "load", lambda *_: content)
    lint_rendered(PREDEFINED, cache)
    assert len(linted) == 1


def test_of_very_many_kinds_the_last_are_known(linted, monkeypatch):
    linted.finding = None
    monkeypatch.setattr(verdicts, "_MANY", 5)
    for each in (PREDEFINED, ADVANCED, ADVANCED, PREDEFINED):
        lint_rendered(each)
    assert len(linted) == 3


def test_findings_of_one_template_are_not_those_of_its_kinds(cache, linted):
    for each in (PREDEFINED, RENAMED):
        assert lint_rendered(each, cache)
    assert len(linted) == 4
    assert lint_rendered(RENAMED, cache)
    assert len(linted) == 4, "the verdict on the whole is kept"


def test_advice_depends_on_literals(cache, linted):
    for each in (PREDEFINED, RENAMED):
        Linter(cache).lint(each, "t", rendered=True)
    assert len(linted) == 2


@pytest.fixture
def now():
    """What is installed, as another process sees it."""

    def forget():
        installed.installed.cache_clear()
        installed._packages.cache_clear()

    def look():
        forget()
        return installed.installed()

    yield look
    forget()


def test_what_is_installed_is_told_by_packages_and_our_own_files(now, tmp_path, monkeypatch):
    before = now()
    assert before == now()
    monkeypatch.setattr(installed, "_OURS", (*installed._OURS, "cache.py"))
    ours = now()
    assert ours != before
    folder = tmp_path / "libraries"  # as of `pip install --target`
    (folder / "sympy-0.dist-info").mkdir(parents=True)
    monkeypatch.syspath_prepend(str(folder))
    assert now() != ours
    monkeypatch.setattr(installed, "find_spec", lambda _: None)
    assert now() is None


def test_a_place_from_which_nothing_can_be_imported_does_not_count(now, tmp_path, monkeypatch):
    before = now()
    places = [tmp_path / name for name in ("missing", "archive.zip", "locked")]
    places[1].touch()
    places[2].mkdir()
    listdir = os.listdir

    def refusing(folder):
        if folder == places[2]:
            raise PermissionError
        return listdir(folder)

    monkeypatch.setattr(os, "listdir", refusing)
    for each in places:
        monkeypatch.syspath_prepend(str(each))
    assert now() == before is not None


@pytest.mark.slow
def test_all_of_ours_that_a_lint_loads_counts():
    code = (
        "import sys; from generator.check.cfn_lint import lint; lint('Resources: {}', 't.yaml'); "
        "print(*(m.__file__ for name, m in sys.modules.items() if name.startswith('generator.')))"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    loaded = {*map(Path, done.stdout.split())}
    assert ROOT / "generator/check/cfn_rules/__init__.py" in loaded
    assert loaded - {*installed._sources()} <= {ROOT / "generator/cache.py"}


def test_the_schemas_that_a_user_downloads_count(tmp_path, monkeypatch):
    from cfnlint.helpers import get_cache_dir

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    assert schemas() == []
    date = Path(get_cache_dir(), "version.json")
    date.parent.mkdir(parents=True)
    date.write_text(json.dumps({"schema_date": "2030-01-01"}))
    assert schemas() == [date]


@pytest.mark.slow
def test_cfn_lint_is_not_imported_for_what_was_linted_before(tmp_path):
    code = (
        "import sys; from pathlib import Path; from generator.cache import Cache; "
        "from generator.check import Linter; "
        "linter = Linter(Cache(Path('cache'))); "
        f"print(linter.lint({CLEAN!r}, 't.yaml'), 'cfnlint' in sys.modules)"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
        ).stdout.strip()
        for _ in range(2)
    ]
    assert runs == ["[] True", "[] False"]
