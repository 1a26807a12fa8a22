"""`cvo-sg diff` of what was read from elsewhere, beside deployments, releases and each other."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from repository import commit, init
from strategies import DATA

from generator.compare import beside_each_other, compare
from generator.model import Observation, Observed, ObservedGroup, Place
from generator.resolve import granted, resolve

SITE = (
    'name: acme\nrelease: "3.7"\noutbound: advanced\ntopology: single-node\n'
    "endpoints: {inbound-clients: [10.0.0.0/8], dns: {main: 10.0.0.2/32}}\n"
)
IDS = {"manager": "sg-00000000000000001", "cloud-volumes-ontap": "sg-00000000000000002"}
LISTS = {
    "cidr_ipv4": ("IpRanges", "CidrIp"),
    "cidr_ipv6": ("Ipv6Ranges", "CidrIpv6"),
    "group": ("UserIdGroupPairs", "GroupId"),
}


def described(text=SITE):
    """The groups of a deployment, as EC2 describes them once they exist."""
    deployment = DATA.parse_deployment(text.encode(), "acme.yaml")
    resolved = resolve(deployment, DATA.release(deployment.release), DATA.catalogue)
    groups = {
        group.role: {
            "GroupId": IDS[group.role],
            "GroupName": f"acme-{group.role}",
            "IpPermissions": [],
            "IpPermissionsEgress": [],
        }
        for group in resolved.groups
    }
    for p in granted(resolved):
        kind, field = LISTS[p.peer.kind]
        way = "IpPermissions" if p.direction == "inbound" else "IpPermissionsEgress"
        rule = {
            "IpProtocol": p.traffic.ip_protocol,
            kind: [{field: IDS.get(p.peer.value, p.peer.value), "Description": p.description}],
        }
        if p.traffic.from_port is not None:
            rule |= {"FromPort": p.traffic.from_port, "ToPort": p.traffic.to_port}
        groups[p.group][way].append(rule)
    return groups


def tcp(port, cidr):
    return {
        "IpProtocol": "tcp",
        "FromPort": port,
        "ToPort": port,
        "IpRanges": [{"CidrIp": cidr, "Description": "by hand"}],
    }


def page(groups):
    return json.dumps({"SecurityGroups": [*groups.values()]})


@pytest.fixture
def diff(run):
    """Run `cvo-sg diff` beside a deployment file and the description of its groups."""
    Path("acme.yaml").write_text(SITE)

    def invoke(*arguments, **texts):
        for name, text in texts.items():
            Path(f"{name}.json").write_text(text)
        return run("diff", *arguments)

    return invoke


# Beside a deployment.


def test_groups_as_the_deployment_has_them_do_not_differ(diff):
    found = diff("acme.yaml", "groups.json", groups=page(described()))
    assert (found.exit_code, found.stderr) == (0, "")
    assert found.stdout == (
        "acme.yaml -> groups.json\n\npermissions\n  what is permitted stays the same\n"
    )


def test_the_placeholder_of_a_template_permits_nothing(diff):
    groups = described()
    groups["manager"]["IpPermissionsEgress"].append(tcp(1, "127.0.0.1/32"))
    assert diff("acme.yaml", "groups.json", groups=page(groups)).exit_code == 0


def test_a_rule_made_by_hand_is_added_and_one_that_is_gone_is_removed(diff):
    groups = described()
    groups["manager"]["IpPermissions"][0] = tcp(3389, "0.0.0.0/0")
    text = page(groups)
    found = diff("acme.yaml", "groups.json", groups=text)
    assert found.exit_code == 1
    lines = found.stdout.splitlines()[3:]
    assert lines == [
        "  - manager inbound TCP 22 from 10.0.0.0/8, administrators: "
        "Provides SSH access to the Cloud Manager host",
        "  + manager inbound TCP 3389 from 0.0.0.0/0: by hand",
        "  OPEN TO THE INTERNET from now on: manager inbound TCP 3389 from 0.0.0.0/0: by hand",
    ]
    back = diff("groups.json", "acme.yaml").stdout
    assert "  - manager inbound TCP 3389 from 0.0.0.0/0: by hand\n" in back
    assert "  + manager inbound TCP 22 from 10.0.0.0/8, administrators: " in back


def test_a_peer_of_what_is_left_open_is_added_with_its_endpoint(diff):
    groups = described()
    groups["cloud-volumes-ontap"]["IpPermissionsEgress"].append(tcp(88, "10.9.0.0/16"))
    told = diff("acme.yaml", "groups.json", groups=page(groups)).stdout
    assert "  + cloud-volumes-ontap outbound TCP 88 to 10.9.0.0/16, active-directory: " in told


def test_a_group_for_another_one_that_has_no_role_keeps_its_id(diff):
    groups = described()
    other = {"GroupId": "sg-00000000000000009", "GroupName": "bastion"}
    pairs = [{"GroupId": other["GroupId"]}]
    rule = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "UserIdGroupPairs": pairs}
    groups["manager"]["IpPermissions"].append(rule)
    found = diff("acme.yaml", "groups.json", groups=page({**groups, "other": other}))
    assert "  + manager inbound TCP 22 from sg-00000000000000009, " not in found.stdout
    assert "  + manager inbound TCP 22 from sg-00000000000000009: " in found.stdout
    assert found.stderr == "not compared, because they have no role: bastion\n"


def test_a_role_without_a_group_is_said_to_have_none(diff):
    groups = described()
    del groups["manager"]
    found = diff("acme.yaml", "groups.json", groups=page(groups))
    assert "warning: groups.json has no group for manager: none of its rules are there\n" in (
        found.stderr
    )
    assert "  - 4 rules" not in found.stdout, "four lines say more"
    assert found.stdout.count("  - manager inbound ") == 4


def test_groups_of_something_else_are_not_compared(diff):
    other = {"other": {"GroupId": "sg-00000000000000009", "GroupName": "managers"}}
    found = diff("acme.yaml", "groups.json", groups=page(other))
    assert found.exit_code == 2
    assert "groups.json has no group for manager or cloud-volumes-ontap: a group is" in found.stderr


def test_a_preset_is_a_deployment(diff):
    preset = DATA.preset("predefined")
    found = diff("predefined", "acme.yaml")
    assert found.stdout.startswith("predefined -> acme.yaml\n")
    assert preset.name == "predefined"
    assert diff("predefined", "predefined").exit_code == 0
    assert diff("predefined", "3.8").stdout.startswith("predefined -> 3.8\n")


def test_a_preset_is_beside_groups(diff):
    found = diff("predefined", "groups.json", groups=page(described()))
    assert found.exit_code == 1
    assert "  - 30 rules inbound from 0.0.0.0/0, administrators, " in found.stdout


# Beside a release, and beside each other.


def test_a_release_is_compared_whoever_the_peers_are(diff):
    """Of the outbound tables, the one with what was read counts."""
    groups = {"manager": described()["manager"]}
    found = diff("3.7", "groups.json", groups=page(groups))
    assert "\n  + " not in found.stdout, "everything is documented"
    gone = "9 rules outbound to any peer, active-directory: manager 9 (TCP 88, "
    assert f"  - {gone}" in found.stdout
    groups["manager"]["IpPermissions"].append(tcp(3389, "10.0.0.0/8"))
    added = diff("3.7", "groups.json", groups=page(groups)).stdout
    assert "  + manager inbound TCP 3389 from any peer: by hand\n" in added


def test_two_descriptions_are_compared_by_group(diff):
    old, new = described(), described()
    new["manager"]["IpPermissions"].append(tcp(3389, "10.0.0.0/8"))
    found = diff("old.json", "new.json", old=page(old), new=page(new))
    assert found.exit_code == 1
    assert found.stdout.splitlines()[3:] == [
        "  + acme-manager inbound TCP 3389 from 10.0.0.0/8: by hand"
    ]


def test_groups_made_again_are_the_same_by_their_names(diff):
    """Their ids, and the rules for them, are others; what is permitted stays the same."""
    old = page(described())
    new = old.replace("sg-0000000000000000", "sg-fffffffffffffff0")
    assert old != new
    assert diff("old.json", "new.json", old=old, new=new).exit_code == 0


def test_a_group_that_got_another_name_is_the_same_by_its_id(diff):
    old = page(described())
    found = diff("old.json", "new.json", old=old, new=old.replace("acme-", "zeta-"))
    assert found.exit_code == 0


def test_rules_by_themselves_are_the_same_as_in_their_groups(diff):
    groups = {"manager": described()["manager"]}
    groups["manager"].update(IpPermissions=[tcp(22, "10.0.0.0/8")], IpPermissionsEgress=[])
    rule = {
        "SecurityGroupRuleId": "sgr-1",
        "GroupId": IDS["manager"],
        "IsEgress": False,
        "IpProtocol": "tcp",
        "FromPort": 22,
        "ToPort": 22,
        "CidrIpv4": "10.0.0.0/8",
    }
    rules = json.dumps({"SecurityGroupRules": [rule]})
    found = diff("groups.json", "rules.json", groups=page(groups), rules=rules)
    assert (found.exit_code, found.stderr) == (0, "")


def test_a_group_that_only_one_side_describes_is_the_same_peer(diff):
    groups = described()
    del groups["manager"]["IpPermissions"], groups["cloud-volumes-ontap"]["IpPermissions"]
    alone = page({"manager": groups["manager"]})
    told = diff("old.json", "new.json", old=page(groups), new=alone).stdout
    assert "acme-manager outbound" not in told
    assert "  - acme-cloud-volumes-ontap outbound " in told


# Templates, plans and modules.


@pytest.fixture
def site(run):
    """A deployment file, and what is generated from it, in a repository."""
    init()
    Path("acme.yaml").write_text(SITE)
    assert run("generate", "acme.yaml", "--no-lint", "--quiet").exit_code == 0
    commit()
    return "out/acme/cloudformation/template.yaml"


def test_a_template_has_what_its_deployment_has(run, site):
    found = run("diff", "acme.yaml", site)
    assert (found.exit_code, found.stderr) == (0, "")
    filled_in = run("diff", "acme.yaml", site, "--parameter", "SyslogServer=10.5.0.0/16")
    assert filled_in.exit_code == 1
    assert [line.partition(":")[0] for line in filled_in.stdout.splitlines()[3:]] == [
        "  + cloud-volumes-ontap outbound UDP 514 to 10.5.0.0/16, syslog-server"
    ]


@pytest.mark.slow
def test_a_template_is_compared_with_itself_at_a_revision(run, site):
    template = Path(site)
    template.write_text(template.read_text().replace("10.0.0.2/32", "10.0.0.3/32"))
    found = run("diff", f"HEAD:{site}", site)
    assert found.exit_code == 1
    assert found.stdout.count("\n  + ") == found.stdout.count("\n  - ") == 2
    assert " outbound UDP 53 to 10.0.0.3/32: " in found.stdout
    assert run("diff", f"HEAD:{site}", "acme.yaml").exit_code == 0


def test_what_cannot_be_known_of_a_module_is_said(run, site):
    found = run("diff", site, "out/acme/terraform")
    assert found.exit_code == 1
    assert "warning: out/acme/terraform: 4 left out: " in found.stderr


def test_a_module_and_a_template_share_groups_by_their_outputs():
    group = ObservedGroup("aws_security_group.web", Place("a.tf"), output="web_group_id")
    other = ObservedGroup("Web", Place("b.yaml"), output="WebGroupId")
    peer = ("inbound", "tcp", 22, 22, "cidr_ipv4", "10.0.0.0/8")
    one, two = (
        Observation((each,), (Observed(each.key, *peer, each.place),)) for each in (group, other)
    )
    assert not any(compare(*(s.permissions for s in beside_each_other("a", one, "b", two))))


# Revisions, and what cannot be read.


def test_deployments_and_descriptions_are_read_from_a_revision(diff):
    init()
    diff("3.7", "3.7", groups=page(described()))
    commit()
    Path("acme.yaml").write_text(SITE.replace("10.0.0.2/32", "10.0.0.3/32"))
    Path("groups.json").unlink()
    assert diff("HEAD:acme.yaml", "HEAD:groups.json").exit_code == 0
    found = diff("HEAD:acme.yaml", "acme.yaml")
    assert found.exit_code == 1
    assert found.stdout.startswith("HEAD:acme.yaml -> acme.yaml\n")
    assert "  + manager outbound UDP 53 to 10.0.0.3/32 (main), dns: " in found.stdout


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        pytest.param(["-", "-"], "standard input can be read once", id="twice"),
        pytest.param(
            ["acme.yaml", "bad.json"], "bad.json: not recognised: use the JSON", id="json"
        ),
        pytest.param(["acme.yaml", "notes"], "notes: not recognised: use the JSON of", id="text"),
        pytest.param(["acme.yaml", "HEAD:x"], "not in a git repository, so it", id="no-git"),
        pytest.param(["acme.yaml", "advnaced"], "nor a preset (", id="unknown"),
        pytest.param(
            ["acme.yaml", "illegal.json"], "illegal.json: sg-1: port range 2-1", id="rule"
        ),
        pytest.param(["3.7", "3.8", "--parameter", "x"], "--parameter x: use ", id="parameter"),
    ],
)
def test_what_cannot_be_compared_is_a_sentence(diff, monkeypatch, arguments, sentence):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(Path.cwd().parent))
    Path("notes").write_text("something else")
    rule = {**tcp(2, "10.0.0.0/8"), "ToPort": 1}
    group = {"GroupId": "sg-1", "GroupName": "manager", "IpPermissions": [rule]}
    found = diff(*arguments, bad='{"a": 1}', illegal=page({"manager": group}))
    assert found.exit_code == 2
    assert sentence in found.stderr


# Output in proportion.


def test_rules_that_change_for_one_network_are_one_line(diff):
    Path("new.yaml").write_text(SITE.replace("10.0.0.0/8", "10.0.0.0/9"))
    lines = diff("acme.yaml", "new.yaml").stdout.splitlines()[3:]
    assert [line[:45] for line in lines] == [
        "  - 28 rules inbound from 10.0.0.0/8, adminis",
        "  + 28 rules inbound from 10.0.0.0/9, adminis",
    ]
    assert lines[0].endswith(
        ": manager 4 (TCP 22, TCP 80, TCP 443 and 1 more), "
        "cloud-volumes-ontap 24 (all ICMP, TCP 80, TCP 443 and 21 more)"
    )
    assert len(diff("acme.yaml", "new.yaml", "--verbose").stdout.splitlines()) == 3 + 2 * 28
    markdown = diff("acme.yaml", "new.yaml", "--output", "markdown").stdout
    assert markdown.count("\n- removed: ") == 1
    found = json.loads(diff("acme.yaml", "new.yaml", "--output", "json").stdout)
    assert len(found["permissions"]["added"]) == 28


def test_rules_with_another_name_for_one_network_are_one_line(diff):
    Path("new.yaml").write_text(SITE.replace("[10.0.0.0/8]", "{campus: 10.0.0.0/8}"))
    lines = diff("acme.yaml", "new.yaml").stdout.splitlines()[4:]
    assert len(lines) == 1
    assert lines[0].startswith("  = 28 rules inbound from 10.0.0.0/8 (campus), ")
    assert lines[0].endswith(": peer 10.0.0.0/8 is now campus")
    assert len(diff("acme.yaml", "new.yaml", "-v").stdout.splitlines()) == 4 + 28
