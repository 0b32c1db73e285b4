"""Rows set aside: Excel down, corrected, up, compared, confirmed, delivered by the real runner, and forgotten."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import openpyxl
import psycopg
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

import mariadb
from covers import covers
from jutong.dataplane.settings import Settings
from jutong.kernel.errors import NotAllowed, NotThere, RuleBroken, WrongState
from jutong.kernel.models import AuditEntry
from jutong.slices.exchange import actions, queries
from jutong.slices.exchange.models import Correction, Run
from jutong.slices.exchange.rules import Plan, Terms
from jutong.slices.grants import actions as grants
from jutong.wire.transfers import OrderKind, TableMode
from runworld import carried
from sourceworld import register
from world import World

MAKE = "create table dibao (id_number varchar(18) primary key, xm varchar(4), birthday varchar(10), division varchar(6) not null)"


def first_run(world: World, ends: dict[str, Any], civil_db: str, own: Settings) -> Run:
    """Run a task of which two rows are set aside."""
    with psycopg.connect(civil_db, autocommit=True) as connection:
        connection.execute(
            "update people set division = null where ctid in (select ctid from people order by 1 limit 2)"
        )
    wanted = actions.Wanted(
        OrderKind.TABLE, ends["source_id"], ends.get("schema", "public"), "dibao", TableMode.REPLACE
    )
    task = actions.create_task(
        by=world.actor("hr.clerk"), at=datetime.now(UTC), grant_id=ends["grant_id"], wanted=wanted,
        plan=Plan(terms=Terms(most_dirty=5)),
    )  # fmt: skip
    run = carried(actions.run_now(task.pk, by=world.actor("hr.clerk"), at=datetime.now(UTC)), own)
    assert (run.state, run.dirty) == ("released", 2), run.message
    return run


def sheet(world: World, run: Run) -> list[list[Any]]:
    """Download the sheet of a run's rows set aside."""
    answer = world.client("civil.officer").get(f"/exchange/runs/{run.pk}/rows/")
    book = openpyxl.load_workbook(io.BytesIO(b"".join(answer.streaming_content)))  # type: ignore[attr-defined]
    return [list(row) for row in book.worksheets[0].iter_rows(values_only=True)]


def filled(rows: list[list[Any]], values: Mapping[int, str]) -> io.BytesIO:
    """Fill corrected values into lines of the sheet (from 1) and save it."""
    book = openpyxl.Workbook()
    for n, row in enumerate(rows):
        book.worksheets[0].append([*row[:6], values.get(n, row[6])])
    file = io.BytesIO()
    book.save(file)
    file.seek(0)
    return file


@pytest.fixture(params=["postgresql", "mysql"])
def ends(request: pytest.FixtureRequest, world: World, agreed: dict[str, Any], hr_db: str) -> Any:
    """A grant and a target table of either kind with too short a column, and how to ask it."""
    if request.param == "postgresql":

        def ask(statement: str) -> list[tuple[Any, ...]]:
            with psycopg.connect(hr_db, autocommit=True) as connection:
                answer = connection.execute(statement)
                return answer.fetchall() if answer.description else []

        ask(MAKE)
        yield agreed | {"ask": ask}
        return
    with mariadb.database() as (port, name):
        mariadb.execute(port, name, MAKE)
        changes = {"engine": "mysql", "host": "127.0.0.1", "port": port, "database": name, "user": mariadb.USER}
        found = register(world, "hr", hr_db, title="人社 MariaDB", provides=False, receives=True,
                         password=mariadb.PASSWORD, **changes)  # fmt: skip
        world.drain()
        ask = lambda statement: mariadb.execute(port, name, statement)  # noqa: E731 - as the other
        yield agreed | {"source_id": found.pk, "schema": name, "ask": ask}


