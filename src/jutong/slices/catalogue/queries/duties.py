"""Duty lists: the lists, their lines with fulfilment, figures per department, and what a department may not collect."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from django.db.models import Count, F, Q, QuerySet
from django.utils.translation import gettext as _

from jutong.kernel import jurisdiction
from jutong.kernel.actors import Actor, Role
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import NotThere
from jutong.kernel.faces.pieces import Happening, happenings
from jutong.kernel.paging import LARGEST, Page, every, page
from jutong.kernel.queries import history
from jutong.kernel.terms import FormatClass, UpdateCycle
from jutong.kernel.workflow import Button
from jutong.slices.catalogue.models import Collection, DutyLine, DutyList
from jutong.slices.catalogue.queries.keys import keys_of
from jutong.slices.catalogue.queries.sources import sources_of, where
from jutong.slices.catalogue.rules.duties import FULFILMENT, fulfilment
from jutong.slices.catalogue.workflow import AUTHORITY, DUTY_LIST, lists_duties
from jutong.slices.catalogue.workflow.duties import may_know_duties
from jutong.slices.parties import queries as parties

MOST_LISTED: Final = 100


@dataclass(frozen=True, slots=True)
class DutyListRow:
    """A duty list of a region. conflicts: items that lie with several departments; catalogue_version: derived from."""

    id: int
    region: str
    region_name: str
    number: int
    state: str
    state_label: str
    catalogue_version: int
    lines: int
    conflicts: int
    document: str
    effective_on: date | None
    ended_on: date | None
    authority_name: str


@dataclass(frozen=True, slots=True)
class DutyRow:
    """A line: which department collects an item, how (carrier and system), how often, for which entry, and its fulfilment.

    rivals: names of the departments where none is settled.
    """

    name: str
    department_id: int
    department: str
    entry_id: int
    title: str
    code: str
    how: str
    cycle_label: str
    fulfilment: str
    fulfilment_label: str
    due_on: date | None
    rivals: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DutyFigure:
    """One department's lines: how many, fulfilled, late, still open (for evaluation, R-OVR-019)."""

    department_id: int
    department: str
    lines: int
    fulfilled: int
    late: int
    open: int


@dataclass(frozen=True, slots=True)
class DutyDetail:
    """A list as its page shows it, without its lines."""

    row: DutyListRow
    figures: tuple[DutyFigure, ...]
    buttons: tuple[Button, ...]
    happenings: tuple[Happening, ...]
    profile: str


@dataclass(frozen=True, slots=True)
class CollectionRow:
    """A registered collection."""

    id: int
    department: str
    items: tuple[str, ...]
    purpose: str
    basis: str
    name: str
    at: datetime


def derivable(actor: Actor, at: datetime) -> list[str]:
    """Return the regions whose duty list the actor may derive today: as authority, where the profile has such a list."""
    mine = [a.region for a in parties.authorities() if a.department_id in actor.serves]
    if not actor.holds(*AUTHORITY.roles):
        return []
    return [region for region in mine if lists_duties(jurisdiction.policy_for(region, beijing_day(at)))]


def duty_lists(actor: Actor, *, number: int = 1, size: int = 20) -> tuple[list[DutyListRow], Page]:
    """Return the duty lists the actor may know of, newest first."""
    rows = DutyList.objects.select_related("authority").order_by("-pk")
    if actor.account_id is not None and not actor.holds(Role.AUDITOR):
        rows = rows.filter(~Q(state="derived") | Q(authority__in=actor.serves))
    found, meta = page(rows, number, size)
    return [_row(case) for case in found], meta


def _row(case: DutyList) -> DutyListRow:
    return DutyListRow(
        id=case.pk,
        region=case.region,
        region_name=parties.region_name(case.region),
        number=case.number,
        state=case.state,
        state_label=DUTY_LIST.state_label(case.state),
        catalogue_version=case.catalogue_version,
        lines=case.lines,
        conflicts=case.conflicts,
        document=case.document,
        effective_on=case.effective_on,
        ended_on=case.ended_on,
        authority_name=case.authority.name,
    )


def _seen(list_id: int, actor: Actor) -> DutyList:
    case = DutyList.objects.select_related("authority").filter(pk=list_id).first()
    if case is None or not may_know_duties(actor, case):
        raise NotThere(_("没有找到该责任清单，或您无权知悉。"))
    return case


def lines_of(case: DutyList) -> QuerySet[DutyLine]:
    """Return the lines of one list: those of its series that hold at its number."""
    held = Q(until=None) | Q(until__gt=case.number)
    return DutyLine.objects.filter(held, series=case.series_id or case.pk, since__lte=case.number)


def duty_list(list_id: int, *, actor: Actor, at: datetime) -> DutyDetail:
    """Return one list with figures per department. NotThere for one the actor may not know of."""
    case = _seen(list_id, actor)
    return DutyDetail(
        row=_row(case),
        figures=tuple(_figures(case, at)),
        buttons=tuple(DUTY_LIST.open_to(actor, case)),
        happenings=tuple(happenings(history(DUTY_LIST.name, case.pk), DUTY_LIST)),
        profile=case.profile,
    )


