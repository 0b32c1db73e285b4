"""Ledgers and use records follow grants, deliveries and calls; periods end; what was kept long enough goes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from jutong.kernel import archive, jobs, outbox
from jutong.kernel.terms import N_
from jutong.slices.usage import actions


@outbox.on_many("grants.version_opened")
def open_ledgers(events: Sequence[outbox.Event], at: datetime) -> None:
    """Grants were opened or changed: their use records begin, or follow them."""
    actions.follow_versions([event.payload["id"] for event in events], at=at)


@outbox.on("exchange_task.released")
def note_delivery(event: outbox.Event, at: datetime) -> None:
    """A delivery was released: its copy stands in the consumer's ledger."""
    actions.note_delivery(event.payload["run_id"], at=at)


@outbox.on("grants.used")
def note_use(event: outbox.Event, at: datetime) -> None:
    """A grant's interface was called for the first time on a day."""
    actions.note_use(event.payload["id"], date.fromisoformat(event.payload["day"]), at=at)


@jobs.every(3600)
def close_periods(at: datetime) -> int:
    """Close the reporting periods that are over."""
    return actions.settle_due(at)


@jobs.every(60)
def look_through_the_trail(at: datetime) -> int:
    """Find accesses to batches that were recorded as destroyed."""
    return actions.find_late_accesses(at)


archive.register(
    archive.Holding(
        "use_record",
        N_("使用记录"),
        N_("有关记录保存期限不少于 3 年，法律、行政法规另有规定的从其规定（政务数据共享条例第二十九条）"),
        due=actions.due_for_purge,
        content=actions.content_of_record,
        attached=actions.proofs_of_record,
        purge=actions.purge_kept,
    )
)
