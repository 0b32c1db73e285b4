"""How a published entry is quoted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from jutong.kernel.actors import Actor
from jutong.slices.catalogue.models import Entry


@dataclass(frozen=True, slots=True)
class Cited:
    """A published entry as it is quoted: provider, title, code, version and day (after GB/T 7714); `path` stays for ever."""

    entry_id: int
    text: str
    path: str


def cited(actor: Actor, at: datetime, *, entry_id: int) -> Cited | None:
    """Return how an entry is quoted, None while it is not in force."""
    case = Entry.objects.filter(pk=entry_id, published__isnull=False, zone="outer").select_related("published").first()
    if case is None or case.published is None or not case.code:
        return None
    day = case.published.content.get("released_on") or ""
    text = _("%(provider)s. %(title)s[DB/OL]. %(code)s，第 %(version)d 版%(day)s.") % {
        "provider": case.provider_name,
        "title": case.published.content["title"],
        "code": case.code,
        "version": case.published.number,
        "day": f"（{day}）" if day else "",
    }
    return Cited(case.pk, text, f"/catalogue/code/{case.code}")
