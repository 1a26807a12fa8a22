"""The rules that cfn-lint lacks: per rule, what it refuses and what it accepts."""

from __future__ import annotations

import inspect
import json
import os
import subprocess
import sys
from cProfile import Profile
from time import process_time

import pytest
from cfnlint.config import ConfigMixIn
from cfnlint.decode import decode_str
from cfnlint.rules import Rules
from cfnlint.template import Template

import generator.check.cfn_rules as pack
from generator.check import lint
from generator.check.cfn_rules import _values
from generator.observe import cloudformation

GROUP = """\
AWSTemplateFormatVersion: "2010-09-09"
Parameters:
  Vpc: {Type: "AWS::EC2::VPC::Id"}
  Clients: {Type: String, Default: "0.0.0.0/0"}
  Servers: {Type: String, Default: "10.0.0.0/8"}
  Others: {Type: String, Default: "10.0.0.0/8"}
  Text: {Type: String, Default: doesn’t}
  Networks: {Type: CommaDelimitedList, Default: "10.0.0.0/8, 0.0.0.0/0"}
  Ssh: {Type: Number, Default: 22}
  Name: {Type: String, Default: sg-web}
  Large: {Type: String, Default: "no", AllowedValues: ["yes", "no"]}
  Nobody: {Type: String, Default: ""}
  Empty: {Type: String, Default: ""}
  This: {Type: String, AllowedValues: [everybody, office]}
  That: {Type: String, AllowedValues: [everybody, office]}
Mappings:
  Named: {everybody: {network: 0.0.0.0/0}, office: {network: 10.9.0.0/16}}
Conditions:
  IsLarge: !Equals [!Ref Large, "yes"]
  IsSmall: !Not [!Condition IsLarge]
Resources:
  Group:
    Type: AWS::EC2::SecurityGroup
    Properties:
      VpcId: !Ref Vpc
"""
NOWHERE = "SecurityGroupEgress: [{IpProtocol: '-1', CidrIp: 127.0.0.1/32}]"
PLAIN = f"GroupDescription: A group\n{NOWHERE}"
STANDALONE = """
Rule:
  Type: AWS::EC2::SecurityGroupIngress
  {condition}
  Properties: {{GroupId: {group}, IpProtocol: tcp, FromPort: 9, ToPort: 9, CidrIp: {peer}}}
"""
TCP = "IpProtocol: tcp, FromPort: 9, ToPort: 9"
NAMES = ("This", "That")
NETWORKS_V6 = "2001:db8:0:{}::/64"


def template(properties=PLAIN, resources=""):
    text = GROUP
    text += "".join(f"      {line}\n" for line in properties.splitlines())
    return text + "".join(f"  {line}\n" for line in resources.splitlines())


def ingress(*rules, properties=PLAIN):
    listed = "\n".join(f"  - {rule}" for rule in rules)
    return template(f"{properties}\nSecurityGroupIngress:\n{listed}")


def within(rule):
    return ingress("{" + rule + "}")


def standalone(group="!GetAtt Group.GroupId", peer="10.0.0.0/8", condition="", inline=None):
    resource = STANDALONE.format(group=group, peer=peer, condition=condition)
    rules = f"\nSecurityGroupIngress:\n  - {inline}" if inline else ""
    return template(PLAIN + rules, resource)


def many(count, peer="CidrIp: 10.0.{}.0/24", of="IpProtocol: tcp, FromPort: 9, ToPort: 9"):
    return ["{" + f"{of}, {peer.format(i)}" + "}" for i in range(count)]


INLINE_9 = "{" + TCP + ", CidrIp: 10.0.0.0/8, Description: another}"
SAME_9 = "{" + TCP + ", CidrIp: 10.0.0.0/8}"


def standalone_pair(*peers):
    """Two standalone rules of one group."""
    resources = [
        f"\n{name}:\n  Type: AWS::EC2::SecurityGroupIngress\n"
        f"  Properties: {{GroupId: !Ref Group, {TCP}, {peer}}}"
        for name, peer in zip(("A", "B"), peers, strict=True)
    ]
    return template(PLAIN, "".join(resources))


