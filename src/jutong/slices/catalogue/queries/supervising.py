"""Supervision of the catalogue per department: what is complete and timely, how reviews go, how changes were met."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import TruncMonth
from django.utils.translation import gettext as _

from jutong.kernel.actors import Actor, Role
from jutong.kernel.clock import BEIJING, beijing_day
from jutong.kernel.errors import NotAllowed
from jutong.kernel.paging import LARGEST, Page, every, page
from jutong.kernel.terms import N_
from jutong.slices.catalogue.models import CatalogUpdate, ReviewTurn
from jutong.slices.catalogue.queries.liveliness import LivelinessFigure, liveliness
from jutong.slices.catalogue.queries.tallies import ReviewFigure, turns_of
from jutong.slices.catalogue.queries.updates import UpdateFigure, update_figures
from jutong.slices.parties import queries as parties

TURNS: Final = {
    "waiting": N_("待审核"),
    "reviewed": N_("审核通过"),
    "returned": N_("退回"),
    "withdrawn": N_("已撤销"),
}
"""What became of a hand-in."""


@dataclass(frozen=True, slots=True)
class Supervised:
    """A department under supervision: its published entries now, its changes and its hand-ins of a period."""

    department_id: int
    department: str
    entries: LivelinessFigure
    updates: UpdateFigure
    reviews: ReviewFigure


@dataclass(frozen=True, slots=True)
class Month:
    """A month of a department: hand-ins, those that came back, changes met in time, and late or not at all."""

    first: date
    handed: int
    returned: int
    on_time: int
    late: int


@dataclass(frozen=True, slots=True)
class TurnRow:
    """A hand-in in a list."""

    entry_id: int
    title: str
    code: str
    department: str
    submitted_at: datetime
    decided_at: datetime | None
    days: int | None
    outcome: str
    outcome_label: str
    published_at: datetime | None


@dataclass(frozen=True, slots=True)
class Period:
    """From which day to which, both inclusive (Beijing days)."""

    first: date
    last: date

    @property
    def moments(self) -> tuple[datetime, datetime]:
        """The first moment of the period and the first after it."""
        begin = datetime.combine(self.first, time(), tzinfo=BEIJING)
        return begin, datetime.combine(self.last, time(), tzinfo=BEIJING) + timedelta(days=1)

    def by_months(self, today: date) -> tuple[Period | None, list[Period]]:
        """Return the whole months in the period, and its days before and after them; what is yet to come counts as whole."""
        first, after = self.first, self.last + timedelta(days=1)
        start = first if first.day == 1 else month_after(first)
        end = month_after(after) if self.last >= today and after.day > 1 else after.replace(day=1)
        if start >= end:
            return None, [self]
        parts = [Period(first, start - timedelta(days=1)), Period(end, self.last)]
        return Period(start, end - timedelta(days=1)), [part for part in parts if part.first <= part.last]


def month_after(day: date) -> date:
    """Return the first day of the month after a day's."""
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1)


def _turns(actor: Actor, period: Period, department: int = 0) -> QuerySet[ReviewTurn]:
    begin, end = period.moments
    rows = ReviewTurn.objects.filter(submitted_at__gte=begin, submitted_at__lt=end)
    if department:
        rows = rows.filter(provider=department)
    if actor.account_id is None or actor.holds(Role.AUDITOR):
        return rows
    return rows.filter(Q(provider__in=actor.serves) | Q(authority__in=actor.serves))


def review_figures(actor: Actor, period: Period, *, today: date, department: int = 0) -> dict[int, ReviewFigure]:
    """Return by department how its hand-ins of a period went; those the actor may know of.

    Whole months come from what is kept of them; a month that the period cuts is counted from its hand-ins.
    """
    whole, parts = period.by_months(today)
    months = (whole.first, whole.last) if whole else None
    return turns_of(actor, months, [part.moments for part in parts], department=department)


