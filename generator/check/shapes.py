"""What a template that was rendered here has in common with others: all but its checked literals.

Customers' templates differ in networks, ids, names, tags and descriptions. Each of these is checked
here, as strictly as cfn-lint and the pack do it, and taken out. Templates that then are the same
have one shape, and one of them is linted for all.

What relates one rule to another is checked here, too: each rule is there once, within the quota,
under an id of its own. A literal that is anything but plain stays in the shape, and a template with
anything that is not certain has none: it is linted like any other.
"""

from __future__ import annotations

import re
from collections import Counter

from generator.errors import FieldError
from generator.model import RULES_DEFAULT, Peer, Traffic

CHARACTERS_MAX = 500_000  # half of what CloudFormation accepts
BLOCKS_MAX = 400  # of the 500 resources that it accepts
_SECTIONS = re.compile(r"((?:#[^\n]*\n)+)---\n(.*\nResources:\n)(.*)(\nOutputs:\n.*)", re.DOTALL)
_PEER_KEY = r"CidrIp|CidrIpv6|(?:Source|Destination)(?:PrefixListId|SecurityGroupId)"
_PORT = r"(?:-1|\d{1,5})"
_RULE = re.compile(
    rf"""  (?P<id>[A-Za-z0-9]{{1,200}}):
    Type: AWS::EC2::SecurityGroup(?P<way>Ingress|Egress)
(?P<condition>(?:    Condition: [A-Za-z0-9]+\n)?)    Properties:
      GroupId: (?P<group>!GetAtt [A-Za-z0-9]+\.GroupId|sg-[0-9a-f]+)
      IpProtocol: (?P<traffic>"-1"|(?:tcp|udp|icmp|icmpv6)
      FromPort: {_PORT}
      ToPort: {_PORT})
      (?P<key>{_PEER_KEY}): (?P<peer>.+(?:\n {{8}}.+)*)
(?P<owner>(?:      SourceSecurityGroupOwnerId: "\d{{12}}"\n)?)      Description: (?P<description>.+)
"""
)
_KINDS = {
    "CidrIp": "cidr_ipv4",
    "CidrIpv6": "cidr_ipv6",
    "SourcePrefixListId": "prefix_list",
    "DestinationPrefixListId": "prefix_list",
    "SourceSecurityGroupId": "security_group",
    "DestinationSecurityGroupId": "security_group",
}
_PORTS = re.compile(r"(tcp|udp)\n      FromPort: (\d+)\n      ToPort: (\d+)")
_PEER = "<peer>"
_EVERYWHERE = ('"0.0.0.0/0"', '"::/0"')
_REFERENCE = re.compile(r"!(?:GetAtt|Ref|If)\b")
_LITERAL = re.compile(r'"([0-9a-f.:]+/\d+)"|((?:pl|sg)-[0-9a-f]+)')
_QUOTA = re.compile(r"^          quota: (\d+)$", re.MULTILINE)
_KEY = re.compile(r"^  ([^ #\n][^\n]*):", re.MULTILINE)
# Texts that YAML takes for a text, EC2 accepts wherever there is one, and nothing looks into.
_WORDS = "yes|no|on|off|true|false|null|y|n"
_TEXT = (
    rf"(?:(?!(?i:{_WORDS})\n)[A-Za-z](?:[A-Za-z0-9 _./()&,;+=-]{{0,198}}[A-Za-z0-9_./()])?"
    r'|"[A-Za-z0-9 _./():#,@+=;-]{1,200}")(?=\n)'
)
_PLAIN = re.compile(_TEXT)
_FREE = re.compile(rf"(^Description: |^        - Key: .+\n          Value: ){_TEXT}", re.MULTILINE)
_DEFAULT = re.compile(
    rf"^(    Default: )(?!(?i:{_WORDS})\n)([A-Za-z][A-Za-z0-9-]{{0,99}})\n"
    r"(    AllowedPattern: '([^'\n]+)'\n)",
    re.MULTILINE,
)


