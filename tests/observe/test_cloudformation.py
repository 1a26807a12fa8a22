"""What is read from templates: the groups and rules of their stack, with certain parameters."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import template as independent

from generator.errors import InputError
from generator.observe import read_text

ROOT = Path(__file__).parents[2]
HEAD = """\
AWSTemplateFormatVersion: "2010-09-09"
Parameters:
  Clients: {Type: String, Default: 10.0.0.0/8}
  Servers: {Type: String, Default: ""}
  Vpc: {Type: "AWS::EC2::VPC::Id"}
  Bastion: {Type: "AWS::EC2::SecurityGroup::Id"}
  Stage: {Type: String, Default: dev, AllowedValues: [dev, prod]}
  Networks: {Type: CommaDelimitedList, Default: "10.1.0.0/16, 10.2.0.0/16"}
  Stored: {Type: "AWS::SSM::Parameter::Value<String>", Default: /network}
Mappings:
  Region: {eu-west-1: {network: 10.5.0.0/16}, us-east-1: {network: 10.6.0.0/16}}
  Stages: {dev: {network: 10.7.0.0/16}, prod: {network: 10.8.0.0/16}}
Conditions:
  IsProd: !Equals [!Ref Stage, prod]
  IsDev: !Not [!Condition IsProd]
  HasServers: !Not [!Equals [!Ref Servers, ""]]
  IsEurope: !Equals [!Ref "AWS::Region", eu-west-1]
Resources:
  Web:
    Type: AWS::EC2::SecurityGroup
    Properties:
      GroupDescription: Web servers
