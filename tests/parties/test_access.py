"""The registers of access: migrations, dedicated networks, support, exchanges round the platform, incidents."""

from datetime import date

import pytest

from covers import covers
from jutong.kernel.errors import NotAllowed, NotThere, RuleBroken, WrongState
from jutong.kernel.models import OutboxEvent, PolicyAssignment
from jutong.slices.parties import actions, queries


def under(world, profile):
    PolicyAssignment.objects.all().delete()
    PolicyAssignment.objects.create(
        region=world.region, profile=profile, version=1, effective_from=date(2020, 1, 1), assigned_at=world.at
    )


@covers("R-EXC-013")
def test_a_migration_without_plan_or_past_a_milestone_is_reported(world):
    engineer = world.actor("civil.engineer")
    common = {"department_id": world.department("civil"), "by": engineer, "at": world.at}
    unplanned, late, going = (actions.list_legacy(title=title, **common) for title in ("无计划", "逾期", "按期"))
    with pytest.raises(WrongState, match="没有迁移计划"):
        actions.start_legacy(unplanned, by=engineer, at=world.at)
    actions.plan_legacy(late, title="停用旧接口", due_on=date(2026, 2, 27), by=engineer, at=world.at)
    actions.plan_legacy(going, title="停用旧接口", due_on=date(2026, 3, 2), by=engineer, at=world.at)
    report = {row.title: (row.late, row.unplanned) for row in queries.migration_report(engineer, world.at)}
    assert report == {"无计划": (False, True), "逾期": (True, False)}
    actions.start_legacy(late, by=engineer, at=world.at)
    with pytest.raises(WrongState, match="未完成的事项"):
        actions.finish_legacy(late, by=world.actor("authority.operator"), at=world.at)
    (step,) = queries.access_case("legacy", late.pk, engineer, world.at).steps
    actions.reach_legacy(late, step_id=step.id, by=engineer, at=world.at)
    actions.finish_legacy(late, by=world.actor("authority.operator"), at=world.at)
    assert [row.title for row in queries.migration_report(engineer, world.at)] == ["无计划"]


@covers("R-EXC-015")
def test_a_dedicated_network_carries_nothing_in_neijiang_without_an_exception_of_the_state(world):
    under(world, "neijiang-2020")
    civil, engineer = world.department("civil"), world.actor("civil.engineer")
    with pytest.raises(RuleBroken, match="原则上不再使用业务专网"):
        actions.list_network(department_id=civil, title="新专网", existing=False, by=engineer, at=world.at)
    case = actions.list_network(department_id=civil, title="民政专网", by=engineer, at=world.at)
    with pytest.raises(RuleBroken, match="政务外网"):
        queries.check_dedicated(civil, world.at)
    with pytest.raises(RuleBroken, match="业务专网"):
        world.system("civil", "专网系统", network="dedicated")
    with pytest.raises(NotAllowed):
        actions.except_network(case, text="国家规定", by=engineer, at=world.at)
    actions.except_network(case, text="民政部专网管理规定第三条", by=world.actor("authority.chief"), at=world.at)
    queries.check_dedicated(civil, world.at)
    assert world.system("civil", "专网系统", network="dedicated")
    actions.plan_network(case, title="接入政务外网", due_on=date(2026, 9, 30), by=engineer, at=world.at)
    actions.start_network(case, by=engineer, at=world.at)
    (row,), _meta = queries.access_page("networks", engineer, world.at)
    assert (row.state_label, row.unplanned, row.late) == ("接入中", False, False)


def test_other_profiles_leave_dedicated_networks_alone(world):
    under(world, "jiangxi-2017")
    queries.check_dedicated(world.department("civil"), world.at)


@covers("R-EXC-022")
def test_support_is_asked_answered_and_closed_and_trainings_are_listed_by_department(world):
    engineer, operator = world.actor("civil.engineer"), world.actor("authority.operator")
    with pytest.raises(RuleBroken) as refused:
        actions.ask_support(
            department_id=world.department("civil"), kind="", title="如何接入", by=engineer, at=world.at
        )
    assert "支持类型" in refused.value.sentence
    case = actions.ask_support(
        department_id=world.department("civil"), kind="access", title="如何接入", by=engineer, at=world.at
    )
    with pytest.raises(WrongState):
        actions.close_support(case, by=engineer, at=world.at)
    actions.answer_support(case, text="见接入手册第三章。", by=operator, at=world.at)
    actions.close_support(case, by=engineer, at=world.at)
    case.refresh_from_db()
    assert (case.account_name, case.answered_by, case.answer, case.answered_at, case.closed_at) == (
        engineer.name, operator.name, "见接入手册第三章。", world.at, world.at,
    )  # fmt: skip
    people = {world.department("civil"): 3, world.department("hr"): 2}
    with pytest.raises(RuleBroken, match="培训后登记"):
        actions.record_training(
            title="接入培训", kind="access", held_on=date(2026, 3, 3), people=people, by=operator, at=world.at
        )
    actions.record_training(
        title="接入培训", kind="access", held_on=date(2026, 2, 6), people=people, by=operator, at=world.at
    )
    (mine,), _meta = queries.trainings(engineer)
    (all_,), _meta = queries.trainings(operator)
    assert (mine.people, all_.total) == ((("市民政局", 3),), 5)


