"""Later releases: their rows as documented, and what the presets make of them."""

from __future__ import annotations

import json
import os
import re
from dataclasses import replace
from pathlib import Path

import pytest
from document import Row, rules
from strategies import DATA, resolved

from generator.model import Deployment, Peer
from generator.resolve import granted

REFERENCE = Path(__file__).parents[3] / "shared" / "reference"
SOURCES = {
    "3.8": "cloud-manager-3.8.rows.json",
    "3.9": "cloud-manager-3.9.rows.json",
    "bluexp": "bluexp.rows.json",
    "console": "netapp-console.rows.json",
    "fsx-ontap": "fsx-ontap.rows.json",
}
GROUPS = {
    "Rules for the Connector": "manager",
    "Connector security group rules in AWS": "manager",
    "Console agent security group rules in AWS": "manager",
    "File System Access Control with Amazon VPC": "file-system",
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
ROWS = {"3.7": 90, "3.8": 90, "3.9": 92, "bluexp": 83, "console": 83, "fsx-ontap": 28}
OTHER_NAMES = {"Ports": "Port", "Role": "Purpose"}
# Where a revision of a page is listed under another name than that of its release, and its group.
INDEXED = {
    "bluexp (connector)": ("bluexp", "manager"),
    "bluexp (nodes)": ("bluexp", "cloud-volumes-ontap"),
    "console (agent)": ("console", "manager"),
    "console (nodes)": ("console", "cloud-volumes-ontap"),
}


def as_read(cell: str | None) -> str | None:
    """AsciiDoc as a reader sees it: lists, links and escapes."""
    if cell is None:
        return None
    if cell.startswith("* "):
        cell = "; ".join(item.strip() for item in re.split(r"(?:^| )\* ", cell) if item)
    cell = re.sub(r"link:\S+?\[([^\]^]*)\^?\]", r"\1", cell)
    cell = re.sub(r"^\(step \d+ of the procedure, not a table row\) ", "", cell)
    return cell.removeprefix("\\")


def reference(name: str) -> object:
    path = REFERENCE / name
    if not path.is_file():
        absent = f"the source is not at {path}"
        if os.environ.get("CVO_SG_REQUIRE_REFERENCE") == "1":
            pytest.fail(absent)
        pytest.skip(absent)
    return json.loads(path.read_text("utf-8"))


def documented(release: str) -> list[Row]:
    found = []
    for record in reference(SOURCES[release]):
        [group] = [GROUPS[name] for name in record["path"] if name in GROUPS]
        cells = {OTHER_NAMES.get(name, name): cell for name, cell in record.items()}
        read = {cell: as_read(cells.get(cell.capitalize()) or None) for cell in Row._fields[3:]}
        found.append(Row(group, *TABLES[record["path"][-1]], **read))
    return found


def test_every_release_has_a_source_to_compare_it_with():
    assert set(SOURCES) | {"3.7"} == set(DATA.releases()) == set(ROWS)


def test_every_file_of_rows_is_that_of_a_release():
    reference("index.json")
    assert {path.name for path in REFERENCE.glob("*.rows.json")} == set(SOURCES.values())


@pytest.mark.parametrize("release", SOURCES)
def test_every_cell_is_as_documented_and_every_table_in_order(release, run):
    printed = json.loads(run("rules", "--release", release, "--output", "json").stdout)
    ours = [Row(**{cell: record[cell] for cell in Row._fields}) for record in printed]
    theirs = documented(release)
    assert len(ours) == len(theirs) == ROWS[release]
    for group in GROUPS.values():
        assert [r for r in ours if r.group == group] == [r for r in theirs if r.group == group]


def test_every_page_has_the_date_of_its_publication():
    known = {}
    for record in reference("index.json"):
        release, role = INDEXED.get(record["release"], (record["release"], "cloud-volumes-ontap"))
        assert DATA.release(release).date_of(role) == record["published"]
        known[release] = known.get(release, 0) + record["rows"]
    assert known == {r: n for r, n in ROWS.items() if r != "fsx-ontap"}
    assert DATA.release("fsx-ontap").info.date is None


def test_releases_are_in_order_of_their_dates_and_those_without_one_last():
    assert [release.id for release in DATA.history()] == [
        *("3.7", "3.8", "3.9", "bluexp", "console"),
        "fsx-ontap",
    ]


def test_a_release_without_a_date_comes_last_whatever_its_name():
    first, *_, last = DATA.history()
    renamed = [replace(last, id="0"), first]
    assert sorted(renamed, key=lambda release: release.age) == [first, renamed[0]]


@pytest.mark.parametrize("release", DATA.releases())
def test_every_release_says_which_versions_it_is_for(release):
    info = DATA.release(release).info
    assert re.search(r"20\d\d\)$", info.versions)
    assert info.product.split()[0] in info.versions


def test_nobody_connects_to_a_file_system_until_the_deployment_says_who():
    deployment = Deployment(name="fsx", release="fsx-ontap")
    assert [(r.direction, str(r.traffic)) for r in granted(resolved(deployment))] == [
        ("outbound", "all traffic")
    ]
    bound = replace(deployment, endpoints={"inbound-clients": (Peer.parse("10.0.0.0/8"),)})
    inbound = [r for r in granted(resolved(bound)) if r.direction == "inbound"]
    assert len(inbound) == 27
    assert {r.peer.value for r in inbound} == {"10.0.0.0/8"}


def test_port_10000_of_a_file_system_serves_two_features():
    def ports(**features):
        deployment = Deployment(
            name="fsx",
            release="fsx-ontap",
            endpoints={"inbound-clients": (Peer.parse("10.0.0.0/8"),)},
            features=features,
        )
        return {r.traffic.from_port for r in granted(resolved(deployment))}

    assert 10000 in ports(ndmp=False)
    assert 10000 in ports(snapmirror=False)
    assert 10000 not in ports(ndmp=False, snapmirror=False)


SOURCE_OF_ITS_OWN = ("manager", "inbound", None, "inbound-tcp-22")  # of the agent, since bluexp


def test_rows_with_one_meaning_have_one_id_in_every_release():
    meanings: dict[tuple[str, str, str | None, str], set[object]] = {}
    for release in DATA.releases():
        for row, rule in rules(release):
            key = (row.group, row.direction, row.mode, rule.id)
            meanings.setdefault(key, set()).add(rule.endpoints)
    different = {key for key, endpoints in meanings.items() if len(endpoints) != 1}
    assert different == {SOURCE_OF_ITS_OWN}


def test_host_names_are_endpoints_that_say_what_to_bind_instead():
    names = r"[a-z0-9-]+\.(com|net|org)|http://"
    for release in DATA.releases():
        known = DATA.catalogue.of(DATA.release(release).info).endpoints
        for row, rule in rules(release):
            if re.search(names, row.destination or ""):
                for endpoint in rule.endpoints:
                    help_ = known[endpoint].help
                    assert "ules cannot match a host name" in help_ or "cannot match a URL" in help_


def test_only_the_agent_reaches_the_mediator_of_the_console_unless_the_deployment_says_more():
    def peers(**changes):
        decided = resolved(replace(DATA.preset("console-all-vpcs"), **changes))
        return [
            r.peer.value
            for r in granted(decided)
            if r.group == "ha-mediator" and r.traffic.from_port == 3000
        ]

    assert peers() == ["manager"]
    assert peers(groups=("ha-mediator",)) == []
    bound = {"mediator-api-clients": (Peer.parse("10.0.0.0/8"),)}
    assert peers(endpoints=bound) == ["10.0.0.0/8"]
    assert peers(release="3.8") == ["0.0.0.0/0"]


def inbound(deployment):
    """The ports of the agent that are open, and to whom."""
    return {
        (rule.traffic.from_port, rule.peer.value)
        for rule in granted(resolved(deployment))
        if (rule.group, rule.direction) == ("manager", "inbound")
    }


@pytest.mark.parametrize("name", ["console-all-vpcs", "console-selected-vpcs"])
def test_the_presets_of_the_console_leave_the_ports_of_its_agent_to_the_user(name):
    deployment = DATA.preset(name)
    assert inbound(deployment) == {(80, "cloud-volumes-ontap")}, "configuration backups"
    assert {i.id for i in resolved(deployment).left_open} >= {
        *("manager-ssh-clients", "manager-https-clients", "manager-proxy-clients")
    }


AGENTS = {"bluexp": "Connector", "console": "agent"}


@pytest.mark.parametrize("release", AGENTS)
def test_nobody_connects_to_the_agent_but_its_nodes_unless_the_deployment_says_who(release):
    plain = Deployment("a", release)
    assert inbound(plain) == {(80, "cloud-volumes-ontap"), (3128, "cloud-volumes-ontap")}
    alone = replace(plain, groups=("manager",))
    assert inbound(alone) == set()
    network = (Peer.parse("10.0.0.0/8"),)
    assert inbound(replace(alone, endpoints={"inbound-clients": network})) == set()
    named = {"manager-ssh-clients": network}
    assert inbound(replace(alone, endpoints=named)) == {(22, "10.0.0.0/8")}


@pytest.mark.parametrize("release", AGENTS)
def test_the_notes_say_who_connects_to_the_agent(release):
    notes = " ".join(DATA.release(release).info.notes)
    assert "ports 22 and 443 are closed until a deployment names who needs them" in notes
    assert f"Port 80 of the {AGENTS[release]} is open to the group of the nodes only" in notes
    assert "Browsers, for the local user interface, have to be named" in notes
    assert f"port 3128 of the {AGENTS[release]}. Users do so after deployment" in notes


@pytest.mark.parametrize("release", DATA.releases())
def test_the_help_of_a_parameter_advises_nothing_that_a_parameter_cannot_take(release):
    """A CloudFormation parameter takes one IPv4 network."""
    for name, endpoint in DATA.catalogue.of(DATA.release(release).info).endpoints.items():
        assert not re.search("prefix list|group|Terraform|deployment file", endpoint.help), name
        assert endpoint.full_help.startswith(endpoint.help)


def test_help_is_that_of_the_release():
    before, now = (
        DATA.catalogue.of(DATA.release(name).info).endpoints["cloud-compliance"].help
        for name in ("3.7", "console")
    )
    assert "port 80" in before
    assert "port 8080" in now
    for release in ("3.7", "3.8", "3.9", "bluexp"):
        info = DATA.release(release).info
        used = {
            e for g in info.groups for e in DATA.catalogue.endpoints_of(DATA.release(release), g)
        }
        for name in used:
            assert "Console" not in DATA.catalogue.of(info).endpoints[name].help, name


def test_the_help_of_the_own_services_has_the_host_names_of_the_release():
    hosts = {"bluexp": "cloudmanager.cloud.netapp.com/tenancy", "console": "api.bluexp.netapp.com"}
    for release, host in hosts.items():
        known = DATA.catalogue.of(DATA.release(release).info).endpoints
        assert host in known["console-services"].help


def test_the_help_of_a_file_system_does_not_call_everybody_its_default():
    known = DATA.catalogue.of(DATA.release("fsx-ontap").info).endpoints
    assert "nobody can connect" in known["inbound-clients"].help
    assert "internet" not in known["inbound-clients"].help


def test_each_format_shows_the_help_that_it_can_follow(run):
    run("generate", "--no-lint", "--preset", "advanced")
    folder = Path("out/advanced")
    for file in ("terraform/variables.tf", "terraform/README.md"):
        assert "You can also use the interface endpoint's group." in (folder / file).read_text()
    for file in ("cloudformation/template.yaml", "cloudformation/README.md"):
        text = (folder / file).read_text()
        assert "interface endpoint for EC2, or 0.0.0.0/0." in text
        assert "You can also use the interface endpoint's group." not in text


def test_generated_files_name_every_page_that_their_groups_come_from(run):
    run("generate", "--no-lint", "--preset", "console-all-vpcs")
    pages = (
        '"Console agent security group rules in AWS" and '
        '"AWS security group inbound and outbound rules for Cloud Volumes ONTAP"'
    )
    for name in ("terraform/main.tf", "cloudformation/template.yaml", "terraform/README.md"):
        text = Path("out/console-all-vpcs", name).read_text()
        assert f"Source: NetApp Console, {pages}.\n" in text
