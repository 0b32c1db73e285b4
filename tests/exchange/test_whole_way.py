"""The whole way: ordered on the page's actions, carried by the real runner between real databases, proven, fetched."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import pytest

from covers import covers
from jutong.crypto import sm3, sm4
from jutong.dataplane import identity
from jutong.dataplane.book import open_book
from jutong.dataplane.settings import Settings
from jutong.kernel.errors import RuleBroken, WrongState
from jutong.kernel.models import AuditEntry, PolicyAssignment
from jutong.slices.catalogue.models import Entry
from jutong.slices.datacentre import actions as datacentre
from jutong.slices.exchange import actions, queries
from jutong.slices.grants.actions import bundle
from jutong.slices.grants.models import Grant
from jutong.slices.grants.queries.wire import as_wire
from jutong.slices.parties import actions as parties
from jutong.wire.grants import Condition, Operator
from published import published
from runworld import carried
from sourceworld import FOLDER_MAPPING, LINE, granted, mounted, register, register_folder
from world import World


@covers("R-EXC-019", partly=["R-EXC-003", "R-SHR-025", "R-SHR-032"])
def test_granted_rows_arrive_masked_in_the_consumers_table_with_both_ends_equal(
    world: World, agreed: dict[str, Any], hr_db: str, own: Settings
) -> None:
    run = actions.order_table_transfer(
        by=world.actor("hr.clerk"), at=datetime.now(UTC), schema="public", table="dibao", **agreed
    )
    carried(run, own)
    assert run.state == "released", run.message
    with psycopg.connect(hr_db) as connection:
        rows = connection.execute("select id_number, xm, birthday from dibao order by 1").fetchall()
    assert len(rows) == 25 == run.rows_done
    assert all("********" in number and name.startswith("张*") for number, name, _born in rows)
    detail = queries.run(run.pk, world.actor("civil.officer"))
    assert {receipt.side for receipt in detail.receipts} == {"sender", "receiver", "centre"}
    assert detail.proven
    (receiver,) = (receipt for receipt in detail.receipts if receipt.side == "receiver")
    assert receiver.source == receiver.target


@covers("R-EXC-007")
def test_a_batch_file_holds_the_granted_rows_and_its_manifest_matches(
    world: World, agreed: dict[str, Any], own: Settings
) -> None:
    at = datetime.now(UTC)
    run = carried(actions.order_batch(by=world.actor("hr.clerk"), at=at, grant_id=agreed["grant_id"]), own)
    assert run.state == "released", run.message
    manifest = queries.manifest(run.pk, world.actor("hr.clerk"))

    async def file_key() -> bytes:
        book = await open_book(own.book_location)
        artefact = await book.artefact(manifest.artefact_id)
        await book.close()
        assert artefact is not None
        theirs = msgspec.json.decode(artefact.manifest)
        assert (theirs["rows"], theirs["sm3"]) == (manifest.rows, manifest.sm3)
        return identity.load(own.node_folder).signer.unseal(artefact.sealed_key)

    with (own.artefact_folder / f"{manifest.artefact_id}.sm4").open("rb") as file:
        plain = sm4.DecryptingReader(file, asyncio.run(file_key())).read()
    assert (len(plain), sm3.hexdigest(plain)) == (manifest.bytes, manifest.sm3)
    rows = list(csv.reader(io.StringIO(plain.decode("utf-8-sig"))))
    assert rows[0] == ["公民身份号码", "姓名", "出生日期", "户籍行政区划"]
    assert len(rows) - 1 == manifest.rows == 25


@pytest.fixture
def folders(
    world: World, probe: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[Path, Path, dict[str, Any]]:
    """Civil's folder of files, granted whole to hr, and hr's own folder."""
    monkeypatch.setenv("JUTONG_FILE_FOLDERS", json.dumps([str(tmp_path)]))
    here, there = tmp_path / "in", tmp_path / "out"
    for folder in (here, there):
        folder.mkdir()
    for name in ("一月.csv", "二月.csv"):
        (here / name).write_text(LINE)
    source = register_folder(world, "civil", here)
    resource_id = published(world, "civil")
    datacentre.mount(
        by=world.actor("civil.officer"), at=world.at, resource_id=resource_id, source_id=source.pk, schema=".",
        table="*.csv", mapping=FOLDER_MAPPING,
    )  # fmt: skip
    grant = granted(world, resource_id)
    target = register_folder(world, "hr", there, provides=False, receives=True)
    world.drain()
    return here, there, {"grant_id": grant.pk, "source_id": target.pk}


def test_files_of_a_folder_arrive_as_they_are_with_manifest_proof_and_a_page_that_counts_files(
    world: World, folders: tuple[Path, Path, dict[str, Any]], own: Settings
) -> None:
    here, there, ends = folders
    own = own.model_copy(update={"file_folders": (str(here.parent),)})
    run = actions.order_files(by=world.actor("hr.clerk"), at=datetime.now(UTC), folder="/低保/", **ends)
    carried(run, own)
    assert run.state == "released", run.message
    assert {path.name: path.read_text() for path in (there / "低保").glob("*.csv")} == {
        "一月.csv": LINE,
        "二月.csv": LINE,
    }
    detail = queries.run(run.pk, world.actor("civil.officer"))
    manifest = (there / "低保" / detail.folder_manifest).read_bytes()
    (receiver,) = (receipt for receipt in detail.receipts if receipt.side == "receiver")
    assert (detail.proven, detail.row.rows_done, receiver.file_digest) == (True, 2, sm3.hexdigest(manifest))
    page = world.client("hr.clerk").get(f"/exchange/runs/{run.pk}/").content.decode()
    assert "接收文件数" in page
    assert detail.folder_manifest in page
    (here / "三月.csv").write_text(LINE)
    later = actions.run_now(run.task_id, by=world.actor("hr.clerk"), at=datetime.now(UTC))
    assert carried(later, own).rows_done == 1  # what arrived before is not sent again


def test_files_are_exchanged_whole_or_not_at_all(
    world: World, folders: tuple[Path, Path, dict[str, Any]], hr_db: str
) -> None:
    clerk, at, ends = world.actor("hr.clerk"), world.at, folders[2]
    database = register(world, "hr", hr_db, title="人社库", provides=False, receives=True)
    with pytest.raises(RuleBroken, match="文件数据源"):
        actions.order_files(by=clerk, at=at, grant_id=ends["grant_id"], source_id=database.pk)
    for folder in ("../上级", ".隐藏", "甲//乙", "甲*", "长" * 64):
        with pytest.raises(RuleBroken, match="目标文件夹"):
            actions.order_files(by=clerk, at=at, folder=folder, **ends)
    limited = Condition("户籍行政区划", Operator.EQ, ("511002",))
    Grant.objects.filter(pk=ends["grant_id"]).update(conditions=[msgspec.to_builtins(limited)])
    with pytest.raises(WrongState, match="行范围"):
        actions.order_files(by=clerk, at=at, **ends)


@covers(partly=["R-EXC-016"])
def test_an_order_of_what_is_marked_classified_is_refused_by_the_runner_and_audited(
    world: World, agreed: dict[str, Any], own: Settings
) -> None:
    run = actions.order_table_transfer(
        by=world.actor("hr.clerk"), at=datetime.now(UTC), schema="public", table="dibao", **agreed
    )
    Entry.objects.filter(pk=run.grant.resource_id).update(zone="inner")
    bundle.put("grants", [(str(run.grant_id), as_wire(run.grant))])
    assert carried(run, own).state == "rejected"
    assert "涉密标记，只能在政务内网提供" in run.message
    (entry,) = AuditEntry.objects.filter(verb="exchange_task.reject", subject_id=str(run.pk))
    assert entry.detail["to"] == "rejected"


def test_a_statement_that_takes_longer_than_the_owner_allows_is_stopped_by_the_database(
    world: World, probe: Any, civil_db: str, hr_db: str, own: Settings
) -> None:
    source = register(world, "civil", civil_db, statement_seconds=1)
    grant = granted(world, mounted(world, source))
    with psycopg.connect(civil_db) as connection:
        connection.execute("alter table people rename to real_people")
        connection.execute("create view people as select p.* from real_people p, pg_sleep(30)")
    target = register(world, "hr", hr_db, title="人社库", provides=False, receives=True)
    world.drain()
    run = actions.order_table_transfer(
        by=world.actor("hr.clerk"), at=datetime.now(UTC), schema="public", table="dibao", grant_id=grant.pk,
        source_id=target.pk,
    )  # fmt: skip
    carried(run, own.model_copy(update={"transfer_attempts": 1}))
    assert run.state == "rejected"
    assert "语句时限" in run.message
    page = world.client("civil.engineer").get(f"/exchange/sources/{source.pk}/limits/").content.decode()
    assert "语句时限（秒）" in page


def test_a_transfer_over_a_dedicated_network_is_refused_where_the_profile_leaves_none(
    world: World, probe: Any, civil_db: str, hr_db: str
) -> None:
    source = register(world, "civil", civil_db, dedicated=True)  # before the profile changes
    grant = granted(world, mounted(world, source))
    target = register(world, "hr", hr_db, title="人社库", provides=False, receives=True)
    wanted = {"schema": "public", "table": "dibao", "grant_id": grant.pk, "source_id": target.pk}
    PolicyAssignment.objects.all().delete()
    PolicyAssignment.objects.create(
        region=world.region, profile="neijiang-2020", version=1, effective_from=date(2020, 1, 1), assigned_at=world.at
    )
    with pytest.raises(RuleBroken, match="业务专网"):
        actions.order_table_transfer(by=world.actor("hr.clerk"), at=world.at, **wanted)
    with pytest.raises(RuleBroken, match="业务专网"):
        register(world, "civil", civil_db, title="第二个库", dedicated=True)
    case = parties.list_network(
        department_id=world.department("civil"), title="民政专网", by=world.actor("civil.engineer"), at=world.at
    )
    parties.except_network(case, text="民政部专网管理规定第三条", by=world.actor("authority.chief"), at=world.at)
    assert actions.order_table_transfer(by=world.actor("hr.clerk"), at=world.at, **wanted).state == "queued"


def test_a_cancelled_order_ends_without_data(world: World, agreed: dict[str, Any], hr_db: str, own: Settings) -> None:
    clerk = world.actor("hr.clerk")
    at = datetime.now(UTC)
    run = actions.order_table_transfer(by=clerk, at=at, schema="public", table="dibao", **agreed)
    actions.cancel(run.pk, by=clerk, at=at)
    carried(run, own)
    assert (run.state, run.cancelled) == ("rejected", True)
    with psycopg.connect(hr_db) as connection:
        assert connection.execute("select to_regclass('dibao')").fetchone() == (None,)


def test_a_rejected_order_runs_again_once_its_cause_is_gone(
    world: World, agreed: dict[str, Any], hr_db: str, own: Settings
) -> None:
    clerk = world.actor("hr.clerk")
    with psycopg.connect(hr_db, autocommit=True) as connection:
        connection.execute("create table dibao (something_else int not null)")
        run = actions.order_table_transfer(
            by=clerk, at=datetime.now(UTC), schema="public", table="dibao", mode="append", **agreed
        )
        carried(run, own)
        assert run.state == "rejected"
        assert run.message
        connection.execute("drop table dibao")
        actions.retry(run.pk, by=clerk, at=datetime.now(UTC))
        run.refresh_from_db()
        carried(run, own)
        assert run.state == "released", run.message
        assert connection.execute("select count(*) from dibao").fetchone() == (25,)
