"""Bindings: the peers of each endpoint of a deployment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_network

from generator.errors import ResolveError
from generator.light import NamedTuple
from generator.model import RULES_MAX, Catalogue, Default, Deployment, Peer

Network = IPv4Network | IPv6Network
# The network of the only egress rule that a CloudFormation group always has, since it needs one.
PLACEHOLDER = "127.0.0.1/32"


class Bound(NamedTuple):
    """The peers of an endpoint in the rules of one group of a deployment."""

    key: str
    """What binds it in the deployment file, or would: the endpoint, or `<role>/<endpoint>`."""
    peers: tuple[Peer, ...] = ()
    """Bound by the deployment or documented; groups of the deployment last."""
    fallback: str | None = None
    by_deployment: bool = False
    """Whether the deployment says so, and not the endpoint's default."""
    group: str | None = None
    """The role of a group of the deployment that it is by default: nothing is to be filled in."""

    @property
    def is_certain(self) -> bool:
        """Whether the peers are those of the deployment, whoever deploys it."""
        return self.by_deployment or self.group is not None

    @property
    def can_be_open(self) -> bool:
        """Whether one IPv4 network, or nothing, can take the place of its peers."""
        if self.by_deployment or self.group or len(self.peers) > 1:
            return False
        return all(peer.kind == "cidr_ipv4" for peer in self.peers)


def bind(
    role: str, deployment: Deployment, catalogue: Catalogue, roles: tuple[str, ...]
) -> Mapping[str, Bound]:
    """Every endpoint bound in the rules of a role; those given to nobody are absent."""
    bound: dict[str, Bound] = {}
    for name, endpoint in catalogue.endpoints.items():
        key = deployment.key(name, role)
        peers = deployment.peers(key)
        default = Default() if name in deployment.open else endpoint.default
        own = role if default.own_group else default.group
        if _nobody(name, role, deployment, catalogue):
            continue
        if peers is not None:
            merged = merge(peers, collapse=deployment.compact)
            _refuse(key, merged)
            ordered = tuple(sorted(merged, key=lambda peer: peer.kind == "group"))
            bound[name] = Bound(key, ordered, by_deployment=True)
        elif own in roles:
            bound[name] = Bound(key, (Peer("group", own, own),), group=own)
        else:
            bound[name] = Bound(key, _documented(default.cidrs), default.endpoint)
    return bound


@cache
def _documented(cidrs: tuple[str, ...]) -> tuple[Peer, ...]:
    """The peers of a default: few are different."""
    return tuple(map(Peer.parse, cidrs))


def _refuse(endpoint: str, peers: tuple[Peer, ...]) -> None:
    """Raise ResolveError for the placeholder, and for more peers than a group can have rules."""
    if any(peer.value == PLACEHOLDER for peer in peers):
        raise ResolveError(
            f"{endpoint} is bound to {PLACEHOLDER}, which no other host has: remove it. It is the "
            "placeholder among the outbound rules of CloudFormation"
        )
    number = max(Counter(peer.kind for peer in peers).values(), default=0)
    if number > RULES_MAX:
        raise ResolveError(
            f"{endpoint} is bound to {number:,} peers of one kind, but a group has at most "
            f"{RULES_MAX:,} rules per direction: bind wider networks or a prefix list"
        )


def chain(endpoint: str, bound: Mapping[str, Bound]) -> tuple[str, ...]:
    """An endpoint and what it falls back to, in order. Only the last one may have peers."""
    fallback = bound[endpoint].fallback
    return (endpoint, *(chain(fallback, bound) if fallback else ()))


def is_open(endpoint: str, bound: Mapping[str, Bound]) -> bool:
    """Whether the deployment leaves the endpoint open, and what it falls back to as well."""
    return bound[chain(endpoint, bound)[-1]].can_be_open


def peers_of(endpoint: str, bound: Mapping[str, Bound]) -> tuple[Peer, ...]:
    """Its peers one by one, its own or those of its fallback; of an open endpoint, that input."""
    if is_open(endpoint, bound):
        return (Peer("input", endpoint, endpoint),)
    return bound[chain(endpoint, bound)[-1]].peers


def _nobody(name: str, role: str, deployment: Deployment, catalogue: Catalogue) -> bool:
    """Whether the deployment says that nobody is there, of this endpoint or of its default."""
    peers = deployment.peers(deployment.key(name, role))
    fallback = catalogue.endpoints[name].default.endpoint
    if peers is None and fallback and name not in deployment.open:
        return _nobody(fallback, role, deployment, catalogue)
    return peers == ()


def merge(peers: Iterable[Peer], collapse: bool = False) -> tuple[Peer, ...]:
    """The peers without those that another one covers; `collapse` joins neighbours, too.

    The order stays, and so do the names of the peers that stay.
    """
    distinct: dict[tuple[str, str], Peer] = {}
    for peer in peers:
        distinct.setdefault((peer.kind, peer.value), peer)
    kept = list(distinct.values())
    networks = {peer.value: ip_network(peer.value) for peer in kept if peer.kind.startswith("cidr")}
    if collapse:
        return tuple(_collapse(kept, networks))
    covered = _covered(networks)
    return tuple(peer for peer in kept if peer.value not in covered)


def _covered(networks: Mapping[str, Network]) -> set[str]:
    """The networks that are inside another one: whose address, cut to fewer bits, is another's.

    Takes time by the number of networks, and of different lengths of their prefixes.
    """
    known = {(n.version, n.prefixlen, int(n.network_address)) for n in networks.values()}
    lengths = sorted({(version, length) for version, length, _ in known})
    return {
        name
        for name, n in networks.items()
        for version, length in lengths
        if version == n.version and length < n.prefixlen
        if (version, length, _cut(n, length)) in known
    }


def _cut(network: Network, length: int) -> int:
    """The address of the network with a shorter prefix that holds this one."""
    bits = network.max_prefixlen - length
    return int(network.network_address) >> bits << bits


def _collapse(peers: Iterable[Peer], networks: Mapping[str, Network]) -> Iterator[Peer]:
    known = {peer.value: peer for peer in peers}
    for version in (4, 6):
        family = [network for network in networks.values() if network.version == version]
        for network in collapse_addresses(family):  # type: ignore[type-var]
            yield known.get(str(network)) or Peer.parse(str(network))
    yield from (peer for peer in peers if peer.value not in networks)
