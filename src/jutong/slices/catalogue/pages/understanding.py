"""What joins on an entry's page: the lights, the figures and the ways of its data that every slice knows of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from jutong.kernel import panels
from jutong.kernel.actors import Actor
from jutong.kernel.panels import Amount, Light, Linked

DRAWN: Final = 6
"""Consumers in the drawing; the table has them all."""


@dataclass(frozen=True, slots=True)
class Understood:
    """Lights, figures of use, and where the data comes from and goes to."""

    lights: tuple[Light, ...]
    amounts: tuple[Amount, ...]
    ends: tuple[Linked, ...]

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


def understood(actor: Actor, at: datetime, entry_id: int) -> Understood:
    """Gather what the slices have to say of an entry."""
    places = ("entry_lights", "entry_figures", "entry_lineage")
    lights, amounts, ends = (tuple(panels.gathered(place, actor, at, entry_id=entry_id)) for place in places)
    return Understood(lights, amounts, ends)
