"""Later releases: their rows as documented, what changes between them, and what a deployment adds
to the documented rows or does without."""

from __future__ import annotations

import json
import os
import re
from dataclasses import replace
from pathlib import Path

import pytest
from document import Row, rules
from strategies import DATA, resolved

from generator.compare import compare, of_release
from generator.model import Deployment, Peer
from generator.resolve import granted

REFERENCE = Path(__file__).parents[3] / "shared" / "reference"
SOURCES = {"3.8": "cloud-manager-3.8.rows.json", "console": "netapp-console.rows.json"}
GROUPS = {
    "Rules for the Connector": "manager",
    "Console agent security group rules in AWS": "manager",
    "Rules for Cloud Volumes ONTAP": "cloud-volumes-ontap",
    "Rules for the HA mediator external security group": "ha-mediator",
    "Rules for the HA mediator internal security group": "ha-internal",
    "Rules for the HA configuration internal security group": "ha-internal",
}
TABLES = {
    "Inbound rules": ("inbound", None),
    "Outbound rules": ("outbound", None),
    "Basic outbound rules": ("outbound", "basic"),
    "Advanced outbound rules": ("outbound", "advanced"),
}
ROWS = {"3.7": 90, "3.8": 90, "console": 83}


def as_read(cell: str | None) -> str | None:
    """AsciiDoc as a reader sees it: lists, links and escapes."""
    if cell is None:
        return None
    if cell.startswith("* "):
        cell = "; ".join(item.strip() for item in re.split(r"(?:^| )\* ", cell) if item)
    cell = re.sub(r"link:\S+?\[([^\]^]*)\^?\]", r"\1", cell)
    return cell.removeprefix("\\")


def documented(release: str) -> list[Row]:
    path = REFERENCE / SOURCES[release]
    if not path.is_file():
        absent = f"the rows of release {release} are not at {path}"
        if os.environ.get("CVO_SG_REQUIRE_REFERENCE") == "1":
            pytest.fail(absent)
        pytest.skip(absent)
    found = []
    for record in json.loads(path.read_text("utf-8")):
        [group] = [GROUPS[name] for name in record["path"] if name in GROUPS]
        cells = {cell: as_read(record.get(cell.capitalize()) or None) for cell in Row._fields[3:]}
        found.append(Row(group, *TABLES[record["path"][-1]], **cells))
    return found


@pytest.mark.parametrize("release", SOURCES)
def test_every_cell_is_as_documented_and_every_table_in_order(release):
    ours = [row for row, _ in rules(release)]
    theirs = documented(release)
    assert len(ours) == len(theirs) == ROWS[release]
    for group in GROUPS.values():
        assert [r for r in ours if r.group == group] == [r for r in theirs if r.group == group]


def test_rows_with_one_meaning_have_one_id_in_every_release():
    meanings: dict[tuple[str, str, str | None, str], set[object]] = {}
    for release in DATA.releases():
        for row, rule in rules(release):
            key = (row.group, row.direction, row.mode, rule.id)
            meanings.setdefault(key, set()).add(rule.endpoints)
    assert all(len(endpoints) == 1 for endpoints in meanings.values())


def test_host_names_are_endpoints_that_say_what_to_bind_instead():
    names = r"[a-z0-9-]+\.(com|net|org)|http://"
    for release in DATA.releases():
        for row, rule in rules(release):
            if re.search(names, row.destination or ""):
                for endpoint in rule.endpoints:
                    help_ = DATA.catalogue.endpoints[endpoint].help
                    assert "A security group cannot match" in help_ or "cannot match a URL" in help_


def test_only_the_agent_reaches_the_mediator_of_the_console_unless_the_deployment_says_more():
    def peers(**changes):
        decided = resolved(replace(DATA.preset("console-all-vpcs"), **changes))
        return [
            r.peer.value
            for r in granted(decided)
            if r.role == "ha-mediator" and r.traffic.from_port == 3000
        ]

    assert peers() == ["manager"]
    assert peers(groups=("ha-mediator",)) == []
    bound = {"mediator-api-clients": (Peer.parse("10.0.0.0/8"),)}
    assert peers(endpoints=bound) == ["10.0.0.0/8"]
    assert peers(release="3.8") == ["0.0.0.0/0"]
    found = differences("3.8", "console")
    assert [p.peer for p in found.added if p.traffic == "tcp 3000" and p.table == "inbound"] == [
        "(default: manager)"
    ]


@pytest.mark.parametrize("name", ["console-all-vpcs", "console-selected-vpcs"])
def test_the_presets_of_the_console_leave_its_proxy_port_to_the_user(name):
    decided = resolved(DATA.preset(name))
    assert "manager-proxy-clients" in {i.id for i in decided.left_open}
    assert not [rule for rule in granted(decided) if rule.traffic.from_port == 3128]


def test_generated_files_name_every_page_that_their_groups_come_from(run):
    run("generate", "--no-lint", "--preset", "console-all-vpcs")
    pages = (
        '"Console agent security group rules in AWS" and '
        '"AWS security group inbound and outbound rules for Cloud Volumes ONTAP"'
    )
    for name in ("terraform/main.tf", "cloudformation/template.yaml", "terraform/README.md"):
        text = Path("out/console-all-vpcs", name).read_text()
        assert f"Source: NetApp Console, {pages}.\n" in text