@covers(partly=["R-EXC-002"])
def test_an_exchange_round_the_platform_is_reported_and_filed_as_a_finding(world):
    common = {"title": "直连接口", "text": "两局间自建接口每日推送", "at": world.at}
    civil, hr = world.department("civil"), world.department("hr")
    with pytest.raises(RuleBroken, match="不能相同"):
        actions.report_direct(department_id=civil, receiver_id=civil, by=world.actor("audit.auditor"), **common)
    with pytest.raises(NotAllowed):
        actions.report_direct(department_id=civil, receiver_id=hr, by=world.actor("market.clerk"), **common)
    case = actions.report_direct(department_id=civil, receiver_id=hr, by=world.actor("audit.auditor"), **common)
    with pytest.raises(NotThere):
        queries.access_case("direct", case.pk, world.actor("market.head"), world.at)
    assert queries.access_case("direct", case.pk, world.actor("hr.head"), world.at).row.other == "市人社局"
    actions.confirm_direct(case, text="经核实属实", by=world.actor("authority.chief"), at=world.at)
    event = OutboxEvent.objects.get(name="direct_exchange.confirmed")
    assert (event.payload["department_id"], event.payload["receiver_id"]) == (civil, hr)


@covers("R-SEC-028")
def test_an_incident_has_one_side_and_closes_only_with_it_and_its_tasks_done(world):
    guard = world.actor("admin.security")
    case = actions.open_incident(
        department_id=world.department("civil"), title="密钥泄露", text="日志中出现密钥", by=guard, at=world.at
    )
    with pytest.raises(WrongState):
        actions.close_incident(case, text="已处置", by=guard, at=world.at)
    with pytest.raises(RuleBroken) as refused:
        actions.classify_incident(case, side="both", by=guard, at=world.at)
    assert "责任方" in refused.value.sentence
    actions.classify_incident(case, side="provider", by=guard, at=world.at)
    actions.plan_incident(case, title="更换密钥", due_on=date(2026, 3, 6), by=guard, at=world.at)
    with pytest.raises(WrongState, match="未完成"):
        actions.close_incident(case, text="已处置", by=guard, at=world.at)
    seen = queries.access_case("incidents", case.pk, guard, world.at)
    assert (seen.facts, [step.title for step in seen.steps]) == ((("side", "提供部门"),), ["更换密钥"])
    actions.reach_incident(case, step_id=seen.steps[0].id, by=guard, at=world.at)
    actions.close_incident(case, text="已更换密钥", by=guard, at=world.at)
    assert queries.access_case("incidents", case.pk, guard, world.at).row.state == "closed"


@pytest.mark.parametrize("register", ["legacy", "networks", "support", "direct", "incidents"])
def test_every_register_is_opened_moved_and_exported_from_its_pages(world, register):
    who = {"direct": "audit.auditor", "incidents": "admin.security"}.get(register, "civil.engineer")
    client = world.client(who)
    given = {
        "department_id": world.department("civil"), "receiver_id": world.department("hr"), "title": "某事项", "text": "说明",
        "kind": "security", "existing": "on",
    }  # fmt: skip
    assert client.get(f"/parties/access/{register}/new").status_code == 200
    bad = client.post(f"/parties/access/{register}/new", {**given, "title": ""})
    assert bad.status_code == 422
    assert "请填写" in bad.content.decode()
    made = client.post(f"/parties/access/{register}/new", given)
    assert made.status_code == 303
    assert "某事项" in client.get(made["Location"]).content.decode()
    assert "某事项" in client.get(f"/parties/access/{register}?q=某事").content.decode()
    assert client.get(f"/parties/access/{register}/export").status_code == 200
    assert world.client("market.clerk").get(made["Location"]).status_code == 404
    if register in {"legacy", "networks", "incidents"}:
        step = client.post(f"{made['Location']}/plan", {"title": "第一步", "due_on": "2026-12-31"})
        assert step.status_code == 303
        assert "第一步" in client.get(made["Location"]).content.decode()
        assert client.post(f"{made['Location']}/plan", {"title": "第二步"}).status_code == 422


def test_the_registers_work_by_api(world):
    client = world.client("civil.engineer")

    def post(path, body):
        return client.post(f"/api/v1/parties/access/{path}", body, content_type="application/json")

    made = post("legacy", {"department_id": world.department("civil"), "title": "旧平台"})
    assert made.status_code == 201
    case = made.json()["row"]["id"]
    assert post(f"legacy/{case}/plan", {"title": "割接", "due_on": "2099-06-30"}).json()["steps"][0]["title"] == "割接"
    assert post(f"legacy/{case}/plan", {"title": "割接"}).status_code == 422
    assert post(f"legacy/{case}/plan", {"title": "割接", "due_on": "2099-06-30", "side": "x"}).status_code == 422
    assert post(f"legacy/{case}/fly", {}).status_code == 404
    assert client.get("/api/v1/parties/access/migration-report").json() == []
    key = world.system("civil")
    assert post(f"systems/{key.system_id}/test", {"record": "超时"}).status_code == 204
    assert client.get(f"/api/v1/parties/systems/{key.system_id}").json()["state"] == "testing"
