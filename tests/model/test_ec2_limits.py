"""The limits of the model are those of AWS, as the service models of botocore describe them."""

import re
from functools import cache
from html import unescape
from string import printable

import pytest
from botocore.loaders import Loader

from generator.errors import FieldError
from generator.model import EC2_TEXT, ICMP, Peer, Traffic
from generator.model.deployment import TAG_KEY_MAX, TAG_RESERVED, TAG_VALUE_MAX


@cache
def service(name):
    return Loader().load_service_model(name, "service-2")["shapes"]


def described(shape, member):
    """What the EC2 API says of a member of a shape."""
    html = service("ec2")[shape]["members"][member]["documentation"]
    return " ".join(unescape(re.sub("<[^>]+>", "", html)).split())


@pytest.mark.parametrize(
    ("member", "said"),
    [
        ("Key", f"a maximum of {TAG_KEY_MAX} Unicode characters."),
        ("Key", f"May not begin with {TAG_RESERVED}"),
        ("Value", f"a maximum of {TAG_VALUE_MAX} Unicode characters."),
    ],
)
def test_a_tag_is_as_long_as_ec2_allows(member, said):
    assert said in described("Tag", member)


@pytest.mark.parametrize(
    ("shape", "member"),
    [
        ("CreateSecurityGroupRequest", "GroupName"),
        ("CreateSecurityGroupRequest", "Description"),
        ("IpRange", "Description"),
        ("Ipv6Range", "Description"),
        ("UserIdGroupPair", "Description"),
        ("PrefixListId", "Description"),
    ],
)
def test_names_and_descriptions_have_the_characters_that_ec2_allows(shape, member):
    text = described(shape, member)
    assert "Up to 255 characters in length" in text
    signs = re.search(r"a-z, A-Z, 0-9, spaces, and (\S+)$", text)[1]
    ours = {c for c in printable if EC2_TEXT.fullmatch(c) and not c.isalnum() and c != " "}
    # The pages of these two lack &, which the error of EC2 allows for every kind of peer.
    assert ours - set(signs) == ({"&"} if shape in ("UserIdGroupPair", "PrefixListId") else set())
    assert set(signs) <= ours
    assert EC2_TEXT.fullmatch("a" * 255)
    assert not EC2_TEXT.fullmatch("a" * 256)


def test_protocols_are_those_that_ec2_names():
    text = described("IpPermission", "IpProtocol")
    assert "name (tcp, udp, icmp, icmpv6) or number" in text
    assert "Use -1 to specify all protocols" in text
    assert "For tcp, udp, and icmp, you must specify a port range" in text
    for protocol in ("tcp", "udp", "icmp"):
        with pytest.raises(FieldError, match="needs from_port and to_port"):
            Traffic(protocol)


def test_every_icmp_type_means_every_code():
    said = "If the start port is -1 (all ICMP types), then the end port must be -1 (all ICMP codes)"
    assert said in described("IpPermission", "ToPort")
    for protocol in ICMP:
        assert Traffic(protocol, -1, -1)
        with pytest.raises(FieldError, match="needs code -1"):
            Traffic(protocol, -1, 0)


def test_an_account_has_the_id_that_aws_gives_it():
    accounts = re.compile(service("organizations")["AccountId"]["pattern"])
    for account in ("123456789012", "12345678901", "1234567890123", "12345678901a"):
        try:
            owner = Peer.parse(f"{account}/sg-01234567").owner
        except FieldError:
            owner = None
        assert bool(accounts.fullmatch(account)) == (owner == account), account
