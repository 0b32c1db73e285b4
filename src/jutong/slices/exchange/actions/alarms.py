"""Alarms of the runners about a task's change log: told to people, once a day while it grows; no run changes by them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from jutong.kernel import outbox
from jutong.kernel.actors import Actor
from jutong.slices.exchange import events
from jutong.slices.exchange.models import Run, TransferTask
from jutong.wire.transfers import Progress

AGAIN: Final = timedelta(days=1)
"""How long an alarm about a growing log is not repeated."""
DROPPED: Final = "dropped"


def raise_alarm(run: Run, report: Progress, *, by: Actor, at: datetime) -> bool:
    """Publish an alarm about the change log of a run's task; False where people were told within a day.

    That a log was given up is always told: it happens once, and the next run copies everything.
    """
    task = TransferTask.objects.select_for_update().get(pk=run.task_id)
    if report.alarm != DROPPED and task.alarmed_at is not None and at - task.alarmed_at < AGAIN:
        return False
    TransferTask.objects.filter(pk=task.pk).update(alarmed_at=at)
    payload = {
        "run_id": run.pk,
        "task_id": task.pk,
        "provider_id": run.provider_id,
        "account_id": task.account_id,
        "text": report.message[:500].replace("\x00", ""),
    }
    outbox.publish(events.LOG_ALARMED, f"task:{task.pk}", payload, at=at, by=by)
    return True