def shape(text: str) -> str | None:
    """What decides what cfn-lint finds in a template; None if all of the template does.

    Only for what the built-in templates rendered, and only without advice: what is open to the
    internet, or nearly too much, depends on the literals.
    """
    sections = _SECTIONS.fullmatch(text)
    if not sections or len(text) > CHARACTERS_MAX:
        return None
    comments, before, resources, after = sections.groups()
    if not comments.replace("\n", "").isprintable():  # YAML refuses others, or breaks a line there
        return None
    blocks = re.split(r"^(?=  [^ ])", resources, flags=re.MULTILINE)
    found = [_RULE.fullmatch(block) for block in blocks]
    rules = [rule for rule in found if rule]
    others = "".join(block for block, rule in zip(blocks, found, strict=True) if not rule)
    names = _KEY.findall(before + resources + after)
    if len(blocks) > BLOCKS_MAX or len(names) != len(set(names)):
        return None
    if not _each_once(rules) or not _within_quota(rules, before):
        return None
    owned = [rule["group"] for rule in rules if rule["group"].startswith("sg-")]
    groups = {each: f"<existing {i}>" for i, each in enumerate(dict.fromkeys(owned))}
    for each, name in groups.items():
        after = after.replace(f"Value: {each}\n", f"Value: {name}\n")
    try:
        fixed = _without_texts(before + others)
        rest = fixed + after
        if any(rule["id"] in rest for rule in rules):
            return None
        kinds = sorted({_kind(rule, groups, rest) for rule in rules})
    except (FieldError, re.error):
        return None
    return "\n".join([fixed, *kinds, after])


def _without_texts(fixed: str) -> str:
    """The part of a template that is not its rules, without its name and the values of its tags."""

    def default(match: re.Match[str]) -> str:
        start, value, end, pattern = match.groups()
        return f"{start}<name>\n{end}" if re.search(pattern, value) else match[0]

    return _DEFAULT.sub(default, _FREE.sub(r"\1<text>", fixed))


def _each_once(rules: list[re.Match[str]]) -> bool:
    """Whether EC2 would take each rule for one of its own. It does not look at descriptions."""
    identities = [rule.group("way", "group", "traffic", "key", "peer") for rule in rules]
    return len(identities) == len(set(identities))


def _within_quota(rules: list[re.Match[str]], before: str) -> bool:
    """Whether the rules are within the quota even if all are in force, whatever their family."""
    quota = _QUOTA.search(before)
    most = int(quota[1]) if quota else RULES_DEFAULT
    counts = Counter(rule.group("way", "group") for rule in rules)
    return all(number < most for number in counts.values())  # the placeholder is one, too


def _kind(rule: re.Match[str], groups: dict[str, str], rest: str) -> str:
    """A rule without its id and its literals. Raises FieldError for a literal that is not valid."""
    group, traffic, peer = rule["group"], rule["traffic"], _peer(rule, groups, rest)
    if group in groups:
        _check(group, "security_group")
        group = groups[group]
    if peer == _PEER:
        traffic = _without_ports(traffic)
        if f"\n  {group[8:-8]}:\n    Type: AWS::EC2::SecurityGroup\n    Properties:\n" in rest:
            group = "<group>"
    description = rule["description"] + "\n"
    return "\n".join(
        [
            *rule.group("way", "condition", "key"),
            *(group, traffic, peer, "<owner>" if rule["owner"] else ""),
            "<text>" if _PLAIN.match(description) else description,
        ]
    )


def _peer(rule: re.Match[str], groups: dict[str, str], rest: str) -> str:
    key, written = rule.group("key", "peer")
    if written in _EVERYWHERE or _REFERENCE.match(written):
        return written
    literal = _LITERAL.fullmatch(written)
    if not literal:
        raise FieldError("not a literal that is known")
    value = literal[1] or literal[2]
    _check(value, _KINDS[key])
    if value in groups:
        return groups[value]
    # It may be what a parameter has by default, or a rule within a group.
    return written if value in rest else _PEER


def _check(value: str, kind: str) -> None:
    if Peer.parse(value).kind != kind:
        raise FieldError(f"not a {kind}")


def _without_ports(traffic: str) -> str:
    """Protocol and ports as they are in a template; of TCP and UDP only the protocol."""
    ports = _PORTS.fullmatch(traffic)
    if not ports:
        return traffic
    Traffic(ports[1], int(ports[2]), int(ports[3]))
    return f"{ports[1]} <ports>"