"""
TCP = "IpProtocol: tcp, FromPort: 9, ToPort: 9"
EGRESS = "SecurityGroupEgress: [{IpProtocol: '-1', CidrIp: 127.0.0.1/32}]"


def template(properties=EGRESS, resources="", outputs=""):
    text = HEAD + "".join(f"      {line}\n" for line in properties.splitlines())
    text += "".join(f"  {line}\n" for line in resources.splitlines())
    return text + (f"Outputs:\n  {outputs}\n" if outputs else "")


def inbound(rule):
    return template(f"{EGRESS}\nSecurityGroupIngress:\n  - {rule}")


def read(text, **parameters):
    return read_text(text, "t.yaml", parameters)


def peers(found, direction="inbound"):
    return [(r.peer_kind, r.peer) for r in found.rules if r.direction == direction]


def test_a_rule_within_a_group_is_read_with_its_place():
    text = inbound("{IpProtocol: 6, FromPort: '80', ToPort: 443, CidrIp: 10.0.0.0/8, "
                   "Description: HTTP}")  # fmt: skip
    [rule] = [r for r in read(text).rules if r.direction == "inbound"]
    assert rule[:7] == ("Web", "inbound", "tcp", 80, 443, "cidr_ipv4", "10.0.0.0/8")
    assert rule.description == "HTTP"
    assert rule.place.file == "t.yaml"
    assert rule.place.what == "Web"
    assert "Description: HTTP" in text.splitlines()[rule.place.line - 1]


def test_a_rule_that_is_a_resource_is_read_with_its_own_name():
    text = template(
        resources="Rule:\n  Type: AWS::EC2::SecurityGroupIngress\n"
        f"  Properties: {{GroupId: !GetAtt Web.GroupId, {TCP}, SourceSecurityGroupId: !Ref Web}}"
    )
    [rule] = [r for r in read(text).rules if r.direction == "inbound"]
    assert (rule.group, rule.peer_kind, rule.peer) == ("Web", "group", "Web")
    assert rule.place.what == "Rule"
    assert text.splitlines()[rule.place.line - 1].strip() == "Rule:"


def test_a_group_is_read_with_what_identifies_it():
    properties = (
        f"{EGRESS}\nGroupName: !Sub '${{Stage}}-web'\nVpcId: !Ref Vpc\n"
        "Tags: [{Key: Name, Value: !Ref Stage}, {Key: Stack, Value: !Ref 'AWS::StackName'}]"
    )
    found = read(
        template(properties, outputs="WebGroup: {Value: !GetAtt Web.GroupId}"), Vpc="vpc-1"
    )
    [group] = found.groups
    assert group.key == group.place.what == "Web"
    assert (group.name, group.description, group.vpc) == ("dev-web", "Web servers", "vpc-1")
    assert group.tags == {"Name": "dev"}
    assert group.output == "WebGroup"


@pytest.mark.parametrize(
    ("value", "parameters", "expected"),
    [
        ("!Ref Clients", {}, "10.0.0.0/8"),
        ("!Ref Clients", {"Clients": "10.9.0.0/16"}, "10.9.0.0/16"),
        ("!If [IsProd, 10.1.0.0/16, 10.2.0.0/16]", {}, "10.2.0.0/16"),
        ("!If [IsProd, 10.1.0.0/16, 10.2.0.0/16]", {"Stage": "prod"}, "10.1.0.0/16"),
        ("!Select [1, !Ref Networks]", {}, "10.2.0.0/16"),
        ("!Select [0, !Ref Networks]", {"Networks": "10.3.0.0/16 ,10.4.0.0/16"}, "10.3.0.0/16"),
        ("!FindInMap [Stages, !Ref Stage, network]", {"Stage": "prod"}, "10.8.0.0/16"),
        ("!FindInMap [Region, !Ref 'AWS::Region', network]", {"AWS::Region": "eu-west-1"},
         "10.5.0.0/16"),
        ("!Sub ['${A}.0.0/16', {A: !If [IsProd, '10.1', '10.2']}]", {}, "10.2.0.0/16"),
        ("!Join ['/', [!Select [0, !Split ['/', !Ref Clients]], 24]]", {}, "10.0.0.0/24"),
    ],
)  # fmt: skip
def test_values_are_those_of_the_parameters(value, parameters, expected):
    found = read(inbound(f"{{{TCP}, CidrIp: {value}}}"), **parameters)
    assert peers(found) == [("cidr_ipv4", expected)]
    assert found.left_out == ()


@pytest.mark.parametrize(
    ("rule", "parameters", "number"),
    [
        ("!If [IsProd, {" + TCP + ", CidrIp: 10.0.0.0/8}, !Ref AWS::NoValue]", {}, 0),
        ("!If [IsProd, {" + TCP + ", CidrIp: 10.0.0.0/8}, !Ref AWS::NoValue]",
         {"Stage": "prod"}, 1),
        ("!If [HasServers, {" + TCP + ", CidrIp: !Ref Servers}, !Ref AWS::NoValue]", {}, 0),
        ("!If [HasServers, {" + TCP + ", CidrIp: !Ref Servers}, !Ref AWS::NoValue]",
         {"Servers": "10.0.0.0/8"}, 1),
        ("!If [IsEurope, {" + TCP + ", CidrIp: 10.0.0.0/8}, !Ref AWS::NoValue]",
         {"AWS::Region": "eu-west-1"}, 1),
    ],
)  # fmt: skip
def test_a_rule_is_there_if_its_condition_holds(rule, parameters, number):
    found = read(inbound(rule), **parameters)
    assert len(peers(found)) == number
    assert found.left_out == ()


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        ("{" + TCP + ", CidrIp: !ImportValue network}", "CidrIp is not known"),
        ("{" + TCP + ", CidrIp: !Ref Stored}", "CidrIp is not known"),
        ("{" + TCP + ", CidrIp: !FindInMap [Region, !Ref 'AWS::Region', network]}",
         "CidrIp is not known"),
        ("{" + TCP + ", CidrIp: !Ref Servers}", "CidrIp is empty"),
        ("{" + TCP + ", CidrIp: 10.0.0.0/40}", "CidrIp is not a network: '10.0.0.0/40'"),
        ("{" + TCP + ", SourceSecurityGroupName: default}", "SourceSecurityGroupName is a name"),
        ("{" + TCP + "}", "it has no peer"),
        ("{IpProtocol: !ImportValue p, CidrIp: 10.0.0.0/8}", "its protocol is not known"),
        ("{IpProtocol: tcp, FromPort: !ImportValue p, ToPort: 9, CidrIp: 10.0.0.0/8}",
         "FromPort is not known"),
        ("!If [IsEurope, {" + TCP + ", CidrIp: 10.0.0.0/8}, !Ref AWS::NoValue]",
         "a rule in SecurityGroupIngress is not known"),
    ],
)  # fmt: skip
def test_what_cannot_be_known_is_left_out_with_a_reason(rule, reason):
    found = read(inbound(rule))
    assert peers(found) == []
    [sentence] = found.left_out
    assert reason in sentence
    assert sentence.startswith("t.yaml:")


def test_a_resource_whose_condition_is_not_known_is_left_out():
    text = template(
        resources="Rule:\n  Type: AWS::EC2::SecurityGroupIngress\n  Condition: IsEurope\n"
        f"  Properties: {{GroupId: !Ref Web, {TCP}, CidrIp: 10.0.0.0/8}}"
    )
    found = read(text)
    assert peers(found) == []
    assert "whether condition IsEurope holds is not known" in found.left_out[0]


@pytest.mark.parametrize(
    ("peer", "expected"),
    [
        ("SourceSecurityGroupId: !Ref Bastion", ("security_group", "Bastion")),
        ("SourceSecurityGroupId: !ImportValue b",
         ("security_group", '{"Fn::ImportValue": "b"}')),
        ("SourcePrefixListId: pl-01234567", ("prefix_list", "pl-01234567")),
        ("CidrIpv6: '2001:DB8:0::/48'", ("cidr_ipv6", "2001:DB8:0::/48")),
        ("SourceSecurityGroupId: !Sub '${Web.GroupId}'", ("group", "Web")),
    ],
)  # fmt: skip
def test_a_group_or_list_that_is_not_known_stays_a_reference(peer, expected):
    assert peers(read(inbound(f"{{{TCP}, {peer}}}"))) == [expected]


def test_a_group_of_another_account_keeps_its_owner():
    rule = (
        f"{{{TCP}, SourceSecurityGroupId: sg-01234567, SourceSecurityGroupOwnerId: '123456789012'}}"
    )
    [found] = [r for r in read(inbound(rule)).rules if r.direction == "inbound"]
    assert str(found.permission().peer) == "123456789012/sg-01234567"


def test_a_group_that_the_template_does_not_make_is_listed_by_its_id():
    text = template(
        resources="Rule:\n  Type: AWS::EC2::SecurityGroupIngress\n"
        f"  Properties: {{GroupId: !Ref Bastion, {TCP}, CidrIp: 10.0.0.0/8}}"
    )
    found = read(text, Bastion="sg-01234567")
    assert [(group.key, group.id) for group in found.groups] == [
        ("Web", None),
        ("sg-01234567", "sg-01234567"),
    ]


def test_a_group_without_egress_rules_has_the_default_one():
    found = read(template(""))
    assert peers(found, "outbound") == [("cidr_ipv4", "0.0.0.0/0")]
    resource = "Rule:\n  Type: AWS::EC2::SecurityGroupEgress\n"
    text = template("", f"{resource}  Properties: {{GroupId: !Ref Web, {TCP}, CidrIp: 10.0.0.0/8}}")
    found = read(text)
    assert peers(found, "outbound") == [("cidr_ipv4", "10.0.0.0/8")]
    assert "whether the default egress rule stays is not known" in found.left_out[0]


LOOP = f"""\
Transform: AWS::LanguageExtensions
Parameters:
  Names: {{Type: CommaDelimitedList, Default: "A, B"}}
  Unknown: {{Type: CommaDelimitedList}}
  Text: {{Type: String}}
