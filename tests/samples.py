"""Deployments that many tests render, and texts that outputs have to hold as they are."""

from __future__ import annotations

from dataclasses import replace

from generator.load import RuleData, shipped
from generator.model import Peer, Resolved
from generator.render import render
from generator.resolve import resolve

DATA = RuleData(shipped("rule_data"))


def variant(preset="advanced", **changes):
    return replace(DATA.preset(preset), **changes)


def peers(*texts):
    return tuple(map(Peer.parse, texts))


DC1, DC2 = peers("10.1.0.1/32", "10.20.0.10/32")
DEPLOYMENTS = {preset: DATA.preset(preset) for preset in DATA.presets()} | {
    "manager-only": variant(groups=("manager",)),
    "single-node": variant(groups=None, topology="single-node"),
    "ha-internal-by-name": variant(groups=("ha-internal",)),
    "peers-of-every-kind": variant(
        endpoints={
            "inbound-clients": peers("10.0.0.0/8", "2001:db8::/32"),
            "active-directory": {"dc1": DC1, "dc2": DC2},
            "dns": peers("10.0.0.2/32"),
            "backup-endpoints": peers("pl-01234567", "sg-0123456789abcdef0", "group:ha-mediator"),
            "mail-server": (),
        },
    ),
    "bound-for-one-group": variant(
        endpoints={
            "manager/inbound-clients": {"hq": Peer.parse("10.1.0.0/16", "hq")},
            "cloud-volumes-ontap/active-directory": {"dc1": DC1, "dc2": DC2},
            "ha-mediator/aws-api-services": peers("pl-01234567", "group:manager"),
            "manager/dns": (),
        },
    ),
    "a-peer-at-both-destinations": variant(
        groups=("manager",),
        endpoints={
            "outbound-internet": peers("10.0.0.0/8", "pl-01234567"),
            "ontap-cluster-management-lif": peers("pl-01234567", "sg-01234567"),
        },
    ),
}
TEXTS = {
    "interpolation": "${aws_vpc.main.id}",
    "directive": "%{ if true }",
    "escaped-interpolation": "$${x}",
    "escaped-directive": "%%{x}",
    "unclosed-interpolation": "a ${ b",
    "substitution": "${AWS::StackName}",
    "quotes": "a \"b\" 'c'",
    "backslashes": "C:\\new\\",
    "escape-sequence": "\\u0041\\n",
    "newline": "a\nb\n",
    "tab": "a\tb",
    "unicode": "Größe €, 名前, 🙂",
    "line-separator": "a\u2028b",
    "byte-order-mark": "\ufeffa",
    "mapping": "a: b",
    "comment": "a # b",
    "tag": "!Ref VpcId",
    "list": "- a",
    "flow-mapping": "{a: b}",
    "anchor": "&a",
    "alias": "*a",
    "block": "|",
    "boolean": "yes",
    "float": "3.10",
    "octal": "0755",
    "base-60": "22:22",
    "date": "2020-01-01",
    "null": "null",
    "tilde": "~",
    "spaces": "  a  ",
}
HOSTILE = variant(groups=("manager",), tags={text: text for text in TEXTS.values()})


_resolved: dict[str, Resolved] = {}
_rendered: dict[tuple[str, str], dict[str, str | bytes]] = {}


def resolved(deployment, release=None):
    """A deployment as it is resolved; the last ones once, as a test looks at them several times."""
    if release:
        return resolve(deployment, release, DATA.catalogue)
    key = repr(deployment)
    if key not in _resolved:
        if len(_resolved) == 10:
            _resolved.clear()
        release = DATA.release(deployment.release)
        _resolved[key] = resolve(deployment, release, DATA.catalogue)
    return _resolved[key]


def rendered(deployment, format_="terraform", release=None):
    """The files of a format, which are rendered once: many tests look at the same ones."""
    if release:
        return render(resolved(deployment, release), [shipped("templates")], format_)
    key = repr(deployment), format_
    if key not in _rendered:
        _rendered[key] = render(resolved(deployment), [shipped("templates")], format_)
    return _rendered[key]


def reworded(release):
    """The release under another name and title, which says everything in other words."""
    return replace(
        release,
        id="9.9",
        info=replace(
            release.info, product="Product 9.9", document="Other title", date="2030-01-01"
        ),
        rules={role: replace(table, title="Other") for role, table in release.rules.items()},
    )


# Somebody else's template, open to `%s`.
TEMPLATE = """\
AWSTemplateFormatVersion: "2010-09-09"
Resources:
  Group:
    Type: AWS::EC2::SecurityGroup
    Properties:
      GroupDescription: A group
      VpcId: vpc-01234567
      SecurityGroupEgress: [{IpProtocol: "-1", CidrIp: 127.0.0.1/32}]
      SecurityGroupIngress:
        - {IpProtocol: tcp, FromPort: 22, ToPort: 22, CidrIp: %s}
"""
