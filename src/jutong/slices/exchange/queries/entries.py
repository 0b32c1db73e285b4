"""What deliveries say of an entry."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Count, Max, Sum
from django.utils.translation import gettext as _

from jutong.kernel.actors import Actor
from jutong.kernel.panels import Amount, Said
from jutong.slices.catalogue.queries import EntryDetail
from jutong.slices.exchange.models import Run
from jutong.slices.grants import queries as grants

DAYS: Final = 30


def figures(_actor: Actor, at: datetime, *, entry: EntryDetail) -> Said | None:
    """Return how many deliveries of an entry reconciled in thirty days, and how many rows they carried."""
    if not grants.grants_of_entry(entry.row.id):
        return None
    since = at - timedelta(days=DAYS)
    found = Run.objects.filter(grant__resource=entry.row.id, state="released", settled_at__gte=since).aggregate(
        runs=Count("pk"), rows=Sum("rows_done")
    )
    if not found["runs"]:
        return None
    runs = Amount(_("近三十天交付"), found["runs"], _("次"))
    return Said(figures=(runs, Amount(_("近三十天交付行数"), found["rows"] or 0, _("行"))))


@dataclass(frozen=True, slots=True)
class Delivered:
    """A department to which data of an entry was delivered: how often, and when last."""

    consumer_id: int
    runs: int
    last_at: datetime | None


def delivered_of(entry_id: int) -> list[Delivered]:
    """Return to whom tables, files and batches of an entry were released, whatever became of the grant since."""
    runs = Run.objects.filter(grant__resource=entry_id, state="released").values("consumer_id")
    rows = runs.annotate(runs=Count("pk"), last=Max("settled_at")).order_by("consumer_id")
    return [Delivered(row["consumer_id"], row["runs"], row["last"]) for row in rows]
