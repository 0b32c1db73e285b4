"""Standing tasks: their plan and terms, when they start, what the runners are asked, and room at the sources."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from jutong.dataplane import identity
from jutong.kernel.errors import Conflict, NotAllowed, NotThere, RuleBroken, WrongState
from jutong.kernel.models import AuditEntry, InboxItem
from jutong.slices.datacentre import actions as datacentre
from jutong.slices.exchange import actions, queries, rules
from jutong.slices.exchange.models import Run, TransferTask
from jutong.slices.exchange.rules import Plan, Terms, Window
from jutong.slices.grants import actions as grants
from jutong.wire.grants import Column, Kind, Masking
from jutong.wire.transfers import DirtyRow, DirtyRows, OrderKind, Read, Split, SplitBy, TableMode, Tally, Watermark
from reports import MOMENT, delivered, order_of, receipt, report, take
from sourceworld import MAPPING, granted, mounted, register
from world import World

EACH_NIGHT = "30 2 * * *"
OTHER = Tally(24, "99", "sha256-56-sum")


@pytest.fixture
def ready(world: World, probe: Any, civil_db: str, hr_db: str) -> dict[str, Any]:
    source = register(world, "civil", civil_db)
    resource_id = mounted(world, source)
    datacentre.mount(
        by=world.actor("civil.officer"), at=world.at, resource_id=resource_id, source_id=source.pk, schema="public",
        table="people", mapping=[replace(line, masking="none") if line.item == "出生日期" else line for line in MAPPING],
    )  # fmt: skip
    grant = granted(world, resource_id)
    target = register(world, "hr", hr_db, title="人社库", provides=False, receives=True)
    return {"grant": grant.pk, "source": source.pk, "target": target.pk}


def make(world: World, ready: dict[str, Any], table: str = "dibao", **plan: Any) -> TransferTask:
    wanted = actions.Wanted(OrderKind.TABLE, ready["target"], "public", table, TableMode.UPSERT)
    by = world.actor("hr.clerk")
    return actions.create_task(by=by, at=world.at, grant_id=ready["grant"], wanted=wanted, plan=Plan(**plan))


def test_an_order_asks_what_the_task_says(world: World, ready: dict[str, Any]) -> None:
    terms = Terms(
        read=Read.WATERMARK,
        watermark=Watermark("出生日期", 86_400),
        split=Split("户籍行政区划", SplitBy.VALUE),
        most_dirty=10,
        priority=2,
        rows_per_second=5000,
        window=Window(22 * 60, 6 * 60),
    )
    task = make(world, ready, terms=terms)
    order = order_of(actions.run_now(task.pk, by=world.actor("hr.clerk"), at=world.at))
    assert (order.read, order.watermark, order.split) == (Read.WATERMARK, terms.watermark, terms.split)
    assert (order.most_dirty, order.priority, order.rows_per_second) == (10, 2, 5000)
    assert order.task_id == str(task.pk)
    # 10:00 in Beijing: the window opens at 22:00 of the same day and ends at 06:00 of the next
    assert order.not_before == datetime(2026, 3, 2, 14, tzinfo=UTC)
    assert order.not_after == datetime(2026, 3, 2, 22, tzinfo=UTC)


GRANTED = (
    Column("公民身份号码", "id_number", masking=Masking.IDENTITY),
    Column("出生日期", "birthday", Kind.DATE),
    Column("户籍行政区划", "division"),
)


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        (Terms(read=Read.WATERMARK), "watermark_item"),
        (Terms(read=Read.WATERMARK, watermark=Watermark("公民身份号码")), "watermark_item"),
        (Terms(read=Read.WATERMARK, watermark=Watermark("户籍行政区划")), "watermark_item"),
        (Terms(read=Read.WATERMARK, watermark=Watermark("出生日期", -1)), "overlap"),
        (Terms(split=Split("没有这一项", SplitBy.VALUE)), "split_item"),
        (Terms(split=Split("户籍行政区划", SplitBy.YEAR)), "split_by"),
        (Terms(split=Split("户籍行政区划", SplitBy.HASH)), "split_size"),
        (Terms(most_dirty=-1), "most_dirty"),
        (Terms(priority=10), "priority"),
        (Terms(rows_per_second=-1), "rows_per_second"),
        (Terms(window=Window(60, 60)), "window"),
        (Terms(window=Window(60, 70, "8")), "window"),
    ],
)
def test_terms_that_cannot_be_are_refused_by_field(terms: Terms, field: str) -> None:
    with pytest.raises(RuleBroken) as refused:
        rules.check_terms(terms, GRANTED, kind="table", mode="upsert", keys=True)
    assert refused.value.remarks.keys() == {field}


@pytest.mark.parametrize(
    ("read", "kind", "mode", "keys"),
    [
        (Read.WATERMARK, "table", "replace", True),
        (Read.COMPARE, "table", "append", True),
        (Read.CHANGES, "table", "upsert", False),
        (Read.COMPARE, "batch", "replace", True),
    ],
)
def test_incremental_reading_needs_a_target_it_can_be_laid_over(read: Read, kind: str, mode: str, keys: bool) -> None:
    terms = Terms(read=read, watermark=Watermark("出生日期"))
    with pytest.raises(RuleBroken) as refused:
        rules.check_terms(terms, GRANTED, kind=kind, mode=mode, keys=keys)
    assert refused.value.remarks.keys() == {"read"}


def test_a_schedule_strikes_once_however_often_it_was_missed(
    world: World, ready: dict[str, Any], node: identity.Identity
) -> None:
    task = make(world, ready, cron="*/10 * * * *")
    late = world.at + timedelta(hours=3, minutes=5)
    assert actions.order_due(world.at) == 0
    assert actions.order_due(late) == 1
    assert actions.order_due(late) == 0
    run = Run.objects.get()
    assert (run.trigger, run.account_id, run.state) == ("schedule", world.account("hr.clerk"), "queued")
    task.refresh_from_db()
    assert task.due_at == late.replace(minute=10, second=0)
    assert actions.order_due(late + timedelta(minutes=10)) == 1
    task.refresh_from_db()
    assert (Run.objects.count(), "尚未结束" in task.remark) == (1, True)
    delivered(run, node)
    actions.order_due(late + timedelta(minutes=20))
    task.refresh_from_db()
    assert (Run.objects.count(), task.remark) == (2, "")


def test_a_schedule_that_cannot_start_says_why_once(world: World, ready: dict[str, Any]) -> None:
    task = make(world, ready, cron=EACH_NIGHT)
    grants.revoke_grant(ready["grant"], by=world.actor("civil.head"), at=world.at, reason="依据废止")
    for days in (1, 2):
        actions.order_due(world.at + timedelta(days=days))
    task.refresh_from_db()
    assert "暂停或终止" in task.remark
    assert not Run.objects.exists()
    told = InboxItem.objects.filter(title__contains="未能按计划执行")
    assert [item.account_id for item in told] == [world.account("hr.clerk")]
    refused = AuditEntry.objects.filter(verb="exchange_task.order", outcome="refused")
    assert refused.exists() or AuditEntry.objects.exclude(outcome="success").exists()


def test_a_paused_task_rests_and_a_resumed_one_does_not_make_up(world: World, ready: dict[str, Any]) -> None:
    clerk = world.actor("hr.clerk")
    task = make(world, ready, cron=EACH_NIGHT)
    actions.pause_task(task.pk, by=clerk, at=world.at)
    with pytest.raises(WrongState):
        actions.pause_task(task.pk, by=clerk, at=world.at)
    with pytest.raises(WrongState):
        actions.run_now(task.pk, by=clerk, at=world.at)
    later = world.at + timedelta(days=3)
    assert actions.order_due(later) == 0
    actions.resume_task(task.pk, by=clerk, at=later)
    assert actions.order_due(later) == 0
    task.refresh_from_db()
    assert task.due_at is not None
    assert task.due_at > later
    verbs = AuditEntry.objects.filter(verb__startswith="exchange.").order_by("id").values_list("verb", "outcome")
    assert ("exchange.create_task", "success") in list(verbs)
    assert ("exchange.pause_task", "success") in list(verbs)


def test_only_the_consumers_people_touch_a_task(world: World, ready: dict[str, Any]) -> None:
    task = make(world, ready)
    with pytest.raises(NotAllowed):
        actions.pause_task(task.pk, by=world.actor("civil.officer"), at=world.at)
    with pytest.raises(NotThere):
        actions.pause_task(task.pk, by=world.actor("police.clerk"), at=world.at)
    with pytest.raises(NotThere):
        actions.run_now(task.pk, by=world.actor("police.clerk"), at=world.at)
    with pytest.raises(NotAllowed):
        actions.run_now(task.pk, by=world.actor("civil.officer"), at=world.at)


def test_the_same_delivery_is_one_task_and_a_deleted_one_can_come_back(world: World, ready: dict[str, Any]) -> None:
    clerk = world.actor("hr.clerk")
    task = make(world, ready, cron=EACH_NIGHT)
    with pytest.raises(Conflict):
        make(world, ready, cron=EACH_NIGHT)
    run = actions.run_now(task.pk, by=clerk, at=world.at)
    with pytest.raises(Conflict):
        actions.delete_task(task.pk, by=clerk, at=world.at)
    take(report(order_of(run), "rejected"))
    actions.delete_task(task.pk, by=clerk, at=world.at)
    with pytest.raises(NotThere):
        actions.run_now(task.pk, by=clerk, at=world.at)
    assert actions.order_due(world.at + timedelta(days=9)) == 0
    assert make(world, ready).pk == task.pk


def test_tasks_follow_each_other_but_never_in_a_circle(
    world: World, ready: dict[str, Any], node: identity.Identity
) -> None:
    clerk = world.actor("hr.clerk")
    first = make(world, ready, "one")
    second = make(world, ready, "two", after_task_id=first.pk)
    with pytest.raises(RuleBroken):
        actions.change_task(first.pk, by=clerk, at=world.at, plan=Plan(after_task_id=second.pk))
    with pytest.raises(RuleBroken):
        actions.change_task(first.pk, by=clerk, at=world.at, plan=Plan(after_task_id=999_999))
    delivered(actions.run_now(first.pk, by=clerk, at=world.at), node)
    world.drain(MOMENT)
    run = Run.objects.get(task=second)
    assert run.trigger == "after"


def test_a_source_with_room_for_one_lets_the_others_wait_by_priority(
    world: World, ready: dict[str, Any], node: identity.Identity
) -> None:
    clerk = world.actor("hr.clerk")
    engineer = world.actor("civil.engineer")
    limit = {"source_id": ready["source"], "most_runs": 1, "rows_per_second": 300, "hours": None}
    with pytest.raises(NotThere):
        actions.limit_source(by=world.actor("hr.engineer"), at=world.at, **limit)
    with pytest.raises(RuleBroken):
        actions.limit_source(by=engineer, at=world.at, **{**limit, "most_runs": 101})
    actions.limit_source(by=engineer, at=world.at, **limit)
    first, plain, urgent = (
        actions.run_now(make(world, ready, name, terms=Terms(priority=priority)).pk, by=clerk, at=world.at)
        for name, priority in (("one", 5), ("two", 5), ("three", 1))
    )
    seen = {order.id for order in queries.orders_since(0)[1]}
    assert seen == {first.order_id}
    assert order_of(first).rows_per_second == 300
    assert queries.run(urgent.pk, clerk).place_in_line == 1
    assert queries.run(plain.pk, clerk).place_in_line == 2
    newest = queries.orders_since(0)[0]
    delivered(first, node)
    assert [order.id for order in queries.orders_since(newest)[1]] == [urgent.order_id]
    actions.limit_source(by=engineer, at=world.at, **{**limit, "most_runs": 0})
    assert {order.id for order in queries.orders_since(newest)[1]} == {urgent.order_id, plain.order_id}


def test_hours_of_source_and_task_meet_or_the_order_is_refused(world: World, ready: dict[str, Any]) -> None:
    engineer, clerk = world.actor("civil.engineer"), world.actor("hr.clerk")
    hours = Window(0, 120)
    actions.limit_source(
        by=engineer, at=world.at, source_id=ready["source"], most_runs=0, rows_per_second=0, hours=hours
    )
    task = make(world, ready, terms=Terms(window=Window(60, 300)))
    order = order_of(actions.run_now(task.pk, by=clerk, at=world.at))
    assert order.not_before == datetime(2026, 3, 2, 17, tzinfo=UTC)  # 01:00 in Beijing
    assert order.not_after == datetime(2026, 3, 2, 18, tzinfo=UTC)
    never = make(world, ready, "never", terms=Terms(window=Window(600, 660)))
    with pytest.raises(RuleBroken):
        actions.run_now(never.pk, by=clerk, at=world.at)


def test_a_red_run_is_repaired_partition_by_partition(
    world: World, ready: dict[str, Any], node: identity.Identity
) -> None:
    clerk = world.actor("hr.clerk")
    run = actions.run_now(make(world, ready).pk, by=clerk, at=world.at)
    with pytest.raises(WrongState):
        actions.repair(run.pk, by=clerk, at=world.at)
    order = order_of(run)
    red = receipt(order, node, target=OTHER, reconciled=False)
    take(report(order, "sent"), report(order, "quarantined", receipt=red, differing=("110101", "110102"), seconds=1))
    assert [b.verb for b in queries.run(run.pk, clerk).buttons] == ["retry", "repair"]
    actions.repair(run.pk, by=clerk, at=world.at)
    assert order_of(run).repair == ("110101", "110102")
    assert "110102" in Run.objects.get().statement


def test_a_person_accepts_changed_columns_and_the_task_keeps_them(world: World, ready: dict[str, Any]) -> None:
    clerk = world.actor("hr.clerk")
    task = make(world, ready)
    run = actions.run_now(task.pk, by=clerk, at=world.at)
    take(report(order_of(run), "rejected", drift="ab" * 32, drift_text="来源表新增列 phone。"))
    detail = queries.run(run.pk, clerk)
    assert (detail.drift_text, [b.verb for b in detail.buttons]) == ("来源表新增列 phone。", ["retry", "accept_shape"])
    with pytest.raises(NotAllowed):
        actions.accept_shape(run.pk, by=world.actor("civil.officer"), at=world.at)
    actions.accept_shape(run.pk, by=clerk, at=world.at)
    assert order_of(run).shape == "ab" * 32
    task.refresh_from_db()
    assert task.shape == "ab" * 32
    assert AuditEntry.objects.filter(verb="exchange_task.accept_shape", outcome="success").exists()


def test_rows_set_aside_are_kept_once_a_parcel(world: World, ready: dict[str, Any]) -> None:
    clerk = world.actor("hr.clerk")
    run = actions.run_now(make(world, ready).pk, by=clerk, at=world.at)
    rows = (DirtyRow(7, "出生日期", "19**", "不是有效日期\x00"), DirtyRow(9, "姓名", "", "不能为空"))
    parcel = DirtyRows(run.order_id, 0, rows, b"sealed")
    assert actions.take_dirty(parcel, node="local", at=world.at)
    assert not actions.take_dirty(parcel, node="local", at=world.at)
    found = list(queries.set_aside(run.pk, clerk))
    assert [(row.number, row.item, row.reason) for row in found] == [
        (7, "出生日期", "不是有效日期"), (9, "姓名", "不能为空"),
    ]  # fmt: skip
    with pytest.raises(NotThere):
        list(queries.set_aside(run.pk, world.actor("police.clerk")))
    for wrong in ("R999999-1", "x", run.order_id + "9"):
        with pytest.raises(NotThere):
            actions.take_dirty(DirtyRows(wrong, 0, ()), node="local", at=world.at)


@pytest.mark.parametrize(
    ("cron", "words"),
    [
        ("30 2 * * *", "每天 02:30"),
        ("5 * * * *", "每小时的第 5 分"),
        ("*/15 * * * *", "每 15 分钟"),
        ("0 8 * * 1-5", "每周一、周二、周三、周四、周五 08:00"),
        ("0 8 * * 0,6", "每周六、周日 08:00"),
        ("0 3 1 * *", "每月 1 日 03:00"),
        ("0 3 1 1 *", "分 0 · 时 3 · 日 1 · 月 1 · 周 *"),
    ],
)
def test_a_schedule_is_told_in_words(cron: str, words: str) -> None:
    assert rules.in_words(rules.check_cron(cron)) == words


@pytest.mark.parametrize(
    "cron", ["x", "* * * *", "60 * * * *", "0 0 31 2 *", "* * * * * *", "@daily", "0 0 * * MON", "0 24 * * *"]
)
def test_what_is_no_schedule_is_refused_with_the_form_it_should_have(cron: str) -> None:
    with pytest.raises(RuleBroken) as refused:
        rules.check_cron(cron)
    assert refused.value.field == "cron"


def test_the_next_times_are_beijing_times() -> None:
    at = datetime(2026, 3, 2, 2, tzinfo=UTC)
    assert rules.next_times("30 2 * * *", at, 2) == (
        datetime(2026, 3, 2, 18, 30, tzinfo=UTC),
        datetime(2026, 3, 3, 18, 30, tzinfo=UTC),
    )
