"""What EC2 has to get, computed from the rows in the simplest way there is.

`resolve.granted`, which the tool itself uses, has to agree with it.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import astuple, replace
from ipaddress import collapse_addresses, ip_network
from typing import NamedTuple

from strategies import DATA, resolved

from generator.model import Peer
from generator.resolve import granted

GROUPS, ENDPOINTS = DATA.catalogue.groups, DATA.catalogue.endpoints


def default_of(endpoint, release):
    """The default of an endpoint in a release."""
    own = DATA.release(release).info.defaults
    return own[endpoint] if endpoint in own else ENDPOINTS[endpoint].default


class Rule(NamedTuple):
    """A rule as EC2 stores it. The peer is a role where its kind is `group`."""

    role: str
    direction: str
    protocol: str
    first: int | None
    last: int | None
    kind: str
    peer: str
    description: str

    @property
    def identity(self):
        """What EC2 takes once."""
        return self[:-1]


def roles_of(deployment):
    if deployment.groups is not None:
        return deployment.groups
    documented = DATA.release(deployment.release).info.groups
    possible = (role for role in documented if not GROUPS[role].created_by_product)
    return tuple(r for r in possible if deployment.topology == "ha" or not GROUPS[r].ha_only)


def rules_of(deployment, role):
    return DATA.release(deployment.release).rules[role]


def used(deployment, row):
    unused = {name for name, used in (deployment.features or {}).items() if not used}
    return not row.features or bool(set(row.features) - unused)


def rows_of(deployment, role):
    """Direction, endpoint, traffic and purpose of every row, in document order."""
    for direction, row in chosen(deployment, role):
        if used(deployment, row):
            for endpoint in row.endpoints:
                for traffic in row.traffic:
                    yield direction, endpoint, traffic, row.purpose


def chosen(deployment, role):
    """The documented rows of the mode and topology, and those of supplements."""
    for direction, mode, table in rules_of(deployment, role).tables():
        for row in table if mode in (None, deployment.outbound) else ():
            if deployment.topology == "ha" or not row.ha_only:
                yield direction, row
    for name in deployment.supplements:
        added = DATA.catalogue.supplements[name].groups.get(role)
        for direction in ("inbound", "outbound") if added else ():
            for row in getattr(added, direction):
                if deployment.release in row.releases or not row.releases:
                    yield direction, row


def peers_of(deployment, role, endpoint):
    """The kinds and values of an endpoint's peers in the rules of a role."""
    default, bindings = default_of(endpoint, deployment.release), deployment.endpoints or {}
    bound = deployment.peers(f"{role}/{endpoint}" if f"{role}/{endpoint}" in bindings else endpoint)
    if bound is not None:
        return widest({(peer.kind, peer.value) for peer in bound})
    if endpoint in deployment.open:
        return set()
    if default.endpoint:
        return peers_of(deployment, role, default.endpoint)
    group = role if default.own_group else default.group
    if group in roles_of(deployment):
        return {("group", group)}
    return {(Peer.parse(cidr).kind, cidr) for cidr in default.cidrs}


def widest(peers):
    """The peers without the networks that lie in another one."""
    networks = {peer: ip_network(peer[1]) for peer in peers if peer[0].startswith("cidr")}
    return {
        peer
        for peer in peers
        if not any(
            other[0] == peer[0] and other != peer and networks[peer].subnet_of(network)
            for other, network in networks.items()
            if peer in networks
        )
    }


def is_bound(deployment, role, endpoint):
    """Whether the deployment binds an endpoint in the rules of a role, or what it falls back to."""
    default = default_of(endpoint, deployment.release)
    bound = deployment.peers(deployment.key(endpoint, role)) is not None
    if not bound and default.endpoint and endpoint not in deployment.open:
        return is_bound(deployment, role, default.endpoint)
    return bound


