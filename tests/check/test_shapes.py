"""One lint for all templates of a shape finds what linting every one of them finds."""

from __future__ import annotations

import random
import re
from functools import cache

import pytest
from strategies import deployments, peers, resolved, sample

from generator.check import lint
from generator.check.shapes import shape
from generator.load import shipped
from generator.model import Deployment
from generator.render import render

RULE = re.compile(r"  \w+:\n    Type: AWS::EC2::SecurityGroup(?:In|E)gress\n(?: {4}.*\n)+")
NETWORK = re.compile(r'(CidrIp: )"10\.[0-9./]+"')
LONG = "x" * 256


def template(deployment):
    files = render(resolved(deployment), [shipped("templates")], "cloudformation")
    return files["template.yaml"]


BOUND = {
    "ping-clients": peers("10.0.0.0/8", "2001:db8::/32", "111122223333/sg-89abcdef"),
    "administrators": peers("10.3.0.0/16", "2001:db8:3::/48"),
    "ontap-cluster-management-lif": peers("pl-01234567", "sg-01234567"),
    "active-directory": peers("10.1.0.0/16", "10.2.0.0/16"),
}
ACME = Deployment(
    "acme",
    "3.7",
    topology="single-node",
    groups=("manager", "cloud-volumes-ontap"),
    outbound="advanced",
    endpoints=BOUND,
    tags={"CostCenter": "4711", "Owner": "storage team"},
)


@cache
def acme():
    return template(ACME)


def find(text, what):
    """A part of a template by which a test changes it."""
    match = re.search(what, text, re.MULTILINE)
    assert match, what
    return match[0]


def change(old, new):
    """A change of the first part of a template that matches a pattern; none where there is none."""
    return lambda text: re.sub(old, new, text, count=1, flags=re.MULTILINE)


def another(changed):
    """A rule once more, under another id, changed."""

    def planted(text):
        for rule in RULE.findall(text):
            again = changed(re.sub(r"\A  \w+", "  Another", rule))
            if again != rule and NETWORK.search(rule):
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
    "logical-id": change(r"^  ManagerIngress\w+:", "  Something:"),
    "value-of-a-tag": change(r"storage team", "network team"),
    "name": change(r"Default: acme", "Default: widgets-prod"),
    "header": change(r"^# Command: .*", "# Command: another"),
    "one-more-network": another(lambda rule: NETWORK.sub(r'\1"10.77.0.0/16"', rule)),
}

