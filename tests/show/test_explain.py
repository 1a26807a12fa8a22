"""Why a port is open: the documented rules about a port, a group or an endpoint."""

from __future__ import annotations

import pytest


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
            "TCP 2049 from nfs-clients (row inbound-tcp-2049)\n    NFS server daemon\n"
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
    assert "console: Console agent security group rules in AWS\n" in text
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
