"""What is open to the internet: W9306 and W9307."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable
from functools import cache
from ipaddress import collapse_addresses
from typing import NamedTuple

from generator.check.group_rules.cases import Case, Network, Together, always, network, traffic
from generator.model import ALL_TRAFFIC

REMOTE_LOGIN = (22, 3389)  # SSH and RDP
MANY = 4  # networks, of which a sentence names no more


class Exposure(NamedTuple):
    """An inbound rule that everybody may use, alone or together with others."""

    case: Case
    peers: tuple[str, ...]
    """The networks of the rules that together are the internet; one for a rule alone."""
    origin: str = ""
    """What has that network by default, if it is not written there."""

    def includes(self, port: int) -> bool:
        """Whether it lets a TCP or UDP port through."""
        rule = self.case.rule
        if rule.ip_protocol == ALL_TRAFFIC:
            return True
        if rule.ip_protocol not in ("tcp", "udp"):
            return False
        if rule.from_port is None or rule.to_port is None:
            return False
        return rule.from_port <= port <= rule.to_port

    def administration(self, ports: Collection[int]) -> str | None:
        """The sentence for a rule that includes administrative ports."""
        included = [str(port) for port in ports if self.includes(port)]
        if not included:
            return None
        noun = "port" if len(included) == 1 else "ports"
        return (
            f"{self}, with administrative {noun} {', '.join(included)}: list the networks of "
            "the administrators"
        )

    def internet(self, ports: Collection[int]) -> str | None:
        """The sentence for a rule that includes none of them."""
        if any(map(self.includes, ports)):
            return None
        return f"{self}: list the networks that need it"

    def __str__(self) -> str:
        """The group, the rule with its purpose, and its peer, and how that came there."""
        rule = self.case.rule
        what = traffic(rule)
        what += f" ({rule.description})" if rule.description is not None else ""
        if len(self.peers) > 1:
            networks = f"{', '.join(self.peers[:MANY])}{', ...' if self.peers[MANY:] else ''}"
            return f"{rule.group}: {what} is open to the internet, by {networks} together"
        origin = f", the default of {self.origin}" if self.origin else ""
        return f"{rule.group}: {what} is open to {self.peers[0]}{origin}"


def exposures(rules: Iterable[Case], together: Together = always) -> tuple[Exposure, ...]:
    """What is open to the internet, each rule once.

    Of rules with the same group and traffic whose networks add up to the internet, the first.
    """
    found: dict[Hashable, Exposure] = {}
    same: dict[Hashable, list[tuple[Case, Network]]] = defaultdict(list)
    for case in rules:
        peer = network(case.rule) if case.rule.direction == "inbound" else None
        if peer is None or case.identity is None or not together((case,)):
            continue
        if peer.prefixlen == 0:
            found.setdefault(case.place, Exposure(case, (case.rule.peer,)))
        else:  # the identity without the peer
            same[case.identity[:-2], peer.version].append((case, peer))
    for parts in same.values():
        if _is_everything([peer for _, peer in parts]) and together(c for c, _ in parts):
            case = parts[0][0]
            peers = tuple(dict.fromkeys(str(peer) for _, peer in parts))
            found.setdefault(case.place, Exposure(case, peers))
    return tuple(found.values())


def _is_everything(networks: list[Network]) -> bool:
    """Whether networks of one family cover all of its addresses."""
    return any(network.prefixlen == 0 for network in collapse_addresses(networks))  # type: ignore[type-var]


@cache
def administrative() -> list[int]:
    """SSH, RDP, and the ports of documented inbound rules for endpoints that administer."""
    from generator.load import RuleData, shipped

    data = RuleData(shipped("rule_data"))
    ports = set(REMOTE_LOGIN)
    for release in map(data.release, data.releases()):
        for group in release.rules.values():
            for row in group.inbound:
                if any(data.catalogue.endpoints[e].administers for e in row.endpoints):
                    for each in row.traffic:
                        if each.from_port is not None and each.to_port is not None:
                            ports.update(range(each.from_port, each.to_port + 1))
    return sorted(ports)
