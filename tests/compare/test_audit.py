"""What an audit finds: groups that exist, against what a deployment or a release asks for."""

from __future__ import annotations

from datetime import date

import pytest
from ec2_json import groups_json, id_of, rules_json
from strategies import DATA, deployments, peers, resolved, sample

from generator.compare import (
    Audited,
    Entry,
    accept,
    audit,
    match_groups,
    of_deployed,
    of_documented,
)
from generator.compare import problems as problems_of
from generator.compare.expected import OpenLine
from generator.compare.open_lines import open_lines
from generator.compare.regions import covered, for_anybody, region
from generator.errors import UsageError
from generator.model import (
    Allowance,
    Day,
    Deployment,
    Observation,
    ObservedGroup,
    Peer,
    Permission,
    Place,
    Traffic,
)
from generator.observe import join, read_text
from generator.resolve import granted

NOWHERE = ("outbound", "all traffic", "127.0.0.1/32")
EVERYWHERE = ("outbound", "all traffic", "0.0.0.0/0")


def rule(direction, traffic, peer, group="manager"):
    return Permission(group, direction, Traffic.from_text(traffic), Peer.parse(peer))


def bound(**endpoints):
    """The manager of 3.7 with peers for SSH, web and Active Directory, and no others."""
    given = {
        "inbound-clients": (),
        "administrators": ("10.1.0.0/16",),
        "active-directory": (),
        "outbound-internet": ("0.0.0.0/0",),
        "ontap-cluster-management-lif": (),
        **{name.replace("_", "-"): texts for name, texts in endpoints.items()},
    }
    return Deployment(
        "acme",
        "3.7",
        groups=("manager",),
        endpoints={name: peers(*texts) for name, texts in given.items() if texts is not None},
    )


def observed(permissions, names=None):
    names = names or {"manager": "acme-manager"}
    return read_text(groups_json(permissions, names), "groups.json")


def audited(deployment, found, chosen=(), allowances=(), today=date(2026, 1, 1)):
    release = DATA.release(deployment.release)
    expected = of_deployed(deployment, release, DATA.catalogue)
    return finished(expected, found, chosen, allowances, today)


def against(release, found, topology="ha", outbound=None):
    expected = of_documented(DATA.release(release), DATA.catalogue, topology, outbound)
    return finished(expected, found)


def finished(expected, found, chosen=(), allowances=(), today=date(2026, 1, 1)):
    matching = match_groups(found, expected.roles, DATA.catalogue.groups, dict(chosen))
    accepted = accept(audit(expected, found, matching), allowances, today)
    entries = tuple(Entry(each, Place("allow.yaml", i + 1)) for i, each in enumerate(allowances))
    sources = ("groups.json",)
    return Audited(expected, "acme.yaml", sources, matching, accepted, entries, found.left_out)


def deviations(result):
    """Each as words: `missing inbound TCP 22 from 10.1.0.0/16`."""
    return [
        f"{d.kind} {d.permission.direction} {d.permission.traffic} "
        f"{'from' if d.permission.direction == 'inbound' else 'to'} {d.permission.peer}"
        for group in result.accepted.groups
        for d in group.deviations
    ]


def sentences(result):
    return [problem.message for problem in problems_of(result)]


def base(deployment):
    return [*granted(resolved(deployment))]


# What a deployment asks for, is there: whichever description it is read from.


@pytest.mark.parametrize("name", DATA.presets())
def test_the_groups_of_a_preset_audit_clean(name, proof):
    proof("rules audited clean", audits_clean(DATA.preset(name)))


@pytest.mark.slow
def test_the_groups_of_any_deployment_audit_clean(proof):
    for deployment in sample(deployments(), 5):
        proof("rules audited clean", audits_clean(deployment))


def audits_clean(deployment):
    found = resolved(deployment)
    rules = [*granted(found)]
    names = {group.role: group.name for group in found.groups}
    description = groups_json(rules, names)
    both = join([read_text(description, "groups.json"), read_text(rules_json(rules), "rules.json")])
    for read in (read_text(description, "groups.json"), both):
        result = audited(deployment, read)
        assert sentences(result) == []
        assert sum(group.same for group in result.accepted.groups) == len(rules)
    return len(rules)


