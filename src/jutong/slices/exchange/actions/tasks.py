"""Standing tasks: made, changed, paused, resumed, run and deleted by the consumer's people; struck by their schedules."""

from __future__ import annotations

import dataclasses
from datetime import datetime
from typing import Final

import msgspec
from django.utils.translation import gettext as _

from jutong.kernel import inbox
from jutong.kernel.actions import action
from jutong.kernel.actors import Actor, system_actor
from jutong.kernel.errors import Conflict, NotAllowed, NotThere, Refusal, RuleBroken, WrongState
from jutong.kernel.terms import N_
from jutong.slices.exchange.actions.ordering import (
    Wanted,
    allowed,
    check_ends,
    check_kind,
    check_target_source,
    open_run,
    place,
    task_of,
)
from jutong.slices.exchange.models import Run, TransferTask
from jutong.slices.exchange.rules import (
    CONSUMER,
    OPEN,
    ORDERERS,
    Plan,
    Terms,
    Trigger,
    check_cron,
    check_file,
    check_folder,
    check_target,
    check_terms,
    next_times,
)
from jutong.slices.exchange.workflow import may_know
from jutong.slices.grants.queries import GrantRow
from jutong.wire.grants import Column
from jutong.wire.transfers import Check, OrderKind, Read, Split, SplitBy

MOST_AT_ONCE: Final = 200
"""Due tasks started in one sweep; the next sweep goes on."""
_PLAN: Final = ("terms", "cron", "due_at", "after_task", "after_update")


@action("exchange.create_task", label=N_("建立任务"), allow=ORDERERS)
def create_task(
    *, by: Actor, at: datetime, grant_id: int, wanted: Wanted, plan: Plan, at_once: bool = False
) -> TransferTask:
    """Set up a standing delivery under a grant: where to, how it reads, when it runs (W22); at_once: and run it now.

    Refusals as for an order; RuleBroken for terms or a schedule that cannot be; Conflict where the same delivery stands.
    """
    if wanted.kind == OrderKind.TABLE:
        check_target(wanted.schema, wanted.table, wanted.mode)
        wanted = dataclasses.replace(wanted, schema=place(wanted.target_id or 0, wanted.schema))
    elif wanted.kind == OrderKind.FILES:
        wanted = dataclasses.replace(wanted, schema=check_folder(wanted.schema))
    else:
        check_file(wanted.format, wanted.encoding)
    grant, mount = allowed(grant_id, wanted.kind, by, at)
    if CONSUMER.permits(by, grant) is None:
        raise NotAllowed(N_("只有使用部门的人员可以设置交换任务。"))
    if wanted.target_id is not None:
        check_target_source(wanted.target_id, grant, mount, by)
    check_kind(wanted.kind, wanted.target_id, grant, mount)
    _refuse_twin(grant_id, wanted)
    task = task_of(grant_id, wanted, by, at)
    task.account_id, task.account_name = by.account_id, by.name[:100]
    _plan(task, plan, grant, at)
    check_ends(task, grant, mount)
    if at_once:
        open_run(by=by, at=at, find=lambda: task)
    return task


def _refuse_twin(grant_id: int, wanted: Wanted) -> None:
    """Refuse a second task of one definition; one that only stands for single orders takes the plan."""
    twin = TransferTask.objects.filter(
        grant_id=grant_id,
        kind=wanted.kind,
        target_id=wanted.target_id,
        schema=wanted.schema,
        table=wanted.table,
        mode=wanted.mode,
        format=wanted.format,
        encoding=wanted.encoding,
        deleted_at=None,
    ).first()
    if twin is not None and (twin.terms or twin.cron or twin.after_task_id or twin.after_update):
        raise Conflict(N_("同样去向的交换任务已经存在，请修改原任务，或换一个目标表。"))


def _plan(task: TransferTask, plan: Plan, grant: GrantRow, at: datetime) -> None:
    """Check a plan and write it into the task; the schedule counts from now."""
    columns = msgspec.convert(grant.items, tuple[Column, ...])
    keys = bool(grant.key_items)
    terms = _by_division(task, plan.terms)
    check_terms(terms, columns, kind=task.kind, mode=task.mode, keys=keys)
    task.cron = check_cron(plan.cron)
    task.after_task = _predecessor(task, plan.after_task_id, grant)
    task.terms = msgspec.to_builtins(terms)
    task.after_update, task.remark = plan.after_update, ""
    task.due_at = next_times(task.cron, at, 1)[0] if task.cron else None
    task.save(update_fields=[*_PLAN, "remark", "account_id", "account_name"])


def _by_division(task: TransferTask, terms: Terms) -> Terms:
    """Return terms as a back-flow keeps them: everything is read, counted division by division (R-CAS-016)."""
    item = terms.division_item or task.agreed.division_item
    if not item:
        return terms
    return msgspec.structs.replace(
        terms, division_item=item, split=Split(item, SplitBy.VALUE), read=Read.FULL, watermark=None, check=Check.CONTENT
    )


def _predecessor(task: TransferTask, wanted: int | None, grant: GrantRow) -> TransferTask | None:
    """Return the task to follow: of the same consumer, and no circle of tasks that wait for each other."""
    if wanted is None:
        return None
    found = TransferTask.objects.filter(pk=wanted, deleted_at=None, grant__consumer_id=grant.consumer_id).first()
    if found is None:
        raise RuleBroken(N_("请选择本部门的一项交换任务作为前一任务。"), field="after_task_id")
    step: TransferTask | None = found
    seen: set[int] = set()
    while step is not None and step.pk not in seen:
        if step.pk == task.pk:
            raise RuleBroken(N_("前一任务不能直接或间接依赖本任务，请另选。"), field="after_task_id")
        seen.add(step.pk)
        step = step.after_task
    return found