def supervision(actor: Actor, period: Period, *, at: datetime, department: int = 0) -> list[Supervised]:
    """Return the departments the actor watches over, or its own, those with the most stale entries first (R-CAT-026)."""
    entries = {row.department_id: row for row in liveliness(actor, at=at, department=department)}
    found = update_figures(actor, first=period.first, last=period.last, at=at, department=department)
    updates = {row.department_id: row for row in found}
    reviews = review_figures(actor, period, today=beijing_day(at), department=department)
    names = {pk: row.department for pk, row in updates.items()} | {pk: row.department for pk, row in entries.items()}
    names |= {pk: row.name for pk, row in parties.departments(reviews.keys() - names.keys()).items()}
    rows = [_row(pk, name, entries.get(pk), updates.get(pk), reviews.get(pk)) for pk, name in names.items()]
    return sorted(rows, key=lambda row: (-row.entries.stale, -row.updates.missed, row.department))


def _row(
    pk: int, name: str, entries: LivelinessFigure | None, updates: UpdateFigure | None, reviews: ReviewFigure | None
) -> Supervised:
    """Return a department's row; where it has nothing of a kind, with zeros."""
    return Supervised(
        pk,
        name,
        entries or LivelinessFigure(pk, name),
        updates or UpdateFigure(pk, name, 0, 0, 0, 0, 0),
        reviews or ReviewFigure(pk),
    )


def supervised(actor: Actor, period: Period, *, at: datetime, department: int) -> tuple[Supervised, list[Month]]:
    """Return one department and its months. NotAllowed for one that neither is the actor's nor in its care (R-CAT-026)."""
    if not _watches(actor, department):
        raise NotAllowed(_("您无权查看该部门的监督统计：只限本部门和同级政务数据共享主管部门。"))
    name = parties.department(department).name
    rows = supervision(actor, period, at=at, department=department)
    row = rows[0] if rows else _row(department, name, None, None, None)
    return row, _months(actor, period, department)


def _watches(actor: Actor, department: int) -> bool:
    if actor.account_id is None or actor.holds(Role.AUDITOR) or department in actor.serves:
        return True
    return parties.authority_of(parties.department(department).region) in actor.serves


def _months(actor: Actor, period: Period, department: int) -> list[Month]:
    handed: dict[date, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    turns = (
        _turns(actor, period, department)
        .annotate(month=TruncMonth("submitted_at", tzinfo=BEIJING))
        .values_list("month")
        .annotate(many=Count("pk"), back=Count("pk", filter=Q(outcome="returned")))
        .order_by("month")
    )
    for month, many, back in turns:
        handed[beijing_day(month)][:2] = [many, back]
    changes = (
        CatalogUpdate.objects.filter(provider=department, event_on__range=(period.first, period.last))
        .annotate(month=TruncMonth("event_on"))
        .values_list("month")
        .annotate(good=Count("pk", filter=Q(submitted_on__isnull=False, late=False)), many=Count("pk"))
        .order_by("month")
    )
    for month, good, many in changes:
        handed[month][2:] = [good, many - good]
    return [Month(first, *figures) for first, figures in sorted(handed.items())]


def review_turns(
    actor: Actor, period: Period, *, department: int = 0, outcome: str = "", number: int = 1, size: int = 20
) -> tuple[list[TurnRow], Page]:
    """Return the hand-ins of a period, the longest waited for first."""
    rows = _turns(actor, period, department).select_related("entry").order_by("-days", "submitted_at", "pk")
    if outcome in TURNS:
        rows = rows.filter(outcome="" if outcome == "waiting" else outcome)
    found, meta = page(rows, number, size)
    return [_turn(row) for row in found], meta


def _turn(row: ReviewTurn) -> TurnRow:
    outcome = row.outcome or "waiting"
    return TurnRow(
        entry_id=row.entry_id,
        title=row.entry.title,
        code=row.entry.code or "",
        department=row.entry.provider_name,
        submitted_at=row.submitted_at,
        decided_at=row.decided_at,
        days=row.days,
        outcome=outcome,
        outcome_label=_(TURNS[outcome]),
        published_at=row.published_at,
    )


def every_turn(actor: Actor, period: Period, *, department: int = 0, outcome: str = "") -> Iterator[TurnRow]:
    """Return every hand-in of a list, page by page, for Excel."""
    return every(
        lambda number: review_turns(actor, period, department=department, outcome=outcome, number=number, size=LARGEST)
    )
