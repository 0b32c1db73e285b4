"""Ordering deliveries under a grant: who may, what the grant allows, where rows may go, and what the runners see."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import orjson
import pytest

from covers import covers
from jutong.crypto import sm3
from jutong.kernel.errors import Conflict, NotAllowed, NotThere, RuleBroken, WrongState
from jutong.kernel.models import AuditEntry
from jutong.slices.datacentre.models import Mount
from jutong.slices.exchange import actions, queries
from jutong.slices.exchange.models import Run
from jutong.slices.grants import actions as grants
from jutong.slices.sources import actions as sources
from jutong.wire.grants import Mode
from jutong.wire.transfers import OrderKind, TableMode
from reports import order_of, report, take
from sourceworld import granted, mounted, register
from world import World


class City:
    """A mounted resource of civil, a target of hr, and a grant between them."""

    def __init__(self, world: World, civil_db: str, hr_db: str, **more: Any) -> None:
        self.world = world
        self.resource_id = mounted(world, register(world, "civil", civil_db))
        self.target = register(world, "hr", hr_db, title="人社库", provides=False, receives=True)
        self.grant = granted(world, self.resource_id, **more)

    def table(self, who: str = "hr.clerk", **changes: Any) -> Run:
        given = {"grant_id": self.grant.pk, "source_id": self.target.pk, "schema": "public", "table": "dibao"} | changes
        return actions.order_table_transfer(by=self.world.actor(who), at=self.world.at, **given)

    def batch(self, who: str = "hr.clerk", **changes: Any) -> Run:
        given = {"grant_id": self.grant.pk} | changes
        return actions.order_batch(by=self.world.actor(who), at=self.world.at, **given)


@pytest.fixture
def city(world: World, probe: Any, civil_db: str, hr_db: str) -> City:
    return City(world, civil_db, hr_db)


@covers(partly=["R-EXC-005", "R-SHR-032"])
def test_an_order_carries_its_grant_its_target_and_the_digest_of_what_was_asked(city: City) -> None:
    run = city.table(mode="upsert")
    serial, (order,) = queries.orders_since(0)
    assert serial == 1
    assert (order.id, order.kind, order.grant_id, order.grant_version) == (
        f"R{run.pk}-1",
        OrderKind.TABLE,
        str(city.grant.pk),
        1,
    )
    assert (order.target_source_id, order.target_schema, order.target_table) == (str(city.target.pk), "public", "dibao")
    assert order.target_mode is TableMode.UPSERT
    assert order.digest == sm3.hexdigest(run.statement.encode())
    assert orjson.loads(run.statement)["ordered_by"] == city.world.account("hr.clerk")
    opened = AuditEntry.objects.get(verb="exchange_task.order")
    assert (opened.outcome, opened.subject_id) == ("success", str(run.pk))


def test_a_batch_can_be_fetched_for_seven_days_but_not_beyond_the_grant(
    world: World, probe: Any, civil_db: str, hr_db: str
) -> None:
    city = City(world, civil_db, hr_db)
    assert city.batch().expires_at == world.at + timedelta(days=7)
    type(city.grant).objects.update(valid_until=world.at + timedelta(days=2))
    run = city.batch(file_format="jsonl")
    assert run.expires_at == world.at + timedelta(days=2)
    assert order_of(run).format == "jsonl"


@covers(partly=["R-EXC-003"])
def test_a_way_that_is_not_granted_is_a_wrong_state_naming_the_granted_ones(
    world: World, probe: Any, civil_db: str, hr_db: str
) -> None:
    city = City(world, civil_db, hr_db, modes=(Mode.ONLINE_QUERY,))
    for order in (city.batch, city.table):
        with pytest.raises(WrongState) as refused:
            order()
        assert "联机查询" in refused.value.sentence
    assert not Run.objects.exists()


def test_only_the_consumers_people_order(city: City) -> None:
    with pytest.raises(NotAllowed):
        city.batch("civil.officer")
    with pytest.raises(NotAllowed):
        city.batch("hr.principal")
    with pytest.raises(NotThere):
        city.batch("police.clerk")
    with pytest.raises(NotThere):
        city.batch(grant_id=999_999)
    assert AuditEntry.objects.filter(verb="exchange_task.order", outcome="refused").count() == 4


def test_rows_go_only_into_the_consumers_own_working_target(city: City, civil_db: str) -> None:
    foreign = register(city.world, "civil", civil_db, title="目标", receives=True)
    with pytest.raises(NotThere):
        city.table(source_id=foreign.pk)
    sources.disable(city.target.pk, by=city.world.actor("hr.engineer"), at=city.world.at)
    with pytest.raises(RuleBroken) as refused:
        city.table()
    assert refused.value.field == "source_id"


def test_rows_do_not_leave_their_network_zone(city: City, hr_db: str) -> None:
    inner = register(city.world, "hr", hr_db, title="内网库", zone="inner", receives=True)
    with pytest.raises(RuleBroken) as refused:
        city.table(source_id=inner.pk)
    assert "网络区域" in refused.value.sentence


def test_no_order_under_a_grant_that_is_not_in_force(city: City) -> None:
    head = city.world.actor("civil.head")
    grants.suspend_grant(city.grant.pk, by=head, at=city.world.at, reason="核查")
    with pytest.raises(WrongState):
        city.batch()
    grants.restore_grant(city.grant.pk, by=head, at=city.world.at)
    assert city.batch().pk
    with pytest.raises(WrongState):
        actions.order_batch(
            by=city.world.actor("hr.clerk"), at=city.world.at + timedelta(days=365), grant_id=city.grant.pk,
            file_format="jsonl",
        )  # fmt: skip


def test_no_order_for_a_resource_that_is_not_mounted(city: City) -> None:
    Mount.objects.filter(entry_id=city.resource_id).update(active=False)
    with pytest.raises(WrongState) as refused:
        city.batch()
    assert "尚未挂接" in refused.value.sentence


def test_the_same_delivery_does_not_run_twice_at_once(city: City) -> None:
    city.table()
    with pytest.raises(Conflict):
        city.table()
    assert city.table(table="other").pk
    assert Run.objects.count() == 2


def test_the_feed_gives_each_change_once_and_starts_anew_for_a_new_runner(city: City) -> None:
    first, second = city.table(), city.batch()
    serial, orders = queries.orders_since(0)
    assert [order.id for order in orders] == [first.order_id, second.order_id]
    assert queries.orders_since(serial) == (serial, [])
    actions.cancel(first.pk, by=city.world.actor("hr.clerk"), at=city.world.at)
    later, (changed,) = queries.orders_since(serial)
    assert later > serial
    assert (changed.id, changed.cancelled) == (first.order_id, True)
    assert [order.id for order in queries.orders_since(0)[1]] == [second.order_id, first.order_id]
    assert len(queries.orders_since(10_000)[1]) == 2


def test_a_cancelled_run_waits_for_the_runner_to_have_stopped(city: City) -> None:
    run = city.table()
    clerk = city.world.actor("hr.clerk")
    actions.cancel(run.pk, by=clerk, at=city.world.at)
    run.refresh_from_db()
    assert (run.state, run.cancelled) == ("queued", True)
    with pytest.raises(WrongState):
        actions.cancel(run.pk, by=clerk, at=city.world.at)
    assert not queries.run(run.pk, clerk).buttons
    take(report(order_of(run), "rejected", message="任务已取消，运行已停止，没有数据放行。"))
    run.refresh_from_db()
    assert run.state == "rejected"


def test_a_retry_is_a_new_order_under_the_grant_as_it_stands(city: City) -> None:
    run = city.table()
    clerk = city.world.actor("hr.clerk")
    with pytest.raises(WrongState):
        actions.retry(run.pk, by=clerk, at=city.world.at)
    take(report(order_of(run), "rejected", message="目标库没有应答"))
    with pytest.raises(NotAllowed):
        actions.retry(run.pk, by=city.world.actor("civil.officer"), at=city.world.at)
    digest = run.digest
    actions.retry(run.pk, by=clerk, at=city.world.at + timedelta(minutes=1))
    order = order_of(run)
    assert order.id == f"R{run.pk}-2"
    assert order.digest != digest
    run.refresh_from_db()
    assert (run.state, run.message, run.attempt) == ("queued", "", 0)


def test_a_retry_is_refused_while_the_same_delivery_runs_or_the_grant_is_gone(city: City) -> None:
    run = city.table()
    clerk = city.world.actor("hr.clerk")
    take(report(order_of(run), "rejected"))
    second = city.table()
    with pytest.raises(Conflict):
        actions.retry(run.pk, by=clerk, at=city.world.at)
    take(report(order_of(second), "rejected"))
    grants.revoke_grant(city.grant.pk, by=city.world.actor("civil.head"), at=city.world.at, reason="依据废止")
    with pytest.raises(WrongState):
        actions.retry(run.pk, by=clerk, at=city.world.at)


def test_others_do_not_learn_that_a_run_exists(city: City) -> None:
    run = city.table()
    for who in ("police.clerk", "admin.system"):
        with pytest.raises(NotThere):
            queries.run(run.pk, city.world.actor(who))
        assert queries.runs(city.world.actor(who))[0] == []
    for who in ("hr.clerk", "civil.officer", "authority.operator", "audit.auditor"):
        assert queries.run(run.pk, city.world.actor(who)).row.id == run.pk
    assert not queries.run(run.pk, city.world.actor("civil.officer")).row.mine