def expected(deployment):
    found, certain = {}, {}
    for role in roles_of(deployment):
        purposes = defaultdict(list)
        for *permission, purpose in rows_of(deployment, role):
            purposes[tuple(permission)].append(purpose)
        for (direction, endpoint, traffic), told in purposes.items():
            different = {purpose.casefold(): purpose for purpose in reversed(told)}
            description = "; ".join(reversed(different.values())).replace("doesn’t", "does not")
            description = description.replace("isn't", "is not")
            for kind, value in peers_of(deployment, role, endpoint):
                protocol, *ports = astuple(traffic)
                if protocol == "icmp" and kind == "cidr_ipv6":
                    protocol = "icmpv6"
                rule = Rule(role, direction, protocol, *ports, kind, value, description)
                found.setdefault(rule.identity, rule)  # the first endpoint keeps it
                if kind == "group" or is_bound(deployment, role, endpoint):
                    certain.setdefault(rule.identity, rule)
    if deployment.connect_groups:
        found = {rule.identity: rule for rule in added(deployment, [*certain.values()])} | found
    return set(found.values())


# The other ends of connections between groups, and the connections that no table has.

CARRY_THE_INTERNAL_GROUP = {"cloud-volumes-ontap", "ha-mediator"}
API = ("manager", "ha-mediator", 3000)
BACKUPS = ("cloud-volumes-ontap", "manager", 80)
IN_NO_TABLE = {"3.7": [API, BACKUPS], "3.8": [API, BACKUPS], "3.9": [BACKUPS]}


def added(deployment, certain):
    """From the ends that are certain, and described by them."""
    found = []
    needs = {n.group: n for r in roles_of(deployment) for n in rules_of(deployment, r).needs}
    for role, other, port in IN_NO_TABLE.get(deployment.release, []):
        text = f"Not in the tables: {needs[other].reason}" if other in needs else ""
        rule = Rule(role, "outbound", "tcp", port, port, "group", other, text)
        if {role, other} <= {*roles_of(deployment)} and not lets(certain, rule):
            found.append(rule)
    wanted = {rule.identity: rule for rule in wanted_of(deployment)}
    for rule in [*found, *certain, *wanted.values()]:
        ends = {rule.role, rule.peer}
        internal = deployment.topology == "ha" and ends <= CARRY_THE_INTERNAL_GROUP
        direction = {"inbound": "outbound", "outbound": "inbound"}[rule.direction]
        told = rule.description.removeprefix("Not in the tables: ")
        text = f"Counterpart of the {rule.direction} rule of {rule.role}: {told}"
        if len(text) > 255:
            text = text[:252].rpartition(" ")[0].rstrip(",;.") + "..."
        there = Rule(rule.peer, direction, *rule[2:6], rule.role, text)
        there = wanted.get(there.identity, there)
        is_there = internal or lets([*certain, *found], there)
        if rule.kind == "group" and not is_there and not is_closed(deployment, there):
            found.append(there)
    return found


def wanted_of(deployment):
    """What the advanced rows say of groups, where everything may go out."""
    if deployment.outbound == "advanced":
        return []
    advanced = replace(deployment, outbound="advanced", connect_groups=False)
    rules = sorted(expected(advanced), key=str)
    return [
        rule
        for rule in rules
        if (rule.direction, rule.kind) == ("outbound", "group")
        and any(
            direction == "inbound" and lets([rule_of(rule, traffic)], rule)
            for direction, row in chosen(deployment, rule.peer)
            if used(deployment, row)
            for traffic in row.traffic
        )
    ]


def is_closed(deployment, rule):
    """Whether the deployment itself gives the rows for such a rule to nobody."""
    return any(
        direction == rule.direction
        and all(deployment.peers(deployment.key(e, rule.role)) == () for e in row.endpoints)
        and lets([rule_of(rule, traffic)], rule)
        for direction, row in chosen(deployment, rule.role)
        if used(deployment, row)
        for traffic in row.traffic
    )


def rule_of(rule, traffic):
    """A rule for the same group with other traffic."""
    protocol, first, last = astuple(traffic)
    return rule._replace(protocol=protocol, first=first, last=last)


