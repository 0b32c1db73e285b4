"""The region's demands together: what blocks a list, issued lists, fulfilment by department and scope, the procedure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db.models import Count, Max, Min, Q, QuerySet
from django.utils.translation import gettext as _

from jutong.kernel.actors import Actor, Role
from jutong.kernel.errors import NotThere
from jutong.kernel.paging import LARGEST, Page, every, page
from jutong.slices.catalogue.models import Demand, DemandList, MatchingProcedure
from jutong.slices.catalogue.queries.demands import DROPPED, LISTED, MET, DemandRow, overdue, rows_of
from jutong.slices.catalogue.rules.demands import SCOPES, STANDARD_STEPS, Step
from jutong.slices.parties import queries as parties

MOST_CONFLICTS: Final = 200


@dataclass(frozen=True, slots=True)
class DemandConflict:
    """What keeps a list from being issued: a demand (0 for several) and the sentence with its remedy."""

    demand_id: int
    wanted: str
    sentence: str


@dataclass(frozen=True, slots=True)
class DemandListRow:
    """An issued list of a region."""

    id: int
    region: str
    region_name: str
    number: int
    document: str
    lines: int
    met: int
    account_name: str
    at: datetime


@dataclass(frozen=True, slots=True)
class DemandFigure:
    """One department: what it wants (handed in, met, over otherwise), and what it was given (met, waiting, late)."""

    department_id: int
    department: str
    wanted: int
    met: int
    over: int
    given: int
    given_met: int
    given_open: int
    given_late: int


@dataclass(frozen=True, slots=True)
class ScopeFigure:
    """Demands of one scope: handed in, met, still open, rejected or ended (R-CAT-030)."""

    scope: str
    label: str
    wanted: int
    met: int
    open: int
    over: int


@dataclass(frozen=True, slots=True)
class Aggregate:
    """A region's demands that no list has taken up yet. unreviewed: handed in and not decided; they are not taken up.

    watched: the reader knows of all demands of the region, so that figures can lead to them.
    """

    region: str
    region_name: str
    waiting: int
    unreviewed: int
    conflicts: tuple[DemandConflict, ...]
    may_issue: bool
    watched: bool


@dataclass(frozen=True, slots=True)
class ProcedureRow:
    """A published matching procedure. standard: what the platform does, where the authority has published none."""

    id: int
    region: str
    region_name: str
    version: int
    authority_name: str
    steps: tuple[Step, ...]
    answer_days: int | None
    note: str
    account_name: str
    at: datetime | None
    current: bool

    @property
    def standard(self) -> bool:
        """Tell whether the authority has published none."""
        return self.version == 0


def own_regions(actor: Actor) -> list[str]:
    """Return the regions whose demands the actor decides as authority."""
    if not actor.holds(Role.AUTHORITY_REVIEWER, Role.AUTHORITY_HEAD):
        return []
    return [row.region for row in parties.authorities() if row.department_id in actor.serves]


def watched_demands(actor: Actor) -> list[str]:
    """Return the regions whose demands the actor oversees: the authority's own, and all with one for auditors."""
    if actor.holds(Role.AUDITOR):
        return [row.region for row in parties.authorities()]
    return own_regions(actor)


def unlisted(region: str) -> QuerySet[Demand]:
    """Return the demands of a region that its next list takes up."""
    return Demand.objects.filter(region=region, listed=None, state__in=LISTED)


def aggregate(region: str, actor: Actor) -> Aggregate:
    """Return what the next list of a region would take up and, to those who watch over it, what blocks it (R-CAT-029)."""
    watched = region in watched_demands(actor)
    return Aggregate(
        region=region,
        region_name=parties.region_name(region),
        waiting=unlisted(region).count(),
        unreviewed=Demand.objects.filter(region=region, state="submitted").count(),
        conflicts=tuple(demand_conflicts(region)) if watched else (),
        may_issue=region in own_regions(actor),
        watched=watched,
    )


def demand_conflicts(region: str) -> list[DemandConflict]:
    """Return what blocks a region's list: demands with neither entry nor provider, withdrawn entries, two providers of one thing."""
    waiting = unlisted(region).order_by("pk")
    found = [
        DemandConflict(pk, wanted, _("既未关联目录，也未分派提供部门，请先办理。"))
        for pk, wanted in waiting.filter(Q(state="accepted", entry=None) | Q(state="registered", entry=None))
        .values_list("pk", "wanted")[:MOST_CONFLICTS]
    ]  # fmt: skip
    found += [
        DemandConflict(pk, wanted, _("所关联的目录已经撤销，请改关联其他目录或者终结需求。"))
        for pk, wanted in waiting.filter(entry__state="withdrawn")
        .exclude(state__in=MET)
        .values_list("pk", "wanted")[:MOST_CONFLICTS]
    ]
    open_ = Demand.objects.filter(region=region, state__in=["gap", "assigned"]).exclude(scope="internal")
    torn = open_.values("wanted_key").annotate(
        many=Count("provider", distinct=True), name=Min("wanted"), first=Min("pk")
    )
    for row in torn.filter(many__gt=1).order_by("first")[:MOST_CONFLICTS]:
        names = open_.filter(wanted_key=row["wanted_key"]).values_list("provider__name", flat=True).distinct()
        sentence = _("同一数据分派给了不同部门（%s），请核对后改派到一个部门。") % "、".join(sorted(names))
        found.append(DemandConflict(row["first"], row["name"], sentence))
    return found[:MOST_CONFLICTS]


