"""Long work: deferred in the business transaction, run by the worker, with progress a person can watch."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import psycopg
from django.db import close_old_connections, connection, transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from procrastinate.contrib.django import app as procrastinate_app

from jutong.kernel import clock, figures, heartbeats, outbox
from jutong.kernel.actors import Actor
from jutong.kernel.audit import sealing
from jutong.kernel.errors import NotThere, Refusal
from jutong.kernel.models import Progress
from jutong.kernel.workflow import clocks

logger = logging.getLogger(__name__)

TICK_SECONDS: Final = 1.0
Task = Callable[..., None]
Timer = Callable[[datetime], int]
_TASKS: Final[dict[str, Task]] = {}
_TIMERS: Final[list[tuple[float, Timer]]] = []
_rung: dict[Timer, float] = {}


@dataclass(frozen=True, slots=True)
class ProgressRow:
    """How far a piece of work is; `percent` is 0 to 100."""

    id: int
    title: str
    state: str
    done: int
    total: int
    percent: int
    message: str
    result_file_id: int | None
    result_link: str


class Running:
    """The work's own handle: it reports steps and leaves a result."""

    def __init__(self, progress_id: int) -> None:
        self.id = progress_id

    def step(self, done: int, total: int, message: str = "") -> None:
        """Say how far the work is, visible at once to whoever watches."""
        Progress.objects.filter(pk=self.id).update(done=done, total=total, message=message[:500])

    def result(self, *, file_id: int | None = None, link: str = "", message: str = "") -> None:
        """Leave the result: a stored file, a link, a sentence."""
        Progress.objects.filter(pk=self.id).update(result_file_id=file_id, result_link=link, message=message[:500])


def task(name: str) -> Callable[[Task], Task]:
    """Register a piece of long work: `work(running, **arguments)`; arguments are JSON."""

    def register(work: Task) -> Task:
        _TASKS[name] = work
        return work

    return register


def start(name: str, title: str, *, by: Actor, at: datetime, **arguments: Any) -> int:
    """Defer a registered task in the current transaction; returns the id of its progress."""
    progress = Progress.objects.create(
        task=name,
        title=title[:200],
        account_id=by.account_id,
        department_id=by.department_id,
        at=at,
        arguments=arguments,
    )
    run_work.defer(progress_id=progress.pk)
    return progress.pk


@procrastinate_app.task(name="jutong.work", queue="work")
def run_work(progress_id: int) -> None:
    """Run one deferred task to its end and say how it ended."""
    progress = Progress.objects.get(pk=progress_id)
    Progress.objects.filter(pk=progress_id).update(state="running")
    try:
        _TASKS[progress.task](Running(progress_id), **progress.arguments)
    except Refusal as refusal:
        _finish(progress_id, "failed", refusal.sentence)
    except Exception:
        _finish(progress_id, "failed", _("处理中断：系统内部错误，已记录，请联系平台管理员。"))
        raise
    else:
        _finish(progress_id, "done")


def _finish(progress_id: int, state: str, message: str = "") -> None:
    extra = {"message": message[:500]} if message else {}
    Progress.objects.filter(pk=progress_id).update(state=state, finished_at=clock.now(), **extra)
    figures.WORK.labels(Progress.objects.values_list("task", flat=True).get(pk=progress_id), state).inc()


def progress(progress_id: int, actor: Actor) -> ProgressRow:
    """Return how far a piece of work is. NotThere for another account's work."""
    row = Progress.objects.filter(pk=progress_id, account_id=actor.account_id).first()
    if row is None:
        raise NotThere(_("没有找到该项任务。"))
    return _shown(row)


def _shown(row: Progress) -> ProgressRow:
    percent = 100 if row.state == "done" else min(99, row.done * 100 // row.total) if row.total else 0
    return ProgressRow(
        row.pk, row.title, row.state, row.done, row.total, percent, row.message, row.result_file_id, row.result_link
    )


def own_work(actor: Actor, at: datetime) -> list[ProgressRow]:
    """Return an account's work that waits or runs, or ended within a day, newest first (at most 10)."""
    recent = Q(finished_at=None) | Q(finished_at__gte=at - timedelta(days=1))
    return [_shown(row) for row in Progress.objects.filter(recent, account_id=actor.account_id).order_by("-id")[:10]]


def every(seconds: float) -> Callable[[Timer], Timer]:
    """Register a timer of a slice (in its reactions): `ring(at)` returns how much it did."""

    def register(timer: Timer) -> Timer:
        _TIMERS.append((seconds, timer))
        return timer

    return register


def pump(at: datetime, *, all_timers: bool = False) -> int:
    """Let clocks strike, ring the timers that are due, deliver events, seal the trail; returns how much was done."""
    done = 0
    while struck := _struck(at):  # all of a midnight, before any of their events is delivered
        done += struck
    for seconds, timer in _TIMERS:
        if all_timers or at.timestamp() - _rung.get(timer, 0.0) >= seconds:
            _rung[timer] = at.timestamp()
            with transaction.atomic():
                done += timer(at)
    return done + outbox.drain(at) + sealing.seal(at)


def _struck(at: datetime) -> int:
    with transaction.atomic():
        return clocks.sweep(at)


def drain(at: datetime | None = None) -> None:
    """Run everything that waits, now, in this process: for tests and the demo."""
    for _round in range(50):
        worked = _run_waiting()
        if not pump(at or clock.now(), all_timers=True) and not worked:
            return


def _run_waiting() -> int:
    waiting = list(Progress.objects.filter(state="waiting").order_by("id").values_list("pk", flat=True))
    for progress_id in waiting:
        run_work(progress_id)
    return len(waiting)


def run_worker() -> None:
    """Run the worker until it is told to stop: deferred work in one thread, the pumps in another."""
    figures.serve_worker()
    stop = threading.Event()
    pumps = threading.Thread(target=_pump_until, args=(stop,), name="pumps", daemon=True)
    pumps.start()
    try:
        asyncio.run(_work())
    finally:
        stop.set()
        pumps.join(timeout=10)
        _say_goodbye()


def _say_goodbye() -> None:
    try:
        heartbeats.beat(heartbeats.own_name("worker"), "worker", at=clock.now(), stopping=True)
    except Exception:
        logger.exception("the last sign of life could not be written")


async def _work() -> None:
    connector = procrastinate_app.connector.get_worker_connector()  # type: ignore[attr-defined]
    worker_app = procrastinate_app.with_connector(connector)
    async with worker_app.open_async():
        await worker_app.run_worker_async(queues=["work"], concurrency=2, listen_notify=True, delete_jobs="successful")


def _pump_until(stop: threading.Event) -> None:
    while not stop.is_set():
        try:
            if done := pump(clock.now()):
                figures.PUMPED.inc(done)
                continue
            _wait_for_wake(stop)
        except Exception:
            logger.exception("a pump failed; trying again")
            figures.PUMP_FAILURES.inc()
            close_old_connections()
            connection.close()
            stop.wait(TICK_SECONDS)


def _wait_for_wake(stop: threading.Event) -> None:
    connection.ensure_connection()
    raw = connection.connection
    if not isinstance(raw, psycopg.Connection) or stop.is_set():
        return
    with connection.cursor() as cursor:
        cursor.execute(f"listen {outbox.CHANNEL}")
    for _notice in raw.notifies(timeout=TICK_SECONDS, stop_after=1):
        return
