"""The READMEs: their commands print what they show, their links lead somewhere."""

from __future__ import annotations

import re
import shutil

import hcl2
import pytest
import readings
import transcripts
import yaml
from conftest import ROOT

from generator.cli import COMMANDS
from generator.model import markdown
from generator.render import formats, is_generated

TEXTS = {name: (ROOT / name).read_text(encoding="utf-8") for name in transcripts.READMES}
# Commands that are shown and not run, by how they begin, and why.
NOT_RUN = {
    "git config merge.cvo-sg.driver": "sets up a clone; cli/test_merges.py runs it",
    "python3 -m venv": "installs, which test_installed.py tests",
    "pip install": "installs, which test_installed.py tests",
    "aws cloudformation deploy": "needs an AWS account",
    "aws cloudformation create-change-set": "needs an AWS account",
    "aws cloudformation wait": "needs an AWS account",
    "aws cloudformation execute-change-set": "needs an AWS account",
    "aws ec2 describe-security-group": "needs an AWS account",
    "pytest": "is this very run",
    "CVO_SG_REQUIRE_TERRAFORM=1 pytest": "is this very run",
    "ruff": "is for a clone; .ci/run runs it",
    "cvo-sg generate ": "refreshes out/ of a clone, or belongs to that story",
    "cvo-sg init ": "begins the story that test_story.py runs",
    "git add --all && git ": "belongs to that story",
    "git merge --no-commit main; cvo-sg generate": "belongs to that story",
    "terraform -chdir=live plan": "belongs to that story; proof/test_renamed.py applies it",
    "cvo-sg diff ": "needs files of a reader; cli/test_diff.py tests it",
    "python tests/transcripts.py": "rewrites the READMEs; below",
    "python tests/benchmarks/": "measures; test_benchmarks.py tests that it can",
    "python tests/corpora.py": "rewrites what stands in invalid/; test_corpora.py tests it",
}


@pytest.mark.skipif(not shutil.which("bash"), reason="the commands are for bash")
@pytest.mark.slow
@pytest.mark.parametrize(
    "name", [name for name, text in TEXTS.items() if transcripts.commands(text)]
)
def test_the_commands_print_what_is_shown(name, tmp_path):
    shown = transcripts.commands(TEXTS[name])
    printed = transcripts.run(TEXTS[name], tmp_path)
    assert len(printed) == len(shown)
    for command, now in zip(shown, printed, strict=True):
        assert transcripts.matches(command.shown, now), (
            f"{name} shows for {command.text}{command.shown}\nbut it prints\n{now}\n"
            "To show that instead: python tests/transcripts.py"
        )


def test_what_is_not_run_is_known():
    lines = [
        line
        for text in TEXTS.values()
        for block in transcripts.blocks(text)
        if block.language == "sh"
        for line in block.text.replace("\\\n", "").splitlines()
    ]
    for line in lines:
        assert line.startswith(tuple(NOT_RUN)), (
            f"{line}: show it as console, or say why it is not run"
        )
    for start in NOT_RUN:
        assert any(line.startswith(start) for line in lines), f"{start!r} is not shown any more"
    languages = {b.language for text in TEXTS.values() for b in transcripts.blocks(text)}
    assert languages <= {"console", "sh", "yaml", "json", "hcl", "jinja", "mermaid"}


SHOWN = "one\n...\nfive\nsix ...\n"
PRINTED = "one\ntwo\nthree\nfive\nsix and more\n"


@pytest.mark.parametrize(
    ("printed", "same"),
    [
        pytest.param(PRINTED, True, id="shortened"),
        pytest.param("one\nfive\nsix \n", True, id="nothing left out"),
        pytest.param(PRINTED + "seven\n", False, id="a line more"),
        pytest.param(PRINTED.replace("one", "One"), False, id="another line"),
        pytest.param("", False, id="nothing"),
    ],
)
def test_shown_lines_match_what_they_shorten_and_nothing_else(printed, same):
    assert transcripts.matches(SHOWN, printed) == same


