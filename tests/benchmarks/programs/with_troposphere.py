"""The same with troposphere, which checks each property's type."""

from __future__ import annotations

import sys
from pathlib import Path

import yaml
from troposphere import GetAtt, Parameter, Ref, Template, ec2

RULES = {"Ingress": ec2.SecurityGroupIngress, "Egress": ec2.SecurityGroupEgress}


def main() -> None:
    rows = yaml.load(Path(sys.argv[1]).read_text(encoding="utf-8"), yaml.CSafeLoader)
    template = Template()
    vpc = template.add_parameter(Parameter("VpcId", Type="AWS::EC2::VPC::Id"))
    for name in dict.fromkeys(row["group"] for row in rows):
        template.add_resource(ec2.SecurityGroup(name, GroupDescription=name, VpcId=Ref(vpc)))
    for row in rows:
        ports = {"FromPort": row["from_port"], "ToPort": row["to_port"]}
        template.add_resource(
            RULES[row["direction"]](
                row["id"],
                GroupId=GetAtt(row["group"], "GroupId"),
                IpProtocol=row["protocol"],
                CidrIp=row["cidr"],
                Description=row["description"],
                **({} if row["protocol"] == "-1" else ports),
            )
        )
    Path("template.yaml").write_text(template.to_yaml(), encoding="utf-8")


main()
