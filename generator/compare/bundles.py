"""Deviations in proportion: those that have one reason are one line, in a sentence."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import NamedTuple, TypeVar

from generator.compare.deviations import Deviation, Kind
from generator.model import Direction, Permission, Place

T = TypeVar("T")
MANY = 8  # so much of one thing is listed in a line
FEW = 4  # and so much of what takes more words


class Bundle(NamedTuple):
    """Deviations of one kind and endpoint: some traffic with some peers."""

    deviations: tuple[Deviation, ...]

    @property
    def first(self) -> Deviation:
        """The first one, which is like the others."""
        return self.deviations[0]

    @property
    def kind(self) -> Kind:
        """What the deviations are."""
        return self.first.kind

    @property
    def place(self) -> Place:
        """Where the first one was read."""
        return self.first.place

    @property
    def sentence(self) -> str:
        """What deviates and what it means, without the group."""
        return _SENTENCES[self.kind](self)

    @property
    def direction(self) -> Direction:
        """The direction of the rules."""
        return self.first.permission.direction


def bundles(deviations: Iterable[Deviation], apart: bool = False) -> list[Bundle]:
    """The deviations by reason, in order of the first of each; `apart`: every one by itself."""
    found = [*deviations]
    if apart:
        return [Bundle((each,)) for each in found]
    by_peer = _by(found, lambda d: (*_reason(d), d.permission.peer))
    alike = _by(by_peer, lambda same: (*_reason(same[0]), *(d.permission.traffic for d in same)))
    return [Bundle(tuple(d for same in several for d in same)) for several in alike]


def _by(items: Iterable[T], key: Callable[[T], Hashable]) -> list[list[T]]:
    found: dict[Hashable, list[T]] = {}
    for item in items:
        found.setdefault(key(item), []).append(item)
    return [*found.values()]


def _reason(deviation: Deviation) -> tuple[Hashable, ...]:
    """What deviations in one line have in common, but for their traffic and peers."""
    beside = frozenset(str(p.peer) for p in deviation.beside if deviation.kind != "uneven")
    endpoints = frozenset(p.endpoint for p in deviation.beside if not deviation.is_lack)
    p = deviation.permission
    return deviation.kind, p.group, p.direction, p.endpoint, beside, endpoints, deviation.reason


def _missing(bundle: Bundle) -> str:
    return f"{_none(bundle)} {_rules(bundle)} {_what(bundle)}{_stops(bundle)}"


def _narrower(bundle: Bundle) -> str:
    part = _permissions(p for d in bundle.deviations for p in d.beside)
    return f"only a part of the {_rules(bundle)} {_what(bundle)}: there is {part}{_stops(bundle)}"


def _uneven(bundle: Bundle) -> str:
    endpoint = bundle.first.permission.endpoint
    has = _traffic(p for d in bundle.deviations for p in d.beside)
    lacks = f"{_none(bundle)} {_rules(bundle)} {_what(bundle)}"
    return f"{lacks}, while {endpoint} has it for {has}{_stops(bundle)}"


def _too_much(bundle: Bundle) -> str:
    return f"{_rules(bundle)} {_what(bundle)} that nothing asks for{_where(bundle)}"


def _wider(bundle: Bundle) -> str:
    found = [p for d in bundle.deviations for p in d.beside]
    same = {p.traffic for p in found} == {d.permission.traffic for d in bundle.deviations}
    asked = _permissions(found, endpoints=True, traffic=not same)
    verb = "is" if len(bundle.deviations) == 1 else "are"
    return f"{_rules(bundle)} {_what(bundle)} {verb} wider than {asked}{_where(bundle)}"


_SENTENCES: dict[Kind, Callable[[Bundle], str]] = {
    "missing": _missing,
    "narrower": _narrower,
    "uneven": _uneven,
    "too-much": _too_much,
    "wider": _wider,
}


def _none(bundle: Bundle) -> str:
    return "no" if len(bundle.deviations) == 1 else "none of the"


def _rules(bundle: Bundle) -> str:
    number = len(bundle.deviations)
    return (
        f"{bundle.direction} rule for" if number == 1 else f"{number} {bundle.direction} rules for"
    )


def _what(bundle: Bundle) -> str:
    """Traffic, peers and endpoint: `TCP 88, 389 to 10.10.0.10/32 (dns)`."""
    found = [d.permission for d in bundle.deviations]
    who = listed(dict.fromkeys(str(p.peer) for p in found))
    named = _endpoint(found[0]) if bundle.first.is_lack else ""
    return f"{_traffic(found)} {_way(bundle.direction)} {who}{named}"


def _endpoint(permission: Permission) -> str:
    """The endpoint, unless the peer shows it."""
    shown = ("", permission.peer.value)
    return "" if permission.endpoint in shown else f" ({permission.endpoint})"


def _traffic(found: Iterable[Permission]) -> str:
    """The traffic of each, with a protocol written once for all of its ports."""
    texts = [*dict.fromkeys(str(p.traffic) for p in found)]
    shown = []
    before = ""
    for text in texts:
        protocol, _, port = text.partition(" ")
        shown.append(port if protocol == before and port[:1].isdigit() else text)
        before = protocol
    return listed(shown)


def _permissions(found: Iterable[Permission], endpoints: bool = False, traffic: bool = True) -> str:
    """Permissions of one direction in a list, each peer with its traffic."""
    by_peer: dict[str, list[Permission]] = {}
    for p in found:
        named = _endpoint(p) if endpoints else ""
        by_peer.setdefault(f"{p.peer}{named}", []).append(p)
    return listed(
        f"{_traffic(alike)} {_way(alike[0].direction)} {who}" if traffic else who
        for who, alike in by_peer.items()
    )


def _way(direction: Direction) -> str:
    return "from" if direction == "inbound" else "to"


def _where(bundle: Bundle) -> str:
    """The ids of the rules, or the resources that they are."""
    names = dict.fromkeys(d.place.what for d in bundle.deviations)
    return f" [{listed(names)}]" if all(names) else ""


def _stops(bundle: Bundle) -> str:
    """What stops working: purposes, features, what more is known, and the documented rows."""
    found = bundle.deviations
    purposes = listed(dict.fromkeys(d.permission.description for d in found), "; ", FEW)
    parts = [f": {purposes}"] if purposes else []
    features = dict.fromkeys(name for d in found for name in d.features)
    if features and all(d.features for d in found):
        parts.append(f". Needed for {listed(features)}")
    reasons = dict.fromkeys(d.reason for d in found if d.reason)
    parts += [f". {reason[:1].upper()}{reason[1:].rstrip('.')}" for reason in reasons]
    rows = dict.fromkeys(row for d in found for row in d.permission.rows)
    if rows:
        parts.append(f" ({'row' if len(rows) == 1 else 'rows'} {listed(rows, many=FEW)})")
    return "".join(parts)


def listed(names: Iterable[str], comma: str = ", ", many: int = MANY) -> str:
    """Names in a list; of more than `many`, the first ones and the number of the others."""
    found = [*names]
    shown = found if len(found) <= many else found[: many - 1]
    more = [f"{len(found) - len(shown)} more"] if len(shown) < len(found) else []
    return comma.join([*shown, *more])
