"""What a picture of a flow matrix consists of: boxes, lines between them, and texts, in pixels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from generator.model import Flow, Mark, Party

LINE, NOTE, PADDING, BASELINE = 16.0, 15.0, 9.0, 12.0
"""How high a line of a title and of a note is; the space around them; and how far below the top of
a line of text its letters stand."""


class Text(NamedTuple):
    """One line of text, and where it begins."""

    kind: str
    text: str
    x: float
    y: float


class Box(NamedTuple):
    """An endpoint at a side, or a group in the middle."""

    id: str
    """Unique among the boxes."""
    title: tuple[str, ...]
    """Its lines, the last one cut off where there is no room."""
    note: str
    x: float
    y: float
    width: float
    height: float
    kind: str
    """`group`; or else `open` to the internet, `empty` until somebody fills it in, or `bound`."""

    @property
    def lines(self) -> Iterator[Text]:
        """Its title, and its note if it has one, in the middle of its height."""
        x = self.x + PADDING
        y = self.y + (self.height - text_height(self.title, self.note)) / 2 + PADDING
        for line in self.title:
            yield Text("title", line, x, y + BASELINE)
            y += LINE
        if self.note:
            yield Text("note", self.note, x, y + BASELINE)


class Bundle(NamedTuple):
    """All flows between an endpoint and a group in one direction: one line."""

    id: str
    flows: tuple[Flow, ...]
    source: Party
    destination: Party
    ends: tuple[str, str]
    """The ids of its boxes."""
    label: str
    """The traffic, as far as there is room."""
    traffic: tuple[str, ...]
    """All of the traffic, each once."""
    path: str
    """The line from the source to the destination, as the `d` of an SVG path."""
    thickness: float
    x: float
    """Where the label begins."""
    y: float
    end: tuple[float, float]
    """Where the line ends."""
    kind: str
    """As of a box: `open`, `empty`, or else `bound`."""
    mark: Mark = ""
    """What all of its flows are in a comparison."""

    @property
    def name(self) -> str:
        """All of it, for whoever cannot see the picture, or what is cut off in it."""
        rules = f"{len(self.flows)} rules" if self.flows[1:] else "1 rule"
        mark = f", {self.mark}" if self.mark else ""
        state = {"open": ", open to the internet", "empty": ", not filled in yet"}
        talk = f"{self.source.title} to {self.destination.title}"
        return f"{talk}: {', '.join(self.traffic)}; {rules}{mark}{state.get(self.kind, '')}"

    @property
    def note(self) -> str:
        """What is below the line: how many flows, if there are several, and what they are."""
        rules = [f"{len(self.flows)} rules"] if self.flows[1:] else []
        return ", ".join([*rules, *([self.mark] if self.mark else [])])


class Picture(NamedTuple):
    """The boxes and lines, and how big they are together."""

    width: float
    height: float
    boxes: tuple[Box, ...]
    bundles: tuple[Bundle, ...]

    @property
    def bundle_of(self) -> Mapping[str, Bundle]:
        """The line of each flow, by the id of the flow."""
        return {flow.id: bundle for bundle in self.bundles for flow in bundle.flows}


def text_height(title: tuple[str, ...], note: str) -> float:
    """How high a box with a title and a note must be, which may be empty."""
    return LINE * len(title) + (NOTE if note else 0) + 2 * PADDING
