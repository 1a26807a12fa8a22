"""Templates, changes of them that are errors, and changes that are none."""

from __future__ import annotations

import re
from functools import cache

from strategies import DATA, peers, resolved

from generator.load import shipped
from generator.model import Deployment
from generator.render import render

RULE = re.compile(r"  \w+:\n    Type: AWS::EC2::SecurityGroup(?:In|E)gress\n(?: {4}.*\n)+")
NETWORK = re.compile(r'(CidrIp: )"10\.[0-9./]+"')
LONG = "x" * 256

BOUND = {
    "ping-clients": peers("10.0.0.0/8", "2001:db8::/32", "111122223333/sg-89abcdef"),
    "administrators": peers("10.3.0.0/16", "2001:db8:3::/48"),
    "ontap-cluster-management-lif": peers("pl-01234567", "sg-01234567"),
    "active-directory": peers("10.1.0.0/16", "10.2.0.0/16"),
}
DEPLOYMENTS = {
    "bound": Deployment(
        "acme",
        "3.7",
        topology="single-node",
        groups=("manager", "cloud-volumes-ontap"),
        outbound="advanced",
        endpoints=BOUND,
        features=dict.fromkeys(DATA.release("3.7").features, False),  # what is left is enough
        tags={"CostCenter": "4711", "Owner": "storage team"},
    ),
    "open": Deployment("acme", "3.7", groups=("cloud-volumes-ontap",), outbound="advanced"),
    "with-requirements": Deployment(
        "acme",
        "3.7",
        topology="single-node",
        groups=("manager",),
        outbound="advanced",
        supplements=("autosupport", "s3-tiering"),
    ),
    "with-another-group": Deployment(
        "acme",
        "3.7",
        groups=("manager", "ha-mediator"),
        outbound="basic",
        existing={"manager": "sg-01234567"},
        endpoints={"inbound-clients": peers("10.0.0.0/8", "sg-01234567")},
        tags={"CostCenter": "4711", "Owner": "storage team"},
        quota=100,
        protect=True,
    ),
}


def template(deployment):
    files = render(resolved(deployment), [shipped("templates")], "cloudformation")
    return files["template.yaml"]


@cache
def example(name):
    return template(DEPLOYMENTS[name])


def acme():
    return example("bound")


def find(text, what):
    """A part of a template by which a test changes it."""
    match = re.search(what, text, re.MULTILINE)
    assert match, what
    return match[0]


def change(old, new):
    """A change of the first part of a template that matches a pattern; none where there is none."""
    return lambda text: re.sub(old, new, text, count=1, flags=re.MULTILINE)


def another(changed, only=NETWORK):
    """A rule once more, under another id, changed."""

    def planted(text):
        for rule in RULE.findall(text):
            again = changed(re.sub(r"\A  \w+", "  Another", rule))
            if again != rule and only.search(rule):
                return text.replace(rule, rule + again)
        return text

    return planted


def many(count):
    """Rules for that many more networks."""

    def planted(text):
        first = next(filter(NETWORK.search, RULE.findall(text)), None)
        if not first:
            return text
        ways = (
            re.sub(
                r"\A  \w+", f"  More{i}", NETWORK.sub(rf'\1"10.{i // 250}.{i % 250}.0/24"', first)
            )
            for i in range(count)
        )
        return text.replace(first, first + "".join(ways))

    return planted


def repeated(pattern, count):
    """A piece of a template so many times more, with other names wherever it has its own."""

    def planted(text):
        match = re.search(pattern, text, re.MULTILINE)
        if not match:
            return text
        name = match["name"]
        more = (match[0].replace(name, f"{name}{i}") for i in range(count))
        return text.replace(match[0], match[0] + "".join(more))

    return planted


def together(*changes):
    """Changes of a template one after the other; none if one of them has no effect."""

    def planted(text):
        changed = text
        for each in changes:
            before, changed = changed, each(changed)
            if changed == before:
                return text
        return changed

    return planted


def called(name, word):
    """A piece of a template under another name, wherever that is."""
    return lambda text: re.sub(rf"\b{name}\b", word, text)


