"""Submitted batches: checked against what the entry declares, reported by row, and late when none comes in time."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from batchworld import GOOD, ITEMS, declared
from covers import covers
from jutong.kernel.errors import NotAllowed, RuleBroken
from jutong.kernel.models import InboxItem, OutboxEvent, PolicyAssignment
from jutong.slices.exchange import actions, queries
from jutong.slices.exchange.models import OffPlatform, Submission, TransferTask
from jutong.slices.exchange.rules import Plan, submissions
from jutong.wire.grants import Kind
from jutong.wire.transfers import OrderKind
from sourceworld import granted, mounted, register
from world import World


def submit(
    world: World, resource_id: int, text: str, *, name: str = "data.csv", by: str = "civil.officer"
) -> Submission:
    source = io.BytesIO(text.encode())
    return actions.submit_batch(by=world.actor(by), at=world.at, resource_id=resource_id, source=source, name=name)


@covers(partly=["R-EXC-010"])
def test_a_batch_in_the_declared_form_is_accepted_and_the_next_one_is_late_when_it_does_not_come(world: World) -> None:
    resource_id = declared(world)
    good = submit(world, resource_id, GOOD)
    assert (good.ok, good.rows, good.accepted, good.faults) == (True, 2, 2, 0)
    event = OutboxEvent.objects.get(name="exchange.submission_accepted")
    assert (event.payload["resource_id"], event.payload["rows"]) == (resource_id, 2)
    wrong = submit(world, resource_id, GOOD.replace("1991-02-03", "1991-02-30").replace("100.5", "很多"))
    assert (wrong.ok, wrong.accepted, "没有一行符合" in wrong.remark) == (False, 0, True)
    found = list(queries.faults(wrong.pk, world.actor("civil.officer")))
    assert [(f.number, f.item, f.value, f.rule) for f in found] == [
        (2, "收入", "很***", "数据类型"), (3, "出生日期", "1991-02-30", "数据类型"),
    ]  # fmt: skip
    missing = submit(world, resource_id, "编号,性别,收入\n1,1,2\n")
    assert (missing.ok, "出生日期" in missing.remark) == (False, True)
    assert OutboxEvent.objects.filter(name="exchange.submission_accepted").count() == 1
    # daily: due by the end of the next Beijing day after the good batch
    day = datetime(2026, 3, 3, 16, tzinfo=UTC)
    assert actions.find_late(day - timedelta(seconds=1)) == 0
    assert actions.find_late(day) == 1
    assert actions.find_late(day) == 0
    late = OutboxEvent.objects.get(name="exchange.submission_late")
    assert late.payload["resource_id"] == resource_id
    assert InboxItem.objects.filter(title__contains="未按更新周期报送").exists()
    assert [row.resource_id for row in queries.late(world.actor("civil.officer"))] == [resource_id]
    submit(world, resource_id, GOOD)
    assert queries.late(world.actor("civil.officer")) == []


@covers("R-EXC-017")
def test_a_value_outside_its_code_list_refuses_its_row_and_no_standard_is_reported(world: World) -> None:
    resource_id = declared(world)
    mixed = submit(world, resource_id, GOOD.replace("000002,2", "000002,7"))
    assert (mixed.ok, mixed.rows, mixed.accepted, mixed.refused, mixed.unbound) == (True, 2, 1, 1, False)
    (fault,) = queries.faults(mixed.pk, world.actor("civil.officer"))
    assert (fault.number, fault.item, fault.value, fault.rule) == (3, "性别", "7", "代码表")
    assert "GB/T 2261.1" in fault.reason
    # an edition of the same list that has no 2: what counts is the one that the entry declares
    older = (
        ITEMS[0],
        msgspec.structs.replace(ITEMS[1], code_table="旧版性别代码", value_range="1 男；3 女"),
        *ITEMS[2:],
    )
    old = submit(world, declared(world, title="旧名册", items=older), GOOD)
    assert [(f.number, f.value) for f in queries.faults(old.pk, world.actor("civil.officer"))] == [(3, "2")]
    assert "旧版性别代码" in next(queries.faults(old.pk, world.actor("civil.officer"))).reason
    loose = declared(world, title="残疾人名录", items=tuple(ITEMS[i] for i in (0, 2, 3)))
    named = declared(
        world, title="残疾人名册", items=(ITEMS[0], msgspec.structs.replace(ITEMS[1], value_range=""), *ITEMS[2:])
    )
    officer = world.client("civil.officer")
    told = {
        loose: (True, [], "没有绑定任何标准或代码表"),
        named: (False, ["性别"], "“性别”声明了代码表，但目录没有给出代码"),
    }
    for entry_id, (unbound, unchecked, notice) in told.items():
        given = {"resource_id": entry_id, "file": SimpleUploadedFile("a.csv", GOOD.encode())}
        batch = officer.post("/api/v1/exchange/submissions", given).json()
        assert (batch["ok"], batch["unbound"], batch["unchecked"]) == (True, unbound, unchecked)
        assert notice in officer.get(f"/exchange/submissions/{batch['id']}/").content.decode()


def test_only_the_providers_people_submit_and_only_declared_formats(world: World) -> None:
    resource_id = declared(world)
    with pytest.raises(NotAllowed):
        submit(world, resource_id, GOOD, by="hr.officer")
    with pytest.raises(RuleBroken):
        submit(world, resource_id, GOOD, name="data.pdf")
    with pytest.raises(RuleBroken):
        submit(world, resource_id, '{"编号": "1"}', name="data.jsonl")
    with pytest.raises(RuleBroken):
        submit(world, resource_id, "", name="data.csv")
    with pytest.raises(RuleBroken, match="没有数据行"):
        submit(world, resource_id, GOOD.splitlines()[0], name="data.csv")
    assert not Submission.objects.exists()


def test_a_watched_entry_is_late_even_if_nothing_ever_came(world: World) -> None:
    resource_id = declared(world)
    declared(world, title="不定期的", update_cycle="irregular")
    world.drain()
    assert actions.find_late(world.at + timedelta(days=3)) == 1
    assert [row.resource_id for row in queries.late(world.actor("civil.officer"))] == [resource_id]
    assert queries.late(world.actor("hr.officer")) == []


def test_gb18030_and_json_lines_are_read_like_utf8_csv(world: World) -> None:
    resource_id = declared(world, format_types=("csv", "json"), format_class="self_described", format_note="CSV/JSON")
    packed = io.BytesIO(GOOD.encode("gb18030"))
    officer = world.actor("civil.officer")
    done = actions.submit_batch(by=officer, at=world.at, resource_id=resource_id, source=packed, name="a.csv")
    assert (done.ok, done.rows) == (True, 2)
    lines = '{"编号": "000001", "性别": 1, "出生日期": "1990-01-01", "收入": 100.5}\n'
    assert submit(world, resource_id, lines, name="a.jsonl").ok
    with pytest.raises(RuleBroken):
        submit(world, resource_id, "[1]\n", name="a.jsonl")


def test_tasks_follow_the_data_of_their_resource(world: World, probe: Any, civil_db: str, hr_db: str) -> None:
    resource_id = mounted(
        world, register(world, "civil", civil_db), format_class="spreadsheet", format_types=("csv",), share_mode="file"
    )
    grant = granted(world, resource_id)
    target = register(world, "hr", hr_db, title="人社库", provides=False, receives=True)
    wanted = actions.Wanted(OrderKind.TABLE, target.pk, "public", "dibao")
    clerk = world.actor("hr.clerk")
    actions.create_task(by=clerk, at=world.at, grant_id=grant.pk, wanted=wanted, plan=Plan(after_update=True))
    text = "公民身份号码,姓名,出生日期,户籍行政区划,收入\n511002199001011234,张三,1990-01-01,511002,1\n"
    assert submit(world, resource_id, text).ok
    world.drain()
    assert [run.trigger for run in TransferTask.objects.get().runs.all()] == ["update"]


@covers(partly=["R-EXC-018"])
def test_a_format_that_the_entry_does_not_declare_is_refused(world: World, probe: Any, civil_db: str) -> None:
    source = register(world, "civil", civil_db)
    grant = granted(
        world, mounted(world, source, format_class="spreadsheet", format_types=("csv", "xlsx"), share_mode="file")
    )
    clerk = world.actor("hr.clerk")
    with pytest.raises(RuleBroken) as refused:
        actions.order_batch(by=clerk, at=world.at, grant_id=grant.pk, file_format="jsonl")
    assert refused.value.remarks.keys() == {"format"}
    assert actions.order_batch(by=clerk, at=world.at, grant_id=grant.pk, file_format="csv").pk


@covers("R-SHR-025")
def test_a_delivery_outside_the_platform_is_an_exception_where_and_while_the_text_lets_it_be(
    world: World, probe: Any, civil_db: str
) -> None:
    grant = granted(world, mounted(world, register(world, "civil", civil_db)))
    officer = world.actor("civil.officer")

    def record(day: date, reason: str = "网络中断，光盘交接") -> OffPlatform:
        return actions.record_off_platform(by=officer, at=world.at, grant_id=grant.pk, delivered_on=day, reason=reason)

    for day in (date(2025, 7, 1), date(2026, 1, 1)):
        with pytest.raises(RuleBroken):
            record(day)
    PolicyAssignment.objects.create(
        region=world.region, profile="inner-mongolia-2018", effective_from=date(2018, 1, 1), assigned_at=world.at
    )
    kept = record(date(2025, 7, 31))
    assert kept.profile.startswith("inner-mongolia-2018")
    assert [row.reason for row in queries.off_platform(world.actor("hr.clerk"))[0]] == ["网络中断，光盘交接"]
    with pytest.raises(RuleBroken):
        record(date(2025, 7, 31), " ")
    with pytest.raises(RuleBroken):
        record(date(2025, 8, 1))
    with pytest.raises(NotAllowed):
        actions.record_off_platform(
            by=world.actor("hr.officer"), at=world.at, grant_id=grant.pk, delivered_on=date(2025, 7, 1), reason="x"
        )


def test_batches_are_submitted_and_read_by_pages(world: World) -> None:
    resource_id = declared(world)
    officer = world.client("civil.officer")
    assert "残疾人补贴信息" in officer.get("/exchange/submissions/new/").content.decode()
    file = SimpleUploadedFile("data.csv", GOOD.replace("000002,2", "000002,7").encode())
    made = officer.post("/exchange/submissions/new/", {"resource_id": resource_id, "file": file})
    assert made.status_code == 303
    page = officer.get(made["Location"]).content.decode()
    assert "部分退回" in page
    assert "GB/T 2261.1" in page
    sheet = officer.get(f"{made['Location']}faults/")
    rows = list(openpyxl.load_workbook(io.BytesIO(sheet.getvalue())).active.iter_rows(values_only=True))
    assert rows[1][:3] == (3, "性别", "7")
    assert "B-" in officer.get("/exchange/submissions/").content.decode()
    assert world.client("hr.officer").get(made["Location"]).status_code == 404
    wrong = officer.post(
        "/exchange/submissions/new/", {"resource_id": resource_id, "file": SimpleUploadedFile("x.pdf", b"x")}
    )
    assert wrong.status_code == 422


def test_the_api_takes_batches_and_records_exceptions(world: World, probe: Any, civil_db: str) -> None:
    resource_id = declared(world)
    officer, base = world.client("civil.officer"), "/api/v1/exchange"
    file = SimpleUploadedFile("data.csv", GOOD.replace("000002,2", "000002,7").encode())
    made = officer.post(f"{base}/submissions", {"resource_id": resource_id, "file": file})
    assert made.status_code == 201, made.content.decode()
    assert (made.json()["ok"], made.json()["accepted"]) == (True, 1)
    found = officer.get(f"{base}/submissions/{made.json()['id']}/faults").json()
    assert [fault["item"] for fault in found] == ["性别"]
    assert officer.get(f"{base}/submissions").json()["total"] == 1
    assert officer.get(f"{base}/late").json() == []
    grant = granted(world, mounted(world, register(world, "civil", civil_db)))
    body = {"grant_id": grant.pk, "delivered_on": "2026-01-05", "reason": "网络中断"}
    refused = officer.post(f"{base}/off-platform", body, content_type="application/json")
    assert (refused.status_code, refused.json()["code"]) == (422, "validation_error")
    assert officer.get(f"{base}/off-platform").json() == []
    assert world.client("hr.officer").get(f"{base}/submissions/{made.json()['id']}/faults").status_code == 404


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (Kind.INTEGER, ["1", "-20"], ["1.5", "x", "9" * 20]),
        (Kind.NUMBER, ["1", "-2.50", "1e3"], ["NaN", "一", "1,5"]),
        (Kind.DATE, ["2026-03-01", "20260301", "2026年3月1日", "2026/3/1"], ["2026-02-30", "01.03.2026", "x"]),
        (Kind.TIMESTAMP, ["2026-03-01 10:00:00", "2026/03/01 10:00"], ["2026-03-01 25:00", "x"]),
        (Kind.BOOLEAN, ["是", "0", "True"], ["也许"]),
        (Kind.TEXT, ["x", "9" * 99], []),
    ],
)
def test_texts_are_values_of_a_type_or_not(kind: Kind, good: list[str], bad: list[str]) -> None:
    assert all(submissions.is_of(kind, text) for text in good)
    assert not any(submissions.is_of(kind, text) for text in bad)


@pytest.mark.parametrize(
    ("text", "codes"),
    [("1 男；2 女", {"1", "2"}), ("A、B", {"A", "B"}), ("1:是,0:否", {"1", "0"}), ("大于零", set()), ("", set())],
)
def test_codes_are_read_from_a_value_range(text: str, codes: set[str]) -> None:
    assert submissions.codes_in(text) == codes