def _fulfilments(at: datetime) -> dict[str, Q]:
    """Return what makes a line fulfilled, late or still open, as `rules.duties.fulfilment` says of one."""
    late = Q(entry__pulse__mounted=False, entry__pulse__due_on__lt=beijing_day(at))
    met = Q(entry__pulse__mounted=True) | Q(entry__pulse__refreshed_on__isnull=False) & ~late
    return {"fulfilled": met, "late": late, "open": Q(department__isnull=False) & ~met & ~late}


def _figures(case: DutyList, at: datetime) -> Iterator[DutyFigure]:
    stands = _fulfilments(at)
    rows = (
        lines_of(case)
        .filter(department__isnull=False)
        .values("department_id", title=F("department__name"))
        .annotate(
            many=Count("pk"),
            fulfilled=Count("pk", filter=stands["fulfilled"]),
            behind=Count("pk", filter=stands["late"]),
        )
        .order_by("title")
    )
    for row in rows:
        waiting = row["many"] - row["fulfilled"] - row["behind"]
        yield DutyFigure(
            row["department_id"], row["title"], row["many"], row["fulfilled"], row["behind"], max(0, waiting)
        )


def duties(
    list_id: int,
    *,
    actor: Actor,
    at: datetime,
    department: int = 0,
    text: str = "",
    conflicts: bool = False,
    standing: str = "",
    number: int = 1,
    size: int = 50,
) -> tuple[list[DutyRow], Page]:
    """Return a list's lines by item: of one department, with words of the item, so fulfilled, or those that lie with several."""
    rows = lines_of(_seen(list_id, actor)).select_related("department", "entry__pulse").order_by("name", "key")
    if department:
        rows = rows.filter(department=department)
    if text:
        rows = rows.filter(name__icontains=text)
    if conflicts:
        rows = rows.filter(department=None)
    if standing in FULFILMENT:
        rows = rows.filter(_fulfilments(at)[standing])
    found, meta = page(rows, number, size)
    names = {pk: row.name for pk, row in parties.departments({pk for line in found for pk in line.rivals}).items()}
    return [_line(line, names, beijing_day(at)) for line in found], meta


def _line(line: DutyLine, names: dict[int, str], today: date) -> DutyRow:
    entry = line.entry
    pulse = getattr(entry, "pulse", None) if entry else None
    state = (
        fulfilment(mounted=pulse.mounted, refreshed_on=pulse.refreshed_on, due_on=pulse.due_on, today=today)
        if pulse
        else "open"
    )
    carrier = _(FormatClass(line.how).label) if line.how else ""
    return DutyRow(
        name=line.name,
        department_id=line.department_id or 0,
        department=line.department.name if line.department else "",
        entry_id=entry.pk if entry else 0,
        title=entry.title if entry else "",
        code=(entry.code or "") if entry else "",
        how=" · ".join(filter(None, (carrier, line.system))),
        cycle_label=_(UpdateCycle(line.cycle).label) if line.cycle else "",
        fulfilment=state,
        fulfilment_label=_(FULFILMENT[state]),
        due_on=pulse.due_on if pulse else None,
        rivals=tuple(names.get(pk, str(pk)) for pk in line.rivals),
    )


def duty_lines(list_id: int, *, actor: Actor, at: datetime, **given: Any) -> Iterator[DutyRow]:
    """Return every line of a list, narrowed as `duties` is, page by page, for Excel."""
    return every(lambda number: duties(list_id, actor=actor, at=at, number=number, size=LARGEST, **given))


def not_ours(region: str, department_id: int, names: Sequence[str], *, at: datetime) -> list[str]:
    """Say of each item that is another department's duty or source whose it is and where to obtain it (R-CEN-005)."""
    keys = keys_of(names)
    lines = DutyLine.objects.filter(
        until=None, series__in=DutyList.objects.filter(region=region, state="in_force").values("series")
    )
    held = {
        line.key: line
        for line in lines.filter(key__in=keys.values(), department__isnull=False)
        .exclude(department=department_id)
        .select_related("department", "entry")
    }
    sources = sources_of(region, names, at=at)
    said = []
    for name, key in keys.items():
        if line := held.get(key):
            title = _("《%(title)s》%(code)s") if line.entry else _("目录待发布")
            place = title % {"title": line.entry.title, "code": line.entry.code or ""} if line.entry else title
            said.append(_outside(name, line.department.name if line.department else "", place))
        elif (source := sources.get(name)) and source.provider_id != department_id:
            said.append(_outside(name, source.provider_name, where(source)))
    return said


def _outside(item: str, department: str, place: str) -> str:
    words = {"item": item, "department": department, "where": place}
    return _("信息项“%(item)s”由%(department)s负责采集，可申请共享其目录（%(where)s）") % words


def collections(actor: Actor, *, number: int = 1, size: int = 20) -> tuple[list[CollectionRow], Page]:
    """Return the collections of the actor's departments, and of their area for the authority and auditors."""
    rows = Collection.objects.select_related("department").order_by("-pk")
    if actor.account_id is not None and not actor.holds(Role.AUDITOR):
        mine = [a.region for a in parties.authorities() if a.department_id in actor.serves]
        watched = Q(region__in=mine) if actor.holds(*AUTHORITY.roles) else Q(pk__in=[])
        rows = rows.filter(Q(department__in=actor.serves) | watched)
    found, meta = page(rows, number, size)
    return [
        CollectionRow(r.pk, r.department.name, tuple(r.items), r.purpose, r.basis, r.account_name, r.at) for r in found
    ], meta
