"""What is printed acts nowhere: names of files and values of users reach terminals, workflow
commands, Markdown and spreadsheets as text."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil

import pytest
from click.testing import CliRunner

from generator.check import REPORTS, Check, Finding, Report
from generator.cli import cli
from generator.cli.terminal import safe
from generator.load import shipped

TITLE = "\x1b]0;owned\x07"
NAMES = [f"::stop-commands::x ##[group]x{TITLE}", " ::add-mask::\u202egpj a\x9bb"]
SPREADSHEET = ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)"]
OBEYED = re.compile(r"^\s*::|##\[|[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", re.M)


def run(*words, **options):
    return CliRunner().invoke(cli, [*words], **options)


def acts(result):
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return OBEYED.search(result.stdout) or OBEYED.search(result.stderr)


@pytest.fixture
def here(tmp_path, monkeypatch):
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_names_of_files_do_not_act(name, here):
    file = here / f"{name}.yaml"
    file.write_text("name: a\nrelease: none\n")
    for output in ("text", "json", "sarif", "junit", "markdown"):
        result = run("validate", "--verbose", "--output", output, file.name)
        assert result.stdout
        assert not acts(result)
    assert not acts(run("generate", file.name))
    assert not acts(run("diff", file.name, "3.7"))
    assert not acts(run("init", str(here / f"{name}.yaml")))
    assert not acts(run("init", f"other{name}.yaml"))


@pytest.mark.parametrize("name", NAMES, ids=ascii)
@pytest.mark.parametrize(
    "words",
    [
        [],
        ["rules", "--group"],
        ["rules", "--"],
        ["rules", "--release"],
        ["explain"],
        ["generate", "--preset"],
        ["diff", "3.7"],
        ["schema"],
        ["validate"],
    ],
    ids=" ".join,
)
@pytest.mark.usefixtures("here")
def test_words_of_the_command_line_do_not_act(words, name):
    assert not acts(run(*words, name))


@pytest.mark.parametrize("name", ["::stop-commands::x", " ::add-mask::a", "##[group]x"])
def test_what_is_written_is_listed_so_that_it_does_not_act(name, here):
    (here / "acme.yaml").write_text('name: acme\nrelease: "3.7"\ngroups: [manager]\n')
    words = ("generate", "acme.yaml", "--no-lint", "--out", f"{name}/{name}")
    assert not acts(run(*words, "--check"))
    assert not acts(run(*words, "--diff", "--output", "markdown"))
    result = run(*words, "--verbose")
    assert result.exit_code == 0
    assert not acts(result)


def test_workflow_commands_hold_values_as_data(here):
    hostile = "::stop-commands::x,line=1\n::error::%0A\r\u202e\x1b[8m"
    finding = Finding(hostile, 1, 2, "error", hostile, hostile)
    for line in REPORTS["github"](Report((Check("a", (finding,)),))).splitlines():
        assert re.fullmatch("::error file=[^:,]*,line=1,col=2,title=cvo-sg [^:,]*::.*", line)
    (here / f"a{TITLE}.yaml").write_text("name: a\nrelease: none\n")
    result = run("validate", "--output", "github", f"a{TITLE}.yaml")
    assert result.stdout.startswith("::error file=")
    assert "\x1b" not in result.stdout


def test_findings_are_text_in_markdown():
    hostile = "![x](https://example.com/x.png) <b>`a`</b> | a\n# b"
    text = REPORTS["markdown"](
        Report((Check("a", (Finding(hostile, 1, 0, "error", "E1", hostile),), skipped=hostile),))
    )
    assert len(text.splitlines()) == 2
    outside_of_code = re.sub(r"``.*?``(?!`)", "", text)
    assert not re.search(r"(?<!\\)[!\[<`|]", re.sub(r"\\.|!(?=\\)", "", outside_of_code))


@pytest.fixture
def hostile_rules(tmp_path):
    root = shutil.copytree(shipped("rule_data"), tmp_path / "rule_data")
    manager = root / "releases" / "3.7" / "manager.yaml"
    purposes = [*SPREADSHEET, "<b>", "![x](y)", "a|b", "::stop-commands::x", "##[group]x"]
    rows = [
        {"id": f"a-{i}", "protocol": "TCP", "port": "1", "purpose": text, "endpoints": ["dns"]}
        for i, text in enumerate(purposes)
    ]
    file = {"title": "Manager", "inbound": rows, "outbound": []}
    manager.write_text(json.dumps(file), "utf-8")
    return str(root)


def test_no_cell_is_a_formula(hostile_rules):
    words = ("rules", "--release", "3.7", "--group", "manager", "--rule-data", hostile_rules)
    result = run(*words, "--output", "csv")
    cells = [cell for row in csv.reader(io.StringIO(result.stdout)) for cell in row]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    assert {f"'{text}" for text in SPREADSHEET} < set(cells)
    found = json.loads(run(*words, "--output", "json").stdout)
    assert {row["purpose"] for row in found} > {*SPREADSHEET, "##[group]x"}, "as documented"


def test_rows_are_text_in_markdown(hostile_rules):
    words = ("rules", "--release", "3.7", "--group", "manager", "--rule-data", hostile_rules)
    result = run(*words, "--output", "markdown")
    assert "\\<b>" in result.stdout
    assert "!\\[x\\](y)" in result.stdout
    assert "a\\|b" in result.stdout
    assert not acts(result)
    assert not acts(run(*words, "--output", "table"))
    assert not acts(run("diff", "3.7", "3.8", "--output", "markdown", "--rule-data", hostile_rules))


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        pytest.param("a\tb\nc: ::d", "a\tb\nc: ::d", id="tabs, lines and colons are text"),
        pytest.param("Größe 名前 🙂", "Größe 名前 🙂", id="as is other text"),
        pytest.param("a\rb", "a\\u000db", id="a return would overwrite the line"),
        pytest.param("::a\n  ::b", "\\u003a:a\n  \\u003a:b", id="a command on any line"),
        pytest.param("a ##[b]", "a ##\\u005bb]", id="an old command anywhere"),
        pytest.param("\udcff", "\\udcff", id="a byte that is no text"),
        pytest.param("\u2066a\u2069", "\\u2066a\\u2069", id="another direction"),
    ],
)
def test_what_acts_is_printed_as_an_escape(text, printed):
    assert safe(text) == printed


def test_files_on_standard_output_are_exact(here):
    text = 'name: acme\nrelease: "3.7"\ngroups: [manager]\ntags: {a: "\u202eb"}\n'
    (here / "acme.yaml").write_text(text)
    result = run("generate", "acme.yaml", "--stdout", "--format", "cloudformation", "--no-lint")
    assert "\u202eb" in result.stdout
