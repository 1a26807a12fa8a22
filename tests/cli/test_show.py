"""`cvo-sg show`: the flow matrix on the terminal."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tempfile
import webbrowser
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner

from generator.cli import cli, terminal
from generator.model import Peer
from generator.resolve import matrix, resolve
from generator.show import matrix_table


def show(*words, code=0):
    result = CliRunner().invoke(cli, ["show", *words])
    assert result.exit_code == code, result.output
    return result.output


def matrix_of(data, preset):
    return matrix(resolve(data.preset(preset), data.release("3.7"), data.catalogue))


def test_a_preset_is_shown_group_by_group():
    text = show("predefined")
    assert "ha-mediator (HA mediator (external)), inbound" in text
    assert "\x1b" not in text


def test_of_a_release_every_group_is_shown_and_nobody_is_filled_in():
    text = show("3.7")
    assert "ha-internal" in text
    assert "0.0.0.0/0" not in text


def test_rows_can_be_chosen():
    text = show("advanced", "--group", "manager", "--direction", "inbound")
    assert text.count("manager (Cloud Manager), inbound") == 1
    assert "outbound\n" not in text.split("\n", 1)[1]


@pytest.mark.parametrize(
    ("port", "traffic"),
    [(22, {"TCP 22"}), (162, {"UDP 161-162", "TCP 161-162"}), (3001, set()), (0, set())],
)
def test_a_port_chooses_the_flows_that_it_is_among(data, port, traffic):
    found = matrix_of(data, "predefined")
    chosen = {flow.traffic for flow in found.flows if flow.covers(port)}
    assert chosen == traffic | {"all TCP", "all UDP"}
    text = show("predefined", "--port", str(port))
    assert "SSH" not in text or port == 22
    assert "ICMP" not in text
    assert "all TCP" in text


def test_rows_are_chosen_in_tables_only():
    text = show("predefined", "--port", "22", "--output", "csv", code=2)
    assert "choose rows of a table: use --output table" in text


def test_what_no_flow_matches_is_said():
    assert show("advanced", "--group", "manager", "--port", "9").splitlines()[1] == "no flows"


@pytest.mark.parametrize("width", [30, 40, 80, 119, 120, 200])
def test_no_line_is_wider_than_the_terminal_and_nothing_is_left_out(data, width):
    found = matrix_of(data, "example-ha-active-directory")
    lines = [line for _, line in matrix_table(found, found.flows, width)]
    assert max(map(len, lines)) <= width
    for text in ("Kerberos", "dc1", "UDP 53", "Directory", "HA pairs only"):
        assert any(text in line for line in lines), text


@pytest.mark.parametrize("width", [1, 10])
def test_a_terminal_that_is_too_narrow_shows_what_it_can(data, width):
    found = matrix_of(data, "advanced")
    assert any("TCP 22" in line for _, line in matrix_table(found, found.flows, width))


def test_words_stay_whole_at_80_columns(data):
    found = matrix_of(data, "advanced")
    lines = [line for _, line in matrix_table(found, found.flows, 80)]
    start = lines.index("0.0.0.0/0  TCP 3128  inbound-tcp-3128")
    assert lines[start + 1 : start + 4] == [
        "    Proxy clients of the manager: Provides the Cloud Compliance instance with",
        "    internet access, if your AWS network doesn’t use a NAT or proxy",
        "    open to the internet; for cloud-compliance",
    ]


def test_in_a_pipe_a_flow_is_one_line():
    found = [line for line in show("advanced").splitlines() if "TCP 3128" in line]
    assert len(found) == 1
    for text in ("Proxy clients", "use a NAT or proxy", "inbound-tcp-3128", "for cloud-compliance"):
        assert text in found[0]


def test_a_row_has_the_number_of_its_document_if_there_are_several():
    text = show("example-nfs-single-node")
    assert "autosupport-tcp-443 [2]" in text
    assert text.endswith(
        "[1] Security group rules for AWS\n"
        "[2] Networking requirements for Cloud Volumes ONTAP in AWS\n"
    )
    assert show("advanced").endswith("\ndocumented in: Security group rules for AWS\n")
    assert " [1]" not in show("advanced")


def test_every_line_has_its_kind(data):
    found = matrix_of(data, "advanced")
    kinds = {
        kind: {line for each, line in matrix_table(found, found.flows, 80) if each == kind}
        for kind in ("title", "head", "flow", "open", "empty")
    }
    assert "manager (Cloud Manager), inbound" in kinds["title"]
    assert "from / to  traffic   row" in kinds["head"]
    assert "    open to the internet" in kinds["open"]
    assert not any("open to the internet" in line for line in kinds["flow"] | kinds["empty"])
    assert any(line.startswith("Syslog server") for line in kinds["empty"])


def test_wide_characters_take_two_columns(data):
    found = matrix_of(data, "advanced")
    flow = found.flows[0]._replace(source=Peer.parse("10.0.0.0/8", "東京").named)
    plain = found.flows[1]._replace(source="10.0.0.0/8 (abcd)")
    lines = [line for _, line in matrix_table(found, [flow, plain], 300)]
    wide, narrow = (next(line for line in lines if sign in line) for sign in ("東京", "abcd"))
    assert wide.index("TCP") + 2 == narrow.index("TCP")


def test_other_outputs_are_the_formats():
    assert show("3.7", "--output", "csv").startswith("group,direction,source")
    assert "unknown format" in show("3.7", "--output", "nonsense", code=2)


def test_a_page_names_the_command_that_makes_it_again(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "site.yaml").write_text('{name: site, release: "3.7", groups: [manager]}\n')
    for what in ("3.7", "advanced", "site.yaml"):
        text = show(what, "--output", "html")
        assert f"<code>cvo-sg show {what} --format html</code>" in text
        assert show(what, "--format", "html") == text
    assert f"<code>cvo-sg show {tmp_path}" not in show(str(tmp_path / "site.yaml"), "-o", "html")


def test_the_browser_is_opened_for_the_page_only():
    text = show("advanced", "--open", "--output", "csv", code=2)
    assert text == "cvo-sg: --open shows the format html: use it without --output csv\n"


def test_on_a_terminal_flows_have_colours_and_texts_do_not_act():
    lines = [("open", "a\x1b[2Jb"), ("flow", "c"), ("title", "d")]
    assert terminal.flows(lines) == "\x1b[31ma\\u001b[2Jb\x1b[0m\nc\n\x1b[1md\x1b[0m"


def test_what_does_not_exist_is_named():
    text = show("nobody.yaml", code=2)
    assert text.startswith("cvo-sg: nobody.yaml is neither a release (3.7, ")
    assert text.endswith("and there is no such file\n")
    assert show("predefned", code=2).endswith("no such file; did you mean predefined?\n")
    assert "unknown group" in show("predefined", "--group", "nonsense", code=2)


def test_a_workbook_goes_to_a_pipe():
    result = CliRunner().invoke(cli, ["show", "predefined", "--output", "xlsx"])
    assert result.exit_code == 0, result.output
    sheet = openpyxl.load_workbook(io.BytesIO(result.stdout_bytes)).active
    assert sheet["A1"].value == "group"


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="pseudo-terminals are POSIX")
def test_a_workbook_is_not_printed_on_a_terminal():
    controller, terminal = os.openpty()
    command = [sys.executable, "-m", "generator", "show", "predefined", "--output", "xlsx"]
    result = subprocess.run(
        command, stdout=terminal, stderr=subprocess.PIPE, text=True, env={**os.environ, "CI": "1"}
    )
    os.close(terminal)
    os.close(controller)
    assert result.returncode == 2
    assert result.stderr == (
        "cvo-sg: matrix.xlsx is not a text: redirect it to a file, such as > matrix.xlsx\n"
    )


def test_templates_of_the_user_are_used(tmp_path):
    (tmp_path / "own").mkdir()
    (tmp_path / "own/list.txt.jinja").write_text("{{ header | join('\n') }}\nmine\n")
    assert show("predefined", "--templates", str(tmp_path), "--output", "own").endswith("mine\n")


def test_templates_of_the_settings_are_used(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t/own").mkdir(parents=True)
    (tmp_path / "t/own/list.txt.jinja").write_text("{{ header | join('\n') }}\nmine\n")
    (tmp_path / "cvo-sg.yaml").write_text("templates: t\noutputs: [{out: o, presets: [all]}]\n")
    assert show("predefined", "--output", "own").endswith("mine\n")


@pytest.fixture
def browser(monkeypatch, tmp_path):
    """The pages that a browser was asked to show."""
    asked: list[str] = []
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(webbrowser, "open", lambda url: not asked.append(url))
    return asked


def test_the_page_is_written_and_opened(browser, tmp_path):
    result = CliRunner().invoke(cli, ["show", "predefined", "--open"])
    page = Path(result.stdout.strip())
    assert (result.exit_code, result.stderr) == (0, "")
    assert page.is_relative_to(tmp_path)
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert browser == [page.as_uri()]


@pytest.mark.skipif(os.name == "nt", reason="the browser is a shell script")
def test_the_program_in_browser_gets_the_page(tmp_path):
    """In a process of its own, as a user has it."""
    fake = tmp_path / "fake"
    fake.write_text(f'#!/bin/sh\necho "$1" > {tmp_path}/asked\n')
    fake.chmod(0o755)
    environment = {k: v for k, v in os.environ.items() if k != "CI"}
    environment |= {"BROWSER": str(fake), "TMPDIR": str(tmp_path)}
    command = [sys.executable, "-m", "generator", "show", "predefined", "--open"]
    result = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    assert (tmp_path / "asked").read_text() == f"{Path(result.stdout.strip()).as_uri()}\n"


@pytest.mark.usefixtures("browser")
@pytest.mark.parametrize("answer", [False, webbrowser.Error("no runnable browser")])
def test_without_a_browser_the_path_is_what_the_user_needs(monkeypatch, answer):
    def refuse(_):
        if answer:
            raise answer
        return False

    monkeypatch.setattr(webbrowser, "open", refuse)
    result = CliRunner().invoke(cli, ["show", "predefined", "--open"])
    assert result.exit_code == 0
    assert Path(result.stdout.strip()).is_file()
    assert result.stderr == "no browser could be started: open the file yourself\n"


def test_in_ci_no_browser_is_started(browser, monkeypatch):
    monkeypatch.setenv("CI", "true")
    result = CliRunner().invoke(cli, ["show", "predefined", "--open"])
    assert (result.exit_code, browser) == (0, [])
    assert Path(result.stdout.strip()).is_file()
    assert result.stderr == "no browser is started in CI: open the file yourself\n"