ERRORS = {
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
    "over-the-quota": many(70),
    "over-the-limit-of-resources": many(600),
    "id-twice": change(r"^  (\w+Ingress\w+):\n((?: {4}.*\n)+)", r"  \1:\n\2  \1:\n\2"),
    "id-of-a-parameter": change(r"^  ManagerIngress\w+:", "  VpcId:"),
    "id-with-a-hyphen": change(r"^  ManagerIngress\w+:", "  Manager-Ingress:"),
    "long-id": change(r"^  ManagerIngress\w+:", f"  {LONG}:"),
    "key-of-a-tag-twice": change(r"Key: Owner", "Key: CostCenter"),
    "key-of-a-tag-is-a-list": change(r"Key: Owner", "Key: [Owner]"),
    "key-of-a-tag-too-long": change(r"Key: Owner", f"Key: {LONG}"),
    "value-of-a-tag-too-long": change(r"storage team", LONG * 2),
    "substitution-in-a-tag": change(r"storage team", '"${Name}"'),
    "value-of-a-tag-is-null": change(r"storage team", "null"),
    "id-of-another-rule": change(
        r"^  (ManagerIngress\w+):\n((?: {4}.*\n)+)  \w+:", r"  \1:\n\2  \1:"
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
        r"^(    Type: AWS::EC2::SecurityGroup\n)((?:.*\n)*?)^(  Manager\w+gress\w+):\n",
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
}  # fmt: skip

EGRESS = """  Another:
    Type: AWS::EC2::SecurityGroupEgress
    Properties:
      GroupId: !GetAtt ManagerSecurityGroup.GroupId
      IpProtocol: "-1"
      CidrIp: "{}"
      Description: All
"""
QUOTA = """Metadata:
  cfn-lint:
    config:
      configure_rules:
        E9304:
          quota: 1000
"""
OF_ANOTHER = {  # errors in templates that are a little different
    "rule-that-another-resource-depends-on": (
        change(
            r"^(  (Manager\w+gress\w+):\n(?:.*\n)*    Type: AWS::EC2::SecurityGroup\n)",
            r"\1    DependsOn: \2\n",
        ),
        change(r"^  Manager\w+gress\w+:", "  Renamed:"),
    ),
    "rule-that-the-group-has-itself": (
        change(r"^\nOutputs:", EGRESS.format("10.9.0.0/16") + "\nOutputs:"),
        change(r"10\.9\.0\.0/16", "127.0.0.1/32"),
    ),
    "name-that-the-pattern-refuses": (
        change(r"AllowedPattern: .*", "AllowedPattern: '^[a-m]+$'"),
        change("Default: acme", "Default: zebra"),
    ),
    "malformed-id-of-an-existing-group": (
        change(r"^(      GroupId: ).*", r"\1sg-0a0a0a0a"),
        change("GroupId: sg-0a0a0a0a", "GroupId: sg-012345"),
    ),
    "more-resources-than-the-limit": (change(r"^Metadata:\n", QUOTA), many(500)),
    "more-than-a-raised-quota": (
        change(r"^Metadata:\n", QUOTA.replace("1000", "70")), many(71)
    ),
}  # fmt: skip


@pytest.mark.parametrize(("before", "planted"), OF_ANOTHER.values(), ids=OF_ANOTHER)
def test_an_error_is_not_of_the_shape_of_what_it_was_planted_in(before, planted):
    other = before(acme())
    wrong = planted(other)
    assert acme() != other != wrong
    assert shape(wrong) != shape(other)


@pytest.mark.slow
@pytest.mark.parametrize(("before", "planted"), OF_ANOTHER.values(), ids=OF_ANOTHER)
def test_only_the_error_is_one_to_cfn_lint(before, planted):
    assert lint(before(acme()), "t.yaml", advice=False) == []
    assert lint(planted(before(acme())), "t.yaml", advice=False)


@pytest.mark.parametrize("changed", SAME.values(), ids=SAME)
def test_what_our_model_checks_leaves_the_shape_as_it_is(changed):
    other = changed(acme())
    assert other != acme()
    assert shape(other) == shape(acme()) is not None


@pytest.mark.parametrize("planted", ERRORS.values(), ids=ERRORS)
def test_an_error_is_not_of_the_shape(planted):
    wrong = planted(acme())
    assert wrong != acme()
    assert shape(wrong) != shape(acme())


@pytest.mark.slow
@pytest.mark.parametrize("planted", ERRORS.values(), ids=ERRORS)
def test_each_of_these_errors_is_one_to_cfn_lint(planted):
    assert lint(planted(acme()), "t.yaml", advice=False)


@pytest.mark.slow
@pytest.mark.parametrize("changed", SAME.values(), ids=SAME)
def test_each_of_these_changes_is_none_to_cfn_lint(changed):
    assert lint(changed(acme()), "t.yaml", advice=False) == []


# Edits of a text, most of which break it.
CHARACTERS = """ :"'#$&*!?|>%@`{}[],\\\n’019aFx-/."""


def edit(draw, text):
    """One random edit: of a line, of a character, or of a word or number."""
    lines = text.splitlines(keepends=True)
    i, j = draw.randrange(len(lines)), draw.randrange(len(lines))
    at = draw.randrange(len(text))
    words = [*re.finditer(r"[\w.:/-]+", text)]
    word, other = draw.choice(words), draw.choice(words)
    rules = RULE.findall(text)
    match draw.randrange(8):
        case 0:
            del lines[i]
        case 1:
            lines.insert(j, lines[i])
        case 2:
            lines[i], lines[j] = lines[j], lines[i]
        case 3:
            return text[:at] + draw.choice(CHARACTERS) + text[at:]
        case 4:
            return text[:at] + text[at + 1 :]
        case 5:
            return text[: word.start()] + other[0] + text[word.end() :]
        case 6:
            return _renumbered(draw, text)
        case 7:
            rule = draw.choice(rules) if rules else ""
            again = re.sub(r"\A  \w+", f"  Again{at}", rule)
            return text.replace(rule, rule + _renumbered(draw, again)) if rule else text
    return "".join(lines)


def _renumbered(draw, text):
    """Another number in the place of one."""
    number = draw.choice([*re.finditer(r"\d+", text)])
    return text[: number.start()] + str(draw.randrange(300)) + text[number.end() :]


def wander(draw, text, steps):
    """A template of the same shape, many random edits away, and how many of them were taken."""
    kept, taken = shape(text), 0
    for _ in range(steps):
        edited = edit(draw, text)
        if edited != text and shape(edited) == kept:
            text, taken = edited, taken + 1
    return text, taken


def test_cfn_lint_finds_nothing_in_what_random_edits_leave_of_one_shape(proof):
    other, taken = wander(random.Random(1), acme(), 250)
    assert taken > 10
    assert lint(other, "t.yaml", advice=False) == []
    proof("edits of a template that kept its shape", taken)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20))
def test_of_random_templates_neither_edits_nor_errors_are_taken_for_clean(proof, seed):
    """Of each shape one template is known to be clean: so is every one that has the same shape."""
    draw = random.Random(seed)
    deployment = draw.choice(drawn())
    text = template(deployment)
    known = shape(text)
    assert lint(text, "t.yaml", advice=False) == []
    other, taken = wander(draw, text, 1000)
    wrong = [planted(each) for planted in ERRORS.values() for each in (text, other)]
    wrong = [each for each in wrong if each not in (text, other)]
    # One may be no error here: a quota may be higher, and an id be free.
    for each in (other, *(each for each in wrong if shape(each) == known)):
        assert lint(each, "t.yaml", advice=False) == []
    proof("edits of a template that kept its shape", taken)
    proof("errors planted in literals and structure of random templates", len(wrong))


@cache
def drawn():
    return sample(deployments(), 200)


@pytest.mark.slow
def test_random_deployments_of_one_shape_have_one_verdict(proof):
    alike = {}
    for deployment in drawn():
        text = template(deployment)
        alike.setdefault(shape(text), []).append(text)
    alike.pop(None, None)
    several = [texts for texts in alike.values() if texts[1:]]
    assert len(several) > 10
    for texts in several:
        for text in (texts[0], texts[-1]):
            assert lint(text, "t.yaml", advice=False) == []
    proof("templates of a shape, linted one by one", 2 * len(several))
