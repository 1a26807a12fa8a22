"""Lanes: where a picture of a flow matrix has its boxes and lines, in pixels.

Who connects to a group is on the left, the groups are in the middle, and whom a group connects to
is on the right. The flows between the same two are one line, so a picture has as many lines as
there are pairs that talk to each other, however many ports they use. In a comparison, each mark has
a line of its own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import log2

from generator.model import Comparison, Direction, Flow, Mark, Matrix, Party
from generator.render.fitting import fitted, listed, wrapped
from generator.render.picture import LINE, PADDING, Box, Bundle, Picture, text_height

WIDTH, SIDE, MIDDLE, LABEL = 1120.0, 200.0, 176.0, 160.0
"""How wide the picture is, a box at a side, one in the middle, and the text on a line."""
ROW, SLOT = 36.0, 24.0
"""The distance of lines at an endpoint, where their text is, and at a group."""
GAP = 8.0
"""The least space between boxes."""
ARROW = 7.0
"""How long the head of a line is."""
TITLE_LETTER, NOTE_LETTER = 8.7, 7.0
"""How wide an average letter of a title is, and one of a note or a label."""

Pair = tuple[Direction, str, str, Mark]
"""A direction, the ids of the party at the side and of the group, and a mark."""
Pairs = Mapping[Pair, tuple[Flow, ...]]


def lanes(matrix: Matrix | Comparison) -> Picture:
    """The picture of a matrix."""
    pairs = _pairs(matrix)
    left, right = (_stacked(_side(matrix, way, pairs)) for way in ("inbound", "outbound"))
    middle = _stacked(_middle(matrix, pairs))
    height = max(map(_bottom, (left, middle, right)))
    boxes = {box.id: box for column in (left, right) for box in _spread(column, height)}
    boxes |= {group.id: group for group in _beside(middle, boxes, pairs, height)}
    return Picture(WIDTH, height, tuple(boxes.values()), tuple(_bundles(matrix, boxes, pairs)))


def _pairs(matrix: Matrix | Comparison) -> Pairs:
    roles = {group.name: group.id for group in matrix.groups}
    found: dict[Pair, list[Flow]] = defaultdict(list)
    for flow in matrix.flows:
        found[flow.direction, flow.party, roles[flow.group], flow.mark].append(flow)
    return {pair: tuple(flows) for pair, flows in found.items()}


def _side(matrix: Matrix | Comparison, direction: Direction, pairs: Pairs) -> Iterator[Box]:
    """The parties of a direction, in the order of the groups that they talk to."""
    order = {group.id: place for place, group in enumerate(matrix.groups)}
    partners: dict[str, list[str]] = defaultdict(list)
    flows_of: dict[str, list[Flow]] = defaultdict(list)
    for (way, id_, group, _), several in pairs.items():
        if way == direction:
            partners[id_].append(group)
            flows_of[id_] += several

    def place(id_: str) -> tuple[float, int]:
        places = [order[group] for group in partners[id_]]
        return _mean(places), min(places)

    x = 0.0 if direction == "inbound" else WIDTH - SIDE
    for id_ in sorted(partners, key=place):
        party = matrix.party[id_]
        flows = flows_of[id_]
        title = wrapped(party.title, (SIDE - 2 * PADDING) / TITLE_LETTER, lines=2)
        note = listed(_peers(party, flows), (SIDE - 2 * PADDING) / NOTE_LETTER)
        height = max(text_height(title, note), ROW * len(partners[id_]))
        kind = "group" if party.kind == "group" else _kind(flows)
        yield Box(f"{direction}.{id_}", title, note, x, 0, SIDE, height, kind)


def _peers(party: Party, flows: Iterable[Flow]) -> list[str]:
    if party.kind == "group":
        return ["group of this deployment"]
    found = [flow.peer for flow in flows if flow.filled_in]
    if not found:
        return ["not filled in yet"]
    return [peer for peer in dict.fromkeys(found) if peer not in ("", party.title)]


def _middle(matrix: Matrix | Comparison, pairs: Pairs) -> Iterator[Box]:
    for group in matrix.groups:
        ways = [way for way, _, own, _ in pairs if own == group.id]
        lines = max(map(ways.count, ways), default=0)
        title = wrapped(group.title, (MIDDLE - 2 * PADDING) / TITLE_LETTER, lines=3)
        note = fitted(group.name, (MIDDLE - 2 * PADDING) / NOTE_LETTER)
        height = max(text_height(title, note) + LINE, SLOT * (lines + 1))
        yield Box(group.id, title, note, (WIDTH - MIDDLE) / 2, 0, MIDDLE, height, "group")


def _kind(flows: Iterable[Flow]) -> str:
    flows = list(flows)
    if any(flow.open_to_internet for flow in flows):
        return "open"
    return "bound" if any(flow.filled_in for flow in flows) else "empty"


def _stacked(boxes: Iterable[Box]) -> tuple[Box, ...]:
    """Boxes, each below the one before."""
    found: list[Box] = []
    for box in boxes:
        found.append(box._replace(y=_bottom(found) + GAP if found else 0))
    return tuple(found)


def _bottom(boxes: Iterable[Box]) -> float:
    return max((box.y + box.height for box in boxes), default=0)


def _spread(boxes: tuple[Box, ...], height: float) -> Iterator[Box]:
    """Boxes with more space between them, and as much above as below."""
    room = height - _bottom(boxes)
    more = min(room / max(len(boxes) - 1, 1), 2 * GAP)
    above = (room - more * (len(boxes) - 1)) / 2
    for place, box in enumerate(boxes):
        yield box._replace(y=round(box.y + above + more * place, 1))


def _beside(
    groups: tuple[Box, ...], sides: Mapping[str, Box], pairs: Pairs, height: float
) -> Iterator[Box]:
    """Groups at the height of the endpoints that they talk to, without overlap."""
    room = height - sum(group.height + GAP for group in groups) + GAP
    used, y = 0.0, 0.0
    for group in groups:
        partners = [sides[f"{way}.{party}"] for way, party, own, _ in pairs if own == group.id]
        wanted = _mean([box.y + box.height / 2 for box in partners])
        down = min(max(wanted - group.height / 2 - y, 0), room - used)
        yield group._replace(y=round(y + down, 1))
        used += down
        y += down + group.height + GAP


def _bundles(
    matrix: Matrix | Comparison, boxes: Mapping[str, Box], pairs: Pairs
) -> Iterator[Bundle]:
    ends = {pair: (boxes[f"{pair[0]}.{pair[1]}"], boxes[pair[2]]) for pair in pairs}
    at_side = _heights(ends, ROW)
    at_group = _heights({pair: (group, side) for pair, (side, group) in ends.items()}, SLOT)
    for pair, flows in pairs.items():
        direction, party, own, mark = pair
        side, group = ends[pair]
        source, destination = matrix.party[party], matrix.party[own]
        if direction == "outbound":
            source, destination = destination, source
        path, x, end = _line(side, group, at_side[pair], at_group[pair])
        traffic = _traffic(flows)
        yield Bundle(
            id=".".join(filter(None, pair)),
            flows=flows,
            source=source,
            destination=destination,
            ends=(side.id, group.id),
            label=listed(traffic, (LABEL - GAP) / NOTE_LETTER),
            traffic=traffic,
            path=path,
            thickness=round(min(1.5 + log2(len(flows)) / 2, 4.5), 1),
            x=x,
            y=round(at_side[pair], 1),
            end=end,
            kind=_kind(flows),
            mark=mark,
        )


def _heights(lines: Mapping[Pair, tuple[Box, Box]], distance: float) -> Mapping[Pair, float]:
    """Where lines end at the first of their boxes, in the order of the others: none cross there."""
    found: dict[tuple[Direction, str], list[Pair]] = defaultdict(list)
    for pair in sorted(lines, key=lambda pair: lines[pair][1].y):
        found[pair[0], lines[pair][0].id].append(pair)
    return {
        pair: box.y + box.height / 2 + distance * (place - (len(alike) - 1) / 2)
        for alike in found.values()
        for place, pair in enumerate(alike)
        for box in [lines[pair][0]]
    }


def _line(
    side: Box, group: Box, at_side: float, at_group: float
) -> tuple[str, float, tuple[float, float]]:
    """A path that is straight where its label is; where the label begins, and where it ends."""
    a, b = _number(at_side), _number(at_group)
    if side.x < group.x:
        bend, end = side.width + LABEL, group.x
        x = _number((bend + end) / 2)
        start = f"M{_number(side.width)} {a}H{_number(bend)}"
        path = f"{start}C{x} {a} {x} {b} {_number(end - ARROW)} {b}"
        return path, side.width + GAP, (end, round(at_group, 1))
    begin, bend = group.x + group.width, side.x - LABEL
    x = _number((begin + bend) / 2)
    start = f"M{_number(begin)} {b}C{x} {b} {x} {a} {_number(bend)} {a}"
    return f"{start}H{_number(side.x - ARROW)}", bend, (side.x, round(at_side, 1))


def _mean(values: Sequence[float]) -> float:
    return sum(values) / max(len(values), 1)


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _traffic(flows: Iterable[Flow]) -> tuple[str, ...]:
    """`TCP 22`, `80`, `UDP 53`, `all ICMP`: each once, a protocol only where it begins."""
    ports: dict[str, dict[str, str]] = defaultdict(dict)
    for flow in flows:
        each = ports[flow.protocol]
        each.setdefault(flow.ports, flow.ports if each and flow.ports != "all" else flow.traffic)
    return tuple(text for each in ports.values() for text in each.values())
