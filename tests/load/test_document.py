"""The rule data says what the source document says, and says who is at the other end of it."""

import os
from collections import Counter
from itertools import combinations

import document
import pytest
from document import DATA, rules

from generator.model import Default, Traffic

ENDPOINTS = DATA.catalogue.endpoints
ROW_COUNTS = {
    ("manager", "inbound", None): 4,
    ("manager", "outbound", "basic"): 2,
    ("manager", "outbound", "advanced"): 14,
    ("cloud-volumes-ontap", "inbound", None): 24,
    ("cloud-volumes-ontap", "outbound", "basic"): 3,
    ("cloud-volumes-ontap", "outbound", "advanced"): 34,
    ("ha-mediator", "inbound", None): 2,
    ("ha-mediator", "outbound", "basic"): 2,
    ("ha-mediator", "outbound", "advanced"): 3,
    ("ha-internal", "inbound", None): 1,
    ("ha-internal", "outbound", None): 1,
}


def tables(rows):
    return Counter((row.group, row.direction, row.mode) for row in rows)


def fallbacks(endpoint):
    while endpoint:
        yield endpoint
        endpoint = ENDPOINTS[endpoint].default.endpoint


@pytest.fixture(scope="module")
def documented():
    if not document.PATH.is_file():
        absent = f"the source document is not at {document.PATH}"
        if os.environ.get("CVO_SG_REQUIRE_REFERENCE") == "1":
            pytest.fail(absent)
        pytest.skip(absent)
    return list(document.read(document.PATH.read_text("utf-8")))


def test_the_document_has_90_rows_in_eleven_tables(documented):
    assert tables(documented) == ROW_COUNTS
    assert len(documented) == 90


def test_the_rule_data_has_90_rows_in_eleven_tables():
    rows = [row for row, _ in rules()]
    assert tables(rows) == ROW_COUNTS
    assert len(rows) == 90


@pytest.mark.parametrize("table", ROW_COUNTS, ids=lambda table: "-".join(filter(None, table)))
def test_rows_are_transcribed_exactly_and_in_order(documented, table):
    group, direction, mode = table
    transcribed = [row for row, _ in rules(group=group, direction=direction, mode=mode)]
    assert transcribed == [row for row in documented if row[:3] == table]


def test_groups_and_tables_stand_in_document_order(documented):
    assert list(tables(row for row, _ in rules())) == list(tables(documented))


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("purpose", "if your AWS network doesn’t use a NAT or proxy"),
        ("port", "18600–18699"),
        ("purpose", "set Password (RPCSEC_GSS)"),
    ],
    ids=["curly-apostrophe", "en-dash", "stray-capital"],
)
def test_typography_is_kept_as_documented(documented, cell, text):
    for rows in (documented, [row for row, _ in rules()]):
        assert sum(text in getattr(row, cell) for row in rows) == 1


@pytest.mark.parametrize("release", DATA.releases())
def test_rules_are_for_an_ha_pair_exactly_where_they_say_so_or_lead_to_the_mediator(release):
    says_so = [
        rule.id
        for row, rule in rules(release)
        if "HA only" in row.purpose or "ha-mediator" in rule.endpoints
    ]
    assert [rule.id for _, rule in rules(release) if rule.ha_only] == says_so
    assert bool(says_so) == ("ha-mediator" in DATA.release(release).rules)


@pytest.mark.parametrize("release", DATA.releases())
def test_rules_name_known_endpoints(release):
    assert {name for _, rule in rules(release) for name in rule.endpoints} <= set(ENDPOINTS)


def test_every_endpoint_is_used_by_a_rule_or_as_a_default():
    used = {e for r in DATA.releases() for _, rule in rules(r) for e in rule.endpoints}
    for supplement in DATA.catalogue.supplements.values():
        for added in supplement.groups.values():
            used |= {e for rule in (*added.inbound, *added.outbound) for e in rule.endpoints}
    assert {name for e in used for name in fallbacks(e)} == set(ENDPOINTS)