Resources:
  Fn::ForEach::Groups:
    - Name
    - !Ref Names
    - "Group${{Name}}":
        Type: AWS::EC2::SecurityGroup
        Properties:
          GroupDescription: !Ref Text
          {EGRESS}
"""


def test_loops_are_expanded():
    found = read(LOOP, Text="A group")
    assert [group.key for group in found.groups] == ["GroupA", "GroupB"]
    assert [rule.group for rule in found.rules] == ["GroupA", "GroupB"]
    assert [group.description for group in found.groups] == ["A group"] * 2
    assert [group.key for group in read(LOOP, Names="C").groups] == ["GroupC"]
    assert found.left_out == ()


@pytest.mark.parametrize("items", ["!Ref Unknown", "[A, !Ref Text]", "!ImportValue names"])
def test_loops_over_what_is_not_known_are_left_out(items):
    found = read(LOOP.replace("!Ref Names", items))
    assert found.groups == ()
    assert found.left_out == ("t.yaml: what the loops (Fn::ForEach) make is not known",)


def test_loops_within_loops_are_not_multiplied_out():
    body = "{Type: AWS::EC2::VPC}"
    for i in range(8):
        loop = f"[N{i}, [a, b, c, d, e, f, g, h, i, j], {{'X${{N{i}}}': {body}}}]"
        body = f"{{'Fn::ForEach::L{i}': {loop}}}"
    text = f"Transform: AWS::LanguageExtensions\n{template()}  Loops: {body}\n"
    assert "Fn::ForEach" in read(text).left_out[0]


def test_a_macro_is_said_to_be_not_known():
    assert "transform Macro" in read("Transform: Macro\n" + template()).left_out[0]


def test_json_is_read_as_well():
    rule = {"IpProtocol": "tcp", "FromPort": 9, "ToPort": 9, "CidrIp": {"Ref": "Clients"}}
    properties = {"GroupDescription": "Web", "SecurityGroupIngress": [rule]}
    group = {"Type": "AWS::EC2::SecurityGroup", "Properties": properties}
    clients = {"Clients": {"Type": "String", "Default": "10.0.0.0/8"}}
    document = {"Parameters": clients, "Resources": {"Web": group}}
    for indent in (None, 2, "\t"):
        found = read(json.dumps(document, indent=indent))
        assert peers(found) == [("cidr_ipv4", "10.0.0.0/8")]
        assert all(rule.place.line for rule in found.rules)


def test_a_parameter_that_the_template_lacks_is_mentioned():
    assert read(template(), Client="10.0.0.0/8").left_out == (
        "t.yaml: this template has no parameter 'Client'",
    )


def test_a_value_that_a_parameter_refuses_is_a_mistake():
    with pytest.raises(InputError, match="invalid value 'test' for parameter Stage: use dev or pr"):
        read(template(), Stage="test")


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(p.name for p in (ROOT / "out").iterdir() if p.is_dir()))
@pytest.mark.parametrize("given", ["nothing", "everything"])
def test_our_own_templates_are_read_as_an_independent_reader_does(name, given):
    path = ROOT / "out" / name / "cloudformation" / "template.yaml"
    text = path.read_text(encoding="utf-8")
    content = independent.read(text)
    parameters = {}
    if given == "everything":
        names = (n for n, p in content["Parameters"].items() if p.get("Default") == "")
        parameters = {n: f"10.{i}.0.0/16" for i, n in enumerate(names)}
    found = read_text(text, str(path), parameters)
    assert found.left_out == ()
    placeholder = [r for r in found.rules if r.peer == "127.0.0.1/32"]
    assert len(placeholder) == len(found.groups) == len([g for g in found.groups if g.output])
    read = {
        (
            rule.group.removesuffix("SecurityGroup"),
            rule.direction,
            rule.ip_protocol,
            rule.from_port,
            rule.to_port,
            rule.peer.removesuffix("SecurityGroup"),
        )
        for rule in found.rules
        if rule not in placeholder
    }
    assert read == independent.stack(content, **parameters)
    assert len(found.permissions()) == len(read) + len(placeholder)


BOMB = "a0: &a0 [x, x]\n" + "".join(f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]\n" for i in range(1, 40))
HOSTILE = {
    "nested": (HEAD + "  X: " + "[" * 100 + "]" * 100, "more than 60 levels of nesting"),
    "keys": (HEAD + "  X: {" + "".join(f"k{i}: 1, " for i in range(50_000)) + "}",
             "more than 2,000 keys in one mapping"),
    "aliases": (template() + "Metadata:\n" + "".join(f"  {x}\n" for x in BOMB.splitlines()),
                "aliases repeat more than 1,000,000 values"),
    "large": (template() + "#" * 1_000_001, "larger than 1 MB"),
    "very nested": (HEAD + "  X: " + "[" * 100_000, "nesting"),
    "broken": (template() + "  - [", ""),
    "twice": (template() + "Resources: {}\n", "Duplicate"),
    "a list": ("- AWSTemplateFormatVersion: x\n", "not recognised"),
    "undefined alias": (inbound("*x"), ""),
    "recursive": (inbound("&x [*x]"), ""),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_template_is_refused_in_words(name):
    text, reason = HOSTILE[name]
    with pytest.raises(InputError) as error:
        read(text)
    assert reason in str(error.value)
    assert "t.yaml" in str(error.value)
    assert "Traceback" not in str(error.value)


ODD = ["[]", "x", "{Type: []}", "{Type: AWS::EC2::SecurityGroup, Properties: []}",
       "{Type: AWS::EC2::SecurityGroup, Condition: [x], Properties: {Tags: x, GroupName: []}}",
       "{Type: AWS::EC2::SecurityGroup, Properties: {SecurityGroupIngress: {a: b}}}",
       "{Type: AWS::EC2::SecurityGroup, Properties: {SecurityGroupIngress: [x, [], 1]}}",
       "{Type: AWS::EC2::SecurityGroupIngress, Properties: {GroupId: [], CidrIp: {}}}",
       "{Type: AWS::EC2::SecurityGroupIngress, Properties: {IpProtocol: tcp, FromPort: .inf, "
       "ToPort: 1, CidrIp: 10.0.0.0/8, GroupId: !Sub [], Description: !Join x}}",
       "{Type: AWS::EC2::SecurityGroupIngress, Properties: {IpProtocol: tcp, FromPort: 1, "
       "ToPort: 1, CidrIp: !Select [9, [a]], GroupId: !FindInMap [[], {}, x]}}"]  # fmt: skip


@pytest.mark.parametrize("resource", ODD)
def test_a_template_of_an_odd_shape_is_read_as_far_as_it_goes(resource):
    found = read(template(resources=f"Odd: {resource}"))
    assert found.groups[0].key == "Web"


def test_conditions_that_refer_to_themselves_are_not_known():
    text = template(resources="B: {Type: AWS::EC2::SecurityGroup, Condition: Loop, Properties: {}}")
    loop = "  Loop: !Or [!Condition Loop, !Condition Loop]\nResources:\n"
    found = read(text.replace("Resources:\n", loop))
    assert "whether condition Loop holds is not known" in found.left_out[0]


@pytest.mark.slow
def test_values_that_grow_are_not_multiplied_out():
    value = "x" * 1000
    for _ in range(8):
        value = "!Join ['', [" + ", ".join([f"{value}"] * 3) + "]]"
    text = inbound(f"{{{TCP}, CidrIp: 10.0.0.0/8, Description: {value}}}".replace("x" * 1000, "x"))
    assert len(peers(read(text))) == 1
    for many in ("${Clients}" * 50_000, "${" * 400_000):
        text = inbound(f"{{{TCP}, CidrIp: 10.0.0.0/8, Description: !Sub '{many}'}}")
        assert len(peers(read(text))) == 1


def test_conditions_that_nest_too_deeply_are_refused_in_words():
    chain = "".join(f"  C{i}: !Equals [!If [C{i - 1}, a, b], a]\n" for i in range(1, 1500))
    text = template(
        resources="X: {Type: AWS::EC2::SecurityGroup, Condition: C1499, Properties: {}}"
    )
    with pytest.raises(InputError, match="refer to each other too deeply"):
        read(text.replace("Resources:\n", f"  C0: !Equals [a, a]\n{chain}Resources:\n"))


def test_cfn_lint_is_imported_for_a_template_only():
    code = (
        "import sys; from generator.observe import read_text; "
        'read_text(\'{"SecurityGroups": []}\', "x"); '
        "print([name for name in sys.modules if name.startswith(('cfnlint', 'yaml'))])"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"
