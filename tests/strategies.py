"""What hypothesis draws: valid deployments of the shipped rules of release 3.7."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from ipaddress import ip_address, ip_network

from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from samples import DATA, peers, resolved

from generator.errors import FieldError
from generator.model import PEER_NAME, Deployment, Peer, PrefixList

RELEASE = DATA.release("3.7")
TOGETHER = [
    rule.endpoints
    for group in RELEASE.rules.values()
    for *_, table in group.tables()
    for rule in table
    if len(rule.endpoints) > 1
]
MEDIATED = tuple(role for role, group in DATA.catalogue.groups.items() if group.ha_only)

# To check a new strategy takes hypothesis longer than to draw from it, so that each is made once.
booleans, lists, dictionaries = cache(st.booleans), cache(st.lists), cache(st.dictionaries)


@cache
def one_of(*values):
    return st.sampled_from(values)


@cache
def none_or(strategy):
    return st.none() | strategy


@cache
def empty_or(strategy):
    return st.just({}) | strategy


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


@cache
def bindables(roles):
    """A peer, or a prefix list with its maximum entries; groups are of the deployment's roles."""
    texts = [NETWORKS_V4, NETWORKS_V4, NETWORKS_V6, PREFIX_LISTS, GROUPS]
    groups = st.sampled_from([f"group:{role}" for role in roles])
    return st.one_of(*texts, groups).map(Peer.parse) | COUNTED


ENDPOINTS = one_of(*DATA.catalogue.endpoints)
PEER_NAMES = st.from_regex(PEER_NAME, fullmatch=True)


@cache
@st.composite
def bindings(draw, roles):
    peers = draw(lists(bindables(roles), max_size=4))
    if draw(booleans()):
        return tuple(peers)
    names = draw(_names(len(peers)))
    return dict(zip(names, peers, strict=True))


@cache
def of_one_group(release, roles):
    """The keys that bind an endpoint in the rules of one group only."""
    used = {role: DATA.catalogue.endpoints_of(DATA.release(release), role) for role in roles}
    endpoints = DATA.catalogue.endpoints
    keys = (f"{role}/{name}" for role in roles for name in endpoints if name in used[role])
    return one_of(*keys)


@cache
@st.composite
def endpoints(draw, roles, release):
    """Bindings of some endpoints. Those that share a row often have peers in common."""
    bound = draw(dictionaries(ENDPOINTS, bindings(roles)))
    own = dictionaries(of_one_group(release, roles), bindings(roles), max_size=3)
    bound |= draw(empty_or(own))
    for names in TOGETHER if draw(booleans()) else ():
        shared = draw(lists(bindables(roles), min_size=1, max_size=2))
        for name in draw(lists(one_of(*names), min_size=1, unique=True)):
            bound[name] = (*draw(lists(bindables(roles), max_size=2)), *shared)
    return bound


WORDS = st.lists(st.from_regex("[a-z][a-z0-9]{0,9}", fullmatch=True), min_size=1, max_size=5)
NAMES = WORDS.map("-".join)
TEXTS = st.text('aZ0 :${}%{}"\\#é', max_size=8)
TAGS = st.dictionaries(TEXTS.filter(bool), TEXTS, max_size=3)


@cache
def some_of(*names):
    """Often none, else a few of the names."""
    few = lists(one_of(*names), max_size=3, unique=True) if names else st.just([])
    return st.one_of(st.just([]), few).map(tuple)


@cache
def features(release):
    return dictionaries(one_of(*DATA.release(release).features), booleans(), max_size=6)


# Ids of groups that something else owns, which no other peer has.
OWNED = {role: f"sg-e{i:07x}" for i, role in enumerate(DATA.catalogue.groups)}


@cache
@st.composite
def taken_over(draw, roles):
    """Groups that are adopted, and those that something else owns; often neither."""
    how = draw(none_or(dictionaries(one_of(*roles), booleans()))) or {}
    adopted = tuple(role for role, is_ours in how.items() if is_ours)
    return adopted, {role: OWNED[role] for role in how if role not in adopted} or None


@st.composite
def deployments(draw, **fixed):
    """A deployment that its rule data accepts. `fixed` gives some of its fields a value."""
    topology = draw(one_of("ha", "single-node"))
    release = draw(one_of(RELEASE.id, *DATA.releases()))
    documented = DATA.release(release).info.groups
    possible = [r for r in documented if topology == "ha" or r not in MEDIATED]
    groups = draw(none_or(lists(one_of(*possible), min_size=1, unique=True)))
    created = (r for r in possible if not DATA.catalogue.groups[r].created_by_product)
    roles = tuple(groups or created)
    fields = {
        "name": draw(NAMES),
        "release": release,
        "topology": topology,
        "groups": None if groups is None else tuple(groups),
        "outbound": draw(one_of("advanced", "basic")),
        "endpoints": draw(endpoints(roles, release)),
        "supplements": draw(some_of(*DATA.catalogue.supplements)),
        "features": draw(none_or(features(release))),
        "tags": draw(TAGS),
        "quota": 1000,
        "compact": draw(booleans()),
        "protect": draw(booleans()),
        **dict(zip(("adopted", "existing"), draw(taken_over(roles)), strict=True)),
        "connect_groups": draw(booleans()),
    }
    left = [name for name in DATA.catalogue.endpoints if name not in fields["endpoints"]]
    fields["open"] = draw(some_of(*left))
    try:
        deployment = Deployment(**fields | fixed)
    except FieldError:
        assume(False)
    assume(not [*DATA.problems(deployment)])
    return deployment


