"""A service desk's list against the catalogue: what to fetch and how, what may be asked for, what is asked for anyway."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from jutong.kernel import jurisdiction
from jutong.kernel.actors import Actor, Role
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import NotThere
from jutong.kernel.paging import Page, page
from jutong.kernel.terms import ShareType
from jutong.slices.catalogue import queries as catalogue
from jutong.slices.grants import queries as grants
from jutong.slices.sharing.models import ServiceItem, ServicePaper
from jutong.slices.sharing.rules import servicedesk as rules
from jutong.slices.sharing.rules.servicedesk import Listed, Verdict

PARAMETER = "no_resubmission"


@dataclass(frozen=True, slots=True)
class Source:
    """An entry from which a paper can be fetched. own: of the desk's own department; grant_id: its working grant (0: none)."""

    entry_id: int
    code: str
    title: str
    provider: str
    own: bool
    grant_id: int
    reference: str


@dataclass(frozen=True, slots=True)
class CheckedPaper:
    """A paper with what it comes to. id: 0 for one that is only being checked; likely: entries it may be, for a person to say."""

    id: int
    name: str
    verdict: str
    label: str
    source: Source | None
    likely: tuple[catalogue.Obtainable, ...]
    reason: str = ""
    unmet: str = ""
    asked_by: str = ""
    asked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ServiceLine:
    """A service item in a list, with how many papers it names."""

    id: int
    name: str
    code: str
    department: str
    papers: int
    anyway: int
    changed_by: str
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class ServiceView:
    """A service item with its checked papers. rule: the profile's words on asking again; unmet_needed: it asks why sharing fails."""

    line: ServiceLine
    department_id: int
    papers: tuple[CheckedPaper, ...]
    rule: str
    unmet_needed: bool
    mine: bool

    @property
    def counts(self) -> dict[str, int]:
        """How many papers come to what."""
        return {str(one): sum(paper.verdict == one for paper in self.papers) for one in Verdict}


def service_items(actor: Actor, *, text: str = "", number: int = 1, size: int = 20) -> tuple[list[ServiceLine], Page]:
    """Return the service items of the actor's departments, and for an authority those of its region, by name."""
    rows = ServiceItem.objects.filter(_known(actor), ended_at=None).select_related("department")
    if text := text.replace("\x00", "").strip():
        rows = rows.filter(Q(name__icontains=text) | Q(code=text))
    found, meta = page(rows.order_by("name", "pk"), number, size)
    papers = ServicePaper.objects.filter(item__in=[row.pk for row in found]).values_list("item_id", "asked_at")
    count: dict[int, list[int]] = {row.pk: [0, 0] for row in found}
    for item_id, asked_at in papers:
        count[item_id][0] += 1
        count[item_id][1] += asked_at is not None
    return [_line(row, *count[row.pk]) for row in found], meta


def _known(actor: Actor) -> Q:
    if actor.holds(Role.AUDITOR):
        return Q()
    return Q(department_id__in=actor.serves) | Q(authority_id__in=actor.serves)


def _line(row: ServiceItem, papers: int, anyway: int) -> ServiceLine:
    name = row.department.name
    return ServiceLine(row.pk, row.name, row.code, name, papers, anyway, row.changed_by, row.changed_at)


def service_item(item_id: int, actor: Actor, at: datetime) -> ServiceView:
    """Return a service item, its papers checked against the catalogue as it stands. NotThere for other departments'."""
    row = ServiceItem.objects.filter(_known(actor), pk=item_id, ended_at=None).select_related("department").first()
    if row is None:
        raise NotThere(_("没有找到该事项，或您无权知悉。"))
    kept = list(row.papers.order_by("place"))
    papers = _checked(kept, row.department_id)
    policy = jurisdiction.policy_for(row.department.region_id, beijing_day(at))
    return ServiceView(
        line=_line(row, len(papers), sum(paper.verdict == Verdict.ANYWAY for paper in papers)),
        department_id=row.department_id,
        papers=papers,
        rule=policy.explain(PARAMETER),
        unmet_needed=policy.text(PARAMETER) == rules.FORBIDDEN,
        mine=row.department_id in actor.serves,
    )


def check_names(listed: Sequence[Listed], actor: Actor) -> tuple[CheckedPaper, ...]:
    """Check a list without keeping it, for the actor's department (R-SHR-023). NotThere for a code that leads nowhere."""
    kept = rules.check_list(listed)
    papers = [
        ServicePaper(place=place, name=one.name, entry_id=catalogue.at_code(one.code) if one.code else None)
        for place, one in enumerate(kept)
    ]
    return _checked(papers, actor.department_id or 0)


