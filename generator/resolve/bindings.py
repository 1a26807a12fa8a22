"""Bindings: what each endpoint of a deployment stands for, and the entries that follow from it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_network
from typing import NamedTuple

from generator.model import Catalogue, Default, Deployment, Entry, Peer, Traffic

Network = IPv4Network | IPv6Network


class Bound(NamedTuple):
    """What an endpoint stands for in one deployment."""

    peers: tuple[Peer, ...] = ()
    groups: tuple[str, ...] = ()
    """Roles of groups of the deployment."""
    fallback: str | None = None
    by_deployment: bool = False
    """Whether the deployment says so, and not the endpoint's default."""
    fixed: bool = False
    """Whether it is a group of this deployment by default, and so is nothing to fill in."""

    @property
    def one_cidr(self) -> bool:
        """Whether a single IPv4 CIDR, possibly empty, can hold what it stands for."""
        return not self.groups and [p.kind for p in self.peers] in ([], ["cidr_ipv4"])

    @property
    def written_out(self) -> tuple[Peer, ...]:
        """Its peers one by one, groups included."""
        return (*self.peers, *(Peer("group", role, role) for role in self.groups))


def bind(
    role: str, deployment: Deployment, catalogue: Catalogue, roles: tuple[str, ...]
) -> Mapping[str, Bound]:
    """What every endpoint stands for in the rules of a role; those given to nobody are absent."""
    bound: dict[str, Bound] = {}
    for name, endpoint in catalogue.endpoints.items():
        peers = deployment.peers(name)
        default = Default() if name in deployment.open else endpoint.default
        own = role if default.own_group else default.group
        if _nobody(name, deployment, catalogue):
            continue
        if peers is not None:
            peers = merge(peers, collapse=deployment.compact)
            groups = tuple(peer.value for peer in peers if peer.kind == "group")
            others = tuple(peer for peer in peers if peer.kind != "group")
            bound[name] = Bound(others, groups, by_deployment=True)
        elif own in roles:
            bound[name] = Bound(groups=(own,), fixed=True)
        else:
            bound[name] = Bound(tuple(map(Peer.parse, default.cidrs)), (), default.endpoint)
    return bound


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


def chain(endpoint: str, bound: Mapping[str, Bound]) -> tuple[str, ...]:
    """An endpoint and what it falls back to, in order. Only the last one may have peers."""
    fallback = bound[endpoint].fallback
    return (endpoint, *(chain(fallback, bound) if fallback else ()))


def entries(endpoint: str, traffic: Traffic, bound: Mapping[str, Bound]) -> Iterator[Entry]:
    """A permission's peers one by one: first its open inputs, then what the deployment binds.

    The key of a bound peer is the same whether it is the only one or one of several: a key that
    changed would have CloudFormation create the rule a second time before it deletes the first.
    """
    key = f"{endpoint}-{traffic.slug}"
    *others, last = chain(endpoint, bound)
    party = bound[last]
    if party.peers and party.one_cidr and not party.by_deployment:
        yield Entry(key, traffic, None, (*others, last))
        return
    for i, name in enumerate(others if party.written_out else [*others, last]):
        own_key = f"{key}-for-{name}" if i else key
        yield Entry(own_key, traffic, None, (name,), unless=tuple(others[:i]))
    for peer in party.written_out:
        yield Entry(
            key=f"{key}-{_suffix(peer)}",
            traffic=for_peer(traffic, peer),
            peer=None if party.one_cidr else peer,
            inputs=(last,) if party.one_cidr else (),
            unless=tuple(others),
        )


def _suffix(peer: Peer) -> str:
    """The peer as part of a key, by its kind and name; an address stands for itself."""
    kind = peer.kind.removeprefix("cidr_").replace("_", "-")
    at = "at-" if peer.kind.startswith("cidr") and peer.name == peer.value else ""
    return f"{kind}-{at}{peer.name}"


def for_peer(traffic: Traffic, peer: Peer) -> Traffic:
    """The traffic with this peer: ICMP has a protocol of its own in IPv6."""
    if traffic.ip_protocol == "icmp" and peer.kind == "cidr_ipv6":
        return replace(traffic, ip_protocol="icmpv6")
    return traffic


def _nobody(name: str, deployment: Deployment, catalogue: Catalogue) -> bool:
    """Whether the deployment says that nobody is there, of this endpoint or of its default."""
    peers, fallback = deployment.peers(name), catalogue.endpoints[name].default.endpoint
    if peers is None and fallback and name not in deployment.open:
        return _nobody(fallback, deployment, catalogue)
    return peers == ()
