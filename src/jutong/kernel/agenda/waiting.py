"""The to-do list: what waits for an actor, most urgent first, and how much of it there is of each kind."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from django.utils.translation import gettext as _

from jutong.kernel import jurisdiction
from jutong.kernel.actors import Actor
from jutong.kernel.agenda import queries
from jutong.kernel.agenda.chores import MOST, Chore, Waiting, address, cases_of, chores, most_urgent, workflow_of
from jutong.kernel.agenda.queries import COUNTED, Asked, Asker, Pressing
from jutong.kernel.clock import beijing_day
from jutong.kernel.models import Case
from jutong.kernel.queries import ClockRow, clocks_of

LISTED: Final = 25
"""Lines of a workbench; the list behind it shows more of them."""
SOON: Final = 2
"""Working days before the limit from which a case counts as due soon, as reminders do."""
PORTION: Final = 500
"""Cases of a whole list that are read at a time."""
COUNTS: Final = ("total", "late", "today", "soon")

Pair = tuple[str, int]


@dataclass(frozen=True, slots=True)
class KindCount:
    """How many cases of a kind wait, and how they stand with their limits; `more`: counts that ended at COUNTED."""

    workflow: str
    label: str
    total: int
    late: int
    today: int
    soon: int
    more: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ToDo:
    """What waits, most urgent first, and how much of each kind there is."""

    rows: tuple[Waiting, ...]
    kinds: tuple[KindCount, ...]

    @property
    def total(self) -> int:
        """How many wait; with "total" in `more` at least so many, likewise below."""
        return sum(kind.total for kind in self.kinds)

    @property
    def late(self) -> int:
        """How many are overdue."""
        return sum(kind.late for kind in self.kinds)

    @property
    def today(self) -> int:
        """How many fall due today."""
        return sum(kind.today for kind in self.kinds)

    @property
    def soon(self) -> int:
        """How many fall due within two working days, today not counted."""
        return sum(kind.soon for kind in self.kinds)

    @property
    def more(self) -> tuple[str, ...]:
        """The counts that are at least so many, because a kind was counted up to COUNTED only."""
        return tuple(name for name in COUNTS if any(name in kind.more for kind in self.kinds))

    @property
    def total_in_words(self) -> str:
        """How many wait, as it is shown."""
        return count_in_words(self, "total")

    @property
    def counted_to(self) -> int:
        """How far each kind is counted."""
        return COUNTED

    @property
    def capped(self) -> bool:
        """Tell whether there are more than are listed."""
        return self.total > len(self.rows)


def count_in_words(of: ToDo | KindCount, name: str) -> str:
    """Return one of the COUNTS as it is shown: "1,000+" where it was not counted further."""
    return f"{getattr(of, name):,}{'+' if name in of.more else ''}"


def urgency_of(row: Waiting) -> str:
    """Return how a line stands with its limit: late, today, soon, later, or none where no text sets one."""
    if row.clock is None or row.targeted:
        return "none"
    if row.left <= 0:
        return "late" if row.left < 0 else "today"
    return "soon" if row.left <= SOON else "later"


def todo(actor: Actor, at: datetime, *, kind: str = "", urgency: str = "", limit: int = LISTED) -> ToDo:
    """Return the cases that wait for the actor, most urgent first, and how many there are of each kind.

    kind, urgency: narrow the lines, not the counts. limit: lines at most. Four statements and one for each kind that is
    listed, however many kinds and cases there are. A desk of up to MOST cases is looked at whole; one with more is counted by
    the database, up to COUNTED of a kind: what the rules of a single case withhold is then counted, too, but never listed.
    """
    asked = [Asked(chore, chore.verbs) for chore in chores().values()]
    who = queries.asker(actor)
    found = queries.newest(who, asked)
    if sum(map(len, found.values())) <= max(limit, MOST):
        lines = list(_lines([(name, pk) for name, ids in found.items() for pk in ids], actor, at))
        counts = [_counted(name, [row for row in lines if row.workflow == name]) for name in found]
    else:
        stand = _stand(who, found, asked, at, urgency=urgency, most=2 * limit)
        named = {name: ids for name, ids in found.items() if kind in {"", name}}
        lines = _first_lines(_ranked(named, stand, urgency, 2 * limit), actor, at, urgency, limit)
        counts = [_summed(name, len(ids), stand.get(name, Pressing())) for name, ids in found.items()]
    rows = [row for row in lines if kind in {"", row.workflow} and urgency in {"", urgency_of(row)}]
    rows.sort(key=lambda row: (row.left, -row.id, row.workflow))
    return ToDo(tuple(rows[:limit]), tuple(count for count in counts if count.total))


def whole_list(actor: Actor, at: datetime, *, kind: str = "", urgency: str = "") -> Iterator[Waiting]:
    """Return everything that waits, nearest limits first, read PORTION at a time: for a sheet, which is complete."""
    asked = [Asked(chore, chore.verbs) for name, chore in chores().items() if kind in {"", name}]
    who = queries.asker(actor)
    found = queries.newest(who, asked)
    for one in asked:
        if len(found.get(one.kind, ())) > COUNTED:
            found[one.kind] = queries.everything(who, one)
    pairs = queries.nearest_first(found)
    for first in range(0, len(pairs), PORTION):
        for row in _lines(pairs[first : first + PORTION], actor, at):
            if urgency in {"", urgency_of(row)}:
                yield row


def nearest(actor: Actor, asked: Sequence[Asked], at: datetime, *, most: int) -> dict[str, list[int]]:
    """Return the cases of each kind that wait, `most` of a kind, those with the nearest limits first."""
    who = queries.asker(actor)
    found = queries.newest(who, asked)
    stand = _stand(who, found, asked, at, most=most)
    ranked: dict[str, list[int]] = defaultdict(list)
    for name, pk in _ranked(found, stand, "", most):
        ranked[name].append(pk)
    return {name: ids[:most] for name, ids in ranked.items()}


def _stand(
    who: Asker, found: queries.Ids, asked: Iterable[Asked], at: datetime, *, most: int, urgency: str = ""
) -> dict[str, Pressing]:
    today = beijing_day(at)
    soon = soon_day(today)
    between = {
        "late": (date.min, today - queries.A_DAY),
        "today": (today, today),
        "soon": (today + queries.A_DAY, soon),
        "later": (soon + queries.A_DAY, date.max),
    }.get(urgency, (date.min, date.max))
    return queries.pressing(who, found, asked, today=today, soon=soon, between=between, most=most)


def soon_day(today: date) -> date:
    """Return the last day that counts as due soon."""
    calendar = jurisdiction.calendar()
    return calendar.workday(calendar.rank(today) + SOON)


def _ranked(found: queries.Ids, stand: Mapping[str, Pressing], urgency: str, most: int) -> list[Pair]:
    """Return the candidates for the lines: by their nearest limit, then, where any urgency will do, those without one."""
    if urgency == "none":
        return queries.unlimited(found, most=most)
    urgent = [(day, -pk, name) for name in found for pk, day in stand.get(name, Pressing()).urgent]
    ranked = [(name, -negative) for _day, negative, name in sorted(urgent)]
    if not urgency:
        known = set(ranked)
        rest = [(name, pk) for name, ids in found.items() for pk in ids[:most] if (name, pk) not in known]
        ranked += sorted(rest, key=lambda pair: -pair[1])
    return ranked


def _first_lines(pairs: Sequence[Pair], actor: Actor, at: datetime, urgency: str, limit: int) -> list[Waiting]:
    """Return lines of the first candidates that the actor may really move, until there are enough."""
    lines: list[Waiting] = []
    for first in range(0, len(pairs), limit):
        lines += [row for row in _lines(pairs[first : first + limit], actor, at) if urgency in {"", urgency_of(row)}]
        if len(lines) >= limit:
            break
    return lines


def _lines(pairs: Sequence[Pair], actor: Actor, at: datetime) -> Iterator[Waiting]:
    """Return those of the cases that the actor may really move, in their order: one statement for all clocks, one a kind."""
    by_kind: dict[str, list[int]] = defaultdict(list)
    for name, pk in pairs:
        by_kind[name].append(pk)
    clocks = clocks_of(by_kind, at) if pairs else {}
    offered = chores()
    cases = {name: cases_of(offered[name], ids) for name, ids in by_kind.items()}
    for name, pk in pairs:
        case = cases[name].get(pk)
        if case and (verbs := _verbs(offered[name], actor, case)):
            yield line(offered[name], case, verbs, most_urgent(clocks.get((name, pk), ())))


def _verbs(chore: Chore, actor: Actor, case: Any) -> tuple[str, ...]:
    return tuple(b.label for b in workflow_of(chore).open_to(actor, case) if b.verb in chore.verbs)


def line(chore: Chore, case: Case, verbs: tuple[str, ...], clock: ClockRow | None) -> Waiting:
    """Return a case as a line of a workbench."""
    workflow = workflow_of(chore)
    return Waiting(
        workflow=workflow.name,
        kind=_(workflow.title),
        id=case.pk,
        title=chore.title(case),
        who=chore.who(case),
        state=case.state,
        state_label=workflow.state_label(case.state),
        verbs=verbs,
        url=address(chore, case.pk),
        clock=clock,
    )


def _counted(kind: str, rows: Sequence[Waiting]) -> KindCount:
    """Count a kind whose cases were all looked at."""
    standing = [urgency_of(row) for row in rows]
    pressing = Pressing(standing.count("late"), standing.count("today"), standing.count("soon"))
    return _summed(kind, len(rows), pressing)


def _summed(kind: str, total: int, stand: Pressing) -> KindCount:
    more = ("total", *stand.more) if total > COUNTED else stand.more
    label = _(workflow_of(chores()[kind]).title)
    return KindCount(kind, label, min(total, COUNTED), stand.late, stand.today, stand.soon, more)
