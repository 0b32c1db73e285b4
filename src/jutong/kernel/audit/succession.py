"""Who is believed when keys give way to others: signed handovers and the reigns they make; pure, for verifiers offline."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from jutong.crypto import CryptoRefused, sm2

INSTANCE: Final = "instance"
ROTATED: Final = "rotated"
LOST: Final = "lost"


@dataclass(frozen=True, slots=True)
class Handover:
    """A handover as stored or exported; see `models.KeyHandover`. Signatures in hex, the old one empty for a lost key."""

    owner: str
    kind: str
    old_public: str
    new_public: str
    upto: int
    statement: str
    old_signature: str
    new_signature: str

    def genuine(self) -> bool:
        """Tell whether the new key signed these very words, and the old one too unless it was lost."""
        told = statement_of(self.owner, self.kind, self.old_public, self.new_public, self.upto)
        if not self.statement.startswith(told + "|"):
            return False
        return _signed(self.new_public, self.statement, self.new_signature) and (
            self.kind == LOST or _signed(self.old_public, self.statement, self.old_signature)
        )


def statement_of(owner: str, kind: str, old: str, new: str, upto: int) -> str:
    """Return the bound part of a statement; time and reason follow behind another |."""
    return f"handover|{owner}|{kind}|{old}|{new}|{upto}"


def _signed(public: str, statement: str, signature: str) -> bool:
    try:
        return sm2.verify(bytes.fromhex(public), statement.encode(), bytes.fromhex(signature))
    except (CryptoRefused, ValueError):
        return False


@dataclass(frozen=True, slots=True)
class Reign:
    """A public key and the seals it may have signed: above `after`, up to `upto` (None: to this day)."""

    public: str
    after: int = 0
    upto: int | None = None


def reigns(anchor: str, handovers: Iterable[Handover]) -> list[Reign]:
    """Return whom to believe when one key is known: those before and behind it by genuine handovers, oldest first.

    anchor: the known public key (hex). A lost key's successor is not believed by those who know only the lost one.
    """
    genuine = [one for one in handovers if one.genuine()]
    found = [anchor]
    for one in genuine:
        if one.old_public == found[-1] and one.kind == ROTATED:
            found.append(one.new_public)
    for one in reversed(genuine):
        if one.new_public == found[0]:
            found.insert(0, one.old_public)
    begins = {one.new_public: one.upto for one in genuine}
    ends = {one.old_public: one.upto for one in genuine}
    return [Reign(public, begins.get(public, 0), ends.get(public)) for public in found]


def key_for(seal: int, believed: Sequence[Reign], anchor: str) -> str:
    """Return the one key that may have signed a seal of that number."""
    for reign in believed:
        if seal > reign.after and (reign.upto is None or seal <= reign.upto):
            return reign.public
    return anchor
