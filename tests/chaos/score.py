"""What the rounds came to, and cards that are dealt so that each comes up."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Card = TypeVar("Card")


@dataclass
class Score:
    """Rows, files and audit records lost and doubled, ends called good that differ, answers without their record."""

    rounds: int = 0
    lost: int = 0
    doubled: int = 0
    green: int = 0
    unrecorded: int = 0
    modes: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)

    def line(self) -> str:
        """Return the summary."""
        found = f"{self.lost} lost, {self.doubled} doubled, {self.green} wrongly green, {self.unrecorded} unrecorded"
        return f"chaos: {self.rounds} rounds, {found}"

    @property
    def bad(self) -> int:
        """Return how much went wrong."""
        return self.lost + self.doubled + self.green + self.unrecorded


class Deck(Generic[Card]):
    """Cards in random order; all of them come before one comes again."""

    def __init__(self, rng: random.Random, cards: Iterable[Card]) -> None:
        self._rng, self._all = rng, tuple(cards)
        self._left: list[Card] = []

    def deal(self) -> Card:
        """Return the next card."""
        if not self._left:
            self._left = self._rng.sample(self._all, len(self._all))
        return self._left.pop()