@pytest.mark.parametrize("name", ["predefined", "console-all-vpcs"])
def test_the_predefined_groups_have_every_documented_row(name):
    deployment = DATA.preset(name)
    found = resolved(deployment)
    names = {group.role: group.name for group in found.groups}
    result = against(deployment.release, observed([*granted(found)], names))
    expected = {  # whoever deploys opens these himself
        "predefined": set(),
        "console-all-vpcs": {22, 443, 3128},
    }[name]
    lacking = [d for group in result.accepted.groups for d in group.deviations]
    assert {d.permission.traffic.from_port for d in lacking} == expected


# Each kind of deviation. `acme` asks for TCP 22 from 10.1.0.0/16, and for TCP 443 to everywhere.

ASKED = [("inbound", "TCP 22", "10.1.0.0/16"), ("outbound", "TCP 443", "0.0.0.0/0")]
SSH, WEB = ASKED
ASKED_RULES = [rule(*each) for each in ASKED]


@pytest.mark.parametrize(
    ("there", "expected"),
    [
        pytest.param(ASKED, [], id="the same"),
        pytest.param([*ASKED, NOWHERE], [], id="the rule to nowhere of CloudFormation"),
        pytest.param([WEB], ["missing inbound TCP 22 from 10.1.0.0/16"], id="missing"),
        pytest.param(
            [*ASKED, ("inbound", "TCP 8080", "0.0.0.0/0")],
            ["too-much inbound TCP 8080 from 0.0.0.0/0"],
            id="too much",
        ),
        pytest.param(
            [*ASKED, ("inbound", "all traffic", "127.0.0.1/32")],
            ["too-much inbound all traffic from 127.0.0.1/32"],
            id="a rule from nowhere is not that of CloudFormation",
        ),
        pytest.param(
            [WEB, ("inbound", "TCP 22", "10.0.0.0/8")],
            ["wider inbound TCP 22 from 10.0.0.0/8"],
            id="a wider network",
        ),
        pytest.param(
            [WEB, ("inbound", "TCP 20-30", "10.1.0.0/16")],
            ["wider inbound TCP 20-30 from 10.1.0.0/16"],
            id="more ports",
        ),
        pytest.param(
            [SSH, EVERYWHERE],
            ["wider outbound all traffic to 0.0.0.0/0"],
            id="all traffic covers",
        ),
        pytest.param(
            [WEB, ("inbound", "TCP 22", "10.1.2.0/24")],
            ["narrower inbound TCP 22 from 10.1.0.0/16"],
            id="a narrower network",
        ),
        pytest.param(
            [WEB, ("inbound", "TCP 22", "10.1.0.0/17"), ("inbound", "TCP 22", "10.1.128.0/17")],
            [],
            id="two halves of a network",
        ),
        pytest.param(
            [*ASKED, ("inbound", "TCP 22", "10.1.2.0/24")], [], id="a part in addition to the whole"
        ),
        pytest.param(
            [WEB, ("inbound", "TCP 22", "10.2.0.0/16")],
            ["missing inbound TCP 22 from 10.1.0.0/16", "too-much inbound TCP 22 from 10.2.0.0/16"],
            id="another network",
        ),
        pytest.param(
            [WEB, ("outbound", "TCP 22", "10.1.0.0/16")],
            ["missing inbound TCP 22 from 10.1.0.0/16"],
            id="the other direction, in which everywhere is open on another port",
        ),
        pytest.param(
            [WEB, ("inbound", "UDP 22", "10.1.0.0/16")],
            ["missing inbound TCP 22 from 10.1.0.0/16", "too-much inbound UDP 22 from 10.1.0.0/16"],
            id="another protocol",
        ),
        pytest.param(
            [WEB, ("inbound", "TCP 22", "pl-01234567")],
            ["missing inbound TCP 22 from 10.1.0.0/16", "too-much inbound TCP 22 from pl-01234567"],
            id="a prefix list, of which the networks are not known",
        ),
    ],
)
def test_a_deviation_is_found(there, expected):
    result = audited(bound(), observed([rule(*each) for each in there]))
    extra = "too-much outbound TCP 22 to 10.1.0.0/16"
    found = deviations(result)
    if any(each[0] == "outbound" and each[1] == "TCP 22" for each in there):
        expected = [*expected, extra]
    assert found == expected
    assert result.failed == bool(expected)


