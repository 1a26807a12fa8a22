"""Moves from one deployment to another, chosen by hand, and which of their rules get another id."""

from __future__ import annotations

from dataclasses import replace

from strategies import DATA, peers

from generator.compare import changes, of_deployment
from generator.model import Deployment, pascal

ACME = Deployment(
    "acme",
    "3.7",
    endpoints={
        "inbound-clients": peers("10.0.0.0/8"),
        "active-directory": {"dc1": peers("10.10.0.10/32")[0], "dc2": peers("10.20.0.10/32")[0]},
        "outbound-internet": peers("10.3.0.0/16", "pl-01234567", "sg-01234567"),
    },
)


def bound(**endpoints):
    given = {name.replace("_", "-"): peers(*texts) for name, texts in endpoints.items()}
    return replace(ACME, endpoints={**ACME.endpoints, **given})


DCS = dict(ACME.endpoints["active-directory"])
BETWEEN_ENDPOINTS = "a peer goes to another endpoint of the same rule"
MOVES = {
    "a label is renamed": (ACME, replace(ACME, endpoints={
        **ACME.endpoints, "active-directory": {"one": DCS["dc1"], "two": DCS["dc2"]}})),
    "labels go": (ACME, bound(active_directory=["10.20.0.10/32", "10.10.0.10/32"])),
    "an endpoint that fell back is bound to the same": (
        ACME, bound(administrators=["10.0.0.0/8"], manager_https_clients=["10.0.0.0/8"])),
    BETWEEN_ENDPOINTS: (
        bound(ontap_cluster_management_lif=[]),
        bound(outbound_internet=["sg-01234567"],
              ontap_cluster_management_lif=["10.3.0.0/16", "pl-01234567"])),
    "a group gets the bindings of all groups as its own": (
        ACME, bound(**{"manager/inbound-clients": ["10.0.0.0/8"],
                       "manager/active-directory": ["10.10.0.10/32", "10.20.0.10/32"]})),
    "outbound mode": (replace(ACME, outbound="basic"), ACME),
    "topology": (ACME, replace(ACME, topology="single-node")),
    "compact": (bound(nfs_clients=["10.4.0.0/16"]),
                replace(bound(nfs_clients=["10.4.0.0/16"]), compact=True)),
    **{f"from 3.7 to {release}": (ACME, replace(ACME, release=release))
       for release in DATA.releases()
       if release != "3.7" and set(DATA.release(release).rules) & set(DATA.release("3.7").rules)},
}  # fmt: skip


OPEN = replace(ACME, endpoints={"active-directory": DCS})
BOUND = replace(OPEN, endpoints={**OPEN.endpoints, "inbound-clients": peers("0.0.0.0/0")})
ANNOUNCED = {
    "from a parameter into the file": (OPEN, BOUND),
    "from the file to a parameter": (BOUND, OPEN),
}


def differences(old, new):
    """What `cvo-sg generate --diff` says of two deployments."""
    states = (of_deployment("", d, DATA.release(d.release), DATA.catalogue) for d in (old, new))
    return changes(*states).permissions


def announced(old, new):
    """The identities that are said to be the same under a new id."""
    return {identity_of(p) for _, p in differences(old, new).moved}


def way_out(old, new):
    """What the parameters of both templates have between the two steps that are advised."""
    found = differences(old, new)
    names = dict.fromkeys([*found.gone, *found.come])
    nobody = {name: f"192.0.2.{i}/32" for i, name in enumerate(names)}
    return [{pascal(name): nobody[name] for name in side} for side in (found.gone, found.come)]


def identity_of(p):
    """The identity of a permission as `Rule` has it."""
    traffic = (p.traffic.ip_protocol, p.traffic.from_port, p.traffic.to_port)
    return (p.group, p.direction, *traffic, p.peer.kind, p.peer.value)
