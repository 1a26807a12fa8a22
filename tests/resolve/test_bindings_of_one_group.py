"""`<role>/<endpoint>` binds an endpoint in the rules of one group, and of no other."""

from __future__ import annotations

import json

import jsonschema
import pytest
import yaml
from samples import DATA, rendered, resolved
from stack import Stack, template_of

from generator.compare import changes, of_deployment
from generator.resolve import advise, granted

HEAD = 'name: site\nrelease: "3.7"\n'
HQ, SITE, DC = "10.1.0.0/16", "10.2.0.0/16", "10.3.0.10/32"


def deployment(endpoints, more=""):
    text = f"{HEAD}{more}endpoints: {json.dumps(endpoints)}\n"
    return DATA.parse_deployment(text.encode(), "site.yaml")


def peers(endpoints, endpoint, more=""):
    """By role, the peers of an endpoint's permissions."""
    found = {}
    for p in granted(resolved(deployment(endpoints, more))):
        if p.endpoint == endpoint:
            found.setdefault(p.group, set()).add(str(p.peer))
    return found


def inputs(endpoints, more=""):
    return {i.id: i for i in resolved(deployment(endpoints, more)).inputs}


def looked_up(endpoints, role):
    """The variables in which the rules of a group look up their peers."""
    groups = {group.role: group for group in resolved(deployment(endpoints)).groups}
    lines = groups[role].ingress + groups[role].egress
    return {line.endpoint: line.inputs[0] for line in lines if not line.group}


@pytest.mark.parametrize(
    ("endpoints", "expected"),
    [
        pytest.param(
            {"active-directory": [DC], "manager/active-directory": []},
            {"cloud-volumes-ontap": {DC}},
            id="nobody-for-one-group",
        ),
        pytest.param(
            {"cloud-volumes-ontap/active-directory": [DC]},
            {"cloud-volumes-ontap": {DC}},
            id="somebody-for-one-group",
        ),
        pytest.param(
            {"active-directory": [], "manager/active-directory": {"dc1": DC}},
            {"manager": {DC}},
            id="nobody-for-the-others",
        ),
        pytest.param(
            {
                "active-directory": [DC],
                "manager/active-directory": [
                    HQ,
                    "2001:db8::/32",
                    {"id": "pl-01234567", "max_entries": 3},
                    "123456789012/sg-01234567",
                    "group:ha-mediator",
                ],
            },
            {
                "cloud-volumes-ontap": {DC},
                "manager": {
                    HQ,
                    "2001:db8::/32",
                    "pl-01234567",
                    "123456789012/sg-01234567",
                    "group:ha-mediator",
                },
            },
            id="peers-of-every-kind",
        ),
    ],
)
def test_a_binding_of_one_group_is_that_of_its_rules_only(endpoints, expected):
    assert peers(endpoints, "active-directory") == expected


def test_an_endpoint_that_falls_back_takes_the_binding_of_its_own_group():
    endpoints = {"manager/inbound-clients": [HQ], "inbound-clients": [SITE]}
    found = peers(endpoints, "administrators")
    assert found == {"manager": {HQ}, "cloud-volumes-ontap": {SITE}, "ha-mediator": {SITE}}


def test_nobody_holds_for_what_falls_back_to_it():
    endpoints = {"manager/inbound-clients": [], "inbound-clients": [SITE]}
    assert peers(endpoints, "administrators").keys() == {"cloud-volumes-ontap", "ha-mediator"}


def test_the_nearer_binding_of_all_groups_wins_over_a_farther_one_of_one_group():
    endpoints = {"manager/inbound-clients": [HQ], "administrators": [SITE]}
    assert peers(endpoints, "administrators")["manager"] == {SITE}


def test_what_is_open_stays_so_for_the_other_groups():
    found = inputs({"manager/dns": ["10.0.0.2/32"]}, "open: [dns]\n")
    assert found["dns"].is_open
    assert not found["dns-of-manager"].is_open


def test_a_variable_reaches_no_group_that_has_a_binding_of_its_own():
    endpoints = {"manager/inbound-clients": [HQ], "manager/active-directory": []}
    manager, nodes = (looked_up(endpoints, role) for role in ("manager", "cloud-volumes-ontap"))
    assert manager["administrators"] == "inbound-clients-of-manager"
    assert "active-directory" not in manager
    assert nodes["administrators"] == "administrators"
    assert nodes["active-directory"] == "active-directory"