def test_what_is_missing_says_what_stops_working():
    [sentence] = sentences(audited(bound(), observed([rule(*WEB)])))
    assert sentence == (
        "no inbound rule for TCP 22 from 10.1.0.0/16 (administrators): Provides SSH access to the "
        "Cloud Manager host (row inbound-tcp-22)"
    )
    result = audited(bound(active_directory=["10.9.0.1/32"]), observed(ASKED_RULES))
    [sentence] = sentences(result)
    assert sentence.startswith("none of the 9 outbound rules for TCP 88, 139, 389, 445, 464, 749, ")
    assert " to 10.9.0.1/32 (active-directory): Kerberos V authentication; " in sentence
    assert "Needed for cifs (rows active-directory-tcp-88, " in sentence


def test_what_a_supplement_adds_says_its_reason():
    deployment = DATA.preset("example-nfs-single-node")
    rules = [p for p in base(deployment) if p.endpoint != "autosupport"]
    names = {"cloud-volumes-ontap": f"{deployment.name}-cloud-volumes-ontap"}
    [sentence] = sentences(audited(deployment, observed(rules, names)))
    assert DATA.catalogue.supplements["autosupport"].reason.rstrip(".") in sentence


def test_many_rules_with_one_reason_are_one_line():
    deployment = bound(active_directory=["10.9.0.1/32", "10.9.0.2/32"])
    there = [
        p._replace(peer=Peer.parse("10.8.0.1/32")) if p.endpoint == "active-directory" else p
        for p in base(deployment)
    ]
    result = audited(deployment, observed(there))
    assert len(deviations(result)) == 18 + 9
    missing, extra = sentences(result)
    assert "18 outbound rules" in missing
    assert "10.9.0.1/32, 10.9.0.2/32" in missing
    assert extra.startswith("9 outbound rules for TCP 88, 139, 389, ")
    assert len(sentences(result._replace(apart=True))) == 27


def test_a_joined_range_may_be_several_rules_and_several_rules_a_joined_range():
    deployment = bound(administrators=["10.0.0.0/15"])
    halves = [rule("inbound", "TCP 22", n) for n in ("10.0.0.0/16", "10.1.0.0/16")]
    assert deviations(audited(deployment, observed([rule(*WEB), *halves]))) == []


# Endpoints that the deployment leaves open are parameters.


def test_an_open_endpoint_has_the_peers_that_are_there():
    deployment = bound(active_directory=None, administrators=None)
    there = [rule(*WEB)]
    there += [
        p._replace(peer=Peer.parse("10.9.0.1/32"))
        for p in resolved(deployment).groups[0].permissions
        if p.endpoint == "active-directory"
    ]
    result = audited(deployment, observed(there))
    assert deviations(result) == []
    [group] = result.accepted.groups
    assert ("active-directory", "outbound", ("10.9.0.1/32",)) in group.opened
    assert ("dns", "outbound", ()) in group.opened


def test_an_open_endpoint_may_lack_what_has_no_default_but_not_its_default():
    deployment = bound(inbound_clients=None, administrators=None)
    [group] = audited(deployment, observed([rule(*WEB)])).accepted.groups
    assert {str(d.permission.traffic) for d in group.deviations} == {
        "TCP 22", "TCP 80", "TCP 443", "TCP 3128"}  # fmt: skip
    assert {d.kind for d in group.deviations} == {"missing"}