# What changes between releases.


def differences(old, new):
    return compare(of_release(DATA.release(old)), of_release(DATA.release(new)))


def test_release_3_8_adds_udp_389_twice_in_the_document_and_once_in_aws():
    found = differences("3.7", "3.8")
    assert [(row.kind, row.id) for row in found.rows if row.kind != "reworded"] == [
        ("changed", "active-directory-tcp-389-node"),
        ("changed", "active-directory-tcp-389-data"),
    ]
    [permission] = found.added
    assert permission == (
        *("cloud-volumes-ontap", "outbound advanced", "udp 389", "active-directory", ""),
    )
    assert not found.removed
    assert len(found.reworded) == 6


def test_differences_are_the_same_both_ways():
    for old in DATA.releases():
        assert differences(old, old).rows == ()
        for new in DATA.releases():
            there, back = differences(old, new), differences(new, old)
            assert there.added == back.removed
            assert there.removed == back.added


def test_diff_prints_rows_and_permissions_and_fails_if_permissions_differ(run):
    result = run("diff", "3.7", "3.8")
    assert result.exit_code == 1
    assert result.stdout.count("tcp 389 -> tcp 389 and udp 389") == 2
    assert result.stdout.endswith(
        "permissions\n  + cloud-volumes-ontap outbound advanced udp 389 to active-directory: LDAP\n"
    )
    assert "6 rows are worded anew only: --wording shows them" in result.stdout
    assert "'Connector IP address'" in run("diff", "3.7", "3.8", "--wording").stdout
    same = run("diff", "3.7", "3.7")
    assert (same.exit_code, same.stdout) == (0, "3.7 -> 3.7\n\npermissions\n  the same\n")


def test_diff_as_json_and_markdown(run):
    found = json.loads(run("diff", "3.8", "console", "--output", "json").stdout)
    kinds = {row["kind"] for row in found["rows"]}
    assert kinds == {"added", "removed", "changed", "reworded"}
    assert {p["traffic"] for p in found["permissions"]["added"]} >= {"tcp 8080", "tcp 3128"}
    markdown = run("diff", "3.8", "console", "--output", "markdown").stdout
    assert "- removed: ha-mediator inbound tcp 22 from administrators: SSH" in markdown
    assert "- worded anew only: 11\n" in markdown


SITE = 'name: site\nrelease: "3.7"\noutbound: advanced\nendpoints: {dns: [10.0.0.2/32]}\n'


@pytest.fixture
def site(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def write(text=SITE, name="site.yaml"):
        Path(name).write_text(text)
        return name

    return write


def test_two_deployments_are_compared_with_their_peers(run, site):
    old, new = site(), site(SITE.replace("10.0.0.2/32", "10.0.0.3/32"), "new.yaml")
    result = run("diff", old, new)
    assert result.exit_code == 1
    assert "  - manager outbound udp 53 to dns 10.0.0.2/32: " in result.stdout
    assert "  + manager outbound udp 53 to dns 10.0.0.3/32: " in result.stdout


def test_a_deployment_and_a_release_show_a_move(run, site):
    result = run("diff", site(), "3.8")
    assert result.stdout.count("tcp 389 -> tcp 389 and udp 389") == 2
    assert "6 rows are worded anew only: --wording shows them" in result.stdout
    assert result.stdout.endswith(
        "\npermissions\n  + cloud-volumes-ontap outbound udp 389 to active-directory (open): LDAP\n"
    )
    back = run("diff", "3.8", site())
    assert "  - cloud-volumes-ontap outbound udp 389" in back.stdout


def test_deployments_are_compared_row_by_row_with_their_supplements(run, site):
    old, new = site(), site(SITE + "supplements: [ntp]\ntopology: single-node\n", "new.yaml")
    told = run("diff", old, new).stdout
    assert (
        "  + cloud-volumes-ontap outbound ntp-servers-udp-123: UDP, 123, Supplement: time" in told
    )
    assert "  - ha-mediator outbound manager-tcp-80: HTTP, 80, Cloud Manager IP address, " in told
    assert "worded anew" not in told
    reworded = run("diff", site(), "3.8", "--wording").stdout
    assert "6 rows" not in reworded
    assert "'RESTful API access from the Connector'" in reworded


def test_features_that_a_deployment_does_without_are_told(run, site):
    old, new = site(), site(SITE + "features: {cifs: false, nfs: true}\n", "new.yaml")
    assert "\nfeatures\n  - cifs (29 rows)\n\npermissions\n" in run("diff", old, new).stdout
    assert "\nfeatures\n  + cifs (29 rows)\n" in run("diff", new, old).stdout
    markdown = run("diff", old, new, "--output", "markdown").stdout
    assert "### Features\n\n- dropped: cifs (29 rows)\n" in markdown
    found = json.loads(run("diff", old, new, "--output", "json").stdout)
    assert found["features"] == {"dropped": [{"feature": "cifs", "rows": 29}], "restored": []}


def test_a_feature_dropped_on_both_sides_is_no_difference_whatever_the_release(run, site):
    text = SITE + "features: {cifs: false}\n"
    old, new = site(text), site(text.replace("3.7", "console"), "new.yaml")
    assert "features" not in run("diff", old, new).stdout


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        pytest.param(
            ["3.7", "9"], "9 is neither a release (3.7, 3.8 or console) nor", id="unknown"
        ),
        pytest.param(["3.7", "bad.yaml"], "bad.yaml:1:1: ", id="mistakes"),
        pytest.param(["3.7"], "NEW", id="missing"),
    ],
)
def test_what_cannot_be_compared_is_a_sentence(run, site, arguments, sentence):
    site("nmae: x\n", "bad.yaml")
    result = run("diff", *arguments)
    assert result.exit_code == 2
    assert sentence in result.stderr


