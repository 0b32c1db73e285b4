"""What became of a set of cases, and how a set is refused of which nothing moved: as one case would be."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from jutong.kernel.errors import NotAllowed, NotThere, Refusal, WrongState

LONGEST: int = 500
"""Characters of the sentence that tells of a whole set; each case's own is told beside it."""


@dataclass(frozen=True, slots=True)
class Moved:
    """Which cases moved, and why each of the others did not, by id.

    barred: the person may make the move on none of those it knows, whatever their state.
    """

    done: list[int] = field(default_factory=list)
    refusals: dict[int, Refusal] = field(default_factory=dict)
    barred: bool = False

    @property
    def refused(self) -> dict[int, str]:
        """The sentence of each case that did not move, in the reader's language."""
        return {pk: refusal.sentence for pk, refusal in self.refusals.items()}

    def some(self) -> Moved:
        """Return this where part of the set moved, or there was nothing to move; raise where all of it was refused.

        A single refusal is raised itself. NotAllowed where the person may move none of those it knows, NotThere where it
        knows none; what stands in the way of the others otherwise, WrongState where that is not one and the same.
        """
        if self.done or not self.refusals:
            return self
        raise _whole(self.refusals, barred=self.barred)


def each(ids: Iterable[int], move: Callable[[int], Any]) -> Moved:
    """Make a move on one case after another; a refusal keeps back its own case only."""
    moved = Moved()
    for pk in dict.fromkeys(ids):
        try:
            move(pk)
            moved.done.append(pk)
        except Refusal as refusal:
            moved.refusals[pk] = refusal
    return moved


def joined(parts: Sequence[Moved], refusals: Mapping[int, Refusal]) -> Moved:
    """Return the parts of a set that was moved in several steps as one, with those refused beforehand."""
    told = dict(refusals)
    for part in parts:
        told |= part.refusals
    return Moved([pk for part in parts for pk in part.done], told, not refusals and all(part.barred for part in parts))


def _whole(refusals: Mapping[int, Refusal], *, barred: bool) -> Refusal:
    whole = next(iter(refusals.values()))
    if len(refusals) > 1:
        sentences = dict.fromkeys(refusal.sentence for refusal in refusals.values())
        whole = _kind(refusals.values(), barred=barred)("；".join(sentences)[:LONGEST])
        whole.audited = all(refusal.audited for refusal in refusals.values())
    whole.cases = {pk: refusal.sentence for pk, refusal in refusals.items()}
    return whole


def _kind(refusals: Iterable[Refusal], *, barred: bool) -> type[Refusal]:
    kinds = {type(refusal) for refusal in refusals}
    own = {kind for kind in kinds if not issubclass(kind, NotAllowed | NotThere)}
    forbidden = any(issubclass(kind, NotAllowed) for kind in kinds)
    if not own or (barred and forbidden):
        return NotAllowed if forbidden else NotThere
    return own.pop() if len(own) == 1 else WrongState