def prefix_list(size, *ports, properties=PLAIN):
    """A prefix list of the template, and an inbound rule for it for each port."""
    rules = [
        f"{{IpProtocol: tcp, FromPort: {p}, ToPort: {p}, SourcePrefixListId: !Ref List}}"
        for p in ports
    ]
    text = ingress(*rules, properties=properties)
    return text + (
        "  List:\n    Type: AWS::EC2::PrefixList\n    Properties: {PrefixListName: list, "
        f"AddressFamily: IPv4, MaxEntries: {size}}}\n"
    )


def group(rules):
    properties = {"GroupDescription": "A group", "SecurityGroupIngress": rules}
    return {"Type": "AWS::EC2::SecurityGroup", "Properties": properties}


RULE = {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, "CidrIp": "10.0.0.0/8"}
OF_ITS_OWN = {"Type": "AWS::EC2::SecurityGroupIngress", "Properties": {**RULE, "GroupId": "sg-1"}}
TOO_MUCH = {
    "in-a-group": ("E9304", {"A": group([RULE] * 2001)}),
    "in-groups": ("E9304", {f"A{i}": group([RULE] * 201) for i in range(10)}),
    "under-a-condition": ("E9304", {"A": group({"Fn::If": ["C", [RULE] * 2001, []]})}),
    "each-under-a-condition": ("E9304", {"A": group([{"Fn::If": ["C", RULE, RULE]}] * 1001)}),
    "under-conditions": (
        "E9304",
        {"A": group({"Fn::If": ["C", {"Fn::If": ["D", [], [RULE] * 2001]}, []]})},
    ),
    "of-their-own": ("E3010", {f"A{i}": OF_ITS_OWN for i in range(501)}),
}


@pytest.mark.slow
@pytest.mark.parametrize(("rule", "resources"), TOO_MUCH.values(), ids=TOO_MUCH)
def test_what_would_take_minutes_is_refused(rule, resources):
    equal = {"Fn::Equals": [{"Ref": "AWS::Region"}, "us-east-1"]}
    text = json.dumps({"Conditions": {"C": equal, "D": equal}, "Resources": resources})
    lint(template(), "warm.yaml")
    before = process_time()
    [finding] = lint(text, "t.json")
    assert process_time() - before < 5, "of which reading it is most"
    assert finding.rule == rule
    assert finding.message.endswith(": the template was not checked further")


def attached(*groups, rule=INLINE_9, other=INLINE_9):
    """Two groups with a rule each, and an instance with some of them."""
    return ingress(rule) + (
        "  Other:\n    Type: AWS::EC2::SecurityGroup\n    Properties:\n"
        f"      GroupDescription: Another\n      SecurityGroupIngress: [{other}]\n"
        "      SecurityGroupEgress: [{IpProtocol: '-1', CidrIp: 127.0.0.1/32}]\n"
        "  Server:\n    Type: AWS::EC2::Instance\n    Properties:\n"
        f"      SecurityGroupIds: [{', '.join(groups)}]\n"
    )


def halves(first, second, of="IpProtocol: tcp, FromPort: 22, ToPort: 22"):
    return ingress("{" + f"{of}, {first}" + "}", "{" + f"{of}, {second}" + "}")