# Why is this port open?


@pytest.mark.parametrize(
    ("what", "told", "not_told"),
    [
        pytest.param("tcp/3000", "ha-mediator inbound: tcp 3000 from mediator", "udp", id="port"),
        pytest.param("600", "all tcp to outbound-anywhere", "tcp 635", id="every-port"),
        pytest.param("18650", "tcp 18600-18699 to ndmp", "tcp 10000", id="within-a-range"),
        pytest.param("udp/161-170", "udp 161-162 from moni", "tcp 161", id="overlapping-range"),
        pytest.param("icmp/8", "all icmp from ping-clients", "tcp 22", id="type"),
        pytest.param("icmp", "all icmp from ping-clients", "tcp 22", id="protocol"),
        pytest.param("ha-internal", "ha-internal inbound: all traffic", "manager inb", id="group"),
        pytest.param("autosupport", "supplement autosupport: Networking req", "dns", id="endpoint"),
        pytest.param("active-directory", "serves: cifs", "tcp 22", id="features"),
        pytest.param(
            "nas-clients",
            "tcp 2049 from nfs-clients (row inbound-tcp-2049)\n    NFS server daemon\n"
            "    by default of nfs-clients\n",
            "tcp 22",
            id="fallback",
        ),
        pytest.param("inbound-clients", "tcp 22 from administrators", "to dns", id="far-fallback"),
    ],
)
def test_explain_shows_every_rule_that_has_to_do_with_it(run, what, told, not_told):
    result = run("explain", what)
    assert result.exit_code == 0
    assert told in result.stdout
    assert not_told not in result.stdout.replace("udp 0", "")


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


# What a deployment adds, and what it does without.


def deployment(**changes):
    return Deployment(**{"name": "a", "release": "3.7", **changes})


def keys(decided, role="cloud-volumes-ontap"):
    [group] = [group for group in decided.groups if group.role == role]
    return {p.key: p.description for p in (*group.ingress, *group.egress)}


@pytest.mark.parametrize("name", DATA.catalogue.supplements)
def test_a_supplement_adds_rules_that_say_what_they_are(name):
    supplement = DATA.catalogue.supplements[name]
    assert supplement.evidence in ("documented", "reported")
    assert supplement.source
    assert supplement.reason.endswith(".")
    before = keys(resolved(deployment()))
    after = keys(resolved(deployment(supplements=(name,))))
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
    everything = keys(resolved(deployment(topology="single-node")))
    unused = {name: False for name in DATA.release("3.7").features if name != "nfs"}
    nfs = keys(resolved(deployment(topology="single-node", features=unused)))
    assert nfs.keys() < everything.keys()
    assert {key for key in nfs if "nfs" in key} == {key for key in everything if "nfs" in key}
    assert "nas-clients-tcp-749" in nfs, "Kerberos serves NFS, too"
    assert not [key for key in nfs if "cifs" in key or "iscsi" in key or "snap" in key]
    compact = resolved(deployment(topology="single-node", features=unused, compact=True))
    assert len(keys(compact)) < len(nfs) < len(everything) / 2


def test_features_are_known_by_name_and_true_changes_nothing():
    assert DATA.release("3.7").features == [
        *("backup-to-s3", "cifs", "cloud-compliance", "iscsi", "ndmp", "nfs", "snapmirror", "snmp"),
        "tiering",
    ]
    used = dict.fromkeys(DATA.release("3.7").features, True)
    assert keys(resolved(deployment(features=used))) == keys(resolved(deployment()))


def test_the_summary_and_the_readmes_say_what_is_dropped(run, site):
    result = run("generate", "--no-lint", site(SITE + "features: {iscsi: false, snmp: false}\n"))
    assert "  without: iscsi (1 row), snmp (6 rows)\n" in result.stderr
    for kind in ("terraform", "cloudformation"):
        text = Path("out/site", kind, "README.md").read_text()
        assert "rules for what is not used: iscsi (1 row), snmp (6 rows).\n\n## Deploy" in text


def test_an_endpoint_left_open_has_no_default():
    left_open = resolved(deployment(open=("inbound-clients",)))
    assert "inbound-clients" in {each.id for each in left_open.left_open}
    assert not [rule for rule in granted(left_open) if rule.direction == "inbound"]
    assert keys(left_open) == keys(resolved(deployment()))


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
