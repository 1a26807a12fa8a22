"""A deployment with another name, with what the tool prints for it: Terraform replaces nothing."""

from __future__ import annotations

from dataclasses import replace

from emulator import applied, planned
from states import resources
from strategies import DATA, resolved
from terraform import succeeded, terraform

from generator.compare import Renamed, rename_lines
from generator.load import shipped
from generator.render import render

VPC = 'resource "aws_vpc" "this" {\n  cidr_block = "10.0.0.0/16"\n}\n'
CALL = 'module "acme" {\n  source = "./sg/acme/terraform"\n  vpc_id = aws_vpc.this.id\n}\n'
NAME = '  name   = "acme"\n'


def put(folder, name, call):
    """Generate a deployment with this name, and call its module."""
    module = folder / "sg" / name / "terraform"
    module.mkdir(parents=True)
    preset = replace(DATA.preset("predefined"), name=name)
    for file, text in render(resolved(preset), [shipped("templates")], "terraform").items():
        (module / file).write_text(text)
    (folder / "main.tf").write_text(VPC + call)
    succeeded(terraform(folder, "get"))


def advised():
    """The HCL in what the tool prints, with the argument that it leaves to the user."""
    lines = rename_lines(Renamed("acme", "acme-two", "sg/acme-two", ("terraform",)))
    code = "".join(f"{line[4:]}\n" for line in lines if not line or line.startswith("    "))
    rest = "# vpc_id and all other arguments stay"
    assert rest in code
    return code.replace(rest, "vpc_id = aws_vpc.this.id")


def test_the_groups_stay_if_the_call_is_what_the_tool_prints(folder, proof):
    put(folder, "acme", CALL)
    applied(folder)
    put(folder, "acme-two", advised())
    moved = planned(folder)
    assert {change.action for change in moved} == {"move"}
    assert len(moved) == len(resources(folder)) - 1, "all but the VPC"
    proof("resources that stay while their deployment gets another name", len(moved))
    # The same without the name, to see that it is needed.
    assert NAME in advised()
    (folder / "main.tf").write_text(VPC + advised().replace(NAME, ""))
    groups = {
        change.name: change.action
        for change in planned(folder)
        if change.type == "aws_security_group"
    }
    assert groups == dict.fromkeys(["manager", "cloud_volumes_ontap", "ha_mediator"], "replace")
