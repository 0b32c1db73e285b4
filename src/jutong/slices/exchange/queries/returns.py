"""The runs of a back-flow, period by period: what was selected, sent, arrived, reconciled or reported as a gap."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.utils.translation import gettext as _

from jutong.slices.exchange.formats import receipt_in
from jutong.slices.exchange.models import Backflow, Run, RunReceipt
from jutong.slices.exchange.rules.backflow import PHASES, phase
from jutong.wire.transfers import Receipt

SHOWN: Final = 12
"""Runs of a back-flow that its page shows."""


@dataclass(frozen=True, slots=True)
class ReturnRow:
    """A back-flow's run of one period. since, until: of which moments' change it brought, since the last that was released.

    sent, arrived, divisions: of its receipt, None before there is one; unassigned: source rows without a division.
    """

    run_id: int
    since: datetime | None
    until: datetime
    phase: str
    phase_label: str
    sent: int | None
    arrived: int | None
    divisions: int | None
    unassigned: int | None
    message: str

    @property
    def tone(self) -> str:
        """Colour of the phase."""
        return {"reconciled": "good", "repaired": "good", "gap_reported": "bad", "rejected": "bad"}.get(
            self.phase, "wait"
        )


def receipt_of(run: Run) -> tuple[RunReceipt, Receipt] | None:
    """Return the receiver's receipt of a run's present round, as kept and as read."""
    kept = run.receipts.filter(order_id=run.order_id, side="receiver").first()
    return (kept, receipt_in(bytes(kept.envelope))[1]) if kept else None


def arrived_of(run: Run) -> tuple[int, int]:
    """Return the rows a run counted at the source, and those of divisions on which both ends agree; as reported without receipt."""
    found = receipt_of(run)
    if found is None:
        return run.rows_total, 0
    return _counted(found[1])


def _counted(receipt: Receipt) -> tuple[int, int]:
    agreed = [part.target.rows for part in receipt.parts if part.source == part.target]
    return receipt.source.rows, sum(agreed) if receipt.parts else receipt.target.rows


def returns_of(case: Backflow) -> tuple[ReturnRow, ...]:
    """Return the newest runs of a back-flow, newest first."""
    runs = list(Run.objects.filter(task_id=case.task_id or 0).order_by("-id")[: SHOWN + 1])
    return tuple(
        _row(run, next((earlier.ordered_at for earlier in runs[place:] if earlier.state == "released"), None))
        for place, run in enumerate(runs[:SHOWN], 1)
    )


def _row(run: Run, since: datetime | None) -> ReturnRow:
    name, found = phase(run.state, repaired=bool(run.repair)), receipt_of(run)
    sent, arrived = _counted(found[1]) if found else (None, None)
    return ReturnRow(
        run_id=run.pk,
        since=since,
        until=run.ordered_at,
        phase=name,
        phase_label=_(PHASES[name]),
        sent=sent,
        arrived=arrived,
        divisions=len(found[1].parts) if found else None,
        unassigned=found[1].unassigned if found else None,
        message=run.message,
    )