def demand_lists(*, number: int = 1, size: int = 20) -> tuple[list[DemandListRow], Page]:
    """Return the issued lists, newest first; everybody may know of them."""
    met = Count("demands", filter=Q(demands__state__in=MET))
    found, meta = page(DemandList.objects.annotate(met=met).order_by("-pk"), number, size)
    return [_list_row(row, int(getattr(row, "met", 0))) for row in found], meta


def demand_list(list_id: int) -> DemandListRow:
    """Return one issued list. NotThere for an unknown one."""
    row = DemandList.objects.filter(pk=list_id).first()
    if row is None:
        raise NotThere(_("没有找到该需求清单。"))
    return _list_row(row, row.demands.filter(state__in=MET).count())


def _list_row(row: DemandList, met: int) -> DemandListRow:
    return DemandListRow(
        row.pk, row.region, parties.region_name(row.region), row.number, row.document, row.lines, met, row.account_name, row.at
    )  # fmt: skip


def listed_demands(
    *, at: datetime, list_id: int = 0, region: str = "", text: str = "", number: int = 1, size: int = 50
) -> tuple[list[DemandRow], Page]:
    """Return the demands of an issued list, or of a region's next one, by department."""
    rows = Demand.objects.filter(listed=list_id) if list_id else unlisted(region)
    if text:
        rows = rows.filter(Q(wanted__icontains=text) | Q(consumer__name__icontains=text))
    ordered = rows.select_related("consumer", "provider", "entry").order_by("consumer__name", "pk")
    found, meta = page(ordered, number, size)
    return rows_of(found, at), meta


def listed_lines(*, at: datetime, **given: Any) -> Iterator[DemandRow]:
    """Return every demand of an issued or next list, page by page, for Excel."""
    return every(lambda number: listed_demands(at=at, number=number, size=LARGEST, **given))


def demand_figures(region: str, *, at: datetime) -> list[DemandFigure]:
    """Count per department of a region what it wants and what it was given, with what became of them."""
    handed_in = Demand.objects.filter(region=region).exclude(state="draft")
    late, over = overdue(at), Q(state__in=DROPPED)
    wants: dict[int, dict[str, Any]] = {
        row["consumer"]: {**row}
        for row in handed_in.values("consumer").annotate(
            wanted=Count("pk"), met=Count("pk", filter=Q(state__in=MET)), over=Count("pk", filter=over)
        )
    }
    gives: dict[int, dict[str, Any]] = {
        row["provider"]: {**row}
        for row in handed_in.filter(provider__isnull=False, state__in=LISTED).values("provider").annotate(
            given=Count("pk"), met=Count("pk", filter=Q(state__in=MET)), late=Count("pk", filter=Q(pk__in=late))
        )
    }  # fmt: skip
    names = parties.departments([*wants, *gives])
    found = [_figure(pk, row.name, wants.get(pk, {}), gives.get(pk, {})) for pk, row in names.items()]
    return sorted(found, key=lambda row: (-row.wanted - row.given, row.department))


def _figure(pk: int, name: str, wants: dict[str, Any], gives: dict[str, Any]) -> DemandFigure:
    given, given_met = gives.get("given", 0), gives.get("met", 0)
    return DemandFigure(
        pk, name, wants.get("wanted", 0), wants.get("met", 0), wants.get("over", 0), given, given_met, given - given_met,
        gives.get("late", 0),
    )  # fmt: skip


def demand_scopes(region: str) -> list[ScopeFigure]:
    """Count the demands of a region by scope."""
    rows = Demand.objects.filter(region=region).exclude(state="draft").values("scope")
    over = Q(state__in=DROPPED)
    counts = {
        row["scope"]: row
        for row in rows.annotate(
            wanted=Count("pk"), met=Count("pk", filter=Q(state__in=MET)), over=Count("pk", filter=over)
        )
    }
    return [
        ScopeFigure(code, _(text), row["wanted"], row["met"], row["wanted"] - row["met"] - row["over"], row["over"])
        for code, text in SCOPES.items()
        for row in [counts.get(code, {"wanted": 0, "met": 0, "over": 0})]
    ]


def procedure_of(region: str) -> MatchingProcedure | None:
    """Return the procedure in force in a region: its newest version."""
    return MatchingProcedure.objects.filter(region=region).order_by("-version").first()


def procedure(region: str, *, version: int = 0) -> ProcedureRow:
    """Return a region's matching procedure, the one in force or an earlier version; NotThere for an unknown version.

    A region whose authority has published none is shown what the platform does, as version 0.
    """
    newest = MatchingProcedure.objects.filter(region=region).aggregate(newest=Max("version"))["newest"] or 0
    row = MatchingProcedure.objects.select_related("authority").filter(region=region, version=version or newest).first()
    if row is None and version:
        raise NotThere(_("没有找到这一版供需对接流程。"))
    name = parties.region_name(region)
    if row is None:
        steps = tuple(
            Step(_(s.name), _(s.owner), _(s.limit) if s.limit else "", _(s.form) if s.form else "")
            for s in STANDARD_STEPS
        )
        return ProcedureRow(0, region, name, 0, "", steps, None, "", "", None, current=True)
    return ProcedureRow(
        row.pk, region, name, row.version, row.authority.name, tuple(Step(**step) for step in row.steps), row.answer_days,
        row.note, row.account_name, row.at, current=row.version == newest,
    )  # fmt: skip


def procedure_versions(region: str) -> list[tuple[int, datetime]]:
    """Return the versions of a region's procedure with their days, newest first."""
    return list(MatchingProcedure.objects.filter(region=region).order_by("-version").values_list("version", "at")[:100])
