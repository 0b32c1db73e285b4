"""What runners report: figures, states and receipts; a run follows them, and is released only with a proof."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from django.db import transaction

from jutong.kernel import outbox
from jutong.kernel.actors import Actor, system_actor
from jutong.kernel.errors import WrongState
from jutong.slices.exchange import events
from jutong.slices.exchange.actions import halves
from jutong.slices.exchange.actions.alarms import raise_alarm
from jutong.slices.exchange.actions.correcting import purge_corrected
from jutong.slices.exchange.actions.receipts import countersign, keep, unproven
from jutong.slices.exchange.actions.room import admit
from jutong.slices.exchange.actions.setting_aside import ORDER
from jutong.slices.exchange.models import Run, RunSample
from jutong.slices.exchange.rules import OPEN, led, way
from jutong.slices.exchange.workflow import EXCHANGE_TASK
from jutong.wire.transfers import Progress, RunState

log = logging.getLogger(__name__)

ENDS: Final = (RunState.RELEASED, RunState.REJECTED, RunState.QUARANTINED)
SAMPLE_SECONDS: Final = 1.0
"""Reports closer together than this leave one point in the line of throughput."""


def take_progress(reports: Sequence[Progress], *, node: str, at: datetime) -> int:
    """Follow the reports of a node, each in a transaction of its own; returns how many concerned a present order.

    The same report twice is the same as once; reports of unknown, earlier or ended orders change nothing. An alarm is no
    report on the run: it moves no state and is told to people whether the order has ended or not.
    """
    by = system_actor(f"node:{node}")
    return sum(_take(report, node, by, at) for report in reports)


@transaction.atomic
def _take(report: Progress, node: str, by: Actor, at: datetime) -> bool:
    named = ORDER.fullmatch(report.order_id)
    run = Run.objects.select_for_update().filter(pk=int(named[1])).first() if named else None
    if run is not None and report.alarm:
        return raise_alarm(run, report, by=by, at=at)
    if run is not None and run.sender:
        return take_half(run, report, node, by, at)
    if run is None or named is None or run.round != int(named[2]) or run.state not in OPEN:
        log.info("report on order %s (%s) from %s changes nothing", report.order_id[:80], report.state, node)
        return False
    fault = keep(run, report.receipt, node=node, at=at) if report.receipt else ""
    if not fault and report.state is RunState.RELEASED:
        fault = unproven(run)
    _note(run, report, node, fault)
    follow(run, RunState.QUARANTINED if fault else report.state, by, at)
    return True


def follow(run: Run, target: RunState, by: Actor, at: datetime) -> None:
    """Lead a run to the state that was reported; what waits for its source is let in when it has ended."""
    for verb in way(run.state, target):
        EXCHANGE_TASK.do(verb, run.pk, by=by, at=at)
    if target in ENDS:
        purge_corrected(run.pk)
        admit()


def take_half(run: Run, report: Progress, node: str, by: Actor, at: datetime) -> bool:
    """Follow what the node of one half says; only the receiving half can release a run, either can end it.

    Reports of nodes that have no half of it, of earlier rounds and of ended runs change nothing but the half itself.
    """
    half = halves.of(run, report.order_id, node)
    if half is None:
        log.info("report on order %s from %s, which has no half of it, changes nothing", report.order_id[:80], node)
        return False
    current = report.order_id == run.order_id and run.state in OPEN
    fault = keep(run, report.receipt, node=node, at=at) if current and report.receipt else ""
    if current and not fault and half.side == "receiver" and report.state is RunState.RELEASED:
        fault = unproven(run)
    halves.note(half, report, fault)
    if not current:
        return False
    halves.show(run, half, report, fault)
    _sample(run, halves.together(run, report))
    target = RunState.QUARANTINED if fault else led(half.side, report.state)
    follow(run, target, by, at)
    if target in ENDS:
        halves.tell_the_other(run, half)
    return True


def _note(run: Run, report: Progress, node: str, fault: str) -> None:
    """Write down what the report says besides the state; figures of an older attempt or moment are not news."""
    if not fault and (report.attempt, report.at) < (run.attempt, run.reported_at or report.at):
        return
    Run.objects.filter(pk=run.pk).update(
        attempt=report.attempt,
        rows_done=report.rows_done or run.rows_done,
        rows_total=report.rows_total or run.rows_total,
        message=(fault or report.message)[:500].replace("\x00", ""),
        artefact_id=report.artefact_id[:80] if report.state is RunState.RELEASED and not fault else "",
        node=node[:64],
        reported_at=report.at,
        bytes_done=report.bytes_done or run.bytes_done,
        lag_seconds=report.lag_seconds,
        **halves.findings(run, report),
    )
    _sample(run, report)


def _sample(run: Run, report: Progress) -> None:
    """Keep a point of the line of throughput, at most one a second; a later attempt begins anew from its own figures."""
    if report.state is not RunState.SENT:
        return
    last = run.samples.filter(round=run.round).order_by("-at").first()
    if last is None or (report.at - last.at).total_seconds() >= SAMPLE_SECONDS:
        RunSample.objects.create(
            run=run,
            round=run.round,
            at=report.at,
            rows=report.rows_done,
            bytes=report.bytes_done,
            lag_seconds=report.lag_seconds,
        )


@EXCHANGE_TASK.action("send")
def send_run(run: Run, *, by: Actor, at: datetime) -> None:
    """A runner has begun to send."""


@EXCHANGE_TASK.action("receive")
def receive_run(run: Run, *, by: Actor, at: datetime) -> None:
    """All rows have arrived and their digest was taken."""


@EXCHANGE_TASK.action("validate")
def validate_run(run: Run, *, by: Actor, at: datetime) -> None:
    """Count and content checksum of both ends agree."""


@EXCHANGE_TASK.action("release")
def release_run(run: Run, *, by: Actor, at: datetime) -> None:
    """The consumer sees the data; our counter-signature completes the proof (R-EXC-019).

    WrongState, and nothing changed, where the receiver's reconciled receipt is missing.
    """
    if sentence := unproven(run):
        raise WrongState(sentence)
    rows = countersign(run, at=at)
    run.rows_done = run.rows_total = rows
    run.settled_at = at
    payload = {"run_id": run.pk, "grant_id": run.grant_id, "kind": run.task.kind, "rows": rows}
    outbox.publish(events.RUN_RELEASED, f"run:{run.pk}", payload, at=at, by=by)


@EXCHANGE_TASK.action("reject")
def reject_run(run: Run, *, by: Actor, at: datetime) -> None:
    """A runner did not carry the order out, or stopped it: nothing has reached the target."""
    run.settled_at = at


@EXCHANGE_TASK.action("quarantine")
def quarantine_run(run: Run, *, by: Actor, at: datetime) -> None:
    """The ends do not agree, or no valid receipt proves that they do: the previous data stay (R-EXC-019)."""
    run.settled_at = at
