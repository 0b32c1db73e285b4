"""What joins on an entry's page: the cards, the lights, the figures and the ways of its data that every slice knows of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from jutong.kernel import panels
from jutong.kernel.actors import Actor
from jutong.kernel.panels import Amount, Filled, Light, Linked
from jutong.slices.catalogue.queries import EntryDetail

DRAWN: Final = 6
"""Consumers in the drawing; the table has them all."""
BEFORE: Final = 5
"""Panels of a lower order stand at the head of the page."""


@dataclass(frozen=True, slots=True)
class Understood:
    """Lights, figures of use, where the data comes from and goes to, and the slices' own cards."""

    lights: tuple[Light, ...]
    amounts: tuple[Amount, ...]
    ends: tuple[Linked, ...]
    cards: tuple[Filled, ...]

    @property
    def first(self) -> list[Filled]:
        """Cards that tell how the data are obtained: they stand before everything else."""
        return [one for one in self.cards if one.panel.order < BEFORE]

    @property
    def rest(self) -> list[Filled]:
        """The other cards."""
        return [one for one in self.cards if one.panel.order >= BEFORE]

    @property
    def sources(self) -> list[Linked]:
        """Where it comes from."""
        return [one for one in self.ends if one.side == "from"]

    @property
    def consumers(self) -> list[Linked]:
        """Where it goes to."""
        return [one for one in self.ends if one.side == "to"]

    @property
    def shown_consumers(self) -> list[Linked]:
        """Those that the drawing shows."""
        return self.consumers[:DRAWN]

    @property
    def more_consumers(self) -> int:
        """Those that only the table shows."""
        return max(0, len(self.consumers) - DRAWN)


def understood(actor: Actor, at: datetime, entry: EntryDetail) -> Understood:
    """Ask every slice once what it has to say of an entry."""
    filled = panels.filled("entry", actor, at, entry=entry)
    said = [one.content for one in filled]
    return Understood(
        lights=tuple(light for one in said for light in one.lights),
        amounts=tuple(figure for one in said for figure in one.figures),
        ends=tuple(way for one in said for way in one.ways),
        cards=tuple(Filled(one.panel, one.content.card) for one in filled if one.content.card is not None),
    )