def test_a_peer_in_one_row_of_an_open_endpoint_only_is_found():
    deployment = bound(active_directory=None)
    there = [*ASKED_RULES, rule("outbound", "TCP 88", "10.9.0.1/32")]
    result = audited(deployment, observed(there))
    assert {d.kind for d in result.accepted.groups[0].deviations} == {"uneven"}
    [sentence] = sentences(result)
    assert sentence.startswith("none of the 8 outbound rules for TCP 139, 389, ")
    assert "while active-directory has it for TCP 88: " in sentence


def test_what_binds_an_open_endpoint_is_no_longer_asked_for_by_a_bound_one():
    there = observed([rule(*WEB), rule("inbound", "TCP 22", "10.9.0.0/16")])
    open_ = audited(bound(inbound_clients=[], administrators=None), there)
    assert deviations(open_) == ["too-much inbound TCP 22 from 10.9.0.0/16"]  # falls back to nobody
    left = audited(Deployment("acme", "3.7", groups=("manager",), open=("administrators",)), there)
    assert "too-much inbound TCP 22 from 10.9.0.0/16" not in deviations(left)
    assert deviations(audited(bound(), there)) == [
        "missing inbound TCP 22 from 10.1.0.0/16",
        "too-much inbound TCP 22 from 10.9.0.0/16",
    ]


def test_a_peer_in_some_rows_is_that_of_the_endpoint_that_lacks_fewest():
    """Two endpoints share TCP 1, one has it in two rows, and one in three."""
    table = {"three-rows": (1, 2, 3), "two-rows": (1, 4)}
    lines = [
        (OpenLine(Permission("a", "outbound", traffic, Peer("input", name, name), "", name)),
         for_anybody(traffic))
        for name, ports in table.items()
        for traffic in (Traffic("tcp", port, port) for port in ports)
    ]  # fmt: skip
    place = Place("groups.json")
    for ports, lacks in (((1,), ["two-rows 4"]), ((1, 2), ["three-rows 3"]), ((1, 4), [])):
        rules = [rule("outbound", f"TCP {port}", "10.0.0.0/8", "a") for port in ports]
        there = {p: (region(p), place) for p in rules}
        found, _ = open_lines(lines, {}, there, place)
        told = [f"{d.permission.endpoint} {d.permission.traffic.from_port}" for d in found]
        assert told == lacks


# Groups and roles.

GROUP = ObservedGroup("sg-01234567", Place("groups.json"), id="sg-01234567")


@pytest.mark.parametrize(
    ("group", "is_manager"),
    [
        (GROUP._replace(output="manager_security_group_id"), True),
        (GROUP._replace(output="ManagerSecurityGroupId"), True),
        (GROUP._replace(output="manager"), False),
        (GROUP._replace(name="acme-manager"), True),
        (GROUP._replace(name="other-manager"), True),
        (GROUP._replace(name="OTHER_Manager"), True),
        (GROUP._replace(name="manager"), True),
        (GROUP._replace(tags={"Name": "prod manager"}), True),
        (GROUP._replace(tags={"Role": "manager"}), False),
        (GROUP._replace(name="my-topmanager"), False),
        (GROUP._replace(name="manager-of-another"), False),
        (GROUP, False),
    ],
)
def test_a_group_has_the_role_that_its_output_or_name_says(group, is_manager):
    result = audited(bound(), Observation((group,)))
    assert (result.matching.groups == {"manager": group}) == is_manager
    assert (result.matching.absent == ("manager",)) != is_manager
    assert (result.matching.others == (group,)) != is_manager


def test_the_name_of_the_deployment_is_surer_than_the_end_of_a_name_and_an_output_surer_still():
    ours = GROUP._replace(key="a", name="acme-manager")
    other = GROUP._replace(key="b", name="other-manager")
    by_output = GROUP._replace(key="c", output="ManagerSecurityGroupId")
    assert audited(bound(), Observation((other, ours))).matching.groups == {"manager": ours}
    found = audited(bound(), Observation((other, ours, by_output))).matching
    assert found.groups == {"manager": by_output}
    assert found.others == (other, ours)