QUOTA = """Metadata:
  cfn-lint:
    config:
      configure_rules:
        E9304:
          quota: 1000
"""

# What a text can be that is as good as any other, and how long.
PLAIN = f"Az09 _./()&,;+=-{'x' * 184}"
QUOTED = f"0z _./():#,@+=;-{'x' * 74}"

# A description within a rule, and the lines above it.
TEXT = r"^(      Description: ).+"
SAME = {
    "network": change(r'(CidrIp: )"10\.[0-9./]+"', r'\1"172.16.0.0/12"'),
    "network-of-IPv6": change(r'(CidrIpv6: )"2001:[0-9a-f:/]+"', r'\1"2001:db8:1::/48"'),
    "prefix-list": change(r"PrefixListId: pl-\w+", "PrefixListId: pl-0123456789abcdef0"),
    "security-group": change(r"SecurityGroupId: sg-\w+", "SecurityGroupId: sg-0123456789abcdef0"),
    "account": change(r'OwnerId: "\d+"', 'OwnerId: "444455556666"'),
    "description": change(TEXT, r"\1Something else"),
    "quoted-description": change(TEXT, r'\1"Something: else"'),
    "ports": change(r"FromPort: 22\n      ToPort: 22", "FromPort: 1022\n      ToPort: 2022"),
    "logical-id": change(r"^  \w+Ingress\w+:", "  Something:"),
    "value-of-a-tag": change(r"storage team", "network team"),
    "name": change(r"Default: acme", "Default: widgets-prod"),
    "name-of-digits": change(r"Default: acme", 'Default: "4711"'),
    "header": change(r"^# Command: .*", "# Command: another"),
    "one-more-network": another(lambda rule: NETWORK.sub(r'\1"10.77.0.0/16"', rule)),
    "plain-characters": change(TEXT, rf"\1{PLAIN}"),
    "quoted-characters": change(TEXT, rf'\1"{QUOTED}"'),
    "plain-characters-of-a-group": change(r"(GroupDescription: ).*", rf"\1{PLAIN}"),
    "plain-characters-of-a-tag": change(r"storage team", PLAIN),
    "quoted-characters-of-a-tag": change(r"storage team", f'"{QUOTED}"'),
    "characters-of-help": change(r"(String\n    Description: ).+", rf'\1"{QUOTED * 10}"'),
    "characters-of-a-label": change(r"(      Dns:\n        default: ).+", rf'\1"{QUOTED * 10}"'),
    "characters-of-an-output": change(r"(Id:\n    Description: ).+", rf'\1"{QUOTED * 10}"'),
    "help-of-a-parameter": change(r"(String\n    Description: ).+", r"\1Somebody else's"),
    "label-of-a-parameter": change(r"(      Dns:\n        default: ).+", r"\1Resolvers"),
    "name-of-a-parameter": lambda text: re.sub(r"\bDns\b", "Resolvers", text),
}  # fmt: skip

