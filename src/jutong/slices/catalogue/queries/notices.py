"""The authority's notices: what was published together, under which number (national-2025#16)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from jutong.kernel.errors import NotThere
from jutong.kernel.paging import Page, page
from jutong.slices.catalogue.models import Entry, Notice
from jutong.slices.catalogue.queries.entries import EntryRow, row_of


@dataclass(frozen=True, slots=True)
class NoticeRow:
    """A notice with one page of the entries it announced that are still there."""

    id: int
    number: str
    authority_name: str
    region: str
    count: int
    at: datetime
    entries: tuple[EntryRow, ...]


def notice(notice_id: int, *, number: int = 1) -> tuple[NoticeRow, Page]:
    """Return a notice, which every department may read. NotThere for an unknown one."""
    found = Notice.objects.select_related("authority").filter(pk=notice_id).first()
    if found is None:
        raise NotThere(_("没有找到该通告。"))
    rows, meta = page(Entry.objects.filter(opinions__notice=found, published__isnull=False).order_by("code"), number)
    entries = tuple(row_of(case) for case in rows)
    return NoticeRow(found.pk, found.number, found.authority.name, found.region, found.entries, found.at, entries), meta
