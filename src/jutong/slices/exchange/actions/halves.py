"""What is kept of the two halves of a run between two front-end nodes."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from jutong.slices.exchange.actions.room import next_serial
from jutong.slices.exchange.formats import receipt_in
from jutong.slices.exchange.models import Run, RunHalf
from jutong.wire.transfers import OrderKind, Progress, RunState

_MOST_PARTS: Final = 10_000
_ENDS: Final = (RunState.RELEASED, RunState.REJECTED, RunState.QUARANTINED)


def of(run: Run, order_id: str, node: str) -> RunHalf | None:
    """Return a node's half of an order; None for a node that has none. Both halves of the present round are made known."""
    if order_id == run.order_id:
        for side, name in (("sender", run.sender), ("receiver", run.receiver)):
            RunHalf.objects.get_or_create(order_id=order_id, side=side, defaults={"run": run, "node": name})
    return RunHalf.objects.filter(run=run, order_id=order_id, node=node).first()


def note(half: RunHalf, report: Progress, fault: str) -> None:
    """Write down what a half says; figures of an older attempt or moment are not news."""
    half.ended = half.ended or report.state in _ENDS
    if (report.attempt, report.at) >= (half.attempt, half.reported_at or report.at) or report.state in _ENDS:
        half.reported = RunState.QUARANTINED if fault else report.state
        half.attempt, half.reported_at = report.attempt, report.at
        half.rows_done = report.rows_done or half.rows_done
        half.rows_total = report.rows_total or half.rows_total
        half.bytes_done = report.bytes_done or half.bytes_done
        half.message = (fault or report.message)[:500].replace("\x00", "")
    half.position = _position(half, report, fault)
    half.save()


def _position(half: RunHalf, report: Progress, fault: str) -> str | None:
    """Return how far the target has come by this report, or what was known before."""
    if half.side != "receiver" or fault:
        return half.position
    if report.state is RunState.RELEASED and report.receipt:
        if half.run.task.kind == OrderKind.FILES:
            return half.order_id
        return receipt_in(report.receipt)[1].position[:255]
    return half.position if report.position is None else report.position[:255].replace("\x00", "")


def show(run: Run, half: RunHalf, report: Progress, fault: str) -> None:
    """Write into the run what people see of it: the receiving half's figures once it has any, else the sending half's."""
    told = {each.side: each for each in RunHalf.objects.filter(order_id=run.order_id)}
    sender, receiver = told["sender"], told["receiver"]
    front = receiver if receiver.rows_done else sender
    run.rows_done, run.rows_total = front.rows_done, sender.rows_total or sender.rows_done
    Run.objects.filter(pk=run.pk).update(
        attempt=max(sender.attempt, receiver.attempt),
        rows_done=run.rows_done,
        rows_total=run.rows_total,
        bytes_done=front.bytes_done or sender.bytes_done,
        message=fault or half.message,
        node=f"{run.sender} → {run.receiver}"[:64],
        reported_at=half.reported_at,
        **findings(run, report),
    )


def findings(run: Run, report: Progress) -> dict[str, Any]:
    """Return what a report has found out about the data, as a change of the run; what was found before stays."""
    return {
        "dirty": report.dirty or run.dirty,
        "differing": [name[:200] for name in report.differing[:_MOST_PARTS]] or run.differing,
        "of_source": report.of_source or (run.of_source and report.state not in _ENDS),
        "drift": report.drift[:128] or run.drift,
        "drift_text": report.drift_text[:1000].replace("\x00", "") or run.drift_text,
    }


def together(run: Run, report: Progress) -> Progress:
    """Return a report with what both halves have done: the line of throughput goes on when the other half begins."""
    told = RunHalf.objects.filter(order_id=run.order_id)
    rows, size = (sum(getattr(each, name) for each in told) for name in ("rows_done", "bytes_done"))
    return msgspec.structs.replace(report, rows_done=rows, bytes_done=size)


def tell_the_other(run: Run, half: RunHalf) -> None:
    """Let the node of the other half, where it is not done, know at its next look that the run has ended."""
    other = RunHalf.objects.filter(order_id=run.order_id, ended=False).exclude(pk=half.pk)
    if other.exists():
        other.update(serial=next_serial())