ERRORS = {  # in literals and in the structure of rules
    "network-too-long": change(r'CidrIp: "10\.[0-9.]+/\d+"', 'CidrIp: "10.0.0.0/33"'),
    "network-of-three-numbers": change(r'CidrIp: "10\.[0-9./]+"', 'CidrIp: "10.0.0/8"'),
    "network-above-255": change(r'CidrIp: "10\.[0-9./]+"', 'CidrIp: "10.256.0.0/16"'),
    "network-of-the-other-family": change(r'CidrIp: "10\.[0-9./]+"', 'CidrIp: "2001:db8::/32"'),
    "IPv4-as-IPv6": change(r'CidrIpv6: "2001[0-9a-f:/]+"', 'CidrIpv6: "10.0.0.0/8"'),
    "malformed-IPv6": change(r'CidrIpv6: "2001[0-9a-f:/]+"', 'CidrIpv6: "2001:db8/32"'),
    "empty-network": change(r'CidrIp: "10\.[0-9./]+"', 'CidrIp: ""'),
    "network-is-a-list": change(r'CidrIp: ("10\.[0-9./]+")', r"CidrIp: [\1]"),
    "malformed-prefix-list": change(r"PrefixListId: pl-\w+", "PrefixListId: [pl-01234567]"),
    "malformed-security-group": change(r"SecurityGroupId: sg-\w+", "SecurityGroupId: sg-xyz"),
    "malformed-group-id": change(r"^      GroupId: !.*", "      GroupId: sg-01"),
    "no-such-group": change(r"GroupId: !GetAtt \w+", "GroupId: !GetAtt Missing"),
    "no-such-attribute": change(r"(GroupId: !GetAtt \w+)\.GroupId", r"\1.Missing"),
    "no-such-parameter": change(r'CidrIp: "10\.[0-9./]+"', "CidrIp: !Ref Missing"),
    "long-description": change(TEXT, rf"\1{LONG}"),
    "long-description-in-quotes": change(TEXT, rf'\1"{LONG}"'),
    "curly-quote": change(TEXT, r"\1doesn’t"),
    "line-break": change(TEXT, r'\1"a\\nb"'),
    "substitution": change(TEXT, r"\1a ${VpcId} b"),
    "description-is-a-list": change(TEXT, r"\1[a]"),
    "port-out-of-range": change(r"ToPort: \d+", "ToPort: 70000"),
    "port-below-zero": change(r"FromPort: \d+", "FromPort: -2"),
    "reversed-ports": change(r"FromPort: 22\n      ToPort: 22", "FromPort: 23\n      ToPort: 22"),
    "port-is-a-text": change(r"FromPort: 22", "FromPort: ssh"),
    "no-port": change(r"^      FromPort: \d+\n", ""),
    "ports-of-everything": change(r'(      IpProtocol: )tcp\n', r'\1tpc\n'),
    "ICMP-type-out-of-range": change(r"(icmp\n      FromPort: )-1", r"\g<1>300"),
    "no-protocol": change(r"^      IpProtocol: tcp\n", ""),
    "duplicate": another(change(TEXT, r"\1Another description")),
    "duplicate-in-quotes": another(change(r"IpProtocol: tcp", 'IpProtocol: "tcp"')),
    "duplicate-by-number": another(change(r"IpProtocol: tcp", 'IpProtocol: "6"')),
    "duplicate-of-the-placeholder": lambda text: text.replace(
        "\nOutputs:",
        "  Another:\n    Type: AWS::EC2::SecurityGroupEgress\n    Properties:\n"
        "      GroupId: !GetAtt ManagerSecurityGroup.GroupId\n"
        '      IpProtocol: "-1"\n      CidrIp: 127.0.0.1/32\n      Description: All\n\nOutputs:',
    ),
    "over-the-quota": many(170),
    "over-the-limit-of-resources": many(600),
    "id-twice": change(r"^  (\w+Ingress\w+):\n((?: {4}.*\n)+)", r"  \1:\n\2  \1:\n\2"),
    "id-of-a-parameter": change(r"^  \w+Ingress\w+:", "  VpcId:"),
    "id-with-a-hyphen": change(r"^  \w+Ingress\w+:", "  Manager-Ingress:"),
    "long-id": change(r"^  \w+Ingress\w+:", f"  {LONG}:"),
    "key-of-a-tag-twice": change(r"Key: Owner", "Key: CostCenter"),
    "key-of-a-tag-is-a-list": change(r"Key: Owner", "Key: [Owner]"),
    "key-of-a-tag-too-long": change(r"Key: Owner", f"Key: {LONG}"),
    "value-of-a-tag-too-long": change(r"storage team", LONG * 2),
    "substitution-in-a-tag": change(r"storage team", '"${Name}"'),
    "value-of-a-tag-is-null": change(r"storage team", "null"),
    "id-of-another-rule": change(
        r"^  (\w+Ingress\w+):\n((?: {4}.*\n)+)  \w+:", r"  \1:\n\2  \1:"
    ),
    "control-character-in-a-comment": change(r"^# Command: .*", "# Command: \a"),
    "value-of-a-tag-is-a-list": change(r"storage team", "[storage]"),
    "default-that-the-pattern-refuses": change(r"^    Default: acme", '    Default: " acme"'),
    "unknown-property": change(r"^(      IpProtocol: .*\n)", r"\1      Unknown: 1\n"),
    "unknown-attribute": change(r"^(    Type: .*Ingress\n)", r"\1    Unknown: 1\n"),
    "unknown-section": change(r"^Parameters:", "Unknown: {}\nParameters:"),
    "unknown-type": change(r"^    Type: .*Ingress", "    Type: AWS::EC2::SecurityGroupIngres"),
    "two-peers": change(r'^(      CidrIp: "10.*\n)', r'\1      CidrIpv6: "2001:db8::/32"\n'),
    "unused-parameter": change(r"^Parameters:", "Parameters:\n  Unused: {Type: String}"),
    "missing-condition": change(r"^(    Type: .*Egress\n)", r"\1    Condition: Missing\n"),
    "circular": change(
        r"^(    Type: AWS::EC2::SecurityGroup\n)((?:.*\n)*?)^(  \w+(?:In|E)gress\w+):\n",
        r"\1    DependsOn:\3\n\2\3:\n",
    ),
    "missing-dependency": change(
        r"^(    Type: AWS::EC2::SecurityGroup\n)", r"\1    DependsOn: Missing\n"
    ),
    "no-egress-of-its-own": change(r"^      SecurityGroupEgress:\n(?: {8}.*\n){4}", ""),
    "illegal-group-description": change(r"GroupDescription: .*", "GroupDescription: doesn’t"),
    "missing-output": change(r"(Value: !GetAtt )\w+", r"\1Missing"),
    "long-description-of-the-template": change(r"^Description: .*", f"Description: {LONG * 5}"),
    "not-YAML": change(r"^Outputs:", "Outputs: ["),
    "nothing-but-a-head": change(r"\n\nMetadata:\n(?:.*\n)*", ""),
    "nothing-but-outputs": change(
        r"^Metadata:\n(?:.*\n)*(Outputs:\n  .*\n.*\n    Value: sg-.*\n(?: {4}.*\n)+)(?:.*\n)*",
        r"\1",
    ),
}  # fmt: skip