def test_refreshing_keeps_what_is_shortened():
    now = PRINTED.replace("one", "One") + "seven\n"
    refreshed = transcripts.shortened(now, SHOWN)
    assert refreshed == "One\n...\nsix ...\nseven\n"
    assert transcripts.matches(refreshed, now)


def test_a_file_that_is_shown_is_there_for_the_commands_below_it(tmp_path):
    file = "Save it as `a/b.yaml`:\n\n```yaml\nx: $y\n```\n"
    console = "```console\n$ cat a/b.yaml\n$ false\n$ echo $?\n```\n"
    assert transcripts.run(f"{file}\n{console}", tmp_path) == ["x: $y\n", "", "1\n"]


def test_the_table_of_readings_has_every_note_of_the_rule_data(data):
    text = TEXTS[readings.README]
    assert readings.refresh(text) == text, "to write the table: python tests/transcripts.py"
    notes = {
        " ".join(rule.note.split())
        for release in data.history()
        for group in release.rules.values()
        for *_, table in group.tables()
        for rule in table
        if rule.note
    }
    notes |= {note for release in data.history() for note in release.info.notes}
    assert len(notes) > 40
    for note in notes:
        assert f"| {markdown(note)} |\n" in text


def test_readings_of_the_same_rows_in_several_releases_share_a_line():
    documented = ["3.7", "3.8", "3.9", "bluexp"]
    reading = readings.Reading("manager", ("a", "b", "c", "d"), ("3.7", "3.8", "3.9"), "One | two")
    assert readings.line(reading, documented) == (
        "| `a`, `b` and 2 more | `3.7` to `3.9` | One \\| two |\n"
    )
    assert readings.span(documented, documented) == "all"
    assert readings.span(["3.7", "3.9"], documented) == "`3.7`, `3.9`"
    assert readings.span(["3.7"], ["3.7"]) == "`3.7`"
    assert readings.listed("abc") == "a, b, c"


def anchors(text: str) -> set[str]:
    """The anchors of the headings, as GitHub makes them."""
    titles = re.findall(r"^#+ (.+)$", text, re.M)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("name", TEXTS)
def test_links_lead_to_files_and_headings_of_the_repository(name):
    for link in re.findall(r"\]\(([^)\s]+)\)", TEXTS[name]):
        if "://" in link:
            continue
        file, _, anchor = link.partition("#")
        target = (ROOT / name).parent / file if file else ROOT / name
        assert target.exists(), link
        assert not anchor or anchor in anchors(target.read_text(encoding="utf-8")), link


def test_nothing_says_to_install_a_package_that_nobody_has_published():
    for path in [*TEXTS, "action.yml", ".pre-commit-hooks.yaml"]:
        assert not re.search(r"pip install [^\n]*\bcvo-sg\b", (ROOT / path).read_text()), path


def test_the_readme_is_a_guide_that_names_every_command():
    text = TEXTS["README.md"]
    assert len(text.splitlines()) <= 180
    for name in COMMANDS:
        assert f"| `cvo-sg {name}` |" in text


def test_examples_of_terraform_use_variables_that_the_module_has():
    found = 0
    for name, text in TEXTS.items():
        for block in transcripts.blocks(text):
            if block.language != "hcl":
                continue
            for arguments in (a for m in hcl2.loads(block.text)["module"] for a in m.values()):
                source = ROOT / arguments.pop("source").strip('"')
                known = hcl2.loads((source / "variables.tf").read_text())["variable"]
                names = {key.strip('"') for each in known for key in each}
                assert {key for key in arguments if not key.startswith("__")} <= names, name
                found += 1
    assert found


def test_examples_in_yaml_are_yaml():
    for text in TEXTS.values():
        for block in transcripts.blocks(text):
            if block.language == "yaml":
                assert yaml.safe_load(block.text)


def test_readmes_of_folders_are_not_taken_for_what_the_folders_hold():
    assert not is_generated(TEXTS["out/README.md"].encode())
    assert "README.md" not in formats([ROOT / "templates"])
