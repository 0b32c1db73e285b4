"""Ordering a delivery under a grant, cancelling it, and having a failed one run again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec
import orjson
from django.utils.translation import gettext as _

from jutong.crypto import sm3
from jutong.kernel import heartbeats
from jutong.kernel.actors import Actor
from jutong.kernel.errors import Conflict, RuleBroken, WrongState
from jutong.kernel.terms import N_
from jutong.slices.catalogue import queries as catalogue
from jutong.slices.datacentre import queries as datacentre
from jutong.slices.datacentre.queries import MountRow
from jutong.slices.exchange.actions import room
from jutong.slices.exchange.actions.room import next_serial
from jutong.slices.exchange.models import Run, TransferTask
from jutong.slices.exchange.rules import (
    ARTEFACT_LIFE,
    OPEN,
    Encoding,
    Format,
    Mode,
    Trigger,
    check_between,
    check_file,
    check_folder,
    check_folders,
    check_mode,
    check_reach,
    check_target,
    check_term,
    check_whole,
    opening,
)
from jutong.slices.exchange.rules.corrections import terms_of
from jutong.slices.exchange.rules.submissions import check_declared
from jutong.slices.exchange.workflow import EXCHANGE_TASK
from jutong.slices.grants import queries as grants
from jutong.slices.grants.queries import GrantRow
from jutong.slices.parties import queries as parties
from jutong.slices.sources import queries as sources
from jutong.wire.grants import Column
from jutong.wire.transfers import OrderKind


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is ordered: a table of the consumer's, a file, or files into a folder (`schema`) of the consumer's."""

    kind: OrderKind
    target_id: int | None = None
    schema: str = ""
    table: str = ""
    mode: str = Mode.REPLACE
    format: str = Format.CSV
    encoding: str = Encoding.UTF8


def order_table_transfer(
    *, by: Actor, at: datetime, grant_id: int, source_id: int, schema: str, table: str, mode: str = Mode.REPLACE
) -> Run:
    """Order the granted rows into a table of the consumer's own database (batch exchange, national-2025#22).

    NotThere for a grant the actor may not know of; WrongState where grant, resource or mode do not allow it;
    RuleBroken for a target that does not belong to the consumer or lies in another zone; Conflict while one runs.
    """
    check_target(schema, table, mode)
    wanted = Wanted(OrderKind.TABLE, source_id, place(source_id, schema), table, mode)
    return open_run(by=by, at=at, find=lambda: task_of(grant_id, wanted, by, at))


def order_files(*, by: Actor, at: datetime, grant_id: int, source_id: int, folder: str = "") -> Run:
    """Order the files of a resource, as they are, into a folder of the consumer's own file store (batch exchange).

    What was delivered under the same task before is not sent again. Refusals as for a table; WrongState where the grant
    shows less than the whole files, RuleBroken where an end is no file store.
    """
    wanted = Wanted(OrderKind.FILES, source_id, check_folder(folder))
    return open_run(by=by, at=at, find=lambda: task_of(grant_id, wanted, by, at))


def place(source_id: int, schema: str) -> str:
    """Return the schema that is meant in a target: where none is named, the one usual for its kind of database."""
    target = sources.source_of(source_id)
    return sources.place(target.engine, schema) if target else schema


def order_batch(
    *, by: Actor, at: datetime, grant_id: int, file_format: str = Format.CSV, encoding: str = Encoding.UTF8
) -> Run:
    """Order the granted rows as one encrypted file with manifest (file download, R-EXC-007); refusals as for a table."""
    check_file(file_format, encoding)
    wanted = Wanted(OrderKind.BATCH, format=file_format, encoding=encoding)
    return open_run(by=by, at=at, find=lambda: task_of(grant_id, wanted, by, at))


@EXCHANGE_TASK.opens("order")
def open_run(*, by: Actor, at: datetime, find: Callable[[], TransferTask], trigger: str = Trigger.PERSON) -> Run:
    """Check a task against its grant, as it stands now, and enter a run of it into the feed of the runners."""
    if trigger == Trigger.PERSON:
        heartbeats.check_runner(at)
    task = find()
    grant, mount = allowed(task.grant_id, task.kind, by, at)
    reachable(task, grant, mount, by, at)
    if task.kind == OrderKind.BATCH:
        check_declared(task.format, declared_formats(grant.resource_id))
    lock_task(task)
    run = Run(
        region=by.region or parties.department(grant.consumer_id).region,
        task=task,
        grant_id=grant.id,
        title=grant.resource_title,
        entry_code=grant.entry_code,
        provider_id=grant.provider_id,
        consumer_id=grant.consumer_id,
        trigger=trigger,
    )
    enter(run, grant, mount, by, at)
    return run


