"""Releases and deployments compared: their rows, and what EC2 would see."""

from __future__ import annotations

import json
from itertools import groupby, pairwise
from pathlib import Path

import pytest
from strategies import DATA

from generator.compare import Differences, changes, of_release, sentence


def differences(old, new):
    return changes(of_release(DATA.release(old)), of_release(DATA.release(new)))


def test_release_3_8_adds_udp_389_twice_in_the_document_and_once_in_aws():
    found = differences("3.7", "3.8")
    assert [(row.kind, row.id) for row in found.rows if row.kind != "reworded"] == [
        ("changed", "active-directory-tcp-389-node"),
        ("changed", "active-directory-tcp-389-data"),
    ]
    [permission] = found.permissions.added
    assert sentence(permission) == (
        "cloud-volumes-ontap advanced outbound UDP 389 to active-directory"
    )
    assert not found.permissions.removed
    assert len(found.reworded) == 6


def kinds(old, new):
    return [
        (row.kind, row.group, row.id)
        for row in differences(old, new).rows
        if row.kind != "reworded"
    ]


def test_release_3_9_documents_autosupport_and_corrects_port_3000():
    assert kinds("3.8", "3.9") == [
        ("added", "cloud-volumes-ontap", "autosupport-tcp-443"),
        ("added", "cloud-volumes-ontap", "autosupport-tcp-80"),
        ("removed", "manager", "ontap-cluster-management-lif-tcp-3000"),
        ("added", "manager", "ha-mediator-tcp-3000"),
    ]
    assert len(differences("3.8", "3.9").reworded) == 3


def test_bluexp_withdraws_active_directory_from_the_manager():
    found = kinds("3.9", "bluexp")
    gone = [name for kind, group, name in found if (kind, group) == ("removed", "manager")]
    assert len([name for name in gone if name.startswith("active-directory-")]) == 9
    assert set(gone[9:]) == {"backup-to-s3-tcp-8088", "cloud-compliance-tcp-80"}
    assert [each for each in found if each[:2] != ("removed", "manager")] == [
        ("added", "cloud-volumes-ontap", "manager-tcp-3128"),
        ("added", "cloud-volumes-ontap", "manager-tcp-80"),
        ("removed", "ha-mediator", "inbound-tcp-22"),
        ("changed", "ha-mediator", "inbound-tcp-3000"),
        *(("changed", "manager", f"inbound-tcp-{port}") for port in (22, 80, 443, 3128)),
        ("added", "manager", "cloud-compliance-tcp-8080"),
    ]


def test_the_console_only_words_the_rules_of_bluexp_anew():
    found = differences("bluexp", "console")
    assert {row.kind for row in found.rows} == {"reworded"}
    assert not found.permissions.change_what_is_permitted


def test_the_steps_from_the_first_release_to_the_last_make_the_whole_difference():
    line = ("3.7", "3.8", "3.9", "bluexp", "console")
    net = {"added": set(), "removed": set()}
    for old, new in pairwise(line):
        step = differences(old, new).permissions
        for kind, other in (("added", "removed"), ("removed", "added")):
            for permission in getattr(step, kind):
                if permission.identity in net[other]:
                    net[other].remove(permission.identity)
                else:
                    net[kind].add(permission.identity)
    whole = differences("3.7", "console").permissions
    assert net == {kind: {p.identity for p in getattr(whole, kind)} for kind in net}


def test_rows_are_listed_in_the_order_of_the_documents():
    """Each table of both sides is in one place, and what is new stands after what it replaces."""
    rows = differences("3.7", "console").rows
    tables = [table for table, _ in groupby((row.group, row.table) for row in rows)]
    assert len(tables) == len(set(tables))
    manager = [f"{row.kind} {row.id}" for row in rows if row.group == "manager"]
    gone = manager.index("removed ontap-cluster-management-lif-tcp-3000")
    assert manager[gone + 1 : gone + 4] == [
        "removed backup-to-s3-tcp-8088",
        "added ha-mediator-tcp-3000",
        "added cloud-compliance-tcp-8080",
    ]


def test_rows_that_only_have_other_words_are_counted_under_a_heading(run):
    told = run("diff", "bluexp", "console").stdout
    assert told.startswith("bluexp -> console\n\nrows\n  = 12 rows have other words only: ")


def test_differences_are_the_same_both_ways():
    for old in DATA.releases():
        same = differences(old, old)
        assert (same.rows, same.permissions) == ((), Differences())
        for new in DATA.releases():
            there, back = differences(old, new), differences(new, old)
            assert there.permissions.added == back.permissions.removed
            assert there.permissions.removed == back.permissions.added
            for kind in ("renamed", "reworded"):
                forth, returned = (
                    {(a.identity, a.description, b.description) for a, b in pairs}
                    for pairs in (
                        getattr(there.permissions, kind),
                        [pair[::-1] for pair in getattr(back.permissions, kind)],
                    )
                )
                assert forth == returned


def test_a_default_that_only_one_release_documents_is_another_peer():
    found = differences("3.8", "console").permissions
    assert {sentence(p) for p in found.added if p.direction == "inbound"} == {
        "ha-mediator inbound TCP 3000 from mediator-api-clients (default: manager)",
        "manager inbound TCP 22 from manager-ssh-clients (default: nobody)",
        "manager inbound TCP 80 from manager-http-clients (default: cloud-volumes-ontap)",
        "manager inbound TCP 443 from manager-https-clients (default: nobody)",
        "manager inbound TCP 3128 from manager-proxy-clients (default: cloud-volumes-ontap)",
    }


