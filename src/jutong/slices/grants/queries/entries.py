"""What grants say of an entry: to whom its data goes, how many there are, whether its service ends."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db.models import Count, Q, Sum
from django.utils.translation import gettext as _

from jutong.kernel.actors import Actor
from jutong.kernel.panels import Amount, Linked, Said
from jutong.kernel.terms import MODE_LABELS
from jutong.slices.catalogue.queries import EntryDetail
from jutong.slices.grants.models import Grant
from jutong.slices.grants.queries.ending import ending_of_entry
from jutong.slices.grants.queries.grants import mine
from jutong.slices.grants.workflow import GRANT

STANDING: Final = ("granted", "suspended")


def grants_of_entry(entry_id: int) -> list[int]:
    """Return the ids of all grants of an entry, for figures that name nobody."""
    return list(Grant.objects.filter(resource_id=entry_id).values_list("pk", flat=True))


def of_entry(actor: Actor, _at: datetime, *, entry: EntryDetail) -> Said:
    """Return what an entry's page says of its grants: how many departments have one, which, and the end of its service."""
    found = Grant.objects.filter(resource_id=entry.row.id).aggregate(
        now=Count("consumer", distinct=True, filter=Q(state="granted")),
        ever=Count("consumer", distinct=True),
        called=Sum("calls"),
        standing=Count("pk", filter=Q(state__in=STANDING)),
    )
    figures = (
        Amount(_("现有授权部门"), found["now"]),
        Amount(_("累计授权部门"), found["ever"]),
        Amount(_("累计接口调用"), found["called"] or 0, _("次")),
    )
    return Said(
        card=ending_of_entry(actor, entry),
        figures=figures if found["ever"] else (),
        ways=tuple(_ways(actor, entry.row.id, found["standing"])) if found["standing"] else (),
    )


def _ways(actor: Actor, entry_id: int, standing: int) -> Iterator[Linked]:
    """Yield to whom an entry's data goes: grants the actor may know by name, of the others how many."""
    known = Grant.objects.filter(mine(actor), resource_id=entry_id, state__in=STANDING)
    for row in known.select_related("consumer").order_by("consumer__name", "pk"):
        standing -= 1
        yield Linked(
            "to",
            row.consumer.name,
            detail="、".join(_(MODE_LABELS[mode]) for mode in row.modes),
            how=f"G-{row.pk:06d} {GRANT.state_label(row.state)}",
            since=row.valid_from,
            url=f"/grants/{row.pk}/",
        )
    if standing:
        yield Linked("to", _("其他 %d 个使用部门") % standing, hidden=standing)


@dataclass(frozen=True, slots=True)
class Held:
    """A grant of an entry and how it was used, for those who have to tell its consumer something."""

    grant_id: int
    consumer_id: int
    working: bool
    items: tuple[dict[str, Any], ...]
    key_items: tuple[str, ...]
    calls: int
    last_used_at: datetime | None


def held_of(entry_id: int, consumer_id: int | None = None) -> list[Held]:
    """Return every grant of an entry (to one consumer), ended ones included, by id."""
    rows = Grant.objects.filter(resource_id=entry_id).order_by("pk")
    if consumer_id is not None:
        rows = rows.filter(consumer_id=consumer_id)
    return [
        Held(
            row.pk, row.consumer_id, row.state in {"granted", "suspended"}, tuple(row.items), tuple(row.key_items),
            row.calls, row.last_used_at,
        )
        for row in rows
    ]  # fmt: skip
