"""The page of `cvo-sg diff` and `cvo-sg audit`: which flows have which mark."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import pytest
from ec2_json import groups_json, id_of
from samples import DATA, resolved

from generator.model import Peer, Permission, Traffic
from generator.resolve import granted

DEPLOYMENT = """\
name: acme
release: "3.7"
groups: [manager]
outbound: advanced
endpoints:
  inbound-clients: []
  administrators: [%s]
  outbound-internet: [0.0.0.0/0]
"""
EXTRA = Permission("manager", "inbound", Traffic("tcp", 8080, 8080), Peer.parse("10.9.0.0/16"))
HOSTILE = "<script>alert('x')</script>\" & \u202e🙂"


class Rows(HTMLParser):
    """The rows of the table: the classes of each, and the texts of its cells by label."""

    def __init__(self, text):
        super().__init__()
        self.rows, self.label, self.scripts = [], None, 0
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.scripts += tag == "script"
        if tag == "tr" and "data-bundle" in attrs:
            self.rows.append({"class": attrs["class"].split()})
        elif tag == "td":
            self.label = attrs["data-label"]
            self.rows[-1][self.label] = ""

    def handle_endtag(self, tag):
        self.label = None if tag == "td" else self.label

    def handle_data(self, data):
        if self.label:
            self.rows[-1][self.label] += data

    def marked(self, mark):
        """Direction, ports and peers of the rows that have a mark, as a class and in words."""
        found = [row for row in self.rows if mark in row["class"]]
        assert found == [row for row in self.rows if mark in row["Notes"].split()]
        return [(row["Direction"], row["Ports"], " ".join(row["Source"].split())) for row in found]


@pytest.fixture
def here(tmp_path):
    """Two deployments, and the groups of the first: one rule is missing, one is too much."""
    for name, peer in (("before", "10.1.0.0/16"), ("after", "10.2.0.0/16")):
        (tmp_path / f"{name}.yaml").write_text(DEPLOYMENT % peer)
    rules = [*granted(resolved(DATA.deployment(tmp_path / "before.yaml")))]
    kept = [p for p in rules if p.endpoint != "administrators"]
    assert len(kept) == len(rules) - 1
    (tmp_path / "groups.json").write_text(groups_json([*kept, EXTRA], {"manager": "acme-manager"}))
    return tmp_path


@pytest.mark.usefixtures("here")
def test_a_diff_of_deployments_marks_what_is_added_and_removed(run):
    result = run("diff", "before.yaml", "after.yaml", "--output", "html")
    page = Rows(result.stdout)
    assert result.exit_code == 1
    assert page.marked("added") == [("inbound", "22", "Administrators 10.2.0.0/16")]
    assert page.marked("removed") == [("inbound", "22", "Administrators 10.1.0.0/16")]
    assert any(row["class"] == [] for row in page.rows)
    [kept] = [
        row
        for row in page.rows
        if row["Destination"].split() == ["Outbound", "internet", "0.0.0.0/0"]
    ]
    assert "AutoSupport" in kept["Purpose"]


def test_what_opens_to_the_internet_is_counted_at_the_top(run, here):
    (here / "open.yaml").write_text(DEPLOYMENT % "0.0.0.0/0")
    for old, new, mark in (("before", "open", "added"), ("open", "before", "removed")):
        text = run("diff", f"{old}.yaml", f"{new}.yaml", "--output", "html").stdout
        assert f'<dt>{mark}, <span class="open">1 open to the internet</span></dt>' in text
        assert text.count("</span></dt>") == 1


@pytest.mark.usefixtures("here")
def test_the_picture_has_a_line_for_each_mark_and_says_so(run):
    text = run("diff", "before.yaml", "after.yaml", "--output", "html").stdout
    lines = re.findall(r'<a class="bundle \w+ (\w+)".*?aria-label="([^"]+)"', text)
    assert lines == [
        ("removed", "Administrators to Cloud Manager: TCP 22; 1 rule, removed"),
        ("added", "Administrators to Cloud Manager: TCP 22; 1 rule, added"),
    ]


def test_a_diff_of_releases_marks_their_rows(run):
    result = run("diff", "3.7", "3.8", "--output", "html")
    page = Rows(result.stdout)
    [row] = [row for row in page.rows if "marked" in row["class"]]
    assert (row["class"], row["Protocol"], row["Ports"]) == (["marked", "added"], "UDP", "389")
    rows = ["active-directory-tcp-389-node", "active-directory-tcp-389-data"]
    assert row["Row"].split() == rows
    assert "Cloud Volumes ONTAP, advanced outbound" in row["Source"]
    assert not any("not filled in" in row["Notes"] for row in page.rows)
    changed = json.loads(run("diff", "3.7", "3.8", "--output", "json").stdout)["permissions"]
    assert [len(changed[kind]) for kind in ("added", "removed")] == [1, 0]


@pytest.mark.usefixtures("here")
def test_an_audit_marks_what_is_missing_and_superfluous(run):
    result = run("audit", "before.yaml", "groups.json", "--output", "html")
    page = Rows(result.stdout)
    assert result.exit_code == 1
    assert page.marked("missing") == [("inbound", "22", "Administrators 10.1.0.0/16")]
    assert page.marked("superfluous") == [("inbound", "8080", "10.9.0.0/16")]
    assert "no inbound rule for TCP 22" in result.stdout
    [out] = [row for row in page.rows if row["Direction"] == "outbound"]
    assert (out["class"], "Outbound internet" in out["Destination"]) == ([], True)


@pytest.mark.usefixtures("here")
def test_an_accepted_deviation_has_no_mark_and_is_counted(run, here):
    entry = "{group: manager, direction: inbound, traffic: TCP 8080, peer: 10.9.0.0/16"
    (here / "allow.yaml").write_text(f"- {entry}, reason: The metrics proxy}}\n")
    text = run("audit", "before.yaml", "groups.json", "--allow", "allow.yaml", "-o", "html").stdout
    assert Rows(text).marked("superfluous") == []
    assert Rows(text).marked("missing") != []
    assert "1 accepted deviation has no mark" in text


def test_what_was_read_has_the_names_of_its_groups_and_texts_stay_texts(run, tmp_path):
    rules = [EXTRA, EXTRA._replace(traffic=Traffic("tcp", 9090, 9090))]
    for name, each in (("old", rules), ("new", rules[:1])):
        (tmp_path / f"{name}.json").write_text(groups_json(each, {"manager": HOSTILE}))
    text = run("diff", "old.json", "new.json", "--output", "html").stdout
    page = Rows(text)
    assert page.marked("removed") == [("inbound", "9090", "10.9.0.0/16")]
    assert {row["Destination"].strip() for row in page.rows} == {HOSTILE}
    assert page.scripts == 1
    assert id_of("manager") not in text
    assert HOSTILE not in text
    assert "&#60;script&#62;alert(&#39;x&#39;)" in text


@pytest.mark.usefixtures("here")
def test_groups_that_are_not_compared_are_listed_on_the_page(run, here):
    found = json.loads((here / "groups.json").read_text())
    found["SecurityGroups"].append({"GroupId": "sg-01234567", "GroupName": "web"})
    (here / "groups.json").write_text(json.dumps(found))
    text = run("diff", "before.yaml", "groups.json", "--output", "html").stdout
    assert "<bdi>not compared, because they have no role: web</bdi>" in text