REFUSED = {
    "E9301": {
        "curly-quote-in-a-rule": within(f"{TCP}, CidrIp: 10.0.0.0/8, Description: doesn’t"),
        "curly-quote-in-a-group": template(f"GroupDescription: doesn’t\n{NOWHERE}"),
        "empty-group": template(f"GroupDescription: ''\n{NOWHERE}"),
        "over-long-rule": within(f"{TCP}, CidrIp: 10.0.0.0/8, Description: {'x' * 256}"),
        "over-long-group": template(f"GroupDescription: {'x' * 256}\n{NOWHERE}"),
        "by-default": within(f"{TCP}, CidrIp: 10.0.0.0/8, Description: !Ref Text"),
        "around-a-substitution": within(
            f'{TCP}, CidrIp: 10.0.0.0/8, Description: !Sub "${{Large}} – {{}}"'
        ),
        "in-one-case": within(
            f"{TCP}, CidrIp: 10.0.0.0/8, Description: !If [IsLarge, fine, doesn’t]"
        ),
        "substituted": within(f'{TCP}, CidrIp: 10.0.0.0/8, Description: !Sub "${{Text}} b"'),
        "selected": within(f"{TCP}, CidrIp: 10.0.0.0/8, Description: !Select [0, [doesn’t, b]]"),
    },
    "E9302": {
        "both-inline": ingress(INLINE_9, SAME_9),
        "inline-and-standalone": standalone(inline=INLINE_9),
        "by-reference": standalone(group="!Ref Group", inline=INLINE_9),
        "by-substitution": standalone(group='!Sub "${Group.GroupId}"', inline=INLINE_9),
        "computed-alike": ingress(*["{IpProtocol: -1, CidrIp: !ImportValue network}"] * 2),
        "looked-up": ingress(
            "{" + TCP + ", CidrIp: !FindInMap [Named, everybody, network]}",
            "{" + TCP + ", CidrIp: 0.0.0.0/0}",
        ),
        "protocol-by-number": ingress(
            SAME_9, "{IpProtocol: 6, FromPort: '9', ToPort: 9, CidrIp: 10.0.0.0/8}"
        ),
        "ports-of-all-traffic": ingress(
            "{IpProtocol: -1, CidrIp: 10.0.0.0/8}",
            "{IpProtocol: '-1', FromPort: 1, ToPort: 2, CidrIp: 10.0.0.0/8}",
        ),
        "network-written-otherwise": ingress(
            "{" + TCP + ", CidrIpv6: '2001:db8::/32'}", "{" + TCP + ", CidrIpv6: '2001:DB8:0::/32'}"
        ),
        "same-parameter": ingress(*["{" + TCP + ", CidrIp: !Ref Servers}"] * 2),
        "same-default": ingress(
            "{" + TCP + ", CidrIp: !Ref Servers}", "{" + TCP + ", CidrIp: !Ref Others}"
        ),
        "same-parameter-of-nobody": ingress(*["{" + TCP + ", CidrIp: !Ref Nobody}"] * 2),
        "itself": ingress("{" + TCP + ", CidrIp: !Ref Servers}", SAME_9),
        "icmpv6-with-and-without-all-types": ingress(
            "{IpProtocol: icmpv6, CidrIpv6: '2001:db8::/32'}",
            "{IpProtocol: 58, FromPort: -1, ToPort: -1, CidrIpv6: '2001:db8::/32'}",
        ),
        "ports-of-a-protocol-without-ports": ingress(
            "{IpProtocol: 50, FromPort: 1, ToPort: 2, CidrIp: 10.0.0.0/8}",
            "{IpProtocol: '50', CidrIp: 10.0.0.0/8}",
        ),
        "same-prefix-list": standalone_pair(
            "SourcePrefixListId: !Ref List", "SourcePrefixListId: !GetAtt List.PrefixListId"
        ),
        "same-group": template(
            PLAIN,
            "".join(
                f"\n{name}:\n  Type: AWS::EC2::SecurityGroupIngress\n  Properties: {{GroupId: "
                f"!Ref Group, {TCP}, SourceSecurityGroupId: {peer}}}"
                for name, peer in (("A", "!Ref Group"), ("B", "!GetAtt Group.GroupId"))
            ),
        ),
        "in-one-case": ingress("!If [IsLarge, " + SAME_9 + ", !Ref AWS::NoValue]", INLINE_9),
        "under-the-same-condition": standalone(
            condition="Condition: IsLarge",
            inline="!If [IsLarge, " + SAME_9 + ", !Ref AWS::NoValue]",
        ),
    },
    "E9303": {
        "inverted": within("IpProtocol: tcp, FromPort: 443, ToPort: 80, CidrIp: 10.0.0.0/8"),
        "out-of-bounds": within("IpProtocol: udp, FromPort: 1, ToPort: 70000, CidrIp: 10.0.0.0/8"),
        "negative": within("IpProtocol: tcp, FromPort: -1, ToPort: 80, CidrIp: 10.0.0.0/8"),
        "icmp-code": within("IpProtocol: icmp, FromPort: 8, ToPort: 300, CidrIp: 10.0.0.0/8"),
        "misspelt": within("IpProtocol: tpc, FromPort: 1, ToPort: 1, CidrIp: 10.0.0.0/8"),
        "protocol-256": within("IpProtocol: 256, CidrIp: 10.0.0.0/8"),
        "standalone": standalone().replace("ToPort: 9", "ToPort: 8"),
        "by-default": within("IpProtocol: tcp, FromPort: !Ref Ssh, ToPort: 9, CidrIp: 10.0.0.0/8"),
    },
    "E9304": {
        "61-of-ipv4": ingress(*many(61)),
        "61-of-ipv6": ingress(*many(61, f"CidrIpv6: '{NETWORKS_V6}'")),
        "groups-count-in-both": ingress(
            *many(60), "{" + TCP + ", SourceSecurityGroupId: sg-01234567}"
        ),
        "inline-and-standalone": template(
            PLAIN + "\nSecurityGroupIngress:\n" + "\n".join(f"  - {r}" for r in many(60)),
            STANDALONE.format(group="!Ref Group", peer="!Ref Servers", condition=""),
        ),
        "outbound": template(
            "GroupDescription: A group\nSecurityGroupEgress:\n"
            + "\n".join(f"  - {rule}" for rule in many(61))
        ),
        "prefix-list-by-its-maximum": prefix_list(61, 9),
        "prefix-list-in-each-rule": prefix_list(31, 8, 9),
        "present-by-default": ingress(
            *many(60), "!If [IsSmall, {" + TCP + ", CidrIp: 10.9.0.0/16}, !Ref AWS::NoValue]"
        ),
    },
    "W9302": {
        "one-instance": attached("!Ref Group", "!GetAtt Other.GroupId"),
        "other-description": attached("!Ref Group", "!Ref Other", other=SAME_9),
    },
    "W9304": {"55-of-60": ingress(*many(55)), "60-of-60": ingress(*many(60))},
    "E9305": {
        "left-out": template("GroupDescription: A group"),
        "empty": template("GroupDescription: A group\nSecurityGroupEgress: []"),
        "absent-in-one-case": template(
            "GroupDescription: A group\nSecurityGroupEgress: !If [IsLarge, "
            "[{IpProtocol: '-1', CidrIp: 127.0.0.1/32}], !Ref AWS::NoValue]"
        ),
        "empty-in-one-case": template(
            "GroupDescription: A group\nSecurityGroupEgress:\n"
            "  - !If [IsLarge, {IpProtocol: '-1', CidrIp: 127.0.0.1/32}, !Ref AWS::NoValue]"
        ),
        "standalone-beside-it": template(
            "GroupDescription: A group",
            "Rule:\n  Type: AWS::EC2::SecurityGroupEgress\n"
            f"  Properties: {{GroupId: !Ref Group, {TCP}, CidrIp: 10.0.0.0/8}}",
        ),
    },
    "E9308": {
        "like-an-id": template(f"{PLAIN}\nGroupName: sg-web"),
        "by-default": template(f"{PLAIN}\nGroupName: !Ref Name"),
        "around-a-substitution": template(f'{PLAIN}\nGroupName: !Sub "sg-${{AWS::StackName}}"'),
        "in-one-case": template(f"{PLAIN}\nGroupName: !If [IsLarge, web, sg-web]"),
        "over-long": template(f"{PLAIN}\nGroupName: {'x' * 256}"),
        "curly-quote": template(f"{PLAIN}\nGroupName: web’s"),
    },
    "W9306": {
        "in-halves": halves("CidrIp: 0.0.0.0/1", "CidrIp: 128.0.0.0/1"),
        "in-halves-of-ipv6": halves("CidrIpv6: '::/1'", "CidrIpv6: '8000::/1'"),
        "ssh": within("IpProtocol: tcp, FromPort: 22, ToPort: 22, CidrIp: 0.0.0.0/0"),
        "rdp-ipv6": within("IpProtocol: tcp, FromPort: 3389, ToPort: 3389, CidrIpv6: '::/0'"),
        "documented": within("IpProtocol: tcp, FromPort: 3000, ToPort: 3000, CidrIp: 0.0.0.0/0"),
        "within-a-range": within("IpProtocol: tcp, FromPort: 1, ToPort: 100, CidrIp: 0.0.0.0/0"),
        "all-traffic": within("IpProtocol: -1, CidrIp: 0.0.0.0/0"),
        "by-default": within("IpProtocol: tcp, FromPort: 22, ToPort: 22, CidrIp: !Ref Clients"),
        "standalone": standalone(peer="0.0.0.0/0").replace("Port: 9", "Port: 22"),
        "port-by-default": within(
            "IpProtocol: tcp, FromPort: !Ref Ssh, ToPort: !Ref Ssh, CidrIp: 0.0.0.0/0"
        ),
        "in-the-case-of-the-default": within(
            "IpProtocol: tcp, FromPort: 22, ToPort: 22, "
            "CidrIp: !If [IsLarge, 10.0.0.0/8, 0.0.0.0/0]"
        ),
    },
    "W9307": {
        "in-halves": halves("CidrIp: 0.0.0.0/1", "CidrIp: 128.0.0.0/1", of=TCP),
        "in-halves-and-standalone": standalone(
            peer="0.0.0.0/1", inline="{" + TCP + ", CidrIp: 128.0.0.0/1}"
        ),
        "nfs": within("IpProtocol: tcp, FromPort: 2049, ToPort: 2049, CidrIp: 0.0.0.0/0"),
        "by-default": within(f"{TCP}, CidrIp: !Ref Clients"),
        "looked-up": within(f"{TCP}, CidrIp: !FindInMap [Named, everybody, network]"),
        "selected": within(f"{TCP}, CidrIp: !Select [1, !Ref Networks]"),
        "ping": within("IpProtocol: icmp, FromPort: -1, ToPort: -1, CidrIpv6: '::/0'"),
    },
}
ACCEPTED = {
    "E9301": {
        "255-characters": within(f"{TCP}, CidrIp: 10.0.0.0/8, Description: {'x' * 255}"),
        "every-sign": within(
            f'{TCP}, CidrIp: 10.0.0.0/8, Description: "a ._-:/()#,@[]+=&;{{}}!$*"'
        ),
        "empty-rule": within(f"{TCP}, CidrIp: 10.0.0.0/8, Description: ''"),
        "unknown": within(f'{TCP}, CidrIp: 10.0.0.0/8, Description: !Sub "${{Vpc}} b"'),
        "computed": within(f"{TCP}, CidrIp: 10.0.0.0/8, Description: !Select [0, [a, b]]"),
    },
    "E9302": {
        "other-port": ingress(SAME_9, SAME_9.replace("9", "8")),
        "other-protocol": ingress(SAME_9, SAME_9.replace("tcp", "udp")),
        "other-peer": ingress(SAME_9, "{" + TCP + ", CidrIp: 10.0.0.0/9}"),
        "other-direction": template(
            "GroupDescription: A group\n"
            f"SecurityGroupEgress: [{SAME_9}]\nSecurityGroupIngress: [{SAME_9}]"
        ),
        "other-group": standalone(group="sg-01234567", inline=SAME_9),
        "nobody-twice": ingress(
            "{" + TCP + ", CidrIp: !Ref Nobody}", "{" + TCP + ", CidrIp: !Ref Empty}"
        ),
        "unknown-lookups": ingress(
            *["{" + TCP + f", CidrIp: !FindInMap [Named, !Ref {n}, network]}}" for n in NAMES]
        ),
        "computed-otherwise": ingress(
            *[f"{{IpProtocol: -1, CidrIp: !ImportValue {name}}}" for name in ("one", "two")]
        ),
        "excluding-conditions": standalone(
            condition="Condition: IsSmall",
            inline="!If [IsLarge, " + SAME_9 + ", !Ref AWS::NoValue]",
        ),
        "one-or-the-other": within(f"{TCP}, CidrIp: !If [IsLarge, 10.0.0.0/8, 10.0.0.0/8]"),
    },
    "E9303": {
        "one-port": within(f"{TCP}, CidrIp: 10.0.0.0/8"),
        "all-ports": within("IpProtocol: udp, FromPort: 0, ToPort: 65535, CidrIp: 10.0.0.0/8"),
        "ping": within("IpProtocol: icmp, FromPort: 8, ToPort: -1, CidrIp: 10.0.0.0/8"),
        "by-number": within("IpProtocol: 50, CidrIp: 10.0.0.0/8"),
        "computed": within("IpProtocol: tcp, FromPort: !Ref Large, ToPort: 1, CidrIp: 10.0.0.0/8"),
    },
    "E9304": {
        "prefix-list": prefix_list(30, 8, 9),
        "60-and-60": ingress(*many(60), *many(60, f"CidrIpv6: '{NETWORKS_V6}'")),
        "absent-by-default": ingress(
            *many(60), "!If [IsLarge, {" + TCP + ", CidrIp: 10.9.0.0/16}, !Ref AWS::NoValue]"
        ),
    },
    "W9302": {
        "one-group": attached("!Ref Group", "sg-01234567"),
        "not-attached": attached("!Ref Group"),
        "other-peer": attached(
            "!Ref Group", "!Ref Other", other="{" + TCP + ", CidrIp: 10.0.0.0/9}"
        ),
        "itself": attached(
            "!Ref Group",
            "!Ref Other",
            rule="{" + TCP + ", SourceSecurityGroupId: !Ref Group}",
            other="{" + TCP + ", SourceSecurityGroupId: !Ref Other}",
        ),
    },
    "W9304": {
        "54-of-60": ingress(*many(54)),
        "61-is-an-error": ingress(*many(61)),
        "a-list-of-unknown-size-is-not-counted-as-one": ingress(
            *many(54),
            "{IpProtocol: tcp, FromPort: 1, ToPort: 1, SourcePrefixListId: pl-01234567}",
        ),
    },
    "E9305": {
        "nowhere": template(),
        "either-way": template(
            "GroupDescription: A group\nSecurityGroupEgress: !If [IsLarge, "
            "[{IpProtocol: '-1', CidrIp: 127.0.0.1/32}], [{IpProtocol: '-1', CidrIp: 10.0.0.0/8}]]"
        ),
        "one-of-two": template(
            "GroupDescription: A group\nSecurityGroupEgress:\n"
            "  - !If [IsLarge, {IpProtocol: tcp, FromPort: 1, ToPort: 1, CidrIp: 10.0.0.0/8}, "
            "!Ref AWS::NoValue]\n"
            "  - !If [IsSmall, {IpProtocol: tcp, FromPort: 1, ToPort: 1, CidrIp: 10.0.0.0/8}, "
            "!Ref AWS::NoValue]"
        ),
    },
    "E9308": {
        "no-name": template(),
        "sg-within": template(f"{PLAIN}\nGroupName: web-sg-1"),
        "substituted": template(f'{PLAIN}\nGroupName: !Sub "${{AWS::StackName}}-sg-"'),
    },
    "W9306": {
        "one-half": halves("CidrIp: 0.0.0.0/1", "CidrIp: 128.0.0.0/2"),
        "halves-of-two-families": halves("CidrIp: 0.0.0.0/1", "CidrIpv6: '8000::/1'"),
        "halves-that-exclude-each-other": ingress(
            *(
                f"!If [IsLarge, {{IpProtocol: tcp, FromPort: 22, ToPort: 22, CidrIp: {a}}}, {b}]"
                for a, b in (
                    ("0.0.0.0/1", "!Ref AWS::NoValue"),
                    (
                        "10.0.0.0/8",
                        "{IpProtocol: tcp, FromPort: 22, ToPort: 22, CidrIp: 128.0.0.0/1}",
                    ),
                )
            )
        ),
        "named-network": within("IpProtocol: tcp, FromPort: 22, ToPort: 22, CidrIp: 10.0.0.0/8"),
        "other-port": within(f"{TCP}, CidrIp: 0.0.0.0/0"),
        "outbound": template(
            "GroupDescription: A group\nSecurityGroupEgress:\n"
            "  - {IpProtocol: tcp, FromPort: 22, ToPort: 22, CidrIp: 0.0.0.0/0}"
        ),
        "not-by-default": within(
            "IpProtocol: tcp, FromPort: 22, ToPort: 22, "
            "CidrIp: !If [IsLarge, 0.0.0.0/0, 10.0.0.0/8]"
        ),
    },
    "W9307": {
        "named-network": within(f"{TCP}, CidrIp: 10.0.0.0/8"),
        "administrative": within("IpProtocol: tcp, FromPort: 22, ToPort: 22, CidrIp: 0.0.0.0/0"),
    },
}


