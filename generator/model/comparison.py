"""A comparison as flows: what two sides permit, with marks on what only one permits."""

from __future__ import annotations

from collections.abc import Mapping

from generator.light import NamedTuple
from generator.model.flows import Flow, Mark, Party


class Comparison(NamedTuple):
    """The flows of both sides, each once."""

    title: str
    sides: tuple[tuple[str, str], ...]
    """What is compared: a word for each side, and its name."""
    marks: tuple[Mark, ...]
    """The marks that there may be."""
    same: str
    """What to call flows without a mark."""
    parties: tuple[Party, ...]
    flows: tuple[Flow, ...]
    notices: tuple[str, ...] = ()
    """What else there is to know about the result, in sentences."""

    @property
    def groups(self) -> tuple[Party, ...]:
        """The groups, without the parties outside."""
        return tuple(party for party in self.parties if party.kind == "group")

    @property
    def party(self) -> Mapping[str, Party]:
        """The parties by id."""
        return {party.id: party for party in self.parties}

    def marked(self, mark: str) -> tuple[Flow, ...]:
        """The flows with a mark; of the empty one, those that are as they were or should be."""
        return tuple(flow for flow in self.flows if flow.mark == mark)
