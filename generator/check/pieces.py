"""The pieces of a template that was rendered here: parameters, conditions, groups, rules, outputs.

Each expression is a picture of what the built-in templates print, and all that such a piece says
about others is in its references. A template in which anything looks different has no pieces.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from generator.check.literals import (
    defaults,
    without_name,
    without_peer,
    without_ports,
    without_prose,
    without_texts,
)
from generator.errors import FieldError
from generator.model import RULES_DEFAULT

SECTIONS = ("Metadata", "Parameters", "Rules", "Conditions", "Resources", "Outputs")
_COMMENTS = re.compile(r"^ *#.*\n", re.MULTILINE)
# Neither a number to YAML nor one of its words.
_NAME = r"(?!(?i:yes|no|on|off|true|false|null)(?![A-Za-z0-9]))[A-Za-z][A-Za-z0-9]{0,199}"
_GROUP = rf"(?:!GetAtt {_NAME}\.GroupId|sg-[0-9a-f]+)"
_PORT = r"(?:-1|0|[1-9]\d{0,4})"  # 010 is 8 to YAML
_PLAIN = r"[A-Za-z](?:[A-Za-z0-9 _./()&,;+='-]*[A-Za-z0-9_./()])?"
# Neither with `${` or `{{`, whose meaning depends on other pieces, nor with escapes that hide them.
_QUOTED = r'"(?:(?!\$\{|\{\{)(?:[^"\\\n]|\\["\\]))*"' r"|'(?:(?!\$\{|\{\{)(?:[^'\n]|''))*'"
_UNUSUAL = re.compile(
    r"^ *(?:- )?(?:Key|Value|AllowedPattern|[dD]efault|(?:Group|Constraint|Assert)?Description): "
    rf"(?!!|(?:{_PLAIN}|{_QUOTED}|1 to 200 characters[ a-z]+)$)",
    re.MULTILINE,
)
_SCALAR = r"[^!\n].*"  # after one of these keys
_HEAD = re.compile(
    rf"""---
AWSTemplateFormatVersion: "2010-09-09"
Description: {_SCALAR}
"""
)
_METADATA = re.compile(
    rf"""(?P<settings>(?:  cfn-lint:
    config:
      configure_rules:
        E9304:
          quota: (?P<quota>[1-9]\d{{0,5}})
)?)(?P<interface>(?:  AWS::CloudFormation::Interface:
    ParameterGroups:
(?P<members>(?:      - Label:
          default: [A-Z][a-z]+ [A-Za-z ()]+
        Parameters:
(?:          - {_NAME}
)+)+)    ParameterLabels:
(?P<labels>(?:      {_NAME}:
        default: {_SCALAR}
)+))?)"""
)
_MEMBER = re.compile(rf"^          - ({_NAME})\n", re.MULTILINE)
_LABEL = re.compile(rf"^      ({_NAME}):\n(        default: .+\n)", re.MULTILINE)
_EQUALS = rf'!Equals \[!Ref {_NAME}, (?:""|!Ref {_NAME}|[0-9./]+)\]'
_TEST = rf"(?:!Or|!Not|!And \[{_EQUALS}(?:, {_EQUALS})+\]|{_EQUALS})"
_PICTURES = {
    "Parameters": rf"""
    Type: (?:String|AWS::EC2::VPC::Id)
    Description: {_SCALAR}
(?:    Default: {_SCALAR}
    AllowedPattern: {_SCALAR}
    ConstraintDescription: {_SCALAR}
)?""",
    "Rules": rf"""
    Assertions:
(?:      - Assert: {_TEST}
(?: {{10,}}- {_TEST}
)*        AssertDescription: {_SCALAR}
)+""",
    "Conditions": rf""" !Not
    - !Equals(?: \[!Ref {_NAME}, ""\]
|
      - !Join \["", \[!Ref {_NAME}(?:, !Ref {_NAME})+\]\]
      - ""
)""",
    "Resources": rf"""
    Type: AWS::EC2::SecurityGroup
    Properties:
      GroupDescription: {_SCALAR}
      VpcId: !Ref {_NAME}
      SecurityGroupEgress:
        - IpProtocol: "-1"
          CidrIp: 127.0.0.1/32
          Description: {_SCALAR}
      Tags:
(?:        - Key: {_SCALAR}
          Value: (?:{_SCALAR}|!Sub "\$\{{{_NAME}\}}-[a-z0-9-]{{1,50}}")
)*(?:    DeletionPolicy: Retain
    UpdateReplacePolicy: Retain
)?""",
    "Outputs": rf"""
    Description: {_SCALAR}
    Value: {_GROUP}
    Export:
      Name: !Sub "\$\{{AWS::StackName\}}-(?P=name)"
""",
}
_PIECES = {k: re.compile(rf"  (?P<name>{_NAME}):(?P<rest>{p})") for k, p in _PICTURES.items()}
_PEER_KEY = "CidrIp|CidrIpv6|(?:Source|Destination)(?:PrefixListId|SecurityGroupId)"
_PEER = (
    rf'"[0-9a-f.:]+/\d+"|pl-[0-9a-f]+|{_GROUP}|!Ref {_NAME}'
    rf"|!If(?:\n +- (?:!If|{_NAME}|!Ref {_NAME}))+"
)
_RULE = re.compile(
    rf"""  (?P<name>{_NAME}):
    Type: AWS::EC2::SecurityGroup(?P<way>Ingress|Egress)
(?P<condition>(?:    Condition: {_NAME}\n)?)    Properties:
      GroupId: (?P<group>{_GROUP})
      IpProtocol: (?P<traffic>"-1"|(?:tcp|udp|icmp|icmpv6)
      FromPort: {_PORT}
      ToPort: {_PORT})
      (?P<key>{_PEER_KEY}): (?P<peer>{_PEER})