def cases(fixtures):
    return [
        pytest.param(rule, text, id=f"{rule}-{name}")
        for rule, texts in fixtures.items()
        for name, text in texts.items()
    ]


def matches(text):
    """What the pack alone finds: cfn-lint's own rules take most of the time."""
    content, unreadable = decode_str(text)
    assert not unreadable
    cfn = Template("t.yaml", content, ["us-east-1"])
    config = ConfigMixIn(["--config-file", os.devnull])
    found = list(Rules.create_from_module("generator.check.cfn_rules").run("t.yaml", cfn, config))
    assert "E0002" not in {match.rule.id for match in found}, "an exception within a rule"
    return found


def found(text):
    return [match.rule.id for match in matches(text)]


@pytest.mark.parametrize(("rule", "text"), cases(REFUSED))
def test_what_a_rule_refuses(rule, text):
    assert found(text).count(rule) == 1


@pytest.mark.parametrize(("rule", "text"), cases(ACCEPTED))
def test_what_a_rule_accepts(rule, text):
    assert rule not in found(text)


def test_every_rule_has_a_title_a_description_examples_and_both_kinds_of_fixtures():
    rules = [getattr(pack, name) for name in pack.__all__]
    assert {rule.id for rule in rules} == REFUSED.keys() == ACCEPTED.keys()
    for rule in rules:
        assert rule.shortdesc
        assert rule.description
        assert rule.source_url.startswith("https://docs.aws.amazon.com/")
        assert "Accepted: " in inspect.getdoc(rule)