def paper_checked(paper: ServicePaper) -> CheckedPaper:
    """Return one kept paper checked against the catalogue, for the actions."""
    return _checked([paper], paper.department_id)[0]


def _checked(papers: Sequence[ServicePaper], department_id: int) -> tuple[CheckedPaper, ...]:
    likely = catalogue.obtainable(paper.name for paper in papers)
    linked = catalogue.published_by_ids({paper.entry_id for paper in papers if paper.entry_id})
    return tuple(_paper(paper, likely[paper.name], linked, department_id) for paper in papers)


def _paper(
    paper: ServicePaper,
    likely: Sequence[catalogue.Obtainable],
    linked: Mapping[int, catalogue.PublishedEntry],
    department_id: int,
) -> CheckedPaper:
    entry = linked.get(paper.entry_id or 0)
    source = None
    if entry and entry.share_type != ShareType.WITHHELD:
        source = _source(entry.id, entry.code, entry.title, entry.provider_id, entry.provider_name, department_id)
    elif same := next((one for one in likely if one.same), None):
        source = _source(same.entry_id, same.code, same.title, same.provider_id, same.provider_name, department_id)
    verdict = rules.verdict(shared=source is not None, asked=paper.asked_at is not None)
    return CheckedPaper(
        id=paper.pk or 0,
        name=paper.name,
        verdict=str(verdict),
        label=_(verdict.label),
        source=source,
        likely=() if source else tuple(likely),
        reason=paper.reason,
        unmet=paper.unmet,
        asked_by=paper.asked_by,
        asked_at=paper.asked_at,
    )


def _source(entry_id: int, code: str, title: str, provider_id: int, provider: str, department_id: int) -> Source:
    held = grants.between(department_id, entry_id)
    return Source(
        entry_id=entry_id,
        code=code,
        title=title,
        provider=provider,
        own=provider_id == department_id,
        grant_id=held.id if held else 0,
        reference=held.reference if held else "",
    )


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A paper that is asked for although the platform has it: whose, for which item, instead of which entry, and why."""

    id: int
    item_id: int
    department_id: int
    department: str
    item: str
    paper: str
    entry: str
    code: str
    provider: str
    reason: str
    unmet: str
    asked_by: str
    asked_at: datetime


@dataclass(frozen=True, slots=True)
class DuplicateFigure:
    """One department in the duplicate-submission report: its service items, and the papers it asks for anyway."""

    department_id: int
    department: str
    items: int
    anyway: int


def duplicates(actor: Actor, *, number: int = 1, size: int = 20) -> tuple[list[Duplicate], Page]:
    """Return the duplicate-submission report: what is asked for although it is shared, newest first.

    For an authority of its region's departments, for others of their own.
    """
    rows = _asked_anyway(actor).select_related("item__department", "entry").order_by("-asked_at", "-pk")
    found, meta = page(rows, number, size)
    return [_duplicate(row) for row in found], meta


def duplicate_figures(actor: Actor) -> tuple[DuplicateFigure, ...]:
    """Return the report's figures a department, most asked again first."""
    counted = _asked_anyway(actor).values("item__department_id", "item__department__name")
    rows = counted.annotate(items=Count("item", distinct=True), anyway=Count("pk")).order_by(
        "-anyway", "item__department_id"
    )
    return tuple(
        DuplicateFigure(row["item__department_id"], row["item__department__name"], row["items"], row["anyway"])
        for row in rows
    )


def _asked_anyway(actor: Actor) -> QuerySet[ServicePaper]:
    known = Q(item__department_id__in=actor.serves) | Q(item__authority_id__in=actor.serves)
    rows = ServicePaper.objects.filter(item__ended_at=None, asked_at__isnull=False, entry__isnull=False)
    return rows if actor.holds(Role.AUDITOR) else rows.filter(known)


def _duplicate(row: ServicePaper) -> Duplicate:
    item, entry = row.item, row.entry
    return Duplicate(
        id=row.pk,
        item_id=item.pk,
        department_id=item.department_id,
        department=item.department.name,
        item=item.name,
        paper=row.name,
        entry=entry.title if entry else "",
        code=(entry.code or "") if entry else "",
        provider=entry.provider_name if entry else "",
        reason=row.reason,
        unmet=row.unmet,
        asked_by=row.asked_by,
        asked_at=row.asked_at or item.changed_at,
    )