def test_what_several_groups_may_be_is_not_guessed():
    groups = [GROUP._replace(key=key, id=key, name=f"{key}-manager") for key in ("sg-1", "sg-2")]
    result = audited(bound(), Observation(tuple(groups)))
    assert result.matching.groups == {}
    [sentence] = sentences(result)
    assert sentence == (
        "several groups may have the role manager: sg-1 (sg-1-manager), sg-2 (sg-2-manager). "
        "Choose one, as in --group manager=sg-1"
    )
    chosen = audited(bound(), Observation(tuple(groups)), {"manager": "sg-2"})
    assert chosen.matching.groups == {"manager": groups[1]}


def test_a_group_between_two_roles_is_not_guessed():
    deployment = DATA.preset("predefined")
    group = GROUP._replace(name="x-ha-mediator", tags={"Name": "x-manager"})
    result = audited(deployment, Observation((group,)))
    assert result.matching.groups == {}
    assert {*result.matching.ambiguous} == {"manager", "ha-mediator"}


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        ({"manager": "nothing"}, "no such group. There is sg-01234567 (one), sg-7654321a (one)"),
        ({"manager": "one"}, "one is the name of several groups: sg-01234567 or sg-7654321a"),
        ({"manager": "sg-7654321a", "ha-mediator": "sg-7654321a"}, "use it once"),
    ],
)
def test_a_choice_that_cannot_be_is_refused(chosen, message):
    groups = (GROUP._replace(name="one"), GROUP._replace(key="sg-7654321a", id=None, name="one"))
    with pytest.raises(UsageError, match="--group") as error:
        audited(DATA.preset("predefined"), Observation(groups), chosen)
    assert message in str(error.value)


def test_the_id_of_a_group_that_no_source_describes_stands_for_its_role():
    deployment = DATA.preset("predefined")
    found = resolved(deployment)
    rules = [p for p in granted(found) if p.group != "ha-mediator"]
    rules.append(rule("inbound", "TCP 22", "group:ha-mediator", "manager"))
    names = {g.role: g.name for g in found.groups if g.role != "ha-mediator"}
    chosen = {"ha-mediator": id_of("ha-mediator")}
    result = audited(deployment, observed(rules, names), chosen)
    assert not result.failed
    assert "which no source describes" in " ".join(sentences(result))


def test_a_rule_for_a_group_is_that_for_its_id():
    deployment = DATA.preset("predefined")
    given = Peer.parse(id_of("cloud-volumes-ontap"))
    to_group = Deployment(
        "acme", "3.7", groups=("manager", "cloud-volumes-ontap"),
        endpoints={"inbound-clients": (given,)}, outbound="basic",
    )  # fmt: skip
    rules = [
        p._replace(peer=Peer("group", "cloud-volumes-ontap", "")) if p.peer == given else p
        for p in base(to_group)
    ]
    names = {g.role: g.name for g in resolved(to_group).groups}
    assert not audited(to_group, observed(rules, names)).failed
    assert audited(deployment, observed(rules, names)).failed


def test_a_rule_that_ec2_would_refuse_is_listed():
    found = observed(ASKED_RULES)
    broken = found.rules[0]._replace(from_port=23, to_port=22)
    result = audited(bound(), found._replace(rules=(*found.rules, broken)))
    [sentence] = sentences(result)
    assert "port range 23-22 is reversed" in sentence
    assert result.failed


def test_what_was_not_read_is_a_warning():
    found = observed(ASKED_RULES)._replace(left_out=("2 left out: resources with count",))
    result = audited(bound(), found)
    [problem] = problems_of(result)
    assert (problem.severity, problem.rule, result.failed) == ("warning", "left-out", False)
    assert problem.message.endswith("not be listed (2 left out: resources with count)")