def test_the_administrative_ports_of_a_range_are_listed():
    text = within("IpProtocol: tcp, FromPort: 161, ToPort: 162, CidrIp: 0.0.0.0/0")
    [message] = [match.message for match in matches(text) if match.rule.id == "W9306"]
    assert ", with administrative ports 161, 162: list the networks of" in message


def test_a_finding_says_where_and_what_to_do():
    text = standalone(inline=INLINE_9)
    [finding] = [f for f in lint(text, "t.yaml") if f.rule == "E9302"]
    assert text.splitlines()[finding.line - 1].lstrip().startswith("Properties:")
    assert finding.message == (
        "tcp 9 for 10.0.0.0/8 is already in Group/Properties/SecurityGroupIngress/0: EC2 refuses a "
        "second rule that differs only in its description. Remove one of them"
    )


@pytest.mark.slow
def test_the_quota_and_the_ports_can_be_set_in_a_template():
    metadata = (
        "Metadata:\n  cfn-lint:\n    config:\n      configure_rules:\n"
        "        {E9304: {quota: 61}, W9306: {ports: [9]}}\n"
    )
    assert "E9304" not in {f.rule for f in lint(metadata + ingress(*many(61)), "t.yaml")}
    assert "E9304" in {f.rule for f in lint(metadata + ingress(*many(62)), "t.yaml")}
    assert "W9304" not in {f.rule for f in lint(metadata + ingress(*many(54)), "t.yaml")}
    assert "W9304" in {f.rule for f in lint(metadata + ingress(*many(60)), "t.yaml")}
    for port, rule in ((9, "W9306"), (22, "W9307")):
        text = within(f"IpProtocol: tcp, FromPort: {port}, ToPort: {port}, CidrIp: 0.0.0.0/0")
        assert [f.rule for f in lint(metadata + text, "t.yaml") if f.rule[:3] == "W93"] == [rule]