def test_every_endpoint_has_a_help_sentence():
    assert [name for name, e in ENDPOINTS.items() if not e.help.endswith(".")] == []


@pytest.mark.parametrize("release", DATA.releases())
def test_inbound_endpoints_fall_back_to_the_inbound_clients(release):
    known = DATA.catalogue.of(DATA.release(release).info)
    inbound = {e for _, rule in rules(release, direction="inbound") for e in rule.endpoints}
    own = {e for e in inbound if known.endpoints[e].default.own_group}
    others = inbound - own - set(DATA.release(release).info.defaults)
    assert {e: known.chain(e)[-1] for e in others} == dict.fromkeys(others, "inbound-clients")


DEFAULTS = {name: DATA.release(name).info.defaults for name in DATA.releases()}
SOURCES = {"bluexp": "CIDR of the Connector", "console": "CIDR of the Console agent"}


@pytest.mark.parametrize("release", SOURCES)
def test_later_releases_name_the_source_of_the_mediator_and_none_of_the_agent(release):
    """Nothing comes in unless somebody initiates it, so only the nodes are a default of the agent.

    They send configuration backups to its port 80, and may use its proxy.
    """
    [source] = {rule.source for _, rule in rules(release, direction="inbound")} - {None}
    assert source == SOURCES[release]
    assert DEFAULTS[release] == {
        "mediator-api-clients": Default(group="manager"),
        "manager-ssh-clients": Default(),
        "manager-http-clients": Default(group="cloud-volumes-ontap"),
        "manager-https-clients": Default(),
        "manager-proxy-clients": Default(group="cloud-volumes-ontap"),
    }
    agent = [r for _, r in rules(release, group="manager", direction="inbound")]
    named = set(DEFAULTS[release])
    assert all(named.issuperset(rule.endpoints) for rule in agent)


def test_other_releases_keep_the_documented_defaults_or_name_no_source():
    others = {name: found for name, found in DEFAULTS.items() if found and name not in SOURCES}
    assert others == {"fsx-ontap": {"inbound-clients": Default()}}


def test_inbound_clients_are_everybody_by_default():
    assert ENDPOINTS["inbound-clients"].default.cidrs == ("0.0.0.0/0",)


def test_http_to_the_manager_has_a_source_of_its_own_that_names_its_three_users():
    http = [rule for _, rule in rules(group="manager", direction="inbound", protocol="HTTP")]
    [endpoint] = [endpoint for rule in http for endpoint in rule.endpoints]
    assert [rule for _, rule in rules() if endpoint in rule.endpoints] == http
    for user in ("browsers", "Cloud Compliance", "mediator"):
        assert user in ENDPOINTS[endpoint].help


def test_a_documented_destination_is_one_set_of_endpoints():
    """Later documents call one host by several names, so this holds for release 3.7 only."""
    means = {(row.destination, r.endpoints) for row, r in rules() if row.destination}
    assert len(means) == len({destination for destination, _ in means})
    shared = [
        (one, other)
        for (one, ours), (other, theirs) in combinations(sorted(means), 2)
        if set(ours) & set(theirs) and one not in other and other not in one
    ]
    assert shared == []


@pytest.mark.parametrize(
    ("destination", "endpoints"),
    [
        (
            "Outbound internet and ONTAP cluster management LIF",
            ("outbound-internet", "ontap-cluster-management-lif"),
        ),
        ("ONTAP cluster management LIF", ("ontap-cluster-management-lif",)),
        ("Cloud Manager IP address", ("manager",)),
    ],
)
def test_a_destination_is_read_as(destination, endpoints):
    assert {rule.endpoints for _, rule in rules(destination=destination)} == {endpoints}


def test_icmp_port_1_means_all_icmp_to_the_mediator_only():
    [(_, rule)] = rules(protocol="ICMP", port="1")
    assert rule.traffic == (Traffic("icmp", -1, -1),)
    assert rule.endpoints == ("ha-mediator",)
    assert "protocol number" in rule.note