# A release without a deployment: whoever the peers are.


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param(lambda p: p, [], id="as documented"),
        pytest.param(
            lambda p: p._replace(peer=Peer.parse("10.9.0.0/24")), [], id="whoever the peer is"
        ),
        pytest.param(
            lambda p: p if p.traffic != Traffic("tcp", 22, 22) else None,
            ["missing inbound TCP 22 from administrators"],
            id="without a row",
        ),
        pytest.param(
            lambda p: p._replace(traffic=Traffic("tcp", 22, 23)) if "ssh" in str(p).lower() else p,
            ["wider inbound TCP 22-23 from 0.0.0.0/0"],
            id="more than a row",
        ),
        pytest.param(
            lambda p: (
                p._replace(traffic=Traffic("-1")) if p.traffic == Traffic("tcp", 0, 65535) else p
            ),
            ["wider outbound all traffic to 0.0.0.0/0"],
            id="more than the basic table",
        ),
    ],
)
def test_a_release_is_compared_row_by_row(change, expected):
    deployment = Deployment("acme", "3.7", groups=("manager",), outbound="basic")
    there = [q for p in base(deployment) if (q := change(p))]
    assert deviations(against("3.7", observed(there))) == expected


def test_documents_call_icmp_what_is_icmpv6_for_a_peer_in_ipv6():
    ping = rule("inbound", "all ICMPv6", "2001:db8::/32", "cloud-volumes-ontap")
    found = observed([ping], {"cloud-volumes-ontap": "x-cloud-volumes-ontap"})
    assert not [each for each in deviations(against("3.7", found)) if "inbound all ICMP" in each]


def test_traffic_that_no_row_documents_is_too_much():
    deployment = Deployment("acme", "3.7", groups=("manager",), outbound="basic")
    extra = rule("inbound", "UDP 53", "10.0.0.0/8")
    assert deviations(against("3.7", observed([*base(deployment), extra]))) == [
        "too-much inbound UDP 53 from 10.0.0.0/8"
    ]


def test_the_outbound_table_of_a_release_is_the_one_that_fits_unless_it_is_chosen():
    deployment = DATA.preset("example-ha-active-directory")
    rules = [p for p in base(deployment) if p.group == "manager"]
    found = observed(rules, {"manager": "x-manager"})
    missing = {d.split(" to ")[0] for d in deviations(against("3.7", found)) if "outbound" in d}
    assert missing == {"missing outbound TCP 8088", "missing outbound TCP 80"}
    basic = deviations(against("3.7", found, outbound="basic"))
    assert "narrower outbound all TCP to outbound-anywhere" in basic


def test_a_rule_for_the_group_itself_is_not_one_for_others():
    itself = rule("outbound", "all traffic", "group:cloud-volumes-ontap", "cloud-volumes-ontap")
    found = observed([itself], {"cloud-volumes-ontap": "x-cloud-volumes-ontap"})
    lacks = deviations(against("3.7", found, outbound="advanced"))
    assert "missing outbound UDP 53 to dns" in lacks
    assert not [each for each in lacks if "outbound all traffic" in each]


def test_rows_for_pairs_are_not_asked_of_a_single_node():
    found = observed([], {"cloud-volumes-ontap": "x-cloud-volumes-ontap"})
    pair, single = (
        deviations(against("3.7", found, topology, "advanced"))
        for topology in ("ha", "single-node")
    )
    assert "missing outbound TCP 3000 to ha-mediator" in pair
    assert {*single} < {*pair}


# Accepted deviations.


def allowance(direction, traffic, peer=None, **more):
    found = Peer.parse(peer) if peer else None
    return Allowance("manager", direction, traffic, "a reason", found, **more)


@pytest.mark.parametrize(
    ("entry", "there", "is_accepted"),
    [
        pytest.param("inbound TCP 22 10.2.0.0/16", "TCP 22 10.2.0.0/16", True, id="it"),
        pytest.param("inbound TCP 22 10.0.0.0/8", "TCP 22 10.2.0.0/16", True, id="part"),
        pytest.param("inbound all TCP 10.0.0.0/8", "TCP 22 10.2.0.0/16", True, id="ports"),
        pytest.param("inbound TCP 22 10.2.0.0/24", "TCP 22 10.2.0.0/16", False, id="more"),
        pytest.param("inbound TCP 22 10.2.0.0/16", "TCP 22 10.0.0.0/8", False, id="wider"),
        pytest.param("outbound TCP 22 10.2.0.0/16", "TCP 22 10.2.0.0/16", False, id="direction"),
    ],
)
def test_an_entry_accepts_what_is_part_of_it(entry, there, is_accepted):
    direction, _, rest = entry.partition(" ")
    found = observed([*ASKED_RULES, rule("inbound", *there.rsplit(" ", 1))])
    entries = [allowance(direction, *rest.rsplit(" ", 1))]
    result = audited(bound(), found, allowances=entries)
    assert result.failed != is_accepted
    assert len(result.accepted.deviations) == is_accepted
    assert len(result.accepted.unused) != is_accepted