@pytest.mark.slow
@pytest.mark.parametrize(
    "rules", ["generator.check.cfn_rules", pack.__path__[0]], ids=["module", "path"]
)
def test_cfn_lint_itself_takes_the_rules(tmp_path, rules):
    (tmp_path / "t.yaml").write_text(template("GroupDescription: A group"), encoding="utf-8")
    command = [sys.executable, "-c", "from cfnlint.runner import main; main()"]
    result = subprocess.run(
        [*command, "t.yaml", "--append-rules", rules], cwd=tmp_path, capture_output=True, text=True
    )
    assert "E9305" in result.stdout, result.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    "rule",
    [
        pytest.param("{IpProtocol: tcp, FromPort: %d, ToPort: 9, CidrIp: 10.0.0.0/8}", id="ports"),
        pytest.param("{IpProtocol: tcp, FromPort: 9, ToPort: 9, CidrIp: 10.0.0.0/8}", id="same"),
        pytest.param(
            "!If [IsLarge, {IpProtocol: tcp, FromPort: 9, ToPort: %d, CidrIp: 10.0.0.0/8}, "
            "!Ref AWS::NoValue]",
            id="conditional",
        ),
    ],
)
def test_rules_are_checked_in_linear_time(rule):
    calls = []
    for number in (50, 400):
        text = ingress(*(rule % i if "%d" in rule else rule for i in range(number)))
        content, _ = decode_str(text)
        pack_rules = Rules.create_from_module("generator.check.cfn_rules")
        cfn = Template("t.yaml", content, ["us-east-1"])
        config = ConfigMixIn(["--config-file", os.devnull])
        with Profile() as profile:
            list(pack_rules.run("t.yaml", cfn, config))
        calls.append(sum(entry.callcount for entry in profile.getstats()))
    assert calls[1] < 12 * calls[0]  # 8 times as many; what is quadratic takes 64 times


