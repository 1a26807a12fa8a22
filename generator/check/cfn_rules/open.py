"""Rules about what is open to the internet."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import cache, lru_cache
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_network
from typing import NamedTuple

from cfnlint.rules import RuleMatch
from cfnlint.template import Template

from generator.check.cfn_rules._rule import RULE_PAGE, _Rule
from generator.check.cfn_rules._template import Path, Rule, canonical, rules, traffic_key
from generator.check.cfn_rules._values import values
from generator.load import RuleData, shipped
from generator.model import ALL_TRAFFIC

REMOTE_LOGIN = (22, 3389)  # SSH and RDP
MANY = 4  # networks, of which a sentence names no more
Network = IPv4Network | IPv6Network


class _Open(NamedTuple):
    """An inbound rule that everybody may use, alone or together with others."""

    rule: Rule
    peers: tuple[str, ...]
    """The networks of the rules that together are the internet; one for a rule alone."""

    def includes(self, port: int) -> bool:
        """Whether it lets a TCP or UDP port through."""
        first, last = self.rule.ports
        if self.rule.protocol == ALL_TRAFFIC:
            return True
        if self.rule.protocol not in ("tcp", "udp") or first is None or last is None:
            return False
        return first <= port <= last

    def __str__(self) -> str:
        """The group, the rule with its purpose, and its peer, and how that came there."""
        rule = self.rule
        purpose = rule.properties.get("Description")
        what = f"{rule.traffic} ({purpose})" if isinstance(purpose, str) else rule.traffic
        if len(self.peers) > 1:
            networks = f"{', '.join(self.peers[:MANY])}{', ...' if self.peers[MANY:] else ''}"
            return f"{rule.group}: {what} is open to the internet, by {networks} together"
        default = rule.written_peer != self.peers[0]
        origin = f", the default of {canonical(rule.written_peer)}" if default else ""
        return f"{rule.group}: {what} is open to {self.peers[0]}{origin}"


@lru_cache(maxsize=1)
def _open(cfn: Template) -> tuple[_Open, ...]:
    """What is open to the internet while every parameter has its default, each rule once.

    Of rules with the same group and traffic whose networks add up to the internet, the first.
    """
    known = values(cfn)
    found: dict[Path, _Open] = {}
    same: dict[tuple[str, ...], list[tuple[Rule, Network]]] = defaultdict(list)
    for rule in rules(cfn):
        network = _network(rule) if rule.direction == "inbound" else None
        if network is None or not known.hold_by_default(rule.conditions):
            continue
        if network.prefixlen == 0 and rule.peer:
            found.setdefault(rule.path, _Open(rule, (rule.peer[1],)))
        else:
            key = (rule.group, *traffic_key(rule.properties), str(network.version))
            same[key].append((rule, network))
    for parts in same.values():
        if _is_everything([network for _, network in parts]):
            rule = parts[0][0]
            if known.hold_by_default(frozenset().union(*(r.conditions for r, _ in parts))):
                peers = tuple(dict.fromkeys(str(network) for _, network in parts))
                found.setdefault(rule.path, _Open(rule, peers))
    return tuple(found.values())


def _is_everything(networks: list[Network]) -> bool:
    """Whether networks of one family cover all of its addresses."""
    return any(network.prefixlen == 0 for network in collapse_addresses(networks))  # type: ignore[type-var]


def _network(rule: Rule) -> Network | None:
    kind, peer = rule.peer or ("", None)
    try:
        return ip_network(str(peer), strict=False) if kind.startswith("cidr") else None
    except ValueError:
        return None


class OpenAdministration(_Rule):
    """W9306.

    Reported: tcp 22 from 0.0.0.0/0. Accepted: tcp 22 from 10.1.2.0/28.
    """

    id = "W9306"
    shortdesc = "Administrative ports are not open to the internet"
    description = (
        "SSH, RDP and the management ports of the documented rules are for administrators; "
        "`configure_rules: {W9306: {ports: [22, 3389]}}` chooses others"
    )
    source_url = RULE_PAGE

    def __init__(self) -> None:
        """As cfn-lint makes it: without arguments."""
        super().__init__()
        self.config_definition = {
            "ports": {"default": administrative(), "type": "list", "itemtype": "integer"}
        }
        self.configure()

    def findings(self, cfn: Template) -> Iterator[RuleMatch]:
        """Inbound rules from everywhere that include one of the ports."""
        for each in _open(cfn):
            ports = [str(port) for port in self.config["ports"] if each.includes(port)]
            if ports:
                noun = "port" if len(ports) == 1 else "ports"
                yield RuleMatch(
                    list(each.rule.path),
                    f"{each}, with administrative {noun} {', '.join(ports)}: list the networks of "
                    "the administrators",
                )


class OpenToTheInternet(_Rule):
    """W9307.

    Reported: tcp 2049 from 0.0.0.0/0. Accepted: tcp 2049 from 10.0.0.0/8.
    """

    id = "W9307"
    shortdesc = "Inbound rules list the networks that need them"
    description = "Everybody on the internet can connect: list the networks that need to"
    source_url = RULE_PAGE

    def __init__(self) -> None:
        """As cfn-lint makes it: without arguments."""
        super().__init__()
        self.child_rules = {OpenAdministration.id: None}  # which cfn-lint puts here

    def findings(self, cfn: Template) -> Iterator[RuleMatch]:
        """Inbound rules from everywhere, but for those of W9306."""
        other = self.child_rules[OpenAdministration.id]
        reported = other.config["ports"] if other else administrative()
        for each in _open(cfn):
            if not any(map(each.includes, reported)):
                yield RuleMatch(
                    list(each.rule.path),
                    f"{each}: list the networks that need it",
                )


@cache
def administrative() -> list[int]:
    """SSH, RDP, and the ports of documented inbound rules for endpoints that administer."""
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