NOT_NAMES = ("No", "on", "Null", "010", "0x1F", "4711")  # to YAML no texts
BLOCK = r"(?: {4}.*\n)+"
PARAMETER = rf"^  (?P<name>\w+):\n    Type: String\n{BLOCK}"
CONDITION = rf"^  (?P<name>\w+): !Not\n{BLOCK}"
GROUP = rf"^  (?P<name>\w+):\n    Type: AWS::EC2::SecurityGroup\n{BLOCK}"
OPEN = rf"^  (?P<name>\w+):\n    Type: AWS::EC2::SecurityGroup.*\n    Condition: .*\n{BLOCK}"
OUTPUT = rf"^  (?P<name>\w+Id):\n    Description: .*\n{BLOCK}"
LAST_PARAMETER = rf"{PARAMETER}(?=\n)"
IN_LISTS = r"^          - Dns\n", "          - Dns\n          - More\n"
IN_LABELS = r"^      Dns:\n", "      More:\n        default: More\n      Dns:\n"
NEW = r"^  Dns:\n", "  More:\n    Type: String\n    Description: More\n  Dns:\n"
ERRORS |= {  # in the other pieces, and between pieces
    **{f"{word}-as-a-parameter": called("Dns", word) for word in NOT_NAMES},
    "No-as-a-condition": called("DnsGiven", "No"),
    "No-as-a-group": called("ManagerSecurityGroup", "No"),
    "No-as-an-output": called("ManagerSecurityGroupId", "No"),
    "No-as-a-rule": change(r"^  \w+Ingress\w+:", "  No:"),
    "missing-parameter": change(LAST_PARAMETER, ""),
    "missing-condition": change(CONDITION, ""),
    "missing-group": change(GROUP, ""),
    "parameter-twice": change(LAST_PARAMETER, r"\g<0>\g<0>"),
    "condition-twice": change(CONDITION, r"\g<0>\g<0>"),
    "group-twice": change(GROUP, r"\g<0>\g<0>"),
    "output-twice": change(OUTPUT, r"\g<0>\g<0>"),
    "section-twice": change(r"\n(\nOutputs:\n(?:.*\n)+)", r"\n\1\1"),
    "unused-parameter-that-is-listed": together(*(change(*i) for i in (IN_LISTS, IN_LABELS, NEW))),
    "unused-condition": change(
        r"^Conditions:\n(  \w+): (!Not\n.*\n)", r"Conditions:\n\1: \2\1Again: \2"
    ),
    "label-of-nothing": change(*IN_LABELS),
    "listed-but-nothing": change(*IN_LISTS),
    "listed-and-labelled-but-nothing": together(change(*IN_LISTS), change(*IN_LABELS)),
    "label-twice": change(r"^(      Dns:\n.*\n)", r"\1\1"),
    "label-is-a-list": change(r"^(      Dns:\n        default: )(.*)", r"\1[\2]"),
    "heading-is-a-list": change(r"default: Network and names", "default: [Network]"),
    "pseudo-parameter-as-a-label": change(
        r"^(      Dns:\n        default: ).*", r'\1"AWS::Region"'
    ),
    "pseudo-parameter-as-a-description": change(TEXT, r'\1"AWS::Region"'),
    "pseudo-parameter-as-a-tag": change(r"storage team", '"AWS::Region"'),
    "pseudo-parameter-as-help": change(r"(String\n    Description: ).*", r'\1"AWS::Region"'),
    "substitution-in-help": change(r"(String\n    Description: ).*", r'\1"a ${VpcId} b"'),
    "type-of-a-parameter": change(r"^    Type: String", "    Type: Text"),
    "default-of-another-form": change(r'^    Default: ""', '    Default: "10.0.0.0"'),
    "default-is-a-list": change(r'^    Default: ""', "    Default: []"),
    "condition-of-one-value": change(r'^(    - !Equals \[!Ref \w+), ""', r"\1"),
    "condition-of-three-values": change(r'^(    - !Equals \[!Ref \w+), ""', r'\1, "", ""'),
    "condition-on-nothing": change(r"^(    - !Equals \[!Ref )\w+", r"\1Missing"),
    "condition-on-a-group": change(
        r"^(    - !Equals \[!Ref )\w+", r"\1ManagerSecurityGroup"
    ),
    "condition-without-a-separator": change(r'(!Join \[)"", ', r"\1"),
    "missing-in-a-join": change(r'(!Join \["", \[!Ref )\w+', r"\1Missing"),
    "parameter-as-a-condition": change(r"^(    Condition: )(\w+)Given", r"\1\2"),
    "no-such-condition-in-an-if": change(r"^( +- )\w+Given\n", r"\1MissingGiven\n"),
    "no-such-parameter-in-an-if": change(r"^( +- !Ref )\w+\n", r"\1Missing\n"),
    "condition-as-a-peer": change(r"(CidrIp: !Ref \w+)", r"\1Given"),
    "group-as-a-network": change(r"CidrIp: !Ref \w+", "CidrIp: !Ref ManagerSecurityGroup"),
    "if-without-an-else": change(r"^( +- !Ref \w+\n) +- !Ref \w+\n", r"\1"),
    "unreachable-else": change(r"^(    Condition: \w+)OrFallbackGiven", r"\1Given"),
    "requirement-of-nothing": change(r"(!Equals \[!Ref \w+, !Ref )\w+", r"\1Missing"),
    "requirement-of-one-value": change(r"(!Equals \[!Ref \w+), !Ref \w+", r"\1"),
    "or-of-one": change(r"^(      - Assert: !Or\n.*\n)(?:          .*\n)+", r"\1"),
    "group-as-a-VPC": change(r"VpcId: !Ref VpcId", "VpcId: !Ref ManagerSecurityGroup"),
    "tag-of-a-missing-parameter": change(r"\$\{Name\}-", "${Missing}-"),
    "long-role-in-a-tag": change(r"\$\{Name\}-manager", f"${{Name}}-{LONG}"),
    "rule-of-a-rule": change(
        r"^(  (\w+(?:In|E)gress\w+):\n(?:.*\n)*?      GroupId: !GetAtt )\w+", r"\1\2"
    ),
    "rule-of-another-rule": change(
        r"^(  (\w+(?:In|E)gress\w+):\n(?:.*\n)*?  \w+:\n(?:.*\n)*?      GroupId: !GetAtt )\w+",
        r"\1\2",
    ),
    "output-of-a-parameter": change(r"(Value: !GetAtt )\w+", r"\1VpcId"),
    "output-of-a-rule": change(
        r"^(  (\w+(?:In|E)gress\w+):\n(?:.*\n)*    Value: !GetAtt )\w+", r"\1\2"
    ),
    "export-of-a-missing-name": change(r"\$\{AWS::StackName\}", "${Missing}"),
    "lines-before-the-first-piece": change(r"^Resources:\n", "Resources:\n    Type: String\n"),
    "settings-of-another-form": change(
        r"^Metadata:\n", "Metadata:\n  cfn-lint:\n    config:\n      ignore_checks: E3012\n"
    ),
    "quota-is-a-text": change(r"^Metadata:\n", f"{QUOTA.replace('1000', 'many')}"),
    "too-many-outputs": repeated(OUTPUT, 200),
    "open-rule-twice": another(change(TEXT, r"\1Again"), re.compile(r"CidrIp: !Ref")),
    "rule-with-fallbacks-twice": another(change(TEXT, r"\1Again"), re.compile(r"CidrIp: !If")),
    "rule-for-a-group-twice": another(
        change(TEXT, r"\1Again"), re.compile(r"SecurityGroupId: !GetAtt")
    ),
    "duplicate-in-octal": another(
        lambda rule: re.sub(r"(Port: )22\b", r"\g<1>026", rule), re.compile(r"CidrIp")
    ),
    "duplicate-by-default": together(
        another(
            change(r"    Condition: .*\n((?:.*\n)*      CidrIp: )!Ref Dns", r'\1"10.7.0.0/16"'),
            re.compile(r"!Ref Dns\b"),
        ),
        change(r'^(  Dns:\n(?: {4}.*\n)*?    Default: )""', r'\1"10.7.0.0/16"'),
    ),
    "duplicate-by-default-with-host-bits": together(
        another(
            change(r"    Condition: .*\n((?:.*\n)*      CidrIp: )!Ref Dns", r'\1"10.7.0.0/16"'),
            re.compile(r"!Ref Dns\b"),
        ),
        change(r'^(  Dns:\n(?: {4}.*\n)*?    Default: )""', r'\1"10.7.7.7/16"'),
    ),
    "duplicate-by-two-defaults": together(
        change(r'^(  Dns:\n(?: {4}.*\n)*?    Default: )""', r'\1"10.7.0.0/16"'),
        change(r'^(  Dhcp:\n(?: {4}.*\n)*?    Default: )""', r'\1"10.7.0.0/16"'),
        another(change(r"\bDns", "Dhcp"), re.compile(r"!Ref Dns\b")),
        lambda text: re.sub(r"(Another:(?:\n.*){2,9}!Ref )Dns", r"\1Dhcp", text),
    ),
}  # fmt: skip

