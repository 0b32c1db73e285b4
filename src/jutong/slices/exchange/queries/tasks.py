"""Tasks as people see them: what they deliver, when next, how it went; and the figures of departments."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery, Sum
from django.utils.translation import gettext as _

from jutong.kernel.actors import Actor
from jutong.kernel.errors import NotThere
from jutong.kernel.paging import Page, page
from jutong.kernel.terms import N_
from jutong.slices.exchange.models import Run, SourceLimit, TransferTask
from jutong.slices.exchange.queries.following import named
from jutong.slices.exchange.queries.runs import RunRow, place_of, runs_of
from jutong.slices.exchange.rules import (
    CONSUMER,
    SOURCE_OWNER,
    Kind,
    Reading,
    Terms,
    Window,
    in_words,
    next_times,
    window_words,
)
from jutong.slices.exchange.workflow import EXCHANGE_TASK, OVERSEERS, may_know
from jutong.slices.sources import queries as sources

FOLDS = {"planned": ~Q(due_at=None), "paused": Q(paused=True)}
_SETTLED = ("released", "rejected", "quarantined")


@dataclass(frozen=True, slots=True)
class TaskRow:
    """A task in a list. when: its schedule or event in words; success: per cent of ended runs that were released."""

    id: int
    number: str
    title: str
    entry_code: str
    kind: str
    kind_label: str
    grant_id: int
    provider_name: str
    consumer_name: str
    place: str
    reading: str
    when: str
    due_at: datetime | None
    paused: bool
    remark: str
    last_run_id: int | None
    last_state: str
    last_label: str
    last_at: datetime | None
    ended: int
    success: int | None
    mine: bool


@dataclass(frozen=True, slots=True)
class TaskDetail:
    """A task with its plan, its next times and latest runs. others: tasks of the department it could follow."""

    row: TaskRow
    terms: Terms
    cron: str
    times: tuple[datetime, ...]
    after_task_id: int | None
    after_title: str
    after_update: bool
    mode: str
    target_title: str
    created_by: str
    created_at: datetime
    shape: str
    stored: dict[str, Any]
    runs: tuple[RunRow, ...]

    @property
    def hours(self) -> str:
        """The window in words, empty for any time."""
        return window_words(self.terms.window) if self.terms.window else ""


@dataclass(frozen=True, slots=True)
class Figures:
    """What one department sent or received by the exchange."""

    department: str
    runs: int
    released: int
    failed: int
    rows: int
    bytes: int


@dataclass(frozen=True, slots=True)
class SourceLimits:
    """What the owner of a data source allows, and how busy it is. may_change: by the asking actor."""

    source_id: int
    title: str
    most_runs: int
    rows_per_second: int
    hours: Window | None
    running: int
    waiting: int
    changed_by: str
    changed_at: datetime | None
    may_change: bool
    statement_seconds: int = 0


def _all() -> QuerySet[TransferTask]:
    latest = Run.objects.filter(task=OuterRef("pk")).order_by("-id")
    return (
        TransferTask.objects.filter(deleted_at=None)
        .select_related("grant__provider", "grant__consumer", "target", "after_task__grant")
        .annotate(
            last_run=Subquery(latest.values("pk")[:1]),
            last_state=Subquery(latest.values("state")[:1]),
            last_at=Subquery(latest.values("ordered_at")[:1]),
            ended=Count("runs", filter=Q(runs__state__in=_SETTLED)),
            released=Count("runs", filter=Q(runs__state="released")),
        )
    )


def _mine(actor: Actor) -> Q:
    if actor.account_id is None or actor.holds(*OVERSEERS):
        return Q()
    return Q(grant__provider_id__in=actor.serves) | Q(grant__consumer_id__in=actor.serves)


def tasks(
    actor: Actor, *, fold: str = "", text: str = "", number: int = 1, size: int = 20
) -> tuple[list[TaskRow], Page]:
    """Return the tasks an actor may know of, newest first. fold: planned, paused."""
    rows = _all().filter(_mine(actor)).order_by("-id")
    if fold in FOLDS:
        rows = rows.filter(FOLDS[fold])
    if text := text.replace("\x00", "").strip():
        rows = rows.filter(
            Q(grant__resource_title__icontains=text) | Q(grant__entry_code=text) | Q(table__icontains=text)
        )
    found, meta = page(rows, number, size)
    return [_row(each, actor) for each in found], meta


def task(task_id: int, actor: Actor, *, at: datetime) -> TaskDetail:
    """Return one task with its next times and latest runs. NotThere where the actor may not know of it."""
    found = _all().filter(pk=task_id).first()
    if found is None or not may_know(actor, found):
        raise NotThere(N_("没有找到该交换任务，或您无权知悉。"))
    return TaskDetail(
        row=_row(found, actor),
        terms=found.agreed,
        cron=found.cron,
        times=next_times(found.cron, at) if found.cron and not found.paused else (),
        after_task_id=found.after_task_id,
        after_title=named(found.after_task) if found.after_task else "",
        after_update=found.after_update,
        mode=found.mode,
        target_title=found.target.title if found.target else "",
        created_by=found.account_name,
        created_at=found.created_at,
        shape=found.shape,
        stored=found.terms,
        runs=tuple(runs_of(found.pk, actor)),
    )


def _row(task: Any, actor: Actor) -> TaskRow:
    ended, released, state = task.ended, task.released, task.last_state or ""
    return TaskRow(
        id=task.pk,
        number=f"J-{task.pk:06d}",
        title=task.grant.resource_title,
        entry_code=task.grant.entry_code,
        kind=task.kind,
        kind_label=_(Kind(task.kind).label),
        grant_id=task.grant_id,
        provider_name=task.grant.provider.name,
        consumer_name=task.grant.consumer.name,
        place=place_of(task),
        reading=_(Reading(task.agreed.read).label),
        when=_when(task),
        due_at=task.due_at,
        paused=task.paused,
        remark=task.remark,
        last_run_id=task.last_run,
        last_state=state,
        last_label=EXCHANGE_TASK.state_label(state) if state else "",
        last_at=task.last_at,
        ended=ended,
        success=released * 100 // ended if ended else None,
        mine=CONSUMER.permits(actor, task) is not None,
    )


def _when(task: TransferTask) -> str:
    said = [in_words(task.cron)] if task.cron else []
    if task.after_task_id:
        said.append(_("前一任务 J-%06d 放行后") % task.after_task_id)
    if task.after_update:
        said.append(_("数据更新后"))
    return "；".join(said) or _("人工发起")


def figures(actor: Actor, *, side: str = "consumer") -> list[Figures]:
    """Return what each department received (side consumer) or provided (side provider), most rows first."""
    side = side if side in {"consumer", "provider"} else "consumer"
    mine: Q = Q()
    if actor.account_id is not None and not actor.holds(*OVERSEERS):
        mine = Q(provider_id__in=actor.serves) | Q(consumer_id__in=actor.serves)
    done = Q(state="released")
    rows: Any = (
        Run.objects.filter(mine)
        .values(f"{side}__name")
        .annotate(
            count=Count("pk"),
            released=Count("pk", filter=done),
            failed=Count("pk", filter=Q(state__in=["rejected", "quarantined"])),
            rows=Sum("rows_done", filter=done),
            volume=Sum("bytes_done", filter=done),
        )
        .order_by("-rows", f"{side}__name")
    )
    return [
        Figures(r[f"{side}__name"], r["count"], r["released"], r["failed"], r["rows"] or 0, r["volume"] or 0)
        for r in rows[:1000]
    ]


def all_tasks(actor: Actor) -> Iterator[TaskRow]:
    """Yield every task an actor may know of, for a sheet."""
    for each in _all().filter(_mine(actor)).order_by("-id").iterator(chunk_size=500):
        yield _row(each, actor)


def source_limits(source_id: int, actor: Actor) -> SourceLimits:
    """Return the limits of a data source and how busy it is. NotThere for a source the actor may not know of."""
    source = sources.source(source_id, actor)
    kept = SourceLimit.objects.filter(source_id=source_id).first()
    there = Run.objects.filter(Q(source_id=source_id) | Q(task__target_id=source_id))
    hours = Window(**kept.hours) if kept and kept.hours else None
    return SourceLimits(
        source_id=source_id,
        title=source.title,
        most_runs=kept.most_runs if kept else 0,
        rows_per_second=kept.rows_per_second if kept else 0,
        hours=hours,
        running=there.filter(state__in=["queued", "sent", "received", "validated"], waiting=False).count(),
        waiting=there.filter(state="queued", waiting=True).count(),
        changed_by=kept.changed_by if kept else "",
        changed_at=kept.changed_at if kept else None,
        may_change=SOURCE_OWNER.permits(actor, source) is not None,
        statement_seconds=source.statement_seconds,
    )


__all__ = [
    "Figures",
    "SourceLimits",
    "TaskDetail",
    "TaskRow",
    "all_tasks",
    "figures",
    "source_limits",
    "task",
    "tasks",
]
