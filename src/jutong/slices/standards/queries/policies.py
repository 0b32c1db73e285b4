"""The working-day calendar of a year, policy profiles with their values and sources, and which holds where."""

from __future__ import annotations

import calendar as months
from dataclasses import dataclass
from datetime import date, datetime

from django.utils.translation import gettext as _

from jutong.kernel import jurisdiction, policy
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import NotThere
from jutong.kernel.models import PolicyAssignment
from jutong.kernel.policy import ProfileInvalid, Row
from jutong.kernel.policy.wording import worded
from jutong.slices.parties import queries as parties

SATURDAY = 5


@dataclass(frozen=True, slots=True)
class Day:
    """A day of the grid. mark: 休 (off on a weekday), 班 (worked on a weekend) or nothing; outside: of another month."""

    day: date
    works: bool
    mark: str
    name: str
    outside: bool
    today: bool


@dataclass(frozen=True, slots=True)
class Month:
    """A month as weeks from Monday, and its number of working days."""

    number: int
    weeks: tuple[tuple[Day, ...], ...]
    workdays: int


@dataclass(frozen=True, slots=True)
class Year:
    """A year of the calendar. announced: by official notice; otherwise computed and provisional."""

    year: int
    announced: bool
    months: tuple[Month, ...]
    workdays: int
    years: tuple[int, ...]


def calendar_year(year: int, at: datetime) -> Year:
    """Return a year as twelve month grids. NotThere for a year without calendar and without computable holidays."""
    calendar = jurisdiction.calendar()
    if year not in calendar.years:
        raise NotThere(_("%d 年没有工作日历，请先由平台管理员导入该年的节假日安排。") % year)
    special = {row.day: row for row in calendar.of_year(year)}
    today = beijing_day(at)

    def drawn(day: date, month: int) -> Day:
        row = special.get(day) if day.month == month else None
        works = row.works if row else day.weekday() < SATURDAY
        mark = "" if row is None or works == (day.weekday() < SATURDAY) else (_("班") if works else _("休"))
        return Day(day, works, mark, row.name if row else "", day.month != month, day == today)

    grids = []
    for month in range(1, 13):
        weeks = months.Calendar(firstweekday=0).monthdatescalendar(year, month)
        days = tuple(tuple(drawn(day, month) for day in week) for week in weeks)
        worked = sum(1 for week in days for day in week if day.works and not day.outside)
        grids.append(Month(month, days, worked))
    announced = calendar.is_announced(date(year, 1, 1), date(year, 12, 31))
    return Year(year, announced, tuple(grids), sum(m.workdays for m in grids), tuple(calendar.years))


@dataclass(frozen=True, slots=True)
class ProfileRow:
    """A shipped profile."""

    name: str
    title: str
    version: int
    effective_from: date | None


def profiles() -> list[ProfileRow]:
    """Return the shipped profiles, the decree's first."""
    loaded = [policy.load(name) for name in policy.SHIPPED]
    return [ProfileRow(p.name, p.title, p.version, p.effective_from) for p in loaded]


def profile_table(name: str, *, effective: bool, day: date) -> list[Row]:
    """Return a profile's parameters: in force for a case of `day`, or as the text has them. NotThere when unknown."""
    try:
        return policy.table(name, effective, day)
    except ProfileInvalid as refused:
        raise NotThere(refused.sentence) from None


@dataclass(frozen=True, slots=True)
class Compared:
    """One parameter of two profiles side by side."""

    label: str
    parameter: str
    first: str
    first_source: str
    second: str
    second_source: str

    @property
    def differs(self) -> bool:
        """Tell whether the values differ."""
        return self.first != self.second


def compare(first: str, second: str, day: date) -> list[Compared]:
    """Return the parameters of two profiles in force on a day, those that differ first."""
    rows = [
        {(r.parameter, r.kind): r for r in profile_table(name, effective=True, day=day)} for name in (first, second)
    ]
    answer = []
    for key in dict.fromkeys([*rows[0], *rows[1]]):
        one, two = (found.get(key) or found.get((key[0], "")) for found in rows)
        shown = one or two
        if shown is not None:
            answer.append(
                Compared(
                    shown.label,
                    key[0],
                    one.value if one else "—",
                    one.articles if one else "",
                    two.value if two else "—",
                    two.articles if two else "",
                )
            )
    return sorted(answer, key=lambda row: not row.differs)


@dataclass(frozen=True, slots=True)
class AssignmentRow:
    """Which profile holds in a region from a day on; in_force: today's for that region."""

    region: str
    region_name: str
    profile: str
    profile_title: str
    version: int
    effective_from: date
    overrides: tuple[tuple[str, str], ...]
    assigned_at: datetime
    in_force: bool
    targets: tuple[tuple[str, str], ...] = ()
    basis: str = ""


def _said(name: str, value: object) -> str:
    """Word an own value, variant by variant."""
    declared = policy.parameters()[name]
    kinds = value if isinstance(value, dict) else {"": value}
    return "；".join(
        (f"{declared.kinds[kind]} " if kind else "") + worded(declared, declared.checked(one))
        for kind, one in kinds.items()
    )


def assignments(at: datetime) -> list[AssignmentRow]:
    """Return every assignment, by region, the latest first."""
    today = beijing_day(at)
    names = {row.code: row.name for row in parties.regions()}
    current: dict[str, date] = {}
    rows = list(PolicyAssignment.objects.order_by("region", "-effective_from")[:500])
    for row in rows:
        if row.effective_from <= today:
            current.setdefault(row.region, row.effective_from)
    return [
        AssignmentRow(
            r.region,
            names.get(r.region, r.region),
            r.profile,
            policy.load(r.profile).title,
            r.version,
            r.effective_from,
            tuple((policy.parameters()[name].zh, _said(name, value)) for name, value in r.overrides.items()),
            r.assigned_at,
            current.get(r.region) == r.effective_from,
            tuple((_(policy.points()[code]), policy.target_in_words(days)) for code, days in r.targets.items()),
            r.basis,
        )
        for r in rows
    ]


@dataclass(frozen=True, slots=True)
class InForce:
    """The rules in force in a region today: reference and every parameter with value, origin and articles."""

    region: str
    region_name: str
    reference: str
    title: str
    rows: tuple[Row, ...]


def policy_in_force(region: str, at: datetime) -> InForce:
    """Return the rules under which a case that starts today in the region is handled."""
    today = beijing_day(at)
    found = jurisdiction.policy_for(region, today)
    rows = tuple(policy.table(found.profile, effective=True, day=today))
    return InForce(region, parties.region_name(region), found.reference, found.profile.title, rows)


@dataclass(frozen=True, slots=True)
class PolicyPage:
    """What the policy page shows: the rules in force in a region, every profile, every assignment, the regions."""

    in_force: InForce
    profiles: tuple[ProfileRow, ...]
    assignments: tuple[AssignmentRow, ...]
    regions: tuple[tuple[str, str], ...]


def policy_page(region: str, at: datetime) -> PolicyPage:
    """Return the policy page of a region; an unknown region has the default rules."""
    return PolicyPage(
        policy_in_force(region, at),
        tuple(profiles()),
        tuple(assignments(at)),
        tuple((row.code, row.name) for row in parties.regions()),
    )