def test_conditions_that_are_nested_are_not_multiplied_out():
    nested = "10.0.0.0/8"
    for _ in range(40):
        nested = {"Fn::If": ["IsLarge", nested, {"Fn::If": ["IsSmall", "10.1.0.0/16", nested]}]}
    assert len([*_values._alternatives(nested, frozenset())]) == 3

    value = "10.0.0.0/8"
    for _ in range(5):
        value = f"!If [IsLarge, {value}, !If [IsSmall, 10.1.0.0/16, {value}]]"
    parts = ", ".join(f"{key}: {value}" for key in ("CidrIp", "FromPort", "ToPort", "Description"))
    assert "E0002" not in found(within(f"IpProtocol: tcp, {parts}"))


def test_a_template_is_evaluated_once_for_all_rules(monkeypatch):
    calls = []
    original = cloudformation.rules
    monkeypatch.setattr(cloudformation, "rules", lambda *of: calls.append(of) or original(*of))
    found(within(f"{TCP}, CidrIp: 0.0.0.0/0"))
    assert len(calls) == 1


@pytest.mark.slow
def test_ports_that_ec2_ignores_are_reported_once():
    text = within("IpProtocol: 50, FromPort: 1, ToPort: 2, CidrIp: 10.0.0.0/8")
    assert [f.rule for f in lint(text, "t.yaml") if "ignored" in f.message] == ["W3687"]