UNCERTAIN = {  # which cfn-lint may accept, but not because of templates without them
    "unreachable-by-requirement": change(
        r"^\nConditions:\n",
        "\nRules:\n  Needed:\n    Assertions:\n"
        '      - Assert: !Equals [!Ref PingClients, ""]\n'
        "        AssertDescription: Leave it empty\n\nConditions:\n",
    ),
    "too-many-parameters": together(
        repeated(r"^ {10}- (?P<name>Dns)\n", 200),
        repeated(r"^      (?P<name>Dns):\n.*\n", 200),
        repeated(rf"^  (?P<name>Dns):\n{BLOCK}", 200),
        repeated(rf"^  (?P<name>Dns)Given: !Not\n{BLOCK}", 200),
        repeated(rf"^  \w+To(?P<name>Dns):\n{BLOCK}", 200),
    ),
    "heading-is-a-word-of-YAML": change(r"default: Network and names", "default: yes"),
    "setting-for-a-piece": change(
        r"^(    Type: .*Ingress\n)",
        r"\1    Metadata: {cfn-lint: {config: {ignore_checks: [E3012]}}}\n",
    ),
    "anchor": change(r"^(      FromPort: )(\d+)", r"\1&port \2"),
    "another-form-of-a-reference": change(r"GroupId: !GetAtt (\w+)\.", r"GroupId: !GetAtt \1 ."),
    "name-in-other-words": change(r"Default: acme", "Default: acme prod"),
    "export-of-another-name": change(r"(StackName\}-)\w+", r"\1AnotherName"),
    "escape": change(TEXT, r'\1"\\u0024{VpcId}"'),
}  # fmt: skip

