"""Why a port is open: the documented rules about a port, a group or an endpoint."""

from __future__ import annotations

from dataclasses import replace

import pytest
from strategies import DATA

from generator.show.history import History, history


@pytest.mark.parametrize(
    ("what", "told", "not_told"),
    [
        pytest.param("tcp/3000", "ha-mediator inbound: TCP 3000 from mediator", "UDP", id="port"),
        pytest.param("600", "all TCP to outbound-anywhere", "TCP 635", id="every-port"),
        pytest.param("18650", "TCP 18600-18699 to ndmp", "TCP 10000", id="within-a-range"),
        pytest.param("udp/161-170", "UDP 161-162 from moni", "TCP 161", id="overlapping-range"),
        pytest.param("icmp/8", "all ICMP from ping-clients", "TCP 22", id="type"),
        pytest.param("icmp", "all ICMP from ping-clients", "TCP 22", id="protocol"),
        pytest.param("ha-internal", "ha-internal inbound: all traffic", "manager inb", id="group"),
        pytest.param("autosupport", "supplement autosupport: Networking req", "dns", id="endpoint"),
        pytest.param("active-directory", "serves: cifs", "TCP 22", id="features"),
        pytest.param(
            "nas-clients",
            "TCP 2049 from nfs-clients (row inbound-tcp-2049, since 3.7)\n    NFS server daemon\n"
            "    by default of nfs-clients\n",
            "TCP 22",
            id="fallback",
        ),
        pytest.param("inbound-clients", "TCP 22 from administrators", "to dns", id="far-fallback"),
    ],
)
def test_explain_shows_every_rule_that_has_to_do_with_it(run, what, told, not_told):
    result = run("explain", what)
    assert result.exit_code == 0
    assert told in result.stdout
    assert not_told not in result.stdout.replace("UDP 0", "")


@pytest.mark.parametrize(
    ("one", "other"),
    [("ssh", "tcp/22"), ("HTTPS", "443/tcp"), ("53/udp", "udp/53"), ("tcp/22", "tcp 22")],
)
def test_explain_knows_several_names_of_a_port(run, one, other):
    text = run("explain", one).stdout
    assert text.count("\n") > 10
    assert text == run("explain", other).stdout


def test_explain_names_the_page_of_the_group(run):
    text = run("explain", "8080", "--release", "console").stdout
    assert "console: Console agent security group rules in AWS (2025-10-06)\n" in text
    assert "note: Data Classification is the later name of Cloud Compliance.\n" in text


@pytest.mark.parametrize(
    ("what", "sentence"),
    [
        ("activedirectory", "did you mean active-directory?"),
        ("99999", "port 99999 is outside 0 to 65535"),
        ("80-70", "port range 80-70 is reversed"),
    ],
)
def test_explain_refuses_what_does_not_exist(run, what, sentence):
    result = run("explain", what)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.endswith(f"{sentence}\n")


def test_each_row_is_told_once_as_its_last_release_documents_it(run):
    text = run("explain", "3128").stdout
    assert text.count("(row inbound-tcp-3128") == 1
    assert (
        "console: Console agent security group rules in AWS (2025-10-06)\n"
        "  manager inbound: TCP 3128 from manager-proxy-clients (row inbound-tcp-3128, since 3.7)\n"
        "    Provides Cloud Volumes ONTAP with internet access. You must manually open this port "
        "after deployment.\n"
        "    changes: purpose reworded in 3.9 and bluexp"
    ) in text
    assert "TCP 3128 to manager (row manager-tcp-3128, since bluexp)" in text


def test_a_release_that_is_named_tells_its_own_words_and_what_came_later(run):
    text = run("explain", "3128", "--release", "3.7").stdout
    assert "Provides the Cloud Compliance instance with internet access" in text
    assert "    changes: purpose reworded in 3.9 and bluexp" in text
    assert "console: " not in text


def test_what_is_withdrawn_is_told_by_the_last_release_that_has_it(run):
    text = run("explain", "active-directory").stdout
    assert (
        "3.9: Security group rules for AWS (2022-02-18)\n"
        "  manager outbound advanced: TCP 88 to active-directory (row active-directory-tcp-88, "
        "since 3.7)\n    Kerberos V authentication\n    changes: withdrawn in bluexp\n"
    ) in text


def test_a_group_that_one_release_documents_has_no_history(run):
    text = run("explain", "file-system").stdout
    assert "fsx-ontap: File System Access Control with Amazon VPC\n" in text
    assert "since" not in text
    assert "changes" not in text


@pytest.mark.parametrize(
    ("role", "direction", "mode", "row", "changes"),
    [
        pytest.param(
            "cloud-volumes-ontap", "outbound", "advanced", "active-directory-tcp-389-node",
            "TCP 389 changed to TCP 389 and UDP 389 in 3.8",
            id="traffic",
        ),
        pytest.param(
            "ha-mediator", "inbound", None, "inbound-tcp-3000",
            "purpose reworded in 3.8; source added in bluexp; "
            "mediator-api-clients defaults to the group manager in bluexp; "
            "source and purpose reworded in console",
            id="default",
        ),
        pytest.param("ha-mediator", "inbound", None, "inbound-tcp-22", "withdrawn in bluexp",
                     id="withdrawn"),
        pytest.param("ha-internal", "inbound", None, "inbound-all", "", id="unchanged"),
    ],
)  # fmt: skip
def test_the_history_of_a_row(role, direction, mode, row, changes):
    assert history(DATA.history(), role, direction, mode, row) == History("3.7", changes)


def test_a_row_that_is_documented_again_is_not_new():
    first, _, third, *_ = DATA.history()
    again = replace(first, id="4.0")
    row = ("manager", "outbound", "advanced", "ontap-cluster-management-lif-tcp-3000")
    changes = "withdrawn in 3.9; documented again in 4.0"
    assert history([first, third, again], *row) == History("3.7", changes)
    later = ("manager", "outbound", "advanced", "ha-mediator-tcp-3000")
    assert history([first, third], *later) == History("3.9")
