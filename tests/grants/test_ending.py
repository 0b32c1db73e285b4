"""W15: a service ends with cause, after its consumers were heard and the authority was filed with, on its day."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from asking_world import posted
from test_requests import answered

from covers import covers
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import Conflict, NotAllowed, NotThere, RuleBroken, WrongState
from jutong.kernel.models import InboxItem, OutboxEvent, PolicyAssignment
from jutong.slices.catalogue import actions as entries
from jutong.slices.catalogue import queries as catalogue
from jutong.slices.catalogue.models import Entry
from jutong.slices.grants import actions, events, queries
from jutong.slices.grants.models import ChangeConsumer, Grant, ServiceChange
from published import published
from world import World


@pytest.fixture
def grant(world: World) -> Grant:
    from jutong.dataplane import identity
    from jutong.kernel.settings import settings

    identity.establish(settings().home / "nodes" / "local", at=world.at)
    return Grant.objects.get(pk=answered(world, published(world)).grant_id)


def proposed(world: World, resource: int, **more: Any) -> ServiceChange:
    given = {"cause": "职责划转，系统停用", "stop_on": beijing_day(world.at) + timedelta(days=20), **more}
    return actions.end_resource(by=world.actor("civil.officer"), at=world.at, resource_id=resource, **given)


@covers("R-SHR-026", partly=["R-SHR-050"])
def test_access_ends_on_the_day_after_the_consumers_were_heard_and_the_authority_was_filed_with(
    world: World, grant: Grant
) -> None:
    resource, head = grant.resource_id, world.actor("civil.head")
    for wrong in ({"cause": " "}, {"stop_on": beijing_day(world.at)}, {"stop_on": None}):
        with pytest.raises(RuleBroken):
            proposed(world, resource, **wrong)
    case = proposed(world, resource)
    with pytest.raises(Conflict):
        proposed(world, resource)
    heard = ChangeConsumer.objects.get(change=case)
    assert heard.consumer_id == world.department("hr")
    assert InboxItem.objects.filter(department_id=heard.consumer_id, title__startswith="提供方拟停止提供").exists()
    with pytest.raises(WrongState):
        actions.file_ending(case, by=head, at=world.at)
    with pytest.raises(NotAllowed):
        actions.record_heard(heard.pk, by=world.actor("police.officer"), at=world.at, result="agreed")
    with pytest.raises(RuleBroken):
        actions.record_heard(heard.pk, by=world.actor("hr.officer"), at=world.at, result="disagreed")
    actions.record_heard(
        heard.pk, by=world.actor("hr.officer"), at=world.at, result="disagreed", text="认证工作尚未结束"
    )
    with pytest.raises(RuleBroken, match="停止日期须晚于备案日期"):
        actions.file_ending(case, by=head, at=world.at + timedelta(days=20))
    actions.file_ending(case, by=head, at=world.at)
    world.drain()
    case.refresh_from_db()
    assert (case.state, case.filed_on, case.number[:2]) == ("announced", beijing_day(world.at), "TZ")
    told = InboxItem.objects.filter(title__endswith="停止提供").values_list("department_id", flat=True)
    assert world.department("hr") in told
    actions.acknowledge_ending(case, by=world.actor("authority.reviewer"), at=world.at)
    world.drain(world.at + timedelta(days=19))
    assert catalogue.require_published(resource).id == resource
    grant.refresh_from_db()
    assert grant.state == "granted"
    world.drain(world.at + timedelta(days=20))
    case.refresh_from_db()
    grant.refresh_from_db()
    assert (case.state, case.grants_ended, grant.state) == ("stopped", 1, "revoked")
    assert "停止提供" in grant.reason
    assert Entry.objects.get(pk=resource).state == "withdrawn"
    with pytest.raises(WrongState):
        catalogue.require_published(resource)


def test_an_end_is_cancelled_before_its_day_and_the_service_goes_on(world: World, grant: Grant) -> None:
    case = proposed(world, grant.resource_id)
    with pytest.raises(RuleBroken):
        actions.cancel_ending(case, by=world.actor("civil.head"), at=world.at, reason="")
    actions.cancel_ending(case, by=world.actor("civil.head"), at=world.at, reason="继续提供一年")
    world.drain(world.at + timedelta(days=30))
    grant.refresh_from_db()
    assert grant.state == "granted"
    assert proposed(world, grant.resource_id).state == "justified"


def test_before_the_decree_a_filing_with_its_cause_is_enough(world: World, grant: Grant) -> None:
    PolicyAssignment.objects.create(
        region=world.region, profile="inner-mongolia-2018", effective_from=date(2010, 1, 1), assigned_at=world.at
    )
    early = world.at.replace(year=2025, month=7, day=1)
    case = actions.end_resource(
        by=world.actor("civil.officer"), at=early, resource_id=grant.resource_id, cause="系统停用",
        stop_on=beijing_day(early) + timedelta(days=10),
    )  # fmt: skip
    with pytest.raises((NotAllowed, WrongState)):
        actions.file_ending(case, by=world.actor("civil.head"), at=early)
    actions.file_ending_directly(case, by=world.actor("civil.head"), at=early)
    world.drain(early + timedelta(days=10))
    case.refresh_from_db()
    assert case.state == "stopped"


def test_a_merged_resource_leads_to_its_successor_and_each_side_sees_its_part(world: World, grant: Grant) -> None:
    pk, into = grant.resource_id, published(world, title="社会救助对象")
    officer, address = world.client("civil.officer"), f"/grants/endings/new/{pk}/"
    assert "内江市人力资源和社会保障局" in officer.get(address).content.decode()
    assert address in officer.get(f"/catalogue/{pk}/").content.decode()
    good = {"cause": "合并", "stop_on": str(beijing_day(world.at) + timedelta(days=3650))}
    assert officer.post(address, {**good, "successor": "3070010001/000099"}).status_code == 422
    code = Entry.objects.get(pk=into).code
    assert officer.post(address, {**good, "successor": code, "stop_on": "2026-01-01"}).status_code == 422
    case = proposed(world, pk, successor=code, cause="合并")
    page = f"/grants/endings/{case.pk}/"
    heard = f"{page}heard/{ChangeConsumer.objects.get(change=case).pk}/"
    assert posted(world.client("hr.officer"), heard, page=heard, result="agreed", text="").status_code == 303
    assert "同意" in world.client("hr.clerk").get(page).content.decode()
    assert world.client("police.officer").get(page).status_code == 404
    with pytest.raises(NotThere):
        queries.ending(case.pk, actor=world.actor("police.officer"))
    actions.file_ending(case.pk, by=world.actor("civil.head"), at=world.at)
    world.drain()
    world.drain(world.at + timedelta(days=20))
    assert catalogue.at_code(grant.entry_code) == into


@covers(partly=["R-SEC-037"])
def test_what_turns_out_to_be_a_secret_ends_every_grant_and_orders_its_consumers_to_dispose_of_it(
    world: World, grant: Grant
) -> None:
    assert queries.wire_grant(grant.pk).state == "active"
    entries.take_out(
        grant.resource_id, by=world.actor("civil.secrecy"), at=world.at, kind="work_secret", document="密〔2026〕1号"
    )
    world.drain()
    grant.refresh_from_db()
    assert (grant.state, "因涉密取下" in grant.reason) == ("revoked", True)
    assert queries.wire_grant(grant.pk).state == "ended"
    told = InboxItem.objects.get(department_id=world.department("hr"), title__contains="按保密规定处置全部副本")
    assert "密〔2026〕1号" in told.title
    ordered = OutboxEvent.objects.get(name=events.DISPOSAL_ORDERED)
    assert (ordered.payload["id"], ordered.payload["consumer_id"]) == (grant.pk, world.department("hr"))