(?P<owner>(?:      SourceSecurityGroupOwnerId: "\d{{12}}"
)?)(?P<description>      Description: {_SCALAR}
)"""
)
_REFERENCE = re.compile(
    rf"(?P<before>^    Condition: |^ +- (?={_NAME}$)|!Ref |!GetAtt |!Sub \"\$\{{)"
    rf"(?P<name>{_NAME})(?![A-Za-z0-9:])|{_QUOTED}",
    re.MULTILINE,
)
_VALUE = re.compile(rf"!Ref ({_NAME})")


class Identity(NamedTuple):
    """What EC2 compares of a rule, as it is written."""

    way: str
    group: str
    traffic: str
    key: str
    peer: str


class Piece(NamedTuple):
    """A parameter, condition, resource or output, or a rule about parameters."""

    section: str
    text: str
    """As it is in the template."""
    common: str
    """What it has in common with others: all but names and literals."""
    references: tuple[str, ...]
    """The names of the pieces that it refers to, in order."""
    identity: Identity | None = None
    """Of a security group rule."""
    depends: bool = False
    """Whether it depends on parameters who the peer of a security group rule is."""

    @property
    def is_group(self) -> bool:
        """Whether it is a security group."""
        return self.section == "Resources" and not self.identity


class Template(NamedTuple):
    """A template in pieces."""

    head: str
    settings: str
    """What it tells cfn-lint."""
    quota: int
    interface: str
    """What it tells the console about each parameter."""
    pieces: dict[str, Piece]


def read(text: str) -> Template | None:
    """The pieces of a template by name; None if anything in it is not certain."""
    if not text.replace("\n", "").isprintable():  # YAML refuses others, or breaks a line there
        return None
    try:
        return _read(_COMMENTS.sub("", text))
    except (FieldError, re.error):
        return None


def _read(text: str) -> Template:
    if _UNUSUAL.search(text):
        raise FieldError("not a text that is certain")
    head, *others = text.split("\n\n")
    sections = dict(map(_section, others))
    if len(sections) < len(others) or not sections.keys() <= set(SECTIONS):
        raise FieldError("not the sections of a template")
    metadata = _matched(_METADATA, sections.pop("Metadata", ""))
    labels = _labels(metadata)
    kept = defaults(sections.get("Parameters", ""))
    values = {*_VALUE.findall(text)}
    found = [
        _piece(section, block, kept, values, labels)
        for section in SECTIONS
        for block in _blocks(sections.get(section, ""))
    ]
    pieces = dict(found)
    if labels or len(pieces) < len(found):
        raise FieldError("a name of nothing, or of several pieces")
    if not values <= {name for name, piece in found if piece.section == "Parameters"}:
        raise FieldError("a group by reference, which is its ID as well")
    quota = int(metadata["quota"] or RULES_DEFAULT)
    head = _matched(_HEAD, head + "\n")[0]
    return Template(head, metadata["settings"], quota, metadata["interface"], pieces)


def _matched(picture: re.Pattern[str], text: str) -> re.Match[str]:
    match = picture.fullmatch(text)
    if not match:
        raise FieldError("not what the built-in templates print")
    return match


def _section(text: str) -> tuple[str, str]:
    name, _, content = text.partition(":\n")
    return name, content.removesuffix("\n") + "\n"


def _blocks(section: str) -> Iterator[str]:
    before, *blocks = re.split(r"^(?=  [^ ])", section, flags=re.MULTILINE)
    if before:
        raise FieldError("lines that belong to no piece")
    yield from blocks


def _labels(metadata: re.Match[str]) -> dict[str, str]:
    """The lines by which the console shows each parameter, which is in one group of them."""
    members = _MEMBER.findall(metadata["members"] or "")
    labels = _LABEL.findall(metadata["labels"] or "")
    found = dict(labels)
    if sorted(members) != sorted(found) or len(found) < len(labels):
        raise FieldError("not each parameter once")
    return found


def _piece(
    section: str, block: str, kept: set[str], values: set[str], labels: dict[str, str]
) -> tuple[str, Piece]:
    if section == "Resources" and (rule := _RULE.fullmatch(block)):
        return rule["name"], _rule(rule, kept)
    match = _matched(_PIECES[section], block)
    name, lines = match.group("name", "rest")
    if section == "Parameters":
        lines += labels.pop(name, "")
    common = without_texts(lines) if section == "Resources" else without_prose(lines)
    if section == "Parameters" and name not in values:
        common = without_name(common)
    return name, Piece(section, block, *_referring(common))


def _rule(rule: re.Match[str], kept: set[str]) -> Piece:
    identity = Identity(*rule.group(*Identity._fields))
    group, peer = identity.group, identity.peer
    if not group.startswith("!"):
        group = without_peer("SourceSecurityGroupId", group, set())
    if not peer.startswith("!"):
        peer = without_peer(identity.key, peer, kept)
    common = "\n".join(
        (
            *rule.group("way", "condition", "key"),
            *(group, without_ports(identity.traffic), peer, "owner" if rule["owner"] else ""),
            without_texts(rule["description"]),
        )
    )
    depends = peer != "<peer>" and not peer.startswith("!GetAtt")
    return Piece("Resources", rule[0], *_referring(common), identity, depends)


@lru_cache(1000)
def _referring(common: str) -> tuple[str, tuple[str, ...]]:
    """Lines without the names of the pieces that they refer to, and these names."""
    names: list[str] = []

    def without_name(match: re.Match[str]) -> str:
        if not match["name"]:
            return match[0]
        names.append(match["name"])
        return match["before"] + "<>"

    return _REFERENCE.sub(without_name, common), tuple(names)