def test_diff_prints_rows_and_permissions_and_fails_if_permissions_differ(run):
    result = run("diff", "3.7", "3.8")
    assert result.exit_code == 1
    assert result.stdout.count("TCP 389 -> TCP 389 and UDP 389") == 2
    assert result.stdout.endswith(
        "permissions\n  + cloud-volumes-ontap advanced outbound UDP 389 to active-directory: LDAP\n"
        "  4 descriptions changed\n"
    )
    assert "  = 6 rows have other words only: --wording lists them\n" in result.stdout
    assert "'Connector IP address'" in run("diff", "3.7", "3.8", "--wording").stdout
    same = run("diff", "3.7", "3.7")
    assert (same.exit_code, same.stdout) == (
        0,
        "3.7 -> 3.7\n\npermissions\n  what is permitted stays the same\n",
    )


def test_diff_as_json_and_markdown(run):
    found = json.loads(run("diff", "3.8", "console", "--output", "json").stdout)
    kinds = {row["kind"] for row in found["rows"]}
    assert kinds == {"added", "removed", "changed", "reworded"}
    added = found["permissions"]["added"]
    assert {(p["ip_protocol"], p["from_port"], p["to_port"]) for p in added} >= {
        ("tcp", 8080, 8080),
        ("tcp", 3128, 3128),
    }
    markdown = run("diff", "3.8", "console", "--output", "markdown").stdout
    assert "- removed: ha-mediator inbound TCP 22 from administrators: SSH" in markdown
    assert "source none -> 'CIDR of the Console agent'" in markdown
    assert "- 7 rows have other words only\n" in markdown
    assert markdown.endswith("\n- 5 descriptions changed\n")
    same = run("diff", "3.7", "3.7", "--output", "markdown").stdout
    assert same.endswith("### Permissions\n\n- what is permitted stays the same\n")


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
    assert "  - manager outbound UDP 53 to 10.0.0.2/32, dns: " in result.stdout
    assert "  + manager outbound UDP 53 to 10.0.0.3/32, dns: " in result.stdout
    assert result.stdout.count("\n  ") == 4, "one permission of two groups"


def test_another_name_of_a_peer_changes_nothing_that_is_permitted(run, site):
    old, new = (
        site(SITE.replace("[10.0.0.2/32]", f"{{{name}: 10.0.0.2/32}}"), f"{name}.yaml")
        for name in ("main", "primary")
    )
    result = run("diff", old, new)
    assert result.exit_code == 0
    assert result.stdout == (
        "main.yaml -> primary.yaml\n\npermissions\n  what is permitted stays the same\n"
        "  = manager outbound UDP 53 to 10.0.0.2/32 (primary): peer main is now primary\n"
        "  = cloud-volumes-ontap outbound UDP 53 to 10.0.0.2/32 (primary): "
        "peer main is now primary\n"
    )
    markdown = run("diff", old, new, "-o", "markdown").stdout
    assert "- renamed: manager outbound UDP 53 to 10.0.0.2/32 (primary): peer main" in markdown
    found = json.loads(run("diff", old, new, "-o", "json").stdout)["permissions"]
    assert (found["added"], found["removed"], found["moved"]) == ([], [], [])
    names = [(pair["old"]["peer_name"], pair["new"]["peer_name"]) for pair in found["renamed"]]
    assert names == [("main", "primary")] * 2


def test_records_tell_a_group_from_an_endpoint_of_the_same_name(run, site):
    old = site(SITE + "groups: [ha-mediator]\n")
    new = site(SITE + "groups: [ha-mediator, manager]\n", "new.yaml")
    found = json.loads(run("diff", old, new, "-o", "json").stdout)["permissions"]
    [before] = [p for p in found["removed"] if p["endpoint"] == "manager"]
    [after] = [p for p in found["added"] if p["endpoint"] == "manager"]
    assert (before["peer"], before["parameter"]) == ("manager", "manager")
    assert (after["peer"], after["parameter"]) == ("group:manager", "")


def test_a_deployment_and_a_release_show_a_move(run, site):
    result = run("diff", site(), "3.8")
    assert result.stdout.count("TCP 389 -> TCP 389 and UDP 389") == 2
    assert "  = 6 rows have other words only: --wording lists them\n" in result.stdout
    assert result.stdout.endswith(
        "\npermissions\n"
        "  + cloud-volumes-ontap outbound UDP 389 to active-directory (left open): LDAP\n"
        "  4 descriptions changed\n"
    )
    back = run("diff", "3.8", site())
    assert "  - cloud-volumes-ontap outbound UDP 389 to active-directory (left" in back.stdout


def test_deployments_are_compared_row_by_row_with_their_supplements(run, site):
    old, new = site(), site(SITE + "supplements: [ntp]\ntopology: single-node\n", "new.yaml")
    told = run("diff", old, new).stdout
    assert (
        "  + cloud-volumes-ontap outbound ntp-servers-udp-123: UDP, 123, Supplement: time" in told
    )
    assert "  - ha-mediator outbound manager-tcp-80: HTTP, 80, Cloud Manager IP address, " in told
    assert "other words" not in told
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
            ["3.7", "9"], "9 is neither a release (3.7, 3.8, 3.9, bluexp, console", id="unknown"
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