def lets(rules, wanted):
    """Whether one of the rules has the traffic, for the same group or for every IPv4 address."""
    alike = [
        r
        for r in rules
        if (r.role, r.direction) == (wanted.role, wanted.direction)
        and (r.protocol == "-1" or r.protocol == wanted.protocol)
        and (r.first is None or r.first <= wanted.first <= wanted.last <= r.last)
    ]
    networks = defaultdict(list)
    for r in alike:
        if r.kind == "cidr_ipv4":
            networks[r.protocol, r.first, r.last].append(ip_network(r.peer))
    everybody = [ip_network("0.0.0.0/0")]
    return (*wanted[5:7],) in {(*r[5:7],) for r in alike} or any(
        [*collapse_addresses(same)] == everybody for same in networks.values()
    )


def as_resolved(deployment):
    return [
        Rule(r.group, r.direction, *astuple(r.traffic), r.peer.kind, r.peer.value, r.description)
        for r in granted(resolved(deployment))
    ]


def opened(rules):
    """What rules open, however they are cut: the first port of each stretch, and its peers."""
    found = defaultdict(list)
    for rule in rules:
        ports = (-1, -1) if rule.first is None else (rule.first, rule.last)
        found[rule[:3]].append((*ports, rule.kind, rule.peer))
    return {where: [*stretches(ranges)] for where, ranges in found.items()}


def stretches(ranges):
    before = frozenset()
    for port in sorted({edge for first, last, *_ in ranges for edge in (first, last + 1)}):
        peers = joined({(k, p) for first, last, k, p in ranges if first <= port <= last})
        if peers != before:
            yield port, peers
        before = peers


def joined(peers):
    networks = defaultdict(list)
    for kind, peer in peers:
        if kind.startswith("cidr"):
            networks[kind].append(ip_network(peer))
    others = {peer for peer in peers if peer[0] not in networks}
    return frozenset(others).union(*map(collapse_addresses, networks.values()))


def assert_equal(rules, deployment, from_rows=None):
    """That the rules are those of the deployment; if it is compact, that they open the same."""
    assert sorted(Counter(r.identity for r in rules).items()) == [
        (identity, 1) for identity in sorted(r.identity for r in rules)
    ], "EC2 takes each protocol, port range and peer once"
    for rule in rules:
        assert re.fullmatch(r"[a-zA-Z0-9 ._\-:/()#,@\[\]+=&;{}!$*]{1,255}", rule.description)
    from_rows = expected(deployment) if from_rows is None else from_rows
    if deployment.compact:
        assert opened(rules) == opened(from_rows)
        assert len(rules) <= len(from_rows)
    else:
        assert set(rules) == from_rows
    return len(rules)


def on_its_own(deployment, role, endpoint):
    """What an endpoint, or the one it falls back to, is bound to in the rules of a role only."""
    bindings = deployment.endpoints or {}
    if endpoint is None or f"{role}/{endpoint}" in bindings:
        return bindings.get(f"{role}/{endpoint}")
    if endpoint in bindings or endpoint in deployment.open:
        return None
    return on_its_own(deployment, role, default_of(endpoint, deployment.release).endpoint)


def bound_to(deployment, parameters):
    """The deployment that binds the endpoints of the parameters to their values.

    A parameter does not reach a group for which the deployment binds what the endpoint falls back
    to.
    """
    names = {endpoint.title().replace("-", ""): endpoint for endpoint in ENDPOINTS}
    endpoints = dict(deployment.endpoints or {})
    for name, value in parameters.items():
        left_open = names[name] in deployment.open
        default = default_of(names[name], deployment.release)
        falls_back = default.endpoint and names[name] not in endpoints
        if value or not (falls_back and not left_open):
            endpoints[names[name]] = (Peer.parse(value),) if value else ()
            for role in roles_of(deployment):
                own = on_its_own(deployment, role, names[name])
                if own is not None:
                    endpoints[f"{role}/{names[name]}"] = own
    left = tuple(name for name in deployment.open if name not in endpoints)
    return replace(deployment, endpoints=endpoints, open=left)