@action("exchange.change_task", label=N_("修改任务"), allow=CONSUMER, on=TransferTask, visible=may_know)
def change_task(task: TransferTask, *, by: Actor, at: datetime, plan: Plan) -> TransferTask:
    """Change how and when a task runs; a run that is under way keeps what it was ordered with. Refusals as for a new one."""
    _there(task)
    grant, mount = allowed(task.grant_id, task.kind, by, at)
    _plan(task, plan, grant, at)
    check_ends(task, grant, mount)
    return task


@action("exchange.pause_task", label=N_("暂停任务"), allow=CONSUMER, on=TransferTask, visible=may_know)
def pause_task(task: TransferTask, *, by: Actor, at: datetime, note: str = "") -> TransferTask:
    """Let a task rest: neither schedule nor event starts it until it is resumed. WrongState when it rests already."""
    _there(task)
    if task.paused:
        raise WrongState(N_("该任务已经暂停，无需重复操作。"))
    task.paused, task.due_at = True, None
    task.save(update_fields=["paused", "due_at"])
    return task


@action("exchange.resume_task", label=N_("恢复任务"), allow=CONSUMER, on=TransferTask, visible=may_know)
def resume_task(task: TransferTask, *, by: Actor, at: datetime, note: str = "") -> TransferTask:
    """Let a paused task run again, from its next time on; what was missed is not made up. WrongState when it runs."""
    _there(task)
    if not task.paused:
        raise WrongState(N_("该任务没有暂停，无需恢复。"))
    task.paused, task.remark = False, ""
    task.due_at = next_times(task.cron, at, 1)[0] if task.cron else None
    task.save(update_fields=["paused", "due_at", "remark"])
    return task


@action("exchange.delete_task", label=N_("删除任务"), allow=CONSUMER, on=TransferTask, visible=may_know)
def delete_task(task: TransferTask, *, by: Actor, at: datetime, note: str = "") -> TransferTask:
    """Take a task off; its runs, receipts and proofs stay. Conflict while a run is under way."""
    _there(task)
    if task.runs.filter(state__in=OPEN).exists():
        raise Conflict(N_("该任务正在执行，请等待其完成或先取消，再删除。"))
    task.deleted_at, task.due_at, task.cron, task.after_task, task.after_update = at, None, "", None, False
    task.terms = {}
    task.save(update_fields=["deleted_at", *_PLAN])
    return task


def _there(task: TransferTask) -> None:
    if task.deleted_at is not None:
        raise NotThere(N_("没有找到该交换任务，或您无权知悉。"))


def run_now(task_id: int, *, by: Actor, at: datetime) -> Run:
    """Start a run of a task at once; refusals as for an order, and WrongState while it is paused."""

    def find() -> TransferTask:
        task = TransferTask.objects.filter(pk=task_id, deleted_at=None).first()
        if task is None or not may_know(by, task):
            raise NotThere(N_("没有找到该交换任务，或您无权知悉。"))
        if CONSUMER.permits(by, task) is None:
            raise NotAllowed(N_("只有使用部门的人员可以执行交换任务。"))
        if task.paused:
            raise WrongState(N_("该任务已暂停，请先恢复。"))
        return task

    return open_run(by=by, at=at, find=find)


def order_due(at: datetime) -> int:
    """Start the tasks whose time has come, oldest first, at most 200 in a sweep; returns how many were looked at.

    However many times were missed, one run is started. A task that still runs waits for its next time.
    """
    due = TransferTask.objects.filter(due_at__lte=at, paused=False, deleted_at=None).order_by("due_at")
    rows = list(due.select_for_update(of=("self",), skip_locked=True)[:MOST_AT_ONCE])
    for task in rows:
        TransferTask.objects.filter(pk=task.pk).update(due_at=next_times(task.cron, at, 1)[0])
        _strike(task, Trigger.SCHEDULE, at)
    return len(rows)


def order_after(task_id: int, *, at: datetime) -> int:
    """Start the tasks that follow another task's release; returns how many."""
    rows = list(TransferTask.objects.filter(after_task_id=task_id, paused=False, deleted_at=None))
    for task in rows:
        _strike(task, Trigger.AFTER, at)
    return len(rows)


def order_updated(resource_id: int, *, at: datetime) -> int:
    """Start the tasks that follow the data of a resource; returns how many."""
    rows = list(
        TransferTask.objects.filter(grant__resource_id=resource_id, after_update=True, paused=False, deleted_at=None)
    )
    for task in rows:
        _strike(task, Trigger.UPDATE, at)
    return len(rows)


def _strike(task: TransferTask, trigger: Trigger, at: datetime) -> None:
    """Start one run in the platform's name; where it cannot start, say why at the task, and to whom it belongs once."""
    remark = ""
    if task.runs.filter(state__in=OPEN).exists():
        remark = _("上一次尚未结束，本次并入，不另行执行。")
    else:
        try:
            open_run(by=system_actor("exchange"), at=at, find=lambda: task, trigger=trigger)
        except Refusal as refusal:
            remark = refusal.sentence
            if remark != task.remark:
                title = _("交换任务未能按计划执行：%s") % task.grant.resource_title
                link = f"/exchange/tasks/{task.pk}/"
                inbox.tell(account_id=task.account_id, title=title, text=remark, link=link, at=at)
    TransferTask.objects.filter(pk=task.pk).update(remark=remark[:500])