# Moves from one deployment to another, one change at a time.


def _bound(deployment, **bindings):
    given = {name.replace("_", "-"): bound for name, bound in bindings.items()}
    endpoints = {**(deployment.endpoints or {}), **given}
    return replace(
        deployment,
        endpoints={name: bound for name, bound in endpoints.items() if bound is not None},
        open=tuple(name for name in deployment.open if given.get(name) is None),
    )


def _items(bound):
    return [*(bound.values() if isinstance(bound, Mapping) else bound)]


def rename_labels(draw, deployment):
    """Every peer gets a name, or another one."""
    return replace(
        deployment,
        endpoints={
            name: dict(zip(draw(_names(len(bound))), _items(bound), strict=True))
            for name, bound in (deployment.endpoints or {}).items()
        },
    )


def _names(number):
    return lists(PEER_NAMES, unique=True, min_size=number, max_size=number)


def reorder_without_labels(draw, deployment):
    return replace(
        deployment,
        endpoints={
            name: tuple(draw(st.permutations(_items(bound))))
            for name, bound in (deployment.endpoints or {}).items()
        },
    )


def move_a_peer(draw, deployment):
    """A peer of one endpoint goes to another, which often shares traffic with it."""
    giving = [name for name, bound in (deployment.endpoints or {}).items() if bound]
    if not giving:
        return deployment
    old, new = draw(one_of(*giving)), draw(ENDPOINTS)
    kept = _items(deployment.endpoints[old])
    moved = kept.pop(draw(st.integers(0, len(kept) - 1)))
    there = [p for p in _items((deployment.endpoints or {}).get(new, ())) if p != moved]
    return _bound(deployment, **{old: tuple(kept)} | {new: (*there, moved)})


def bind_what_it_stands_for(draw, deployment):
    """An endpoint that falls back to another, or has a default, is bound to the same."""
    free = [name for name in DATA.catalogue.endpoints if deployment.peers(name) is None]
    name = draw(one_of(*free)) if free else None
    last, default = name, None
    while last and deployment.peers(last) is None:
        default = DATA.catalogue.endpoints[last].default
        last = default.endpoint
    given = deployment.peers(last) if last else default and peers(*default.cidrs)
    return _bound(deployment, **{name: given}) if given else deployment


def bind(draw, deployment):
    bound = draw(bindings(deployment.groups or ("manager",)))
    return _bound(deployment, **{draw(ENDPOINTS): bound})


def bind_for_one_group(draw, deployment):
    """One group gets a binding of its own: another one, or that of all groups."""
    release = DATA.release(deployment.release)
    key = draw(of_one_group(release.id, resolved_roles(deployment)))
    same = deployment.peers(key.rpartition("/")[2])
    other = bindings(deployment.groups or ("manager",))
    return _bound(deployment, **{key: draw(other if same is None else st.just(same) | other)})


def resolved_roles(deployment):
    return tuple(group.role for group in resolved(deployment).groups)


def unbind(draw, deployment):
    names = [*(deployment.endpoints or {})]
    return _bound(deployment, **{draw(one_of(*names)): None}) if names else deployment


def leave_open(draw, deployment):
    name = draw(ENDPOINTS)
    left = _bound(deployment, **{name: None})
    return replace(left, open=tuple(sorted({*left.open} ^ {name})))


FIELDS = one_of("topology", "groups", "release", "outbound", "supplements", "features", "compact",
                "protect", "connect_groups", "adopted", "existing")  # fmt: skip


def change_another_field(draw, deployment):
    other = draw(deployments())
    field = draw(FIELDS)
    return replace(deployment, **{field: getattr(other, field)})


CHANGES = [rename_labels, reorder_without_labels, move_a_peer, bind_what_it_stands_for, bind,
           bind_for_one_group, unbind, leave_open, change_another_field]  # fmt: skip


@st.composite
def moves(draw, **fixed):
    """Two deployments of one name, the second made from the first by one to three changes."""
    old = new = draw(deployments(**fixed))
    for change in draw(lists(one_of(*CHANGES), min_size=1, max_size=3)):
        new = change(draw, new)
    new = replace(new, **fixed)
    assume(new != old and not [*DATA.problems(new)])
    return old, new


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