@covers(partly=["R-EXC-019"])
def test_corrected_rows_are_delivered_once_and_forgotten(
    world: World,
    ends: dict[str, Any],
    civil_db: str,
    own: Settings,
) -> None:
    run = first_run(world, ends, civil_db, own)
    ask: Callable[[str], Any] = ends["ask"]
    assert int(ask("select count(*) from dibao")[0][0]) == 23
    rows = sheet(world, run)
    assert rows[0] == ["编号", "行号", "主键", "信息项", "值（已脱敏）", "原因", "更正后的值"]
    assert {row[3] for row in rows[1:]} == {"户籍行政区划"}
    client = world.client("civil.officer")
    page = client.get(f"/exchange/runs/{run.pk}/").content.decode()
    assert "更正后补送" in page
    upload = SimpleUploadedFile("rows.xlsx", filled(rows, {1: "511002", 2: "5110029"}).read())
    shown = client.post(f"/exchange/runs/{run.pk}/correct/", {"file": upload}).content.decode()
    assert "511002" in shown
    assert "其中 2 行可以补送" in shown
    kept = Correction.objects.get(run=run)
    assert b"511002" not in bytes(kept.content)
    assert {row.value for row in kept.rows.all()} == {"5*****", "5******"}
    answer = client.post(f"/exchange/runs/{run.pk}/corrections/{kept.pk}/")
    second = Run.objects.latest("pk")
    assert answer.headers["Location"] == f"/exchange/runs/{second.pk}/"
    with pytest.raises(WrongState, match="已经确认"):
        actions.deliver_corrected(
            by=world.actor("civil.officer"), at=datetime.now(UTC), run_id=run.pk, correction_id=kept.pk
        )
    carried(second, own)
    assert (second.state, second.rows_done, second.dirty) == ("released", 1, 1), second.message
    assert int(ask("select count(*) from dibao")[0][0]) == 24
    kept.refresh_from_db()
    assert bytes(kept.content) == b""
    detail = queries.run(second.pk, world.actor("civil.officer"))
    assert (detail.proven, detail.corrects, detail.dirty, detail.listed) == (True, run.pk, 1, 1)
    assert AuditEntry.objects.filter(verb="exchange.correct_rows", outcome="success").count() == 1
    again = actions.correct_rows(
        run.pk, by=world.actor("civil.officer"), at=datetime.now(UTC), source=filled(rows, {1: "511002"})
    )
    assert (again.correction_id, again.lines[0].fault) == (0, "该行已更正并补送，不能重复补送。")
    rest = actions.correct_rows(
        second.pk,
        by=world.actor("civil.officer"),
        at=datetime.now(UTC),
        source=filled(sheet(world, second), {1: "511002"}),
    )
    third = actions.deliver_corrected(
        by=world.actor("civil.officer"), at=datetime.now(UTC), run_id=second.pk, correction_id=rest.correction_id
    )
    carried(third, own)
    assert (third.state, third.dirty) == ("released", 0), third.message
    assert int(ask("select count(*) from dibao")[0][0]) == 25
    for each in (run, second):  # nothing is left to put right
        found = queries.resubmission(each.pk, world.actor("civil.officer"), datetime.now(UTC))
        assert (found.open, "都已补送" in found.refusal) == (False, True)
        assert "更正后补送</a>" not in client.get(f"/exchange/runs/{each.pk}/").content.decode()


def test_only_the_provider_corrects_and_only_what_is_there(
    world: World,
    agreed: dict[str, Any],
    civil_db: str,
    hr_db: str,
    own: Settings,
) -> None:
    with psycopg.connect(hr_db, autocommit=True) as connection:
        connection.execute(MAKE)
    run = first_run(world, agreed, civil_db, own)
    rows, officer, at = sheet(world, run), world.actor("civil.officer"), datetime.now(UTC)
    with pytest.raises(NotAllowed):
        actions.correct_rows(run.pk, by=world.actor("hr.clerk"), at=at, source=filled(rows, {1: "511002"}))
    with pytest.raises(NotThere):
        actions.correct_rows(run.pk, by=world.actor("police.officer"), at=at, source=filled(rows, {1: "511002"}))
    with pytest.raises(RuleBroken, match="没有填写"):
        actions.correct_rows(run.pk, by=officer, at=at, source=filled(rows, {}))
    wrong = [
        rows[0],
        [rows[1][0], *rows[1][1:3], "姓名", *rows[1][4:6], "张三"],
        [999, 1, "", "户籍行政区划", "", "", "511002"],
    ]
    faults = [line.fault for line in actions.correct_rows(run.pk, by=officer, at=at, source=filled(wrong, {})).lines]
    assert [fault[:6] for fault in faults] == ["信息项与登记", "编号不是本任"]
    preview = actions.correct_rows(run.pk, by=officer, at=at, source=filled(rows, {1: "511002"}))
    with pytest.raises(NotAllowed):
        actions.deliver_corrected(by=world.actor("hr.clerk"), at=at, run_id=run.pk, correction_id=preview.correction_id)
    assert actions.forget_corrections(at + timedelta(hours=23)) == 0
    assert actions.forget_corrections(at + timedelta(hours=25)) > 0
    with pytest.raises(NotThere, match="重新上传"):
        actions.deliver_corrected(by=officer, at=at, run_id=run.pk, correction_id=preview.correction_id)
    grants.revoke_grant(run.grant_id, by=world.actor("civil.head"), at=at, reason="依据废止")
    with pytest.raises(WrongState, match="授权"):
        actions.correct_rows(run.pk, by=officer, at=at, source=filled(rows, {1: "511002"}))
    page = world.client("hr.clerk").get(f"/exchange/runs/{run.pk}/").content.decode()
    assert "更正后补送</a>" not in page