EGRESS = """  Another:
    Type: AWS::EC2::SecurityGroupEgress
    Properties:
      GroupId: !GetAtt ManagerSecurityGroup.GroupId
      IpProtocol: "-1"
      CidrIp: "{}"
      Description: All
"""
# A network that a parameter has by default, and another rule for it, on a port of its own.
DNS_BY_DEFAULT = change(r'^(  Dns:\n(?: {4}.*\n)*?    Default: )""', r'\1"10.7.0.0/16"')
DNS_BY_A_GROUP = together(
    change(
        r"^(  Dns:\n(?: {4}.*\n)*?    Default: ).*\n.*\n",
        "\\1sg-89abcdef\n    AllowedPattern: '.*'\n",
    ),
    lambda text: re.sub(r"CidrIp(: !Ref (?:Dns|Dhcp)\n)", r"DestinationSecurityGroupId\1", text),
)
DNS_OF_IPV6 = together(
    change(
        r"^(  Dns:\n(?: {4}.*\n)*?    Default: ).*\n.*\n",
        "\\1\"2001:DB8::/32\"\n    AllowedPattern: '.*'\n",
    ),
    lambda text: text.replace("CidrIp: !Ref Dns\n", "CidrIpv6: !Ref Dns\n"),
)
APART = """  Another:
    Type: AWS::EC2::SecurityGroupEgress
    Properties:
      GroupId: !GetAtt ManagerSecurityGroup.GroupId
      IpProtocol: udp
      FromPort: 9953
      ToPort: 9953
      {}
      Description: More
"""
ON_ANOTHER_PORT = change(r"^\nOutputs:", APART.format('CidrIp: "10.7.0.0/16"') + "\nOutputs:")
ON_THE_PORT_TO_A_GROUP = change(
    r"^\nOutputs:",
    APART.format("DestinationSecurityGroupId: sg-01234567").replace("9953", "53") + "\nOutputs:",
)
ON_ANOTHER_PORT_IPV6 = change(
    r"^\nOutputs:", APART.format('CidrIpv6: "2001:db8::/32"') + "\nOutputs:"
)


