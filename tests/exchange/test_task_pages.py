"""Pages and API of standing tasks: the wizard without script, the plan, moves, sheets, limits of a source, a run's figures."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from typing import Any

import openpyxl
import pytest

from jutong.dataplane import identity
from jutong.slices.datacentre import actions as datacentre
from jutong.slices.exchange import actions
from jutong.slices.exchange.models import TransferTask
from jutong.wire.transfers import DirtyRow, DirtyRows, Part, Tally
from reports import TALLY, delivered, order_of, receipt, report, take
from sourceworld import MAPPING, granted, mounted, register
from world import World

RED = Tally(24, "99", "sha256-56-sum")
PLAN = {
    "read": "watermark", "watermark_item": "出生日期", "overlap": "60", "check": "content", "split_item": "户籍行政区划",
    "split_by": "value", "split_size": "", "most_dirty": "5", "priority": "3", "rows_per_second": "0",
    "cron": "30 2 * * *", "after_task_id": "", "window_start": "22:00", "window_end": "06:00",
}  # fmt: skip


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
    return {"grant_id": grant.pk, "source_id": target.pk, "source": source.pk}


def sheet(answer: Any) -> list[tuple[Any, ...]]:
    """Read the one sheet of an Excel answer."""
    book = openpyxl.load_workbook(io.BytesIO(answer.getvalue()))
    return list(book.active.iter_rows(values_only=True))


def test_the_wizard_leads_to_a_task_by_form_posts_alone(world: World, ready: dict[str, Any]) -> None:
    engineer = world.client("hr.engineer")
    first = engineer.get(f"/exchange/tasks/new/?grant={ready['grant_id']}").content.decode()
    assert f'value="{ready["grant_id"]}" selected' in first
    answers: dict[str, Any] = {"step": "grant", "kind": "table", "grant_id": ready["grant_id"]}
    page = engineer.post("/exchange/tasks/new/", answers).content.decode()
    assert "目标库" in page
    assert re.search(r'type="hidden" name="grant_id" value="\d+"', page)
    answers |= {
        "step": "target",
        "source_id": ready["source_id"],
        "schema": "public",
        "table": "dibao",
        "mode": "upsert",
    }
    page = engineer.post("/exchange/tasks/new/", answers).content.decode()
    assert "<code>division</code>" in page
    assert "511" in page  # a sample value of the division, which is not masked
    assert "张三" not in page
    page = engineer.post("/exchange/tasks/new/", answers | {"step": "mapping"}).content.decode()
    assert 'name="cron"' in page
    wrong = engineer.post("/exchange/tasks/new/", answers | PLAN | {"step": "plan", "cron": "61 * * * *"})
    assert wrong.status_code == 422
    assert "执行计划" in wrong.content.decode()
    page = engineer.post("/exchange/tasks/new/", answers | PLAN | {"step": "plan"}).content.decode()
    assert "每天 02:30" in page
    back = engineer.post("/exchange/tasks/new/", answers | PLAN | {"step": "summary", "back": "1"}).content.decode()
    assert 'value="30 2 * * *"' in back
    made = engineer.post("/exchange/tasks/new/", answers | PLAN | {"step": "summary", "run_now": "on"})
    task = TransferTask.objects.get()
    assert made["Location"] == f"/exchange/tasks/{task.pk}/"
    assert (task.cron, task.terms["priority"], task.runs.count()) == ("30 2 * * *", 3, 1)
    page = engineer.get(f"/exchange/tasks/{task.pk}/").content.decode()
    assert "每天 02:30" in page
    assert "22:00–06:00" in page


def test_what_the_action_refuses_is_shown_at_the_step_it_belongs_to(world: World, ready: dict[str, Any]) -> None:
    clerk = world.client("hr.clerk")
    answers: dict[str, Any] = {
        "kind": "table", "grant_id": ready["grant_id"], "source_id": ready["source_id"], "schema": "public",
        "table": "dibao", "mode": "replace", **PLAN,
    }  # fmt: skip
    page = clerk.post("/exchange/tasks/new/", answers | {"step": "summary"})
    assert page.status_code == 422
    assert "整表替换只能全量读取" in page.content.decode()
    page = clerk.post("/exchange/tasks/new/", answers | {"step": "summary", "mode": "upsert", "table": "a b;c"})
    assert "“目标表”应以字母" in page.content.decode()
    assert 'name="step" value="target"' in page.content.decode()
    assert not TransferTask.objects.exists()
    assert "没有可用的授权" in world.client("police.clerk").get("/exchange/tasks/new/").content.decode()


def plain_task(world: World, ready: dict[str, Any]) -> int:
    clerk = world.client("hr.engineer")
    given = {"grant_id": ready["grant_id"], "source_id": ready["source_id"], "table": "dibao", "mode": "upsert",
             "plan": {"cron": "30 2 * * *", "split_item": "户籍行政区划"}}  # fmt: skip
    made = clerk.post("/api/v1/exchange/tasks", given, content_type="application/json")
    assert made.status_code == 201, made.content.decode()
    return int(made.json()["row"]["id"])


def test_a_task_is_changed_paused_resumed_run_and_deleted_by_pages(world: World, ready: dict[str, Any]) -> None:
    task_id = plain_task(world, ready)
    clerk, here = world.client("hr.clerk"), f"/exchange/tasks/{task_id}/"
    assert 'value="30 2 * * *"' in clerk.get(f"{here}change/").content.decode()
    changed = clerk.post(f"{here}change/", PLAN | {"cron": "0 8 * * 1-5"})
    assert changed.status_code == 303, changed.content.decode()
    assert "每周一、周二" in clerk.get("/exchange/tasks/").content.decode()
    assert clerk.post(f"{here}pause/").status_code == 303
    assert "已暂停" in clerk.get("/exchange/tasks/?fold=paused").content.decode()
    assert clerk.post(f"{here}run/").status_code == 409
    assert clerk.post(f"{here}resume/").status_code == 303
    assert clerk.post(f"{here}run/")["Location"].startswith("/exchange/runs/")
    assert clerk.post(f"{here}delete/").status_code == 409
    assert clerk.post(f"{here}explode/").status_code == 404
    police = world.client("police.clerk")
    for path in ("", "change/"):
        assert police.get(f"{here}{path}").status_code == 404
    assert world.client("civil.officer").get(here).status_code == 200
    assert world.client("civil.officer").post(f"{here}pause/").status_code == 403


def test_the_api_does_the_same(world: World, ready: dict[str, Any]) -> None:
    task_id = plain_task(world, ready)
    client, base = world.client("hr.engineer"), "/api/v1/exchange"
    found = client.get(f"{base}/tasks/{task_id}").json()
    assert (found["cron"], len(found["times"]), found["terms"]["split"]["item"]) == ("30 2 * * *", 5, "户籍行政区划")
    put = client.put(f"{base}/tasks/{task_id}", {"cron": "x"}, content_type="application/json")
    assert put.json()["remarks"].keys() == {"cron"}
    put = client.put(f"{base}/tasks/{task_id}", {"priority": 1}, content_type="application/json")
    assert (put.json()["cron"], put.json()["terms"]) == ("", {"priority": 1})
    assert client.post(f"{base}/tasks/{task_id}/pause").json()["row"]["paused"] is True
    assert client.post(f"{base}/tasks/{task_id}/resume").json()["row"]["paused"] is False
    run_id = client.post(f"{base}/tasks/{task_id}/run").json()["row"]["last_run_id"]
    assert client.get(f"{base}/runs/{run_id}/parts").json() == []
    assert client.get(f"{base}/runs/{run_id}/rows").json() == []
    assert client.post(f"{base}/runs/{run_id}/repair").status_code == 409
    assert client.post(f"{base}/runs/{run_id}/accept-shape").status_code == 409
    assert client.get(f"{base}/tasks?fold=planned").json()["total"] == 0
    assert client.delete(f"{base}/tasks/{task_id}").status_code == 409
    assert world.client("police.clerk").get(f"{base}/tasks/{task_id}").status_code == 404
    limits = f"{base}/sources/{ready['source']}/limits"
    assert client.get(limits).status_code == 404
    owner = world.client("civil.engineer")
    body = {"most_runs": 2, "rows_per_second": 100, "hours": {"start": 60, "end": 120}}
    put = owner.put(limits, body, content_type="application/json")
    assert put.json()["hours"] == {"start": 60, "end": 120, "days": "1234567"}
    assert put.json()["running"] == 1


def test_a_sources_engineer_limits_what_is_asked_of_it(world: World, ready: dict[str, Any]) -> None:
    engineer, here = world.client("civil.engineer"), f"/exchange/sources/{ready['source']}/limits/"
    form = {"most_runs": "1", "rows_per_second": "5000", "window_start": "22:00", "window_end": "06:00"}
    half = engineer.post(here, form | {"window_end": ""})
    assert half.status_code == 422
    assert engineer.post(here, form).status_code == 303
    assert "22:00–06:00" in engineer.get(here).content.decode()
    assert world.client("civil.officer").post(here, form).status_code == 403
    assert world.client("hr.engineer").get(here).status_code == 404


def test_a_run_shows_speed_partitions_and_rows_set_aside(
    world: World, ready: dict[str, Any], node: identity.Identity
) -> None:
    task_id = plain_task(world, ready)
    clerk = world.client("hr.clerk")
    run = actions.run_now(task_id, by=world.actor("hr.clerk"), at=world.at)
    order = order_of(run)
    for second in range(4):
        take(report(order, "sent", rows_done=1000 * second, rows_total=10_000, bytes_done=second << 20, seconds=second))
    live = clerk.get(f"/exchange/runs/{run.pk}/live/", headers={"HX-Request": "true"}).content.decode()
    assert "1,000 行/秒" in live
    assert "约剩 0 分 7 秒" in live
    page = clerk.get(f"/exchange/runs/{run.pk}/").content.decode()
    assert "传输速度" in page
    assert "jt-chart" in page
    parts = (Part("511002", TALLY, TALLY), Part("511011", TALLY, RED))
    red = receipt(order, node, target=RED, reconciled=False, parts=parts)
    take(report(order, "quarantined", receipt=red, differing=("511011",), dirty=1, seconds=9))
    rows = (DirtyRow(7, "出生日期", "19**", "不是有效日期"),)
    assert actions.take_dirty(DirtyRows(order.id, 0, rows), node="local", at=world.at)
    page = clerk.get(f"/exchange/runs/{run.pk}/").content.decode()
    assert page.index("511011") < page.index("511002</div>")
    assert "只修复不一致的分区" in page
    assert "不是有效日期" in page
    assert sheet(clerk.get(f"/exchange/runs/{run.pk}/parts/"))[1][:3] == ("511011", 25, 24)
    assert sheet(clerk.get(f"/exchange/runs/{run.pk}/rows/"))[1][1:6] == (7, "", "出生日期", "19**", "不是有效日期")
    assert clerk.post(f"/exchange/runs/{run.pk}/repair/").status_code == 303
    assert order_of(run).repair == ("511011",)
    for path in ("parts", "rows"):
        assert world.client("police.clerk").get(f"/exchange/runs/{run.pk}/{path}/").status_code == 404


def test_lists_and_figures_go_into_sheets(world: World, ready: dict[str, Any], node: identity.Identity) -> None:
    task_id = plain_task(world, ready)
    delivered(actions.run_now(task_id, by=world.actor("hr.clerk"), at=world.at), node)
    clerk = world.client("hr.clerk")
    assert len(sheet(clerk.get("/exchange/tasks/sheet/"))) == 2
    assert sheet(clerk.get("/exchange/runs/sheet/"))[1][7] == 25
    assert sheet(clerk.get("/exchange/figures/sheet/"))[1][1:5] == (1, 1, 0, 25)
    assert "100%" in clerk.get("/exchange/tasks/").content.decode()
    assert "已放行行数" in clerk.get("/exchange/figures/?side=provider").content.decode()
    assert len(sheet(world.client("police.clerk").get("/exchange/tasks/sheet/"))) == 1


def test_changed_columns_are_put_to_a_person(world: World, ready: dict[str, Any]) -> None:
    run = actions.run_now(plain_task(world, ready), by=world.actor("hr.clerk"), at=world.at)
    take(report(order_of(run), "rejected", drift="ab" * 32, drift_text="来源表新增列 phone。"))
    clerk = world.client("hr.clerk")
    page = clerk.get(f"/exchange/runs/{run.pk}/").content.decode()
    assert "来源表新增列 phone。" in page
    assert "城乡低保对象信息" in clerk.get("/").content.decode()
    assert clerk.post(f"/exchange/runs/{run.pk}/accept_shape/").status_code == 303
    assert order_of(run).shape == "ab" * 32


def test_a_waiting_run_shows_its_place_in_line(world: World, ready: dict[str, Any]) -> None:
    limit = {"source_id": ready["source"], "most_runs": 1, "rows_per_second": 0, "hours": None}
    actions.limit_source(by=world.actor("civil.engineer"), at=world.at, **limit)
    clerk = world.actor("hr.clerk")
    actions.order_batch(by=clerk, at=world.at, grant_id=ready["grant_id"])
    run = actions.run_now(plain_task(world, ready), by=clerk, at=world.at)
    assert "排在第 1 位" in world.client("hr.clerk").get(f"/exchange/runs/{run.pk}/").content.decode()
