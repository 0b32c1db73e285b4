"""What a workflow declares: moves, clocks and buttons; a table that cannot work refuses to import."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from jutong.kernel.actors import Who
from jutong.kernel.policy import Policy

NOWHERE: Final = "-"
PREVIOUS: Final = "previous"
STAY: Final = "="
WARN_DAYS: Final = 2
"""Working days before the end of a limit at which it reminds, unless its rule says otherwise."""
CLOCK_DEEDS: Final = frozenset({"start", "stop", "pause", "resume", "extend"})

ProfileCondition = Callable[[Policy, Any], bool]


class BadTable(Exception):  # noqa: N818 - raised while modules load, for developers
    """A workflow table that cannot work: unreachable state, unknown clock, doubled verb."""


@dataclass(frozen=True, slots=True)
class ClockRule:
    """A limit of a workflow: its number stands in the policy profile under `parameter`.

    parameter: name, or a function of the case (None: no limit for this case). obliged: attribute naming the department
    that has to act. extension: parameter with the longest extension in working days; empty: none can be granted.
    kind: function of the case giving the profile's variant of the parameter. warn_days: working days before the end.
    since: attribute with the Beijing day the limit counts from, where that is not the day of the move.
    given: function of the case giving working days and their source in words, for a limit that no text sets and that an
    authority's own published procedure does (None: none for this case); `parameter` is empty then.
    wish: the internal target (policy.points) of a duty that no parameter gives a number; `parameter` is empty then.
    """

    name: str
    label: str
    parameter: str | Callable[[Any], str | None]
    obliged: str = ""
    extension: str = ""
    kind: Callable[[Any], str | None] | None = None
    warn_days: int = WARN_DAYS
    since: str = ""
    given: Callable[[Any], tuple[int, str] | None] | None = None
    wish: str = ""

    def parameter_for(self, case: object) -> str | None:
        """Return the parameter that gives the limit of this case, or None."""
        return self.parameter if isinstance(self.parameter, str) else self.parameter(case)

    def kind_for(self, case: object) -> str | None:
        """Return the variant of the parameter that this case falls under."""
        return self.kind(case) if self.kind else None


@dataclass(frozen=True, slots=True)
class Move:
    """One row: who may move a case from which states to which, what the clocks do, and the button's label."""

    verb: str
    sources: tuple[str, ...]
    target: str
    who: Who
    clocks: tuple[tuple[str, str], ...]
    label: str
    when: ProfileCondition | None = None

    def leads_to(self, case_state: str, previous: str) -> str:
        """Return the state the case will be in."""
        if self.target == STAY:
            return case_state
        return previous if self.target == PREVIOUS else self.target


@dataclass(frozen=True, slots=True)
class Button:
    """A move that is open to an actor now."""

    verb: str
    label: str
    to: str
    workflow: str


Row = tuple[str, str, str, Who, str, str] | tuple[str, str, str, Who, str, str, ProfileCondition]


def read_moves(name: str, rows: Iterable[Row], clocks: Sequence[ClockRule], start: str) -> tuple[Move, ...]:
    """Turn the table's rows into moves, refusing a table that cannot work (BadTable)."""
    moves = tuple(_move(row) for row in rows)
    known = {clock.name for clock in clocks}
    for move in moves:
        for deed, clock in move.clocks:
            if deed not in CLOCK_DEEDS or clock not in known:
                raise BadTable(f"{name}.{move.verb}: no clock deed “{deed} {clock}”")
    seen: set[tuple[str, str]] = set()
    for move in moves:
        for source in move.sources:
            if (move.verb, source) in seen:
                raise BadTable(f"{name}.{move.verb} from {source} stands twice")
            seen.add((move.verb, source))
    _check_reachable(name, moves, start)
    return moves


def _move(row: Row) -> Move:
    verb, sources, target, who, clocks, label, *rest = row
    deeds = tuple(_deed(part) for part in clocks.split(";") if part.strip())
    return Move(verb, tuple(sources.split()), target, who, deeds, label, rest[0] if rest else None)


def _deed(text: str) -> tuple[str, str]:
    deed, _, clock = text.strip().partition(" ")
    return deed, clock.strip()


def _check_reachable(name: str, moves: Sequence[Move], start: str) -> None:
    reached = {start} | {m.target for m in moves if NOWHERE in m.sources}
    grown = True
    while grown:
        fresh = {m.target for m in moves if reached & set(m.sources)} - reached - {STAY, PREVIOUS}
        reached |= fresh
        grown = bool(fresh)
    named = {s for m in moves for s in (*m.sources, m.target)} - {NOWHERE, STAY, PREVIOUS}
    if unreachable := named - reached:
        raise BadTable(f"{name}: no move leads to {', '.join(sorted(unreachable))}")