def test_a_rule_that_may_be_missing_is_not_one_that_may_be_there():
    found = observed([rule(*WEB)])
    missing = allowance("inbound", "TCP 22", missing=True)
    assert not audited(bound(), found, allowances=[missing]).failed
    assert audited(bound(), found, allowances=[allowance(*SSH)]).failed


def test_a_peer_in_some_rows_of_an_open_endpoint_is_accepted_by_those():
    there = [*ASKED_RULES, rule("outbound", "TCP 88", "10.9.0.1/32")]
    entry = allowance("outbound", "TCP 88", "10.9.0.1/32")
    result = audited(bound(active_directory=None), observed(there), allowances=[entry])
    assert sentences(result) == []


@pytest.mark.parametrize(
    ("today", "rules"),
    [
        (date(2027, 1, 31), []),
        (date(2027, 2, 1), ["missing", "allowance-expired"]),
    ],
)
def test_an_entry_expires_after_its_day(today, rules):
    entry = allowance("inbound", "TCP 22", missing=True, until=Day.parse("2027-01-31"))
    result = audited(bound(), observed([rule(*WEB)]), allowances=[entry], today=today)
    assert [problem.rule for problem in problems_of(result)] == rules


def test_an_entry_that_accepts_nothing_is_found_where_it_is():
    found = observed(ASKED_RULES)
    result = audited(bound(), found, allowances=[allowance("inbound", "TCP 23", "10.0.0.0/8")])
    [problem] = problems_of(result)
    assert (problem.rule, str(problem.place)) == ("allowance-unused", "allow.yaml:1")


# What covers what.

TEN, HALF, ALL = "10.0.0.0/8", "10.0.0.0/9", "0.0.0.0/0"
HALVES = [("TCP 80", "0.0.0.0/1"), ("all TCP", "128.0.0.0/1")]
SG, PL = "sg-01234567", "pl-01234567"


@pytest.mark.parametrize(
    ("wanted", "there", "is_covered"),
    [
        (("TCP 80-90", TEN), [("TCP 80-85", TEN), ("TCP 86-90", ALL)], True),
        (("TCP 80-90", TEN), [("TCP 80-85", TEN), ("TCP 87-90", ALL)], False),
        (("TCP 80-90", TEN), [("TCP 80-85", TEN), ("TCP 86-90", HALF)], False),
        (("TCP 80", ALL), HALVES, True),
        (("TCP 80", "::/0"), [("TCP 80", ALL)], False),
        (("TCP 80", "::/0"), [("TCP 80", "::/1"), ("all traffic", "8000::/1")], True),
        (("all TCP", TEN), [("all traffic", TEN)], True),
        (("all traffic", TEN), [("all TCP", TEN), ("all UDP", TEN)], False),
        (("ICMP 8-any", TEN), [("all ICMP", TEN)], True),
        (("ICMP 8-0", TEN), [("ICMP 8-any", TEN)], True),
        (("ICMP 8-0", TEN), [("ICMP 3-any", TEN)], False),
        (("all ICMP", TEN), [("ICMP 8-any", TEN)], False),
        (("TCP 80", SG), [("TCP 80", ALL)], True),
        (("TCP 80", SG), HALVES, True),
        (("TCP 80", SG), [("TCP 80", TEN)], False),
        (("TCP 80", PL), [("TCP 80", ALL)], False),
        (("TCP 80", PL), [("TCP 79-81", PL)], True),
    ],
)
def test_rules_together_cover_a_rule(wanted, there, is_covered):
    regions = [region(rule("inbound", *each)) for each in there]
    assert covered(region(rule("inbound", *wanted)), regions) == is_covered