def reachable(task: TransferTask, grant: GrantRow, mount: MountRow, by: Actor, at: datetime) -> None:
    """Refuse a target that the rows may not or cannot reach from where they are now."""
    if task.target_id is not None:
        check_target_source(task.target_id, grant, mount, by)
    check_kind(task.kind, task.target_id, grant, mount)
    check_networks(mount.source_id, task.target_id, at)
    check_ends(task, grant, mount)


def check_ends(task: TransferTask, grant: GrantRow, mount: MountRow, *, corrects: bool = False) -> tuple[str, str]:
    """Return the two front-end nodes behind which the ends sit, both empty where one data plane reaches both.

    Refused where nothing reaches both, or where the terms ask for what two nodes cannot do.
    """
    behind = _behind(mount.source_id, task.target_id)
    check_reach(task.kind, *behind)
    if behind[0] == behind[1]:
        return "", ""
    check_between(grant.modes, task.agreed, corrects=corrects)
    return behind


def allowed(grant_id: int, kind: str, by: Actor, at: datetime) -> tuple[GrantRow, MountRow]:
    """Return grant and mount of an order, or refuse what they do not allow."""
    grant = grants.grant(grant_id, by)
    check_term(grant.state, grant.valid_from, grant.valid_until, at)
    check_mode(kind, grant.modes)
    mount = datacentre.mount_of(grant.resource_id)
    if mount is None:
        raise WrongState(N_("该资源尚未挂接到数据源，暂不能提供；请联系提供部门。"))
    return grant, mount


def declared_formats(resource_id: int) -> tuple[str, ...]:
    """Return the format types that the entry in force declares; none where it is not in force."""
    entry = catalogue.published(resource_id)
    return entry.format_types if entry else ()


def check_target_source(source_id: int, grant: GrantRow, mount: MountRow, by: Actor) -> None:
    """Refuse a target that is not a working receiving source of the consumer, or lies in another zone than the resource."""
    target = sources.source(source_id, by)
    if target.department_id != grant.consumer_id or not (target.receives and target.active):
        raise RuleBroken(N_("请选择本部门在用的、作为使用方目标库的数据源。"), field="source_id")
    if target.zone != mount.zone:
        raise RuleBroken(N_("目标库与资源不在同一网络区域，不能直接传输，请选择同一区域的目标库。"), field="source_id")


def check_networks(source_id: int, target_id: int | None, at: datetime) -> None:
    """Refuse a transfer over a dedicated network where the profile of its department's region leaves none (R-EXC-015)."""
    for end in (sources.source_of(key) for key in (source_id, target_id or 0)):
        if end is not None and end.dedicated:
            parties.check_dedicated(end.department_id, at)


def check_kind(kind: str, target_id: int | None, grant: GrantRow, mount: MountRow) -> None:
    """Refuse what a kind of delivery demands beyond grant and target: whole files between two file stores."""
    if kind != OrderKind.FILES:
        return
    ends = [sources.source_of(key) for key in (mount.source_id, target_id or 0)]
    check_folders(*(end.engine if end else "" for end in ends))
    columns = msgspec.convert(grant.items, tuple[Column, ...])
    mounted = [item.column for item in mount.items if item.column]
    check_whole(columns, mounted, conditions=bool(grant.conditions))


def _behind(source_id: int, target_id: int | None) -> tuple[str, str]:
    """Return the front-end nodes behind which source and target sit, empty for the data plane beside us."""
    names = sources.node_names({source_id, target_id or 0})
    return names.get(source_id, ""), names.get(target_id or 0, "")


def task_of(grant_id: int, wanted: Wanted, by: Actor, at: datetime) -> TransferTask:
    """Return the task of this definition, made where there is none; one that was deleted is wanted again."""
    found, _new = TransferTask.objects.get_or_create(
        grant_id=grant_id,
        kind=wanted.kind,
        target_id=wanted.target_id,
        schema=wanted.schema,
        table=wanted.table,
        mode=wanted.mode,
        format=wanted.format,
        encoding=wanted.encoding,
        defaults={"account_id": by.account_id, "account_name": by.name[:100], "created_at": at},
    )
    if found.deleted_at is not None:
        found.deleted_at, found.paused = None, False
        found.save(update_fields=["deleted_at", "paused"])
    return found


def lock_task(task: TransferTask) -> None:
    """Lock a task for a new run of it; Conflict while one runs."""
    TransferTask.objects.select_for_update().get(pk=task.pk)
    if task.runs.filter(state__in=OPEN).exists():
        raise Conflict(N_("同样的交换任务正在执行，请等待其完成，或先取消。"))


