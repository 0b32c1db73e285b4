"""The open-data catalogue: published entries that are open to the public, as the public sees them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _

from jutong.kernel.errors import NotThere
from jutong.kernel.paging import Page, page
from jutong.kernel.terms import FormatClass, OpenType, UpdateCycle
from jutong.slices.catalogue.models import Entry
from jutong.slices.catalogue.queries.contents import contents_of
from jutong.slices.catalogue.queries.zones import here
from jutong.slices.catalogue.rules.content import Content

OPENED: Final = (OpenType.UNCONDITIONAL, OpenType.CONDITIONAL)


@dataclass(frozen=True, slots=True)
class OpenEntry:
    """An entry of the open catalogue; the fields that the public can doubt are text in the reader's language."""

    id: int
    code: str
    region: str
    title: str
    abstract: str
    provider_id: int
    provider: str
    items: str
    update_cycle: str
    format: str
    open_type: str


def opened(*, text: str = "", number: int = 1, size: int = 20) -> tuple[list[OpenEntry], Page]:
    """Return entries that are open to the public, by title."""
    rows = Entry.objects.filter(published__isnull=False, zone=here(), listing__open_type__in=OPENED)
    if text := text.replace("\x00", "").strip():
        rows = rows.filter(title__icontains=text)
    found, meta = page(rows.order_by("title", "pk"), number, size)
    contents = contents_of(case.published_id for case in found)
    return [_row(case, contents[case.published_id or 0]) for case in found], meta


def require_opened(entry_id: int) -> OpenEntry:
    """Return an entry of the open catalogue. NotThere for one that is not in it."""
    case = Entry.objects.filter(pk=entry_id, published__isnull=False, zone=here()).first()
    content = contents_of([case.published_id])[case.published_id or 0] if case else None
    if case is None or content is None or content.open_type not in OPENED:
        raise NotThere(_("开放目录中没有该条目。"))
    return _row(case, content)


def _row(case: Entry, content: Content) -> OpenEntry:
    cycle = (
        UpdateCycle(content.update_cycle).label if content.update_cycle in set(UpdateCycle) else content.update_cycle
    )
    return OpenEntry(
        id=case.pk,
        code=case.code or "",
        region=case.region,
        title=content.title,
        abstract=content.abstract,
        provider_id=case.provider_id,
        provider=case.provider_name,
        items=_("、").join(item.name for item in content.items if item.open_type != OpenType.WITHHELD),
        update_cycle=_(cycle) if cycle else "",
        format=_format(content),
        open_type=_(OpenType(content.open_type).label),
    )


def _format(content: Content) -> str:
    known = content.format_class in set(FormatClass)
    shown = _(FormatClass(content.format_class).label) if known else content.format_class
    return _("、").join(filter(None, (shown, *content.format_types, content.format_note)))
