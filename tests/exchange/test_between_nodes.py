"""Orders whose source and target sit behind two front-end nodes: one reads and packs, the other lands and proves."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import pytest

from covers import covers
from jutong.client import proofs
from jutong.crypto import sm3
from jutong.dataplane.engines.postgresql.landing import TableLanding
from jutong.dataplane.node import carrying
from jutong.kernel import clock, keys
from jutong.kernel.errors import RuleBroken, WrongState
from jutong.slices.datacentre import actions as datacentre
from jutong.slices.datacentre.rules import Mapped
from jutong.slices.exchange import actions, queries, rules
from jutong.slices.exchange.actions.ordering import Wanted
from jutong.slices.exchange.models import Parcel, Run, RunHalf, TransferTask
from jutong.slices.exchange.rules import Terms
from jutong.slices.sources import actions as sources
from jutong.slices.sources.models import DataSource
from jutong.wire.envelope import Envelope
from jutong.wire.grants import Mode
from jutong.wire.transfers import Check, OrderKind, Read, Split, SplitBy, Tally, Watermark
from nodes_at_work import Machine, work
from nodeworld import enrolled
from published import published
from reports import TALLY, receipt, report, take
from sourceworld import FOLDER_MAPPING, LINE, MAPPING, granted, mounted, register, register_folder
from world import World


class Pair:
    """The civil affairs bureau's node with its people behind it, and the human resources bureau's with an empty database."""

    def __init__(self, world: World, home: Path, urls: tuple[str, str]) -> None:
        self.world, self.there, self.here = world, *urls
        source = register(world, "civil", self.there)
        self.grant = granted(world, mounted(world, source), modes=(Mode.FRONT_END_NODE,))
        self.target = register(world, "hr", self.here, title="人社库", provides=False, receives=True)
        self.sender = Machine(enrolled(world, home / "a"), home / "a")
        self.receiver = Machine(enrolled(world, home / "b", department="hr"), home / "b")
        for department, end, machine in (("civil", source, self.sender), ("hr", self.target, self.receiver)):
            by = world.actor(f"{department}.engineer")
            sources.place(end, by=by, at=world.at, node_id=machine.node.id)
        world.drain(at=clock.now())

    def order(self, **changes: Any) -> Run:
        wanted = {
            "grant_id": self.grant.pk,
            "source_id": self.target.pk,
            "schema": "public",
            "table": "dibao",
        } | changes
        return actions.order_table_transfer(by=self.world.actor("hr.clerk"), at=clock.now(), **wanted)

    def granted_again(self, mapping: tuple[Mapped, ...]) -> Any:
        """Grant another entry on the same table, with other items."""
        source = DataSource.objects.get(node_id=self.sender.node.id)
        resource_id = published(self.world, "civil", title="另一目录")
        engineer = self.world.actor("civil.engineer")
        sources.place(source, by=engineer, at=self.world.at, node_id=None)  # the probe here reaches it only so
        datacentre.mount(
            by=self.world.actor("civil.officer"), at=self.world.at, resource_id=resource_id, source_id=source.pk,
            schema="public", table="people", mapping=mapping,
        )  # fmt: skip
        sources.place(source, by=engineer, at=self.world.at, node_id=self.sender.node.id)
        grant = granted(self.world, resource_id, modes=(Mode.FRONT_END_NODE,))
        self.world.drain(at=clock.now())
        return grant

    def folders(self, here: Path, there: Path) -> tuple[int, int]:
        """Grant a folder behind the one node, and place another behind the other; returns grant and target."""
        source = register_folder(self.world, "civil", here)
        target = register_folder(self.world, "hr", there, provides=False, receives=True)
        resource_id = published(self.world, "civil", title="另一目录")
        datacentre.mount(
            by=self.world.actor("civil.officer"), at=self.world.at, resource_id=resource_id, source_id=source.pk,
            schema=".", table="*.csv", mapping=FOLDER_MAPPING,
        )  # fmt: skip
        grant = granted(self.world, resource_id, modes=(Mode.FRONT_END_NODE,))
        for department, end, machine in (("civil", source, self.sender), ("hr", target, self.receiver)):
            by = self.world.actor(f"{department}.engineer")
            sources.place(end, by=by, at=self.world.at, node_id=machine.node.id)
        self.world.drain(at=clock.now())
        return grant.pk, target.pk

    def task(self, grant: Any, terms: Terms, *, mode: str) -> int:
        """Set up a standing task."""
        wanted = Wanted(OrderKind.TABLE, self.target.pk, "public", "dibao", mode)
        by = self.world.actor("hr.clerk")
        task = actions.create_task(by=by, at=clock.now(), grant_id=grant.pk, wanted=wanted, plan=rules.Plan(terms))
        return task.pk

    def run(self, task: int) -> Run:
        return actions.run_now(task, by=self.world.actor("hr.clerk"), at=clock.now())

    def carried(self, run: Run, *machines: Machine) -> Run:
        """Let the nodes work until the run has ended."""

        def ended() -> bool:
            run.refresh_from_db()
            return run.state in {"released", "rejected", "quarantined"}

        work(machines or (self.sender, self.receiver), ended)
        return run

    def rows(self) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.here) as connection:
            return connection.execute(
                "select id_number, xm, birthday, division from dibao order by division, 1, 2, 3"
            ).fetchall()  # type: ignore[arg-type]

    def sql(self, url: str, statement: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(url, autocommit=True) as connection:
            found = connection.execute(statement)  # type: ignore[arg-type]
            return found.fetchall() if found.description else []


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("*.csv")}


@pytest.fixture
def pair(world: World, tmp_path: Path, probe: Any, civil_db: str, hr_db: str, monkeypatch: pytest.MonkeyPatch) -> Pair:
    for name, value in {
        "jutong.site.internal.LONGEST_WAIT": 0.0, "jutong.site.patience.LONGEST_WAIT": 0.0,
        "jutong.dataplane.node.courier.WAIT_SECONDS": 0, "jutong.dataplane.node.courier.LOOK_SECONDS": 0.1,
        "jutong.dataplane.transfer.runner.PAUSE_SECONDS": 0.1, "jutong.dataplane.bundles.PAUSE_SECONDS": 0.1,
        "jutong.slices.exchange.actions.parcels.RESERVE_BYTES": 0,
    }.items():  # fmt: skip
        monkeypatch.setattr(name, value)
    return Pair(world, tmp_path, (civil_db, hr_db))


def test_rows_go_from_one_node_to_the_other_and_both_sign(pair: Pair) -> None:
    run = pair.carried(pair.order())
    assert (run.state, run.rows_done, run.message) == ("released", 25, "已放行 25 行，两端核对一致。")
    assert pair.rows()[0] == ("511002********0001", "张*", "1980", "511002")
    assert len(pair.rows()) == 25
    found = queries.run(run.pk, pair.world.actor("hr.clerk"))
    assert [(half.side, half.state, half.rows_done) for half in found.halves] == [
        ("sender", "released", 25), ("receiver", "released", 25)
    ]  # fmt: skip
    parcel = Parcel.objects.get()
    assert (parcel.order_id, parcel.landed_at is not None) == (run.order_id, True)
    names = {pair.sender.node.me.name: pair.sender.node.me, pair.receiver.node.me.name: pair.receiver.node.me}
    publics = {name: me.signer.public for name, me in names.items()}
    verdict = proofs.verify(queries.proof(run.pk, pair.world.actor("hr.clerk")), keys.instance().public, publics)
    assert (verdict.rows, verdict.faults) == (25, ())


def test_an_increment_goes_on_from_the_targets_mark_and_finds_back_when_the_target_was_set_back(pair: Pair) -> None:
    pair.sql(pair.there, "alter table people add column n bigint generated always as identity")
    grant = pair.granted_again((*MAPPING[:3], Mapped("户籍行政区划", "division"), Mapped("收入", "n")))
    task = pair.task(grant, Terms(read=Read.WATERMARK, watermark=Watermark("收入")), mode="append")
    first = pair.carried(pair.run(task))
    assert (first.state, first.rows_done) == ("released", 25), first.message
    pair.sql(pair.there, "insert into people values ('511002198001019999', '李四', '1981-01-01', '511003', 1)")
    second = pair.carried(pair.run(task))
    assert (second.state, second.rows_done) == ("released", 1), second.message
    ((mark,),) = pair.sql(pair.here, "select mark from jutong_task")
    assert mark == "26"
    pair.sql(pair.here, "update jutong_task set mark = '20'; delete from dibao where n > 20")
    third = pair.carried(pair.run(task))
    assert third.state == "rejected"
    assert "增量位置不一致" in third.message
    actions.retry(third.pk, by=pair.world.actor("hr.clerk"), at=clock.now())
    again = pair.carried(third)
    assert (again.state, again.rows_done) == ("released", 6), again.message
    assert pair.sql(pair.here, "select count(*), count(distinct n), max(n) from dibao") == [(26, 26, 26)]


@covers(partly=["R-EXC-019"])
def test_a_difference_is_red_names_its_partitions_and_is_repaired_alone(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair.sql(pair.there, "update people set division = '511003' where income > 30")
    task = pair.task(pair.grant, Terms(split=Split("户籍行政区划", SplitBy.VALUE)), mode="replace")
    honest = TableLanding.receive

    async def receive(self: Any, chunks: Any, *, binary: bool) -> int:
        taken = await honest(self, chunks, binary=binary)
        await self._connection.execute(f"update {self._stage} set xm = 'x' where division = '511003'")  # noqa: S608
        return taken

    monkeypatch.setattr(TableLanding, "receive", receive)
    run = pair.carried(pair.run(task))
    assert (run.state, run.differing) == ("quarantined", ["511003"]), run.message
    assert {row[3] for row in pair.rows()} == {"511002"}, "what agrees has landed, what does not is held back"
    monkeypatch.setattr(TableLanding, "receive", honest)
    actions.repair(run.pk, by=pair.world.actor("hr.clerk"), at=clock.now())
    assert pair.carried(run).state == "released", run.message
    assert run.rows_done == 5
    assert len(pair.rows()) == 25


@covers(partly=["R-EXC-004"])
def test_a_parcel_on_a_disc_lands_and_proves_like_one_from_the_line(pair: Pair, tmp_path: Path) -> None:
    run, disc = pair.order(), tmp_path / "disc"
    pair.sender.line.refused = ("POST /internal/parcels",)
    work([pair.sender], lambda: RunHalf.objects.filter(side="sender", ended=True).exists())
    run.refresh_from_db()
    assert (run.state, run.message) == ("sent", "已读取 25 行并封装，等待送达接收端。")
    assert carrying.export(pair.sender.parcels.boxes, disc) == (1, 0)
    pair.receiver.bundles.accept(msgspec.json.decode(
        pair.receiver.node.call("GET", "/internal/bundle?since=0&wait=0").content, type=Envelope
    ))  # fmt: skip
    assert len(carrying.take_in(pair.receiver.parcels, disc).landed) == 1
    assert pair.carried(run, pair.receiver).state == "released", run.message
    assert len(carrying.take_in(pair.receiver.parcels, disc).known) == 1
    assert carrying.export(pair.receiver.parcels.boxes, disc) == (0, 1)
    assert len(carrying.take_in(pair.sender.parcels, disc).cleared) == 1
    assert not Parcel.objects.exists(), "nothing of it passed the centre"
    assert [receipt.reconciled for receipt in queries.run(run.pk, pair.world.actor("hr.clerk")).receipts] == [True] * 3


def test_what_was_packed_is_not_read_again_though_the_node_forgot_that_it_had_ended(pair: Pair) -> None:
    run = pair.order()
    pair.sender.line.refused = ("POST /internal/parcels",)
    work([pair.sender], lambda: RunHalf.objects.filter(side="sender", ended=True).exists())
    RunHalf.objects.all().delete()
    run.receipts.all().delete()
    for book in pair.sender.home.glob("*.sqlite3*"):
        book.unlink()
    pair.sql(pair.there, "drop table people")
    pair.sender.line.refused = ()
    assert pair.carried(run).state == "released", run.message
    assert (Parcel.objects.count(), len(pair.rows())) == (1, 25)


def test_a_run_that_is_cancelled_while_its_parcel_travels_lands_nothing_and_leaves_nothing(pair: Pair) -> None:
    run = pair.order()
    work([pair.sender], lambda: Parcel.objects.filter(arrived_at__isnull=False).exists())
    actions.cancel(run.pk, by=pair.world.actor("hr.clerk"), at=clock.now())
    assert pair.carried(run).state == "rejected"
    assert "任务已取消" in run.message
    work([pair.sender, pair.receiver], lambda: Parcel.objects.filter(collected_at__isnull=False).exists())
    work([pair.receiver], lambda: not pair.receiver.parcels.boxes.orders())
    assert pair.sql(pair.here, "select to_regclass('dibao')") == [(None,)]
    assert not RunHalf.objects.filter(ended=False).exists()


def test_a_half_that_cannot_read_ends_the_run_and_the_other_half_hears_of_it(pair: Pair) -> None:
    first = pair.carried(pair.order())
    TransferTask.objects.update(shape="0" * 64)
    run = pair.carried(pair.run(first.task_id))
    assert (run.state, bool(run.drift)) == ("rejected", True), run.message
    assert "来源表结构与已确认的不一致" in run.drift_text
    work([pair.sender, pair.receiver], lambda: not RunHalf.objects.filter(ended=False).exists())
    assert Parcel.objects.count() == 1, "nothing was packed"
    actions.accept_shape(run.pk, by=pair.world.actor("hr.clerk"), at=clock.now())
    assert pair.carried(run).state == "released", run.message


def test_files_go_from_one_node_to_the_other_each_once(
    pair: Pair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = tmp_path / "in", tmp_path / "out"
    monkeypatch.setenv("JUTONG_FILE_FOLDERS", json.dumps([str(tmp_path)]))
    for folder in (here, there):
        folder.mkdir()
    (here / "一月.csv").write_text(LINE)
    (here / "二月.csv").write_bytes(os.urandom(3 << 20))
    grant, target = pair.folders(here, there)
    run = actions.order_files(
        by=pair.world.actor("hr.clerk"), at=clock.now(), grant_id=grant, source_id=target, folder="收"
    )
    assert pair.carried(run).state == "released", run.message
    assert contents(there / "收") == contents(here)
    (manifest,) = (there / "收").glob("jutong-manifest-*.json")
    receiver = next(r for r in queries.run(run.pk, pair.world.actor("hr.clerk")).receipts if r.side == "receiver")
    assert (receiver.file_digest, run.rows_done) == (sm3.hexdigest(manifest.read_bytes()), 2)
    (here / "三月.csv").write_text(LINE)
    (here / "一月.csv").write_text(LINE * 2)
    later = actions.run_now(run.task_id, by=pair.world.actor("hr.clerk"), at=clock.now())
    assert pair.carried(later).rows_done == 2, "what arrived before is not sent again"
    assert contents(there / "收") == contents(here)
    last = actions.run_now(run.task_id, by=pair.world.actor("hr.clerk"), at=clock.now())
    assert (pair.carried(last).state, last.rows_done) == ("released", 0)


def test_only_the_receiving_half_releases_and_only_with_what_both_have_signed(pair: Pair) -> None:
    run = pair.order()
    sender, receiver = pair.sender.node.me, pair.receiver.node.me
    order = next(each for each in queries.orders_since(0, node=sender.name)[1] if each.id == run.order_id)
    sent = receipt(order, sender, "sender")
    assert take(report(order, "rejected"), node="local") == 0, "who has no half of it says nothing"
    take(report(order, "released", receipt=sent), node=sender.name)
    run.refresh_from_db()
    assert run.state == "sent"
    other = Tally(24, "5", TALLY.method)
    lied = receipt(order, receiver, source=other, target=other)
    take(report(order, "released", receipt=lied), node=receiver.name)
    run.refresh_from_db()
    assert (run.state, "送出的与接收端收到的" in run.message) == ("quarantined", True)
    actions.retry(run.pk, by=pair.world.actor("hr.clerk"), at=clock.now())
    run.refresh_from_db()
    order = msgspec.structs.replace(order, id=run.order_id, digest=run.digest)
    take(report(order, "released", receipt=receipt(order, receiver)), node=receiver.name)
    run.refresh_from_db()
    assert (run.state, "没有发送端的签名回执" in run.message) == ("quarantined", True)


def test_what_two_nodes_cannot_do_is_refused_in_words(pair: Pair) -> None:
    mark = Watermark("出生日期")
    for terms, words in {
        Terms(read=Read.CHANGES): "变更日志",
        Terms(read=Read.COMPARE): "比对差异",
        Terms(check=Check.STREAM): "按内容核对",
        Terms(most_dirty=3): "不隔离问题行",
    }.items():
        with pytest.raises(RuleBroken, match=words):
            rules.check_between((Mode.FRONT_END_NODE,), terms, corrects=False)
    rules.check_between((Mode.FRONT_END_NODE,), Terms(read=Read.WATERMARK, watermark=mark), corrects=False)
    with pytest.raises(WrongState, match="前置机共享"):
        rules.check_between((Mode.SYSTEM_DOCKING,), Terms(), corrects=False)
    with pytest.raises(WrongState, match="更正"):
        rules.check_between((Mode.FRONT_END_NODE,), Terms(), corrects=True)
    sources.place(pair.target, by=pair.world.actor("hr.engineer"), at=pair.world.at, node_id=None)
    with pytest.raises(RuleBroken, match="只有一端在前置机之后"):
        pair.order()
