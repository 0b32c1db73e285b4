"""How a published entry stands and is quoted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from jutong.kernel.actors import Actor
from jutong.kernel.panels import Said
from jutong.slices.catalogue.queries.entries import EntryDetail


@dataclass(frozen=True, slots=True)
class Cited:
    """A published entry as it is quoted: provider, title, code, version and day (after GB/T 7714); `path` stays for ever."""

    entry_id: int
    text: str
    path: str


def lights_panel(_actor: Actor, _at: datetime, *, entry: EntryDetail) -> Said:
    """Return the lights of an entry."""
    return Said(lights=entry.lights)


def cited(_actor: Actor, _at: datetime, *, entry: EntryDetail) -> Said | None:
    """Return how an entry is quoted, None while it is not in force."""
    case = entry.in_force
    if case is None or not case.code:
        return None
    day = case.released_on.isoformat() if case.released_on else ""
    text = _("%(provider)s. %(title)s[DB/OL]. %(code)s，第 %(version)d 版%(day)s.") % {
        "provider": case.provider_name,
        "title": case.title,
        "code": case.code,
        "version": case.version,
        "day": f"（{day}）" if day else "",
    }
    return Said(Cited(case.id, text, f"/catalogue/code/{case.code}"))