def enter(run: Run, grant: GrantRow, mount: MountRow, by: Actor, at: datetime) -> None:
    """Bind a run to grant and task as they stand now, state what is asked, and put it at the end of the feed."""
    task, terms = run.task, run.task.agreed
    batch = task.kind == OrderKind.BATCH
    run.grant_version = grant.version
    run.account_id, run.account_name = by.account_id or task.account_id, (by.name or task.account_name)[:100]
    run.ordered_at = at
    run.expires_at = min(at + ARTEFACT_LIFE, grant.valid_until) if batch else None
    run.source_id = mount.source_id
    run.sender, run.receiver = check_ends(task, grant, mount, corrects=run.corrects_id is not None)
    run.terms, run.priority, run.shape = task.terms, terms.priority, task.shape
    if run.corrects_id is not None:
        run.terms, run.shape = msgspec.to_builtins(terms_of(terms)), ""
    limits = room.limits_of(run)
    hours = [each.window for each in limits if each.window]
    run.not_before, run.not_after = opening([*hours, *([terms.window] if terms.window else [])], at)
    run.terms = run.terms | room.slowed(terms.rows_per_second, limits)
    run.statement = _statement(run, grant)
    run.digest = sm3.hexdigest(run.statement.encode())
    run.serial = next_serial()
    run.waiting = not room.is_there(run, limits)


def _statement(run: Run, grant: GrantRow) -> str:
    """Return the canonical JSON of what is asked: sorted keys, so that anybody can compute its digest again."""
    task = run.task
    asked = {
        "grant": grant.reference,
        "grant_version": grant.version,
        "resource": run.entry_code,
        "consumer": run.consumer_id,
        "kind": task.kind,
        "target": {"source": task.target_id, "schema": task.schema, "table": task.table, "mode": task.mode},
        "file": {"format": task.format, "encoding": task.encoding} | _marks(run, grant),
        "terms": run.terms,
        "repair": run.repair,
        "shape": run.shape,
        "ordered_by": run.account_id,
        "ordered_at": run.ordered_at,
        "round": run.round,
    }
    if run.corrects is not None:
        asked["corrects"] = {"order": run.corrects.order_id, "values": run.correction_digest}
    return orjson.dumps(asked, option=orjson.OPT_SORT_KEYS | orjson.OPT_UTC_Z).decode()


def _marks(run: Run, grant: GrantRow) -> dict[str, object]:
    """Return how a batch file is sealed and marked, where it is."""
    told = {"receiver_key": grant.receiver_key, "notice": grant.notice, "marked": grant.marked}
    return {name: value for name, value in told.items() if value} if run.task.kind == OrderKind.BATCH else {}


@EXCHANGE_TASK.action("cancel")
def cancel(run: Run, *, by: Actor, at: datetime, note: str = "") -> None:
    """Ask the runner to stop; the run ends as rejected when it has stopped, or as released when it was already over."""
    if run.cancelled:
        raise WrongState(N_("该任务已经申请取消，正在等待停止。"))
    run.cancelled, run.waiting = True, False
    run.message = _("已申请取消，等待停止。")
    run.serial = next_serial()


@EXCHANGE_TASK.action("retry")
def retry(run: Run, *, by: Actor, at: datetime, note: str = "") -> None:
    """Run a rejected or quarantined delivery again, under grant and task as they stand now."""
    _again(run, by, at)


@EXCHANGE_TASK.action("repair")
def repair(run: Run, *, by: Actor, at: datetime, note: str = "") -> None:
    """Move again only the partitions that did not reconcile; WrongState where the run named none."""
    if not run.differing:
        raise WrongState(N_("该任务没有不一致的分区；请重新执行整个任务。"))
    _again(run, by, at, only=run.differing)


@EXCHANGE_TASK.action("accept_shape")
def accept_shape(run: Run, *, by: Actor, at: datetime, note: str = "") -> None:
    """A person accepts the source's changed columns for this and later runs of the task, and it runs again.

    WrongState where the run did not stop because of changed columns, or the task has accepted others meanwhile.
    """
    if not run.drift or run.drift == run.task.shape:
        raise WrongState(N_("该任务没有待确认的表结构变化；请刷新页面查看最新状态。"))
    run.task.shape = run.drift
    run.task.save(update_fields=["shape"])
    _again(run, by, at)


def _again(run: Run, by: Actor, at: datetime, only: Sequence[str] = ()) -> None:
    if run.corrects_id is not None:
        raise WrongState(N_("更正后的值在执行结束时已清除，不能重新执行；请提供部门在原任务上重新上传更正表。"))
    grant, mount = allowed(run.grant_id, run.task.kind, by, at)
    if run.task.target_id is not None:
        check_target_source(run.task.target_id, grant, mount, by)
    check_kind(run.task.kind, run.task.target_id, grant, mount)
    check_networks(mount.source_id, run.task.target_id, at)
    check_ends(run.task, grant, mount)
    lock_task(run.task)
    run.round += 1
    run.cancelled, run.attempt, run.rows_done, run.rows_total = False, 0, 0, 0
    run.bytes_done, run.dirty, run.lag_seconds = 0, 0, 0.0
    run.message, run.artefact_id, run.settled_at, run.reported_at = "", "", None, None
    run.repair, run.differing, run.drift, run.drift_text = list(only), [], "", ""
    run.trigger = Trigger.PERSON
    enter(run, grant, mount, by, at)
