"""What a deployment adds to the documented rows, and what it does without."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from strategies import DATA, resolved

from generator.model import Deployment
from generator.resolve import granted

SITE = 'name: site\nrelease: "3.7"\noutbound: advanced\nendpoints: {dns: [10.0.0.2/32]}\n'


@pytest.fixture
def site(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def write(text=SITE, name="site.yaml"):
        Path(name).write_text(text)
        return name

    return write


def deployment(**changes):
    return Deployment(**{"name": "a", "release": "3.7", **changes})


def described(decided, role="cloud-volumes-ontap"):
    """The descriptions of a group's permissions, by identity."""
    [group] = [group for group in decided.groups if group.role == role]
    return {p.identity: p.description for p in group.permissions}


def lines(decided, role="cloud-volumes-ontap"):
    """The lines of a group's tables: endpoint and traffic."""
    [group] = [group for group in decided.groups if group.role == role]
    return {f"{line.endpoint} {line.traffic}" for line in (*group.ingress, *group.egress)}


@pytest.mark.parametrize("name", DATA.catalogue.supplements)
def test_a_supplement_adds_rules_that_say_what_they_are(name):
    supplement = DATA.catalogue.supplements[name]
    assert supplement.evidence in ("documented", "reported")
    assert supplement.source
    assert supplement.reason.endswith(".")
    before = described(resolved(deployment()))
    after = described(resolved(deployment(supplements=(name,))))
    added = {key: told for key, told in after.items() if key not in before}
    assert added
    assert all(told.startswith("Supplement: ") for told in added.values())
    assert {key: after[key] for key in before} == before, "no other rule changes"


@pytest.mark.parametrize("release", ["3.7", "3.8"])
def test_a_rigid_outbound_set_is_warned_of_until_its_supplements_are_there(run, site, release):
    text = SITE.replace("3.7", release)
    told = run("generate", "--no-lint", site(text)).stderr
    assert "Write supplements: [autosupport]" in told
    assert "Write supplements: [s3-tiering]" in told
    told = run(
        "generate", "--no-lint", site(text + "supplements: [autosupport, s3-tiering]\n")
    ).stderr
    assert "supplements" not in told
    assert (
        "supplements"
        not in run("generate", "--no-lint", site(text.replace("advanced", "basic"))).stderr
    )


def test_features_that_are_not_used_drop_the_rules_that_serve_nothing_else():
    everything = lines(resolved(deployment(topology="single-node")))
    unused = {name: False for name in DATA.release("3.7").features if name != "nfs"}
    nfs = lines(resolved(deployment(topology="single-node", features=unused)))
    assert nfs < everything
    assert {line for line in nfs if "nfs" in line} == {line for line in everything if "nfs" in line}
    assert "nas-clients TCP 749" in nfs, "Kerberos serves NFS, too"
    assert not [line for line in nfs if re.search("cifs|iscsi|snap|active-directory UDP 137", line)]
    compact = resolved(deployment(topology="single-node", features=unused, compact=True))
    assert len(lines(compact)) < len(nfs) < len(everything) / 2


def test_features_are_known_by_name_and_true_changes_nothing():
    assert DATA.release("3.7").features == [
        *("backup-to-s3", "cifs", "cloud-compliance", "iscsi", "ndmp", "nfs", "snapmirror", "snmp"),
        "tiering",
    ]
    used = dict.fromkeys(DATA.release("3.7").features, True)
    assert described(resolved(deployment(features=used))) == described(resolved(deployment()))


def test_the_summary_and_the_readmes_say_what_is_dropped(run, site):
    result = run("generate", "--no-lint", site(SITE + "features: {iscsi: false, snmp: false}\n"))
    assert "  without: iscsi (1 row), snmp (6 rows)\n" in result.stderr
    for kind in ("terraform", "cloudformation"):
        text = Path("out/site", kind, "README.md").read_text()
        assert "that are not used are left out: iscsi (1 row), snmp (6 rows).\n\n## Deploy" in text


def test_an_endpoint_left_open_has_no_default():
    left_open = resolved(deployment(open=("inbound-clients",)))
    assert "inbound-clients" in {each.id for each in left_open.left_open}
    assert not [rule for rule in granted(left_open) if rule.direction == "inbound"]
    assert described(left_open) == described(resolved(deployment())), "the parameters stay"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        pytest.param("supplements: [ntpd]\n", "unknown supplement 'ntpd'", id="supplement"),
        pytest.param("features: {nvs: false}\n", "unknown feature 'nvs'", id="feature"),
        pytest.param("features: {nfs: nein}\n", "site.yaml:5:17: ", id="no-boolean"),
        pytest.param("open: [dhpc]\n", "unknown endpoint 'dhpc'", id="endpoint"),
        pytest.param("open: [dns]\n", "dns is also bound under endpoints", id="bound-and-open"),
    ],
)
def test_mistakes_are_sentences_with_their_place(run, site, text, sentence):
    result = run("generate", "--no-lint", site(SITE + text))
    assert result.exit_code == 2
    assert result.stderr.startswith("site.yaml:5:")
    assert sentence in result.stderr
