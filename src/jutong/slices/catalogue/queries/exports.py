"""Entries leaving the catalogue: the 26-column field sheet, the two-sheet template, and the machine form."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final

from django.utils.translation import gettext as _

from jutong.kernel.actors import Actor
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import NotThere
from jutong.kernel.paging import Page, page
from jutong.slices.catalogue.formats.exports import ExportEntry
from jutong.slices.catalogue.models import Entry
from jutong.slices.catalogue.queries.contents import contents_of
from jutong.slices.catalogue.queries.zones import here
from jutong.slices.parties import queries as parties
from jutong.wire import catalogue as wire

_SET: Final = 200


def export_rows(
    actor: Actor, *, ids: Sequence[int] | None = None, published_only: bool = False
) -> Iterator[ExportEntry]:
    """Yield entries for a file, `_SET` read at a time: the named ones, else those of the actor's departments.

    Entries of others come in their published version; what the actor may not see is left out.
    """
    cases = Entry.objects.filter(zone=here())
    cases = cases.filter(provider__in=actor.serves) if ids is None else cases.filter(pk__in=ids)
    if published_only:
        cases = cases.filter(published__isnull=False)
    keys = list(
        cases.order_by("provider", "pk").values_list("pk", "provider", "working", "published", "code", "provider_name")
    )
    for first in range(0, len(keys), _SET):
        rows = keys[first : first + _SET]
        chosen = {
            pk: (working if provider in actor.serves and not published_only else published)
            for pk, provider, working, published, *_r in rows
        }
        contents = contents_of(chosen.values())
        codes = parties.departments({provider for _pk, provider, *_r in rows})
        for pk, provider, _working, _published, code, name in rows:
            if (version := chosen[pk]) is not None:
                yield ExportEntry(
                    code or "", name, codes[provider].uscc if provider in codes else "", contents[version]
                )


def harvested(entry_id: int) -> tuple[wire.Entry, date]:
    """Return a published entry in its machine form and the day it last changed. NotThere when it is not in force."""
    found = harvested_of([entry_id])
    if not found:
        raise NotThere(_("没有找到该目录条目，或它尚未发布。"))
    return found[0]


def harvested_page(number: int, *, size: int = 100) -> tuple[list[tuple[wire.Entry, date]], Page]:
    """Return a page of the published entries in their machine form, in the order they were made."""
    rows = Entry.objects.filter(published__isnull=False, zone=here()).order_by("pk")
    found, meta = page(rows.only("pk"), number, size)
    return harvested_of([entry.pk for entry in found]), meta


def harvested_of(ids: Sequence[int]) -> list[tuple[wire.Entry, date]]:
    """Return published entries in their machine form with the day each last changed, in the order they were made."""
    cases = list(
        Entry.objects.filter(pk__in=ids, published__isnull=False, zone=here())
        .select_related("published")
        .order_by("pk")
    )
    contents = contents_of(case.published_id for case in cases)
    providers = parties.departments({case.provider_id for case in cases})
    found = []
    for case in cases:
        uscc = providers[case.provider_id].uscc if case.provider_id in providers else ""
        content = contents[case.published_id or 0]
        form = ExportEntry(case.code or "", case.provider_name, uscc, content)
        found.append((form.wire(case.published.number if case.published else 0), beijing_day(case.changed_at)))
    return found


def machine_form(entry_id: int) -> wire.Entry:
    """Return a published entry as other instances read it. NotThere when it is not in force."""
    return harvested(entry_id)[0]
