"""`cvo-sg show`: the flow matrix on the terminal."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from generator.cli import cli
from generator.model import Peer
from generator.resolve import matrix, resolve
from generator.show import matrix_table


def show(*words, code=0):
    result = CliRunner().invoke(cli, ["show", *words])
    assert result.exit_code == code, result.output
    return result.output


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


@pytest.mark.parametrize("width", [100, 140, 200])
def test_no_line_is_wider_than_the_terminal(data, width):
    deployment = data.preset("example-ha-active-directory")
    found = matrix(resolve(deployment, data.release("3.7"), data.catalogue))
    assert max(map(len, matrix_table(found, found.flows, width).splitlines())) <= width


def test_wide_characters_take_two_columns(data):
    deployment = data.preset("advanced")
    found = matrix(resolve(deployment, data.release("3.7"), data.catalogue))
    flow = found.flows[0]._replace(source=Peer.parse("10.0.0.0/8", "東京").named)
    plain = found.flows[1]._replace(source="10.0.0.0/8 (abcd)")
    lines = matrix_table(found, [flow, plain], 300).splitlines()
    wide, narrow = (next(line for line in lines if sign in line) for sign in ("東京", "abcd"))
    assert wide.index("TCP") + 2 == narrow.index("TCP")


def test_other_outputs_are_the_formats():
    assert show("3.7", "--output", "csv").startswith("group,direction,source")
    assert "unknown format" in show("3.7", "--output", "nonsense", code=2)


def test_what_does_not_exist_is_named():
    assert "neither a release" in show("nobody.yaml", code=2)
    assert "unknown group" in show("predefined", "--group", "nonsense", code=2)
