"""The literals of a template that was rendered here: checked, and left out.

Customers' templates differ in networks, ids, names, tags and descriptions. Each of these is checked
here, as strictly as cfn-lint and the pack do it. A literal that is anything but plain stays.
"""

from __future__ import annotations

import re
from functools import lru_cache

from generator.errors import FieldError
from generator.model import Peer, Traffic

# Texts that YAML takes for a text, EC2 accepts wherever there is one, and nothing looks into. What
# only people read may be longer, and may hold an apostrophe.
_NOT_A_WORD = r"(?!(?i:yes|no|on|off|true|false|null|y|n)$)"
_TEXT = (
    rf"(?:{_NOT_A_WORD}[A-Za-z](?:[A-Za-z0-9 _./()&,;+=-]{{0,198}}[A-Za-z0-9_./()])?"
    r'|"(?!AWS::)[A-Za-z0-9 _./():#,@+=;-]{1,200}")$'
)
_PROSE = (
    rf"(?:{_NOT_A_WORD}[A-Za-z](?:[A-Za-z0-9 _./()&,;+='-]{{0,898}}[A-Za-z0-9_./()])?"
    r"""|"(?!AWS::)[A-Za-z0-9 _./():#,@+=;'-]{1,900}")$"""
)
_TEXTS = re.compile(rf"^( +(?:(?:Group)?Description|Value): ){_TEXT}", re.MULTILINE)
_PROSES = re.compile(rf"^( *(?:(?:Constraint|Assert)?Description|default): ){_PROSE}", re.MULTILINE)
_ROLE = re.compile(r'(!Sub "\$\{[A-Za-z0-9:]+\}-)[A-Za-z0-9-]+"')
_EXISTING = re.compile(r"^(    Value: )sg-(?:[0-9a-f]{8}|[0-9a-f]{17})$", re.MULTILINE)
_DEFAULT = re.compile(
    rf"^(    Default: )({_NOT_A_WORD}[A-Za-z][A-Za-z0-9-]{{0,99}}|\"[A-Za-z0-9-]{{1,100}}\")\n"
    r"(    AllowedPattern: '([^'\n]+)'\n)",
    re.MULTILINE,
)
_DEFAULTS = re.compile(r"^    Default: (.*)$", re.MULTILINE)
_NAME = re.compile(r"[A-Za-z0-9-]{0,200}")  # with a role, less than the 256 of a tag
_PORTS = re.compile(r"(tcp|udp)\n      FromPort: (\d+)\n      ToPort: (\d+)")
_KINDS = {
    "CidrIp": "cidr_ipv4",
    "CidrIpv6": "cidr_ipv6",
    "SourcePrefixListId": "prefix_list",
    "DestinationPrefixListId": "prefix_list",
    "SourceSecurityGroupId": "security_group",
    "DestinationSecurityGroupId": "security_group",
}


@lru_cache(1000)
def without_texts(lines: str) -> str:
    """Lines of a resource, without plain descriptions, values of tags and roles."""
    return _ROLE.sub(r'\1<role>"', _TEXTS.sub(r"\1<text>", lines))


@lru_cache(1000)
def without_prose(lines: str) -> str:
    """Lines of anything else, without what only people read, and without IDs in outputs."""
    lines = _EXISTING.sub(r"\1<id>", _PROSES.sub(r"\1<text>", lines))
    return _ROLE.sub(r'\1<role>"', lines)


def without_name(parameter: str) -> str:
    """The lines of a parameter that is a part of texts only, without a plain name as its default.

    Elsewhere it may be an ID, or the peer of another rule. Raises re.error for no pattern.
    """
    return _DEFAULT.sub(_if_allowed, parameter)


def _if_allowed(match: re.Match[str]) -> str:
    """A default without its name, if its pattern allows it."""
    start, value, end, pattern = match.groups()
    return f"{start}<name>\n{end}" if re.fullmatch(pattern, value.strip('"')) else match[0]


def defaults(parameters: str) -> set[str]:
    """What parameters have by default. Raises FieldError for what may be a peer, written unusually.

    With the others, the text of a peer tells whether it is the same.
    """
    found = {value.strip("\"'") for value in _DEFAULTS.findall(parameters)}
    for value in found:
        if not _NAME.fullmatch(value):
            Peer.parse(value)
    return found


def without_peer(key: str, written: str, kept: set[str]) -> str:
    """The value of a property that is a peer, if it is not a reference; FieldError if not valid."""
    value = written.strip('"')
    if _kind(value) != _KINDS[key]:
        raise FieldError(f"not a {_KINDS[key]}")
    return written if value in kept else "<peer>"


@lru_cache(1000)
def _kind(value: str) -> str:
    return Peer.parse(value).kind


@lru_cache(1000)
def without_ports(traffic: str) -> str:
    """Protocol and ports as they are in a template; of TCP and UDP only the protocol."""
    ports = _PORTS.fullmatch(traffic)
    if not ports:
        return traffic
    Traffic(ports[1], int(ports[2]), int(ports[3]))
    return f"{ports[1]} <ports>"
