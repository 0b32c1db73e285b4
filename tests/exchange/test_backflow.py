"""Back-flow: what an upper department holds about a lower one's area comes back whole, and that it is whole is proved."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
import pytest
from test_requests import asked, reply

from backflow_world import ARRANGED, NEED, needed, ready, running
from covers import covers
from jutong.dataplane.settings import Settings
from jutong.kernel.errors import Conflict, NotAllowed, RuleBroken, WrongState
from jutong.kernel.models import InboxItem, PolicyAssignment
from jutong.slices.catalogue import actions as catalogue
from jutong.slices.catalogue import queries as entries
from jutong.slices.catalogue.actions import Content
from jutong.slices.correction import queries as findings
from jutong.slices.datacentre import actions as datacentre
from jutong.slices.exchange import actions, queries
from jutong.slices.exchange.models import Run
from jutong.slices.exchange.rules import Plan
from jutong.slices.exchange.rules.backflow import numbered, unaccounted
from jutong.slices.grants.models import Grant
from jutong.slices.parties import queries as parties
from jutong.slices.parties.models import Region
from jutong.slices.sharing import actions as sharing
from jutong.wire.transfers import Part, Receipt, Tally
from published import ASSESSED, content, published
from runworld import carried
from sourceworld import MAPPING, mounted, register
from world import World

PEOPLE = "id_number text primary key, xm text, birthday date, division text"
__all__ = ["ready"]


@covers(partly=["R-CAS-014", "R-CAS-016"])
def test_every_row_of_the_area_and_no_other_comes_back_and_is_accounted_for_by_division(
    world: World,
    ready: dict[str, Any],
    hr_db: str,
    own: Settings,
) -> None:
    case, run = running(world, ready)
    carried(run, own)
    assert run.state == "released", run.message
    with psycopg.connect(hr_db) as connection:
        found = connection.execute("select division, count(*) from huiliu group by 1 order by 1").fetchall()
    assert found == [("511002", 25), ("511099", 1)]
    detail = queries.backflow(case.pk, world.actor("civil.head"), world.at)
    assert detail.account is not None
    assert [(d.code, d.name, d.sent, d.arrived) for d in detail.account.divisions] == [
        ("511002", "市中区", 25, 25), ("511099", "原郊区", 1, 1),
    ]  # fmt: skip
    assert detail.account.unassigned == 2  # without a code: told of, not dropped without a word
    page = world.client("hr.officer").get(f"/exchange/backflows/{case.pk}/").content.decode()
    assert "2 行未标明行政区划" in page
    assert "H-" in world.client("hr.officer").get(f"/exchange/backflows/{case.pk}/divisions/")["Content-Disposition"]


def test_a_plan_cannot_take_the_account_by_division_away(world: World, ready: dict[str, Any]) -> None:
    _case, run = running(world, ready)
    task = actions.change_task(
        run.task_id, by=world.actor("hr.engineer"), at=datetime.now(UTC), plan=Plan(cron="0 3 * * *")
    )
    assert (task.agreed.division_item, task.agreed.split is not None) == ("户籍行政区划", True)


TALLY = Tally(2, "7", "m")


@pytest.mark.parametrize(
    ("parts", "sentence"),
    [
        ((), "没有按行政区划"),
        ((Part("511002", Tally(1, "3", "m"), Tally(1, "3", "m")),), "之和与总行数不一致"),
        ((Part("511011", TALLY, TALLY),), "行政区域以外"),
        ((Part("511002", TALLY, TALLY),), ""),
    ],
)
def test_a_receipt_that_does_not_account_for_every_division_proves_nothing(
    parts: tuple[Part, ...], sentence: str
) -> None:
    receipt = Receipt(
        "R1-1", "1", 1, "", "receiver", TALLY, TALLY, True, datetime.now(UTC), datetime.now(UTC), (), parts=parts
    )
    found = unaccounted(receipt, ("511002",), (), repaired=False)
    assert sentence in found
    assert bool(found) == bool(sentence)


def test_codes_that_moved_away_are_left_out_of_the_area(world: World, ready: dict[str, Any]) -> None:
    Region.objects.create(code="511098", name="划出镇区", level="county", parent_id="511000", successor_id="511099")
    Region.objects.create(code="511002001", name="划出街道", level="town", parent_id="511002", successor_id="511011")
    area = parties.area_of("511002")
    assert area.prefixes == ("511002", "511098", "511099")
    assert area.moved_away == ("511002001",)
    assert parties.lies_within("511002", "511000")
    assert not parties.lies_within("511000", "511002")
    assert not parties.lies_within("511011", "511002")


@covers(partly=["R-CAS-014", "R-CAS-015"])
def test_who_may_need_arrange_and_under_which_rules(world: World, ready: dict[str, Any]) -> None:
    with pytest.raises(RuleBroken, match="下级政府部门"):
        actions.need_backflow(by=world.actor("market.officer"), at=world.at, resource_id=ready["resource_id"], **NEED)
    for changes in ({"duty": " "}, {"items": ["没有的项"]}, {"division_item": "姓名", "items": ["户籍行政区划"]}):
        with pytest.raises(RuleBroken):
            needed(world, ready, **changes)
    case = needed(world, ready)
    with pytest.raises(Conflict):
        needed(world, ready)
    with pytest.raises(NotAllowed):
        actions.arrange_backflow(case.pk, by=world.actor("civil.officer"), at=world.at, **ARRANGED)
    with pytest.raises(RuleBroken, match="安全措施"):
        actions.arrange_backflow(case.pk, by=world.actor("civil.head"), at=world.at, cron="30 2 * * *", security="")
    actions.arrange_backflow(case.pk, by=world.actor("civil.head"), at=world.at, **ARRANGED)
    grant = Grant.objects.get(case_ref=f"backflow:{case.pk}")
    assert grant.conditions == [{"item": "户籍行政区划", "operator": "prefix", "values": ["511002", "511099"]}]
    assert grant.quota == {"calls_per_day": 0, "rows_per_batch": 0, "batches_per_day": 0}
    PolicyAssignment.objects.all().delete()
    PolicyAssignment.objects.create(
        region=world.region, profile="jiangxi-2017", version=1, effective_from=date(2020, 1, 1), assigned_at=world.at
    )
    actions.end_backflow(case.pk, by=world.actor("hr.officer"), at=world.at)
    with pytest.raises(WrongState, match="没有规定数据回流"):
        needed(world, ready, at=datetime(2025, 7, 1, tzinfo=UTC))  # before national-2025 filled the gap


@covers("R-CAS-015")
def test_no_other_condition_can_be_demanded_and_one_that_is_can_be_reported(
    world: World, ready: dict[str, Any]
) -> None:
    case = needed(world, ready)
    call = world.client("civil.head")
    for extra in ({"quota": 100}, {"fee": 1}, {"approval_per_record": True}):
        answer = call.post(
            f"/api/v1/exchange/backflows/{case.pk}/arrange", ARRANGED | extra, content_type="application/json"
        )
        assert answer.status_code == 422, extra
    with pytest.raises(RuleBroken) as refused:
        actions.report_condition(
            case.pk, by=world.actor("hr.officer"), at=world.at, condition="要求按条审批", evidence=""
        )
    assert "依据材料" in refused.value.sentence
    actions.report_condition(
        case.pk, by=world.actor("hr.officer"), at=world.at, condition="要求按条审批", evidence="来函复印件"
    )
    world.drain()
    (found,) = findings.proposed_findings(world.actor("authority.reviewer"))[0]
    assert (found.kind, found.department_id, "要求按条审批" in found.words) == (
        "backflow_condition",
        case.provider_id,
        True,
    )


def test_a_back_flow_later_than_its_schedule_is_found_once_and_cleared_by_a_release(
    world: World, ready: dict[str, Any]
) -> None:
    case, run = running(world, ready)
    at = datetime.now(UTC)
    assert actions.find_late_backflows(at + timedelta(hours=1)) == 0
    assert actions.find_late_backflows(at + timedelta(days=3)) == 1
    assert actions.find_late_backflows(at + timedelta(days=3)) == 0
    world.drain(at + timedelta(days=3))
    (late,) = findings.proposed_findings(world.actor("authority.reviewer"))[0]
    assert (late.kind, late.source) == ("not_returned", "政务数据共享条例第三十九条第（五）项")
    Run.objects.filter(pk=run.pk).update(state="released", settled_at=at + timedelta(days=3))
    assert actions.find_late_backflows(at + timedelta(days=3, hours=1)) == 0
    case.refresh_from_db()
    assert case.late_since is None


def test_the_pages_lead_from_the_need_to_the_running_back_flow(world: World, ready: dict[str, Any]) -> None:
    officer = world.client("hr.officer")
    world.drain()
    assert f"?resource={ready['resource_id']}" in officer.get("/exchange/backflows/new/").content.decode()
    address = f"/exchange/backflows/new/?resource={ready['resource_id']}"
    assert "履职依据" in officer.get(address).content.decode()
    assert officer.post(address, NEED | {"duty": ""}).status_code == 422
    here = officer.post(address, NEED)["Location"]
    head = world.client("civil.head")
    wrong = head.post(f"{here}arrange/", ARRANGED | {"cron": "61 * * * *"})
    assert wrong.status_code == 422
    assert "执行计划" in wrong.content.decode()
    assert head.post(f"{here}arrange/", ARRANGED).status_code in (302, 303)
    engineer = world.client("hr.engineer")
    assert "区库" in engineer.get(here).content.decode()
    target = {"source_id": ready["source_id"], "schema": "public", "table": "huiliu"}
    assert engineer.post(f"{here}start/", target).status_code in (302, 303)
    page = engineer.get(here).content.decode()
    assert "回流中" in page
    assert "回流中" in officer.get("/exchange/backflows/?fold=running").content.decode()
    assert officer.get("/exchange/backflows/sheet/").status_code == 200
    assert engineer.post(f"{here}nothing/").status_code == 404


@covers("R-CAS-017")
def test_what_came_back_is_offered_on_with_its_source_no_lower_grade_and_for_its_duty_only(
    world: World, ready: dict[str, Any], civil_db: str
) -> None:
    upper = mounted(
        world, register(world, "civil", civil_db, title="民政库二"), title="低保复核信息", security_level="important"
    )
    case, _run = running(world, ready | {"resource_id": upper})
    officer, at = world.actor("hr.officer"), world.at

    def graded(level: str) -> Content:
        return content("区低保对象信息", security_level=level)

    own = catalogue.compile_entry(by=officer, at=at, provider_id=world.department("hr"), content=graded("general"))
    client, page = world.client("hr.officer"), f"/exchange/backflows/{case.pk}/"
    refused = client.post(f"{page}register_source/", {"entry_id": own.pk})
    assert (refused.status_code, "分级不得低于来源目录" in refused.content.decode()) == (422, True)
    with pytest.raises(RuleBroken, match="本部门的目录"):
        actions.register_source(case.pk, by=officer, at=at, entry_id=ready["resource_id"])
    catalogue.edit_entry(own.pk, by=officer, at=at, content=graded("important"))
    assert client.post(f"{page}register_source/", {"entry_id": own.pk}).status_code == 303
    assert "区低保对象信息" in client.get(page).content.decode()
    # below its source's level it is never approved, submitted or published
    catalogue.edit_entry(own.pk, by=officer, at=at, content=graded("general"))
    catalogue.assess(own, by=world.actor("hr.secrecy"), at=at, **ASSESSED)
    with pytest.raises(RuleBroken, match="不得低于来源目录"):
        catalogue.leader_approve(own, by=world.actor("hr.leader"), at=at)
    catalogue.edit_entry(own.pk, by=officer, at=at, content=graded("important"))
    _published(world, own.pk)
    shown = world.client("market.clerk").get(f"/catalogue/{own.pk}/").content.decode()
    assert all(said in shown for said in ("数据来源", "市民政局", "低保复核信息", numbered(case.pk)))
    _used_for_its_duty_only(world, own.pk)


def _published(world: World, entry: int) -> None:
    by = {key: world.actor(key) for key in ("hr.secrecy", "hr.leader", "hr.officer", "authority.reviewer")}
    catalogue.assess(entry, by=by["hr.secrecy"], at=world.at, **ASSESSED)
    catalogue.leader_approve(entry, by=by["hr.leader"], at=world.at)
    catalogue.submit(entry, by=by["hr.officer"], at=world.at)
    catalogue.review(entry, by=by["authority.reviewer"], at=world.at)
    catalogue.publish(entry, by=by["authority.reviewer"], at=world.at)


def _used_for_its_duty_only(world: World, entry: int) -> None:
    clerk = world.actor("market.clerk")
    with pytest.raises(NotAllowed, match="只能用于登记的职责"):
        sharing.write_request(by=clerk, at=world.at, asked=asked(entry, purposes=("data_verification",)))
    request = sharing.write_request(by=clerk, at=world.at, asked=asked(entry))
    sharing.consent(request, by=world.actor("market.head"), at=world.at)
    sharing.file_request(request, by=clerk, at=world.at)
    with pytest.raises(NotAllowed, match="只能用于登记的职责"):
        sharing.prepare_reply(
            request, by=world.actor("hr.officer"), at=world.at, reply=reply(purposes=("work_reference",))
        )


def test_an_entry_mounted_on_the_table_of_a_back_flow_is_registered_though_nobody_said_so(
    world: World, ready: dict[str, Any], hr_db: str
) -> None:
    case, _run = running(world, ready)
    with psycopg.connect(hr_db) as connection:
        connection.execute(f"create table huiliu ({PEOPLE})")
    own = published(world, "hr", title="区低保对象信息")
    source = register(world, "hr", hr_db, title="区库，对外提供")
    datacentre.mount(
        by=world.actor("hr.officer"), at=world.at, resource_id=own, source_id=source.pk, schema="public",
        table="huiliu", mapping=MAPPING,
    )  # fmt: skip
    world.drain()
    found = entries.require_published(own)
    assert found.returned is not None
    assert (found.returned.source_id, found.returned.reference) == (ready["resource_id"], numbered(case.pk))
    assert InboxItem.objects.filter(title__contains="已登记来源").exists()