def test_the_variable_of_one_group_has_the_binding_for_its_default_and_says_whose_it_is():
    files = rendered(deployment({"manager/dns": {"resolver": "10.0.0.2/32"}}))
    _, _, block = files["variables.tf"].partition('variable "dns_of_manager" {\n')
    assert block.startswith('  description = "For manager only. Your own DNS servers.')
    assert '# resolver\n      "10.0.0.2/32",' in block.partition("\nvariable")[0]
    assert "dns_of_manager " in files["main.tf"]
    assert files["rules.tf"].count('peers = "dns_of_manager"') == 1


def test_what_is_left_open_for_the_others_says_what_decides_for_a_group():
    """In the file, nobody is nobody; but what it binds is another variable, and no parameter."""
    found = inputs({"manager/active-directory": [], "manager/inbound-clients": [HQ]})
    of_file = " Not for manager, where the deployment file decides."
    for name in ("active-directory", "inbound-clients", "administrators"):
        assert found[name].parameter_help.endswith(of_file)
    assert found["active-directory"].help.endswith(of_file)
    for name in ("inbound-clients", "administrators"):
        assert found[name].help.endswith(
            " Not for manager, where inbound_clients_of_manager decides."
        )
    assert "Not for" not in found["nfs-clients"].help


def test_a_parameter_reaches_no_group_that_has_a_binding_of_its_own():
    template = template_of(deployment({"manager/inbound-clients": [HQ]}))
    assert "InboundClientsOfManager" not in template["Parameters"]
    stack = Stack(template, InboundClients=SITE, Administrators="10.9.0.0/16")
    inbound = {(r.role, r.peer) for r in stack.rules() if r.direction == "inbound"}
    assert {peer for role, peer in inbound if role == "manager"} == {HQ}
    assert ("cloud-volumes-ontap", "10.9.0.0/16") in inbound


def test_a_binding_of_one_group_with_the_same_peers_changes_no_rule():
    """The key of a rule comes from its permission, and from no endpoint."""
    before = deployment({"dns": ["10.0.0.2/32"]})
    after = deployment({"dns": ["10.0.0.2/32"], "manager/dns": ["10.0.0.2/32"]})
    ids = [Stack(template_of(each)).rules_by_id() for each in (before, after)]
    assert ids[0] == ids[1]


def test_the_advice_names_the_key_that_binds_it():
    chosen = deployment({"inbound-clients": [SITE], "manager/administrators": ["0.0.0.0/0"]})
    found = [a.message for a in advise(resolved(chosen), DATA.release("3.7"))]
    [sentence] = [m for m in found if "0.0.0.0/0 (row" in m]
    assert sentence.endswith("under endpoints: manager/administrators: [10.0.0.0/8]")
    chosen = deployment({"inbound-clients": [SITE], "manager/inbound-clients": ["0.0.0.0/0"]})
    found = [a.message for a in advise(resolved(chosen), DATA.release("3.7"))]
    assert any(
        m.endswith("administrators: [10.0.0.0/8], or manager/inbound-clients for all like it")
        for m in found
    )


def test_moving_to_a_release_without_the_rules_of_the_group_is_no_mistake(run, tmp_path):
    (tmp_path / "site.yaml").write_text(HEAD + "endpoints: {manager/active-directory: []}\n")
    assert "cannot move" not in run("diff", "site.yaml", "console").stderr


def test_a_default_of_a_release_does_not_count_where_a_group_binds_the_endpoint():
    chosen = deployment({"ha-mediator/mediator-api-clients": ["group:manager"]})
    moved = [
        of_deployment(name, chosen, DATA.release(name), DATA.catalogue)
        for name in ("3.8", "console")
    ]
    rows = {(row.group, row.table, row.kind) for row in changes(*moved).rows}
    assert ("ha-mediator", "inbound", "changed") not in rows


def test_an_option_binds_for_one_group(run):
    result = run("generate", "-p", "advanced", "-e", f"manager/active-directory={DC}", "-f",
                 "cloudformation", "--stdout", "--no-lint")  # fmt: skip
    assert result.exit_code == 0
    assert "ManagerEgressTcp389To10x3x0x10m32:" in result.stdout
    refused = run("generate", "-p", "advanced", "-e", f"manager/mail-server={DC}", "--stdout")
    assert "group manager has no rule for mail-server" in refused.stderr


@pytest.mark.parametrize(
    ("key", "is_valid"),
    [("manager/dns", True), ("dns", True), ("manager/dnss", False), ("managr/dns", False)],
)
def test_the_schema_knows_the_key(run, key, is_valid):
    schema = json.loads(run("schema", "deployment").stdout)
    document = yaml.safe_load(f"{HEAD}endpoints: {{{key}: []}}\n")
    assert jsonschema.Draft202012Validator(schema).is_valid(document) == is_valid