def on_the_same_port(text):
    return text.replace("Port: 9953\n", "Port: 53\n")


BY_DEFAULT = """  To{}:
    Type: String
    Description: More
    Default: "10.7.0.0/16"
    AllowedPattern: '.*'
    ConstraintDescription: More
"""


def for_one_network(text):
    """Eight rules that are not there by default, and two that are, but come last."""
    parameters, rules = "", ""
    for name in (*(f"A{i}" for i in range(8)), "X", "Y"):
        rule = APART.format(f"CidrIp: !Ref To{name}").replace("  Another:", f"  {name}:")
        condition = "    Condition: DnsGiven\n" if name[0] == "A" else ""
        rules += rule.replace("    Properties:", f"{condition}    Properties:")
        parameters += BY_DEFAULT.format(name)
    text = text.replace("\nParameters:\n", f"\nParameters:\n{parameters}")
    return text.replace("\n\nOutputs:", f"\n{rules}\nOutputs:")


OF_ANOTHER = {  # errors in templates that are a little different
    "network-by-default-and-written": (together(DNS_BY_DEFAULT, ON_ANOTHER_PORT), on_the_same_port),
    "network-by-default-in-other-digits": (
        together(DNS_OF_IPV6, ON_ANOTHER_PORT_IPV6), on_the_same_port
    ),
    "network-by-two-defaults": (
        together(
            DNS_BY_DEFAULT,
            change(r'^(  Dhcp:\n(?: {4}.*\n)*?    Default: )""', r'\1"10.7.0.0/16"'),
            change(r"^\nOutputs:", APART.format("CidrIp: !Ref Dhcp") + "\nOutputs:"),
        ),
        on_the_same_port,
    ),
    "substitution-that-means-something": (
        change(TEXT, r'\1"a ${Resolvers} b"'), lambda text: re.sub(r"\bDns\b", "Resolvers", text)
    ),
    "rule-that-another-resource-depends-on": (
        change(
            r"^(  (\w+(?:In|E)gress\w+):\n(?:.*\n)*    Type: AWS::EC2::SecurityGroup\n)",
            r"\1    DependsOn: \2\n",
        ),
        change(r"^  \w+(?:In|E)gress\w+:", "  Renamed:"),
    ),
    "rule-that-the-group-has-itself": (
        change(r"^\nOutputs:", EGRESS.format("10.9.0.0/16") + "\nOutputs:"),
        change(r"10\.9\.0\.0/16", "127.0.0.1/32"),
    ),
    "name-that-the-pattern-refuses": (
        change(r"AllowedPattern: .*", "AllowedPattern: '^[a-m]+$'"),
        change("Default: acme", "Default: zebra"),
    ),
    "name-that-the-pattern-refuses-at-its-beginning": (
        change(r"AllowedPattern: .*", "AllowedPattern: '[a-m]+$'"),
        change("Default: acme", "Default: zebra-a"),
    ),
    "name-that-is-no-id": (
        change(
            r"^(  VpcId:\n(?: {4}.*\n)+)",
            "\\1    Default: vpc-01234567\n    AllowedPattern: '.*'\n"
            "    ConstraintDescription: An ID\n",
        ),
        change("Default: vpc-01234567", "Default: vpc-main"),
    ),
    "group-by-default-and-written": (
        together(
            DNS_BY_A_GROUP,
            change(
                r"^(  Dhcp:\n(?: {4}.*\n)*?    Default: ).*\n.*\n",
                "\\1sg-01234567\n    AllowedPattern: '.*'\n",
            ),
            ON_THE_PORT_TO_A_GROUP,
        ),
        change("sg-89abcdef", "sg-01234567"),
    ),
    "list-by-two-defaults": (
        together(
            lambda text: re.sub(r"CidrIp(?=: !Ref D(ns|hcp)\n)", "DestinationPrefixListId", text),
            *(
                change(
                    rf"^(  {name}:\n(?: {{4}}.*\n)*?    Default: ).*\n.*\n",
                    f"\\1to-{name}\n    AllowedPattern: '.*'\n",
                )
                for name in ("Dns", "Dhcp")
            ),
            change(
                r"^\nOutputs:",
                APART.format("DestinationPrefixListId: !Ref Dhcp").replace("9953", "53")
                + "\nOutputs:",
            ),
        ),
        change("Default: to-Dhcp", "Default: to-Dns"),
    ),
    "group-in-two-words": (
        change(
            r"^\nOutputs:",
            APART.format("DestinationSecurityGroupId: !Ref ManagerSecurityGroup")
            + APART.format("DestinationSecurityGroupId: !GetAtt ManagerSecurityGroup.GroupId")
            .replace("9953", "9954").replace("Another", "More")
            + "\nOutputs:",
        ),
        lambda text: text.replace("9954", "9953"),
    ),
    "long-name-and-role": (
        change(r"Default: acme\n.*", f"Default: {LONG[:210]}\n    AllowedPattern: '.*'"),
        change(r"\$\{Name\}-manager", f"${{Name}}-{LONG[:50]}"),
    ),
    "malformed-id-of-an-existing-group": (
        change(r"^(      GroupId: ).*", r"\1sg-0a0a0a0a"),
        change("GroupId: sg-0a0a0a0a", "GroupId: sg-012345"),
    ),
    "rules-that-come-first-are-compared": (
        for_one_network, lambda text: re.sub(r"^  A(\d:)", r"  Z\1", text, flags=re.MULTILINE)
    ),
    "more-resources-than-the-limit": (change(r"^Metadata:\n", QUOTA), many(500)),
    "more-than-a-raised-quota": (
        change(r"^Metadata:\n", QUOTA.replace("1000", "70")), many(71)
    ),
}  # fmt: skip
