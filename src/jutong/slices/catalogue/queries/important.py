"""The catalogue of important data: the list, one with its protection, and Excel."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from jutong.kernel.actors import Actor, Role
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import NotThere
from jutong.kernel.faces.pieces import Happening, happenings
from jutong.kernel.levels import label_of
from jutong.kernel.paging import LARGEST, Page, every, page
from jutong.kernel.queries import history
from jutong.kernel.workflow import Button
from jutong.slices.catalogue.models import ImportantData
from jutong.slices.catalogue.workflow import IMPORTANT


@dataclass(frozen=True, slots=True)
class ImportantRow:
    """Important data in a list; late: its measures ought to have been reviewed."""

    id: int
    entry_id: int
    code: str
    title: str
    provider_name: str
    level: str
    level_label: str
    state: str
    state_label: str
    responsible: str
    body: str
    protection: str
    found_at: datetime
    reported_at: datetime | None
    review_on: date | None
    late: bool


@dataclass(frozen=True, slots=True)
class ImportantDetail:
    """Important data as their page shows them."""

    row: ImportantRow
    remark: str
    authority_name: str
    confirmed_at: datetime | None
    reviewed_at: datetime | None
    buttons: tuple[Button, ...]
    happenings: tuple[Happening, ...]


def _known_to(actor: Actor) -> QuerySet[ImportantData]:
    rows = ImportantData.objects.select_related("entry", "provider", "authority")
    if actor.account_id is None or actor.holds(Role.AUDITOR):
        return rows
    return rows.filter(Q(provider__in=actor.serves) | Q(authority__in=actor.serves))


def important_data(
    actor: Actor, *, at: datetime, state: str = "", text: str = "", number: int = 1, size: int = 20
) -> tuple[list[ImportantRow], Page]:
    """Return the important data the actor may know of, newest first; state: also "late", measures not reviewed in time."""
    rows, today = _known_to(actor).order_by("-pk"), beijing_day(at)
    if state == "late":
        rows = rows.filter(state="listed", review_on__lt=today)
    elif state:
        rows = rows.filter(state=state)
    else:
        rows = rows.exclude(state="removed")
    if text:
        rows = rows.filter(Q(entry__title__icontains=text) | Q(provider__name__icontains=text))
    found, meta = page(rows, number, size)
    return [_row(case, today) for case in found], meta


def important_lines(actor: Actor, *, at: datetime, state: str = "", text: str = "") -> Iterator[ImportantRow]:
    """Return the whole list, page by page, for Excel."""
    return every(lambda n: important_data(actor, at=at, state=state, text=text, number=n, size=LARGEST))


def _row(case: ImportantData, today: date) -> ImportantRow:
    return ImportantRow(
        id=case.pk,
        entry_id=case.entry_id,
        code=case.entry.code or "",
        title=case.entry.title,
        provider_name=case.provider.name,
        level=case.level,
        level_label=label_of(case.level),
        state=case.state,
        state_label=IMPORTANT.state_label(case.state),
        responsible=case.responsible,
        body=case.body,
        protection=case.protection,
        found_at=case.found_at,
        reported_at=case.reported_at,
        review_on=case.review_on,
        late=case.state == "listed" and case.review_on is not None and case.review_on < today,
    )


def important(case_id: int, *, actor: Actor, at: datetime) -> ImportantDetail:
    """Return one. NotThere for what the actor may not know of."""
    case = _known_to(actor).filter(pk=case_id).first()
    if case is None:
        raise NotThere(_("没有找到该重要数据记录，或您无权知悉。"))
    return ImportantDetail(
        row=_row(case, beijing_day(at)),
        remark=case.remark,
        authority_name=case.authority.name,
        confirmed_at=case.confirmed_at,
        reviewed_at=case.reviewed_at,
        buttons=tuple(IMPORTANT.open_to(actor, case)),
        happenings=tuple(happenings(history(IMPORTANT.name, case.pk), IMPORTANT)),
    )
