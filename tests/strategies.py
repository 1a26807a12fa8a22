"""What hypothesis draws: valid deployments of the shipped rules of release 3.7."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address, ip_network

from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from generator.errors import FieldError
from generator.load import RuleData, shipped
from generator.model import PEER_NAME, Deployment, Peer, PrefixList
from generator.resolve import resolve

DATA = RuleData(shipped("rule_data"))
RELEASE = DATA.release("3.7")
TOGETHER = [
    rule.endpoints
    for group in RELEASE.rules.values()
    for *_, table in group.tables()
    for rule in table
    if len(rule.endpoints) > 1
]
MEDIATED = tuple(role for role, group in DATA.catalogue.groups.items() if group.ha_only)


def resolved(deployment):
    return resolve(deployment, DATA.release(deployment.release), DATA.catalogue)


def subnets(network, new_prefix):
    parent = ip_network(network)
    return [
        str(subnet)
        for length in range(parent.prefixlen, new_prefix + 1)
        for subnet in parent.subnets(new_prefix=length)
    ]


def any_network(bits):
    addresses = st.integers(0, 2**bits - 1).map(lambda n: ip_address(n.to_bytes(bits // 8, "big")))
    return st.tuples(addresses, st.integers(0, bits)).map(
        lambda pair: str(ip_network(f"{pair[0]}/{pair[1]}", strict=False))
    )


# In a crowded space, networks are often equal, nested or adjacent.
NETWORKS_V4 = st.sampled_from(["0.0.0.0/0", *subnets("10.0.0.0/29", 32)]) | any_network(32)
NETWORKS_V6 = st.sampled_from(["::/0", *subnets("2001:db8::/125", 128)]) | any_network(128)
HEXADECIMAL = st.sampled_from(["0" * 8, "01234567", "0123456789abcdef0"]) | st.from_regex(
    "([0-9a-f]{8}|[0-9a-f]{17})", fullmatch=True
)
PREFIX_LISTS = HEXADECIMAL.map("pl-{}".format)
GROUPS = HEXADECIMAL.map("sg-{}".format) | HEXADECIMAL.map("123456789012/sg-{}".format)
COUNTED = st.builds(PrefixList, PREFIX_LISTS, st.integers(1, 5))


def bindables(roles):
    """A peer, or a prefix list with its maximum entries; groups are of the deployment's roles."""
    texts = [NETWORKS_V4, NETWORKS_V4, NETWORKS_V6, PREFIX_LISTS, GROUPS]
    groups = st.sampled_from([f"group:{role}" for role in roles])
    return st.one_of(*texts, groups).map(Peer.parse) | COUNTED


PEER_NAMES = st.from_regex(PEER_NAME, fullmatch=True)


@st.composite
def bindings(draw, roles):
    peers = draw(st.lists(bindables(roles), max_size=4))
    if draw(st.booleans()):
        return tuple(peers)
    size = {"min_size": len(peers), "max_size": len(peers)}
    names = draw(st.lists(PEER_NAMES, unique=True, **size))
    return dict(zip(names, peers, strict=True))


@st.composite
def endpoints(draw, roles):
    """Bindings of some endpoints. Those that share a row often have peers in common."""
    bound = draw(st.dictionaries(st.sampled_from([*DATA.catalogue.endpoints]), bindings(roles)))
    for names in TOGETHER if draw(st.booleans()) else ():
        shared = draw(st.lists(bindables(roles), min_size=1, max_size=2))
        for name in draw(st.lists(st.sampled_from(names), min_size=1, unique=True)):
            bound[name] = (*draw(st.lists(bindables(roles), max_size=2)), *shared)
    return bound


WORDS = st.lists(st.from_regex("[a-z][a-z0-9]{0,9}", fullmatch=True), min_size=1, max_size=5)
TEXTS = st.text('aZ0 :${}%{}"\\#é', max_size=8)
TAGS = st.dictionaries(TEXTS.filter(bool), TEXTS, max_size=3)


def some_of(names):
    """Often none, else a few of the names."""
    few = st.lists(st.sampled_from([*names]), max_size=3, unique=True) if names else st.just([])
    return st.one_of(st.just([]), few).map(tuple)


def features(release):
    return st.dictionaries(
        st.sampled_from(DATA.release(release).features), st.booleans(), max_size=6
    )


@st.composite
def deployments(draw, **fixed):
    """A deployment that its rule data accepts. `fixed` gives some of its fields a value."""
    topology = draw(st.sampled_from(["ha", "single-node"]))
    release = draw(st.sampled_from([RELEASE.id, *DATA.releases()]))
    documented = DATA.release(release).info.groups
    possible = [r for r in documented if topology == "ha" or r not in MEDIATED]
    groups = draw(st.none() | st.lists(st.sampled_from(possible), min_size=1, unique=True))
    roles = groups or [r for r in possible if not DATA.catalogue.groups[r].created_by_product]
    fields = {
        "name": draw(WORDS.map("-".join)),
        "release": release,
        "topology": topology,
        "groups": None if groups is None else tuple(groups),
        "outbound": draw(st.sampled_from(["advanced", "basic"])),
        "endpoints": draw(endpoints(roles)),
        "supplements": draw(some_of(DATA.catalogue.supplements)),
        "features": draw(st.none() | features(release)),
        "tags": draw(TAGS),
        "quota": 1000,
        "compact": draw(st.booleans()),
        "protect": draw(st.booleans()),
    }
    left = [name for name in DATA.catalogue.endpoints if name not in fields["endpoints"]]
    fields["open"] = draw(some_of(left))
    try:
        deployment = Deployment(**fields | fixed)
    except FieldError:
        assume(False)
    assume(not [*DATA.problems(deployment)])
    return deployment


def peers(*texts):
    return tuple(map(Peer.parse, texts))


# Rare cases, for runs too short to draw them: IPv6 pings, and a peer that two endpoints share.
NOTABLE = Deployment(
    "notable",
    RELEASE.id,
    endpoints={
        "ping-clients": peers("10.0.0.0/8", "2001:db8::/32"),
        "outbound-internet": peers("10.0.0.0/8", "pl-01234567", "2001:db8::/32"),
        "ontap-cluster-management-lif": peers("pl-01234567", "sg-01234567", "group:manager"),
    },
    quota=1000,
)
SHARED_LATER = replace(
    NOTABLE, groups=("manager",), endpoints={"outbound-internet": peers("10.0.0.0/8", "::/0")}
)


def sample(strategy, count, derandomize=True):
    """That many different values, for tests that take many at a time."""
    found = {}

    @settings(
        max_examples=2 * count + 20,
        derandomize=derandomize,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=[*HealthCheck],
    )
    @given(strategy)
    def collect(value):
        found.setdefault(repr(value), value)

    collect()
    varied = [*found.values()][-count:]  # the first ones are the simplest
    assert len(varied) == count
    return varied
