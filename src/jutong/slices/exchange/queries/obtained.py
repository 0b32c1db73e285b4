"""What consumers obtained by deliveries, for the ledgers and reports of slices above; without a person asking."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Sum

from jutong.slices.exchange.models import Run
from jutong.slices.exchange.rules import table_name


@dataclass(frozen=True, slots=True)
class Obtained:
    """A released delivery. kind: table, batch or files; place: where it went, as far as the platform knows it."""

    run_id: int
    task_id: int
    grant_id: int
    kind: str
    title: str
    place: str
    rows: int
    at: datetime
    account_name: str


@dataclass(frozen=True, slots=True)
class Carried:
    """Released deliveries under one grant over some time."""

    runs: int
    rows: int


def obtained(run_id: int) -> Obtained | None:
    """Return a delivery once it is released, None before and for an unknown id."""
    run = Run.objects.select_related("task__target").filter(pk=run_id, state="released").first()
    if run is None or run.settled_at is None:
        return None
    task = run.task
    place = " ".join(filter(None, [task.target.title if task.target else "", table_name(task.schema, task.table)]))
    return Obtained(
        run_id=run.pk, task_id=task.pk, grant_id=run.grant_id, kind=task.kind, title=run.title, place=place,
        rows=run.rows_done, at=run.settled_at, account_name=run.account_name,
    )  # fmt: skip


def delivered_under(first: datetime, last: datetime, *, grants: Iterable[int] | None = None) -> dict[int, Carried]:
    """Return deliveries released from `first` to `last`, by grant (of some grants): the exchange log's own count."""
    rows = Run.objects.filter(state="released", settled_at__gte=first, settled_at__lte=last)
    if grants is not None:
        rows = rows.filter(grant_id__in=set(grants))
    counted = rows.values("grant_id").annotate(n=Count("pk"), carried=Sum("rows_done")).order_by("grant_id")
    return {row["grant_id"]: Carried(row["n"], row["carried"] or 0) for row in counted}
