"""Groups that the product made are taken over by our module: none is replaced, no wanted rule goes.

They are made through the EC2 API with names and descriptions of their own, and read as an operator
reads them: `aws ec2 describe-security-groups` and `describe-security-group-rules`.
"""

from __future__ import annotations

import json

import pytest
from emulator import applied, authorise, planned, put, read_back, revoke
from expectation import Rule, expected
from strategies import peers

from generator.model import Deployment

FILE = """
name: acme
release: "3.7"
endpoints:
  inbound-clients: [10.0.0.0/8]
  administrators: {bastion: 10.1.2.0/28, v6: "2001:db8::/32"}
  ontap-https-clients: [10.1.2.0/28, "group:manager"]
  active-directory: [10.10.0.10/32, pl-0123456789abcdef0]
adopted: [manager, cloud-volumes-ontap, ha-mediator]
"""
ACME = Deployment(
    "acme",
    "3.7",
    endpoints={
        "inbound-clients": peers("10.0.0.0/8"),
        "administrators": peers("10.1.2.0/28", "2001:db8::/32"),
        "ontap-https-clients": peers("10.1.2.0/28", "group:manager"),
        "active-directory": peers("10.10.0.10/32", "pl-0123456789abcdef0"),
    },
    adopted=("manager", "cloud-volumes-ontap", "ha-mediator"),
)
MADE = {
    "manager": ("OCCM-1575-SecurityGroup", "Enable access to Cloud Manager"),
    "cloud-volumes-ontap": ("acme-cvo-external-cloud-volumes-ontap", 'ONTAP ${external} "sg"'),
    "ha-mediator": ("acme-HA-Mediator", "Mediator external"),
}
BY_HAND = Rule("manager", "inbound", "tcp", 8443, 8443, "cidr_ipv4", "192.0.2.0/24", "by hand")


@pytest.fixture
def vpc(ec2):
    return ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]


def made(ec2, vpc):
    """The ids by role of groups with two thirds of the rules and one more."""
    ids = {
        role: ec2.create_security_group(GroupName=name, Description=told, VpcId=vpc)["GroupId"]
        for role, (name, told) in MADE.items()
    }
    rules = sorted(expected(ACME), key=repr)
    there = [rule for i, rule in enumerate(rules) if i % 3]
    assert {rule.kind for rule in there} >= {"cidr_ipv4", "cidr_ipv6", "prefix_list", "group"}
    authorise(ec2, ids, [rule._replace(description="as the product says") for rule in there])
    authorise(ec2, ids, [BY_HAND])
    return ids, there


def described(ec2, ids, tmp_path):
    """The files with both descriptions."""
    by_id = [{"Name": "group-id", "Values": [*ids.values()]}]
    answers = {
        "groups.json": ec2.describe_security_groups(Filters=by_id),
        "rules.json": ec2.describe_security_group_rules(Filters=by_id),
    }
    for name, answer in answers.items():
        (tmp_path / name).write_text(json.dumps(answer, default=str))
    return answers


def test_groups_of_the_product_are_taken_over_without_replacing_one(
    folder, ec2, vpc, run, tmp_path, proof
):
    ids, there = made(ec2, vpc)
    described(ec2, ids, tmp_path)
    (tmp_path / "acme.yaml").write_text(FILE)
    before = read_back(ec2, ids)
    chosen = [word for role, i in ids.items() for word in ("--group", f"{role}={i}")]
    audit = ("audit", "acme.yaml", "groups.json", "rules.json", *chosen)
    first = run(*audit)
    assert first.exit_code == 1
    assert "TCP 8443" in first.stdout

    result = run(
        *("adopt", "acme.yaml", "groups.json", "rules.json", "--out", folder),
        *("--group", f"manager={ids['manager']}"),
    )
    assert result.exit_code == 0, result.output
    assert "TCP 8443 from 192.0.2.0/24: by hand" in result.stdout

    put(folder, {"acme": ACME}, vpc=vpc)
    replaced = {change.type for change in planned(folder) if change.action == "replace"}
    assert "aws_security_group" in replaced, "without names and descriptions"

    argument = "adopted_groups = local.acme_adopted_groups"
    put(folder, {"acme": ACME}, {"acme": argument}, vpc=vpc)
    changes = applied(folder).changes
    assert {change.action for change in changes} <= {"import", "update", "create"}
    assert sum(change.is_imported for change in changes) == len(ids) + len(there)
    created = [change for change in changes if change.action == "create"]
    assert len(created) == len(expected(ACME)) - len(there)
    assert "aws_security_group" not in {change.type for change in created}

    after = read_back(ec2, ids)
    everything = Rule("", "outbound", "-1", None, None, "cidr_ipv4", "0.0.0.0/0", None)
    defaults = {everything._replace(role=role) for role in ids}
    assert defaults | {BY_HAND} <= before
    assert after == expected(ACME) | defaults | {BY_HAND}, "what nobody asked for stays"
    groups = ec2.describe_security_groups(GroupIds=[*ids.values()])["SecurityGroups"]
    assert {(g["GroupName"], g["Description"]) for g in groups} == {*MADE.values()}

    assert planned(folder) == []
    (folder / "imports.tf").unlink()
    assert planned(folder) == []
    proof("rules imported into a module", len(there))

    unwanted = [BY_HAND, *(rule._replace(description="") for rule in defaults)]
    revoke(ec2, ids, unwanted)  # as the commands that `adopt` prints
    described(ec2, ids, tmp_path)
    assert (run(*audit).exit_code, read_back(ec2, ids)) == (0, expected(ACME))
    authorise(ec2, ids, [BY_HAND])
    described(ec2, ids, tmp_path)
    again = run(*audit)
    assert again.exit_code == 1
    assert "TCP 8443" in again.stdout
    assert "192.0.2.0/24" in again.stdout
    proof("rules added by hand that an audit finds", 1)
