"""What grants say of an entry: to whom its data goes, and how many there are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Q, Sum
from django.utils.translation import gettext as _

from jutong.kernel.actors import Actor
from jutong.kernel.panels import Amount, Linked
from jutong.kernel.terms import MODE_LABELS
from jutong.slices.grants.models import Grant
from jutong.slices.grants.queries.grants import mine
from jutong.slices.grants.workflow import GRANT


def grants_of_entry(entry_id: int) -> list[int]:
    """Return the ids of all grants of an entry, for figures that name nobody."""
    return list(Grant.objects.filter(resource_id=entry_id).values_list("pk", flat=True))


def lineage(actor: Actor, _at: datetime, *, entry_id: int) -> tuple[Linked, ...] | None:
    """Return to whom an entry's data goes: grants the actor may know by name, of the others how many."""
    rows = Grant.objects.filter(resource_id=entry_id, state__in=("granted", "suspended"))
    known = list(rows.filter(mine(actor)).select_related("consumer").order_by("consumer__name", "pk"))
    found = [
        Linked(
            "to",
            row.consumer.name,
            detail="、".join(_(MODE_LABELS[mode]) for mode in row.modes),
            how=f"G-{row.pk:06d} {GRANT.state_label(row.state)}",
            since=row.valid_from,
            url=f"/grants/{row.pk}/",
        )
        for row in known
    ]
    if others := rows.count() - len(known):
        found.append(Linked("to", _("其他 %d 个使用部门") % others, hidden=others))
    return tuple(found) or None


def figures(_actor: Actor, _at: datetime, *, entry_id: int) -> tuple[Amount, ...] | None:
    """Return how many departments were granted an entry, now and ever, and how often it was called in all."""
    found = Grant.objects.filter(resource_id=entry_id).aggregate(
        now=Count("consumer", distinct=True, filter=Q(state="granted")),
        ever=Count("consumer", distinct=True),
        called=Sum("calls"),
    )
    if not found["ever"]:
        return None
    return (
        Amount(_("现有授权部门"), found["now"]),
        Amount(_("累计授权部门"), found["ever"]),
        Amount(_("累计接口调用"), found["called"] or 0, _("次")),
    )


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
