"""What grants say of an entry: to whom its data goes, how many there are, whether its service ends."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.utils.translation import gettext as _

from jutong.kernel import panels
from jutong.kernel.actors import Actor
from jutong.kernel.panels import Amount, Linked, Said
from jutong.kernel.terms import MODE_LABELS
from jutong.slices.catalogue.queries import EntryDetail
from jutong.slices.grants.models import Grant
from jutong.slices.grants.queries.ending import ending_of_entry
from jutong.slices.grants.queries.grants import GrantRow, between, mine
from jutong.slices.grants.workflow import GRANT

STANDING: Final = ("granted", "suspended")


@dataclass(frozen=True, slots=True)
class _Brief:
    """As much of a grant as the page of its entry counts."""

    id: int
    consumer_id: int
    state: str
    calls: int


def _briefs(entry_id: int) -> tuple[_Brief, ...]:
    """Return every grant of an entry in short, ended ones included; the panels of a page ask once."""
    rows = Grant.objects.filter(resource_id=entry_id).values_list("pk", "consumer_id", "state", "calls")
    return panels.once("grants", entry_id, lambda: tuple(_Brief(*row) for row in rows))


def grants_of_entry(entry_id: int) -> list[int]:
    """Return the ids of all grants of an entry, for figures that name nobody."""
    return [brief.id for brief in _briefs(entry_id)]


def granted_to(consumer_id: int, entry_id: int) -> GrantRow | None:
    """Return the working grant that a consumer has of an entry, for the page of that entry."""
    works = any(brief.consumer_id == consumer_id and brief.state == "granted" for brief in _briefs(entry_id))
    return between(consumer_id, entry_id) if works else None


def of_entry(actor: Actor, _at: datetime, *, entry: EntryDetail) -> Said:
    """Return what an entry's page says of its grants: how many departments have one, which, and the end of its service."""
    found = _briefs(entry.row.id)
    standing = sum(brief.state in STANDING for brief in found)
    figures = (
        Amount(_("现有授权部门"), len({brief.consumer_id for brief in found if brief.state == "granted"})),
        Amount(_("累计授权部门"), len({brief.consumer_id for brief in found})),
        Amount(_("累计接口调用"), sum(brief.calls for brief in found), _("次")),
    )
    return Said(
        card=ending_of_entry(actor, entry, consumers={brief.consumer_id for brief in found}),
        figures=figures if found else (),
        ways=tuple(_ways(actor, entry.row.id, standing)) if standing else (),
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
