"""What a run's page watches: the line of throughput, how long it will take, partitions of both ends, rows set aside."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from django.db.models import Exists, OuterRef, QuerySet

from jutong.kernel.actors import Actor
from jutong.kernel.errors import WrongState
from jutong.slices.exchange.formats import receipt_in
from jutong.slices.exchange.models import CorrectedRow, Run, RunSample, SetAside
from jutong.slices.exchange.queries.runs import visible
from jutong.slices.exchange.rules import OPEN, check_term
from jutong.slices.exchange.rules.corrections import PROVIDER, check_left, check_newest, check_run, writable
from jutong.slices.exchange.workflow import EXCHANGE_TASK
from jutong.slices.grants import queries as grants
from jutong.wire.transfers import Tally

MOST_POINTS: Final = 120
"""Points of the line of throughput; more are thinned out evenly."""
MOST_SHOWN: Final = 500
"""Partitions, and rows set aside, on a page; the sheets hold all."""
RECENT: Final = timedelta(seconds=15)
"""The speed of now is measured over so long."""


@dataclass(frozen=True, slots=True)
class Point:
    """The speed between two reports, rows and bytes per second, and the lag of change capture."""

    at: datetime
    rows_per_second: float
    bytes_per_second: float
    lag_seconds: float


@dataclass(frozen=True, slots=True)
class Speed:
    """How fast a run is now, and the seconds that remain (None where nobody can say)."""

    rows_per_second: float
    bytes_per_second: float
    remaining: float | None


@dataclass(frozen=True, slots=True)
class PartRow:
    """Both ends of one partition."""

    name: str
    source: Tally
    target: Tally

    @property
    def agrees(self) -> bool:
        """Whether both ends are the same."""
        return self.source == self.target


@dataclass(frozen=True, slots=True)
class AsideRow:
    """A row set aside; value is masked. sent: it has been put right and delivered, or is on its way."""

    number: int
    item: str
    value: str
    reason: str
    id: int = 0
    key: str = ""
    sent: bool = False


_SENT: Final = CorrectedRow.objects.filter(row=OuterRef("pk"), correction__delivery__state__in=[*OPEN, "released"])
"""Whether a row set aside has been delivered since, or is on its way."""


def _samples(run: Run) -> list[RunSample]:
    return list(run.samples.filter(round=run.round).order_by("at", "id"))


def points(run_id: int, actor: Actor) -> list[Point]:
    """Return the speeds of a run's present round in time, at most 120."""
    found = _samples(visible(run_id, actor))
    step = max(1, len(found) // MOST_POINTS)
    found = [*found[::step], *found[-1:]] if step > 1 else found
    made = []
    for before, after in pairwise(found):
        seconds = (after.at - before.at).total_seconds()
        if seconds > 0:
            rows, volume = max(0, after.rows - before.rows), max(0, after.bytes - before.bytes)
            made.append(Point(after.at, rows / seconds, volume / seconds, after.lag_seconds))
    return made


def speed(run_id: int, actor: Actor) -> Speed | None:
    """Return how fast a run is over its last seconds; None before two reports are there."""
    run = visible(run_id, actor)
    found = _samples(run)
    recent = [sample for sample in found if found[-1].at - sample.at <= RECENT] if found else []
    recent = recent if len(recent) > 1 else found[-2:]
    if len(recent) < 2:  # noqa: PLR2004 - a speed needs two reports
        return None
    seconds = (recent[-1].at - recent[0].at).total_seconds()
    rows, volume = recent[-1].rows - recent[0].rows, recent[-1].bytes - recent[0].bytes
    if seconds <= 0 or rows < 0:
        return None
    left = run.rows_total - recent[-1].rows
    rate = rows / seconds
    return Speed(rate, max(0, volume) / seconds, left / rate if rate and left > 0 and run.rows_total else None)


def parts(run_id: int, actor: Actor) -> list[PartRow]:
    """Return both ends of every partition as the receiver's receipt has them, those that differ first."""
    run = visible(run_id, actor)
    kept = {row.side: row for row in run.receipts.filter(order_id=run.order_id)}
    row = kept.get("receiver") or kept.get("sender")
    if row is None:
        return []
    _envelope, receipt = receipt_in(bytes(row.envelope))
    return _ordered([PartRow(part.name, part.source, part.target) for part in receipt.parts])


def _ordered(rows: Sequence[PartRow]) -> list[PartRow]:
    return sorted(rows, key=lambda row: (row.agrees, row.name))


def set_aside(run_id: int, actor: Actor, *, most: int = 0) -> Iterator[AsideRow]:
    """Yield the rows that the present round of a run set aside, by place in the source; at most `most`, 0 for all."""
    run = visible(run_id, actor)
    rows = _aside(run).annotate(sent=Exists(_SENT)).order_by("number", "id")
    found = rows[:most] if most else rows.iterator(chunk_size=1000)
    return (AsideRow(row.number, row.item, row.value, row.reason, row.pk, row.key, row.sent) for row in found)


def _aside(run: Run) -> QuerySet[SetAside]:
    return SetAside.objects.filter(parcel__run=run, parcel__order_id=run.order_id)


@dataclass(frozen=True, slots=True)
class Resubmission:
    """What becomes of a run's rows set aside. sent: runs that delivered corrected ones: id, number, state in words.

    open: the actor may upload corrected rows now. refusal: why nobody can, in words.
    """

    sent: tuple[tuple[int, str, str], ...]
    open: bool
    refusal: str = ""


def resubmission(run_id: int, actor: Actor, at: datetime) -> Resubmission:
    """Return what has become of a run's rows set aside, and whether the actor can put more right."""
    run = visible(run_id, actor)
    sent = tuple(
        (each.pk, f"T-{each.pk:06d}", EXCHANGE_TASK.state_label(each.state)) for each in run.corrected_by.order_by("pk")
    )
    try:
        check_run(run.state, run.task.kind, dirty=run.dirty)
        later = run.task.runs.filter(pk__gt=run.pk, state="released", corrects=None).exists()
        check_newest(run.terms.get("read", "full"), later=later)
        check_term(run.grant.state, run.grant.valid_from, run.grant.valid_until, at)
        check_left(_left(run, actor).count(), forgotten=run.dirty_parcels.exclude(forgotten_at=None).exists())
    except WrongState as refusal:
        return Resubmission(sent, open=False, refusal=str(refusal))
    return Resubmission(sent, open=PROVIDER.permits(actor, run) is not None)


def _left(run: Run, actor: Actor) -> QuerySet[SetAside]:
    """Return the rows set aside that can still be put right: kept, of a writable item, not delivered since."""
    grant = grants.grant(run.grant_id, actor)
    items = writable(grant.items, {condition["item"] for condition in grant.conditions})
    return _aside(run).filter(~Exists(_SENT), item__in=items).exclude(parcel__content=b"")
