"""A change that replaces a group in use, with and without `protect`."""

from __future__ import annotations

from dataclasses import replace

import pytest
from botocore.exceptions import ClientError
from emulator import applied, put, read_back
from moves import OPEN
from terraform import terraform

TIMEOUTS = """  timeouts {
    delete = "5s" # for which the provider tries for 15 minutes
  }

  lifecycle {"""


def put_groups_in_use(folder, **names):
    acme = replace(OPEN, groups=("manager",))
    deployments = {"loose": acme, "protected": replace(acme, protect=True)}
    arguments = {module: f'name = "{name}"' for module, name in names.items()}
    put(folder, deployments, arguments)
    for module in deployments:
        main = folder / module / "main.tf"
        main.write_text(main.read_text().replace("  lifecycle {", TIMEOUTS))


def test_replacing_a_group_in_use_takes_its_rules_and_fails_unless_it_is_protected(folder, ec2):
    put_groups_in_use(folder)
    outputs = applied(folder).outputs
    ids = {module: {"manager": outputs[module]["manager_security_group_id"]} for module in outputs}
    for group_ids in ids.values():
        attach(ec2, *group_ids.values())
    before = {module: read_back(ec2, group_ids) for module, group_ids in ids.items()}
    assert all(before.values())

    put_groups_in_use(folder, protected="other")
    refused = terraform(folder, "plan", "-refresh=false")
    assert refused.returncode == 1
    assert "Instance cannot be destroyed" in refused.stderr
    assert read_back(ec2, ids["protected"]) == before["protected"]

    put_groups_in_use(folder, loose="other")
    failed = terraform(folder, "apply", "-auto-approve")
    assert failed.returncode == 1
    assert "DependencyViolation" in failed.stderr
    assert read_back(ec2, ids["loose"]) == set()
    assert read_back(ec2, ids["protected"]) == before["protected"]


def attach(ec2, group_id):
    """Attach a group to a network interface, so that EC2 refuses to delete it."""
    [group] = ec2.describe_security_groups(GroupIds=[group_id])["SecurityGroups"]
    subnet = ec2.create_subnet(VpcId=group["VpcId"], CidrBlock="10.0.0.0/24")["Subnet"]
    ec2.create_network_interface(SubnetId=subnet["SubnetId"], Groups=[group_id])
    with pytest.raises(ClientError, match="DependencyViolation"):
        ec2.delete_security_group(GroupId=group_id)
