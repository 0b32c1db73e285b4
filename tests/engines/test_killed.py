"""A MariaDB landing killed at any point: the target has all rows and the position, or neither, and nothing is left over."""

# ruff: noqa: S608 - the statements are the test's own
from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest

from covers import covers
from engineworld import Base, ask, fresh, moved
from jutong.dataplane import policy
from jutong.wire.grants import Column, Kind
from jutong.wire.transfers import TableMode

ROWS = 3000
ROUNDS = 8
COLUMNS = (Column("编号", "n", Kind.INTEGER), Column("文本", "words"))
MOVER = """
import sys, msgspec
from engineworld import Base, moved
from jutong.dataplane.policy import Plan
from jutong.wire.bundle import Access
from jutong.wire.transfers import TableMode
source, sink, plan, mode, order = (msgspec.json.decode(text) for text in sys.argv[1:])
def base(given):
    return Base(given[0], msgspec.convert(given[1], Access), given[2], lambda statement: [])
moved(base(source), msgspec.convert(plan, Plan), base(sink), "copy", mode=TableMode(mode), order_id=order)
"""


def mover(source: Base, sink: Base, plan: policy.Plan, mode: TableMode, order: str) -> subprocess.Popen[bytes]:
    """Start one landing as a process of its own."""
    ends = [[base.engine, msgspec.to_builtins(base.access), base.schema] for base in (source, sink)]
    given = [*ends, msgspec.to_builtins(plan), mode.value, order]
    arguments = [msgspec.json.encode(part).decode() for part in given]
    environment = {"PYTHONPATH": str(Path(__file__).parents[1]), "JUTONG_SOURCE_ADDRESSES": '["127.0.0.0/8", "/tmp"]'}
    return subprocess.Popen([sys.executable, "-c", MOVER, *arguments], env=environment, stderr=subprocess.DEVNULL)


def settled(sink: Base) -> None:
    """Wait until the server has noticed that the killed client is gone."""
    for _ in range(200):
        others = "select id from information_schema.processlist where id <> connection_id() and db is not null"
        if not sink.run(others):
            return
        time.sleep(0.05)


@pytest.mark.slow
@covers(partly=["R-EXC-019"])
@pytest.mark.parametrize("mode", list(TableMode))
def test_a_killed_landing_lands_once_or_not_at_all(mode: TableMode, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUTONG_SOURCE_ADDRESSES", '["127.0.0.0/8", "/tmp", "/var/run"]')
    draw = random.Random(7)
    with fresh("mysql") as source, fresh("mysql") as sink:
        source.run("create table t (n int primary key, words varchar(100))")
        source.run(f"insert into t select seq, repeat(seq, 5) from seq_1_to_{ROWS}")
        plan = policy.Plan(source.schema, "t", COLUMNS, unique=("n",))
        moved(source, plan, sink, "copy", order_id="first", mode=TableMode.UPSERT)
        if mode is TableMode.APPEND:
            sink.run("alter table copy drop primary key")
        began = time.monotonic()
        moved(source, plan, sink, "other", order_id="timed", mode=mode)
        span = time.monotonic() - began + 0.6
        landed = {"first", "timed"}
        for number in range(ROUNDS):
            order = f"order-{number}"
            process = mover(source, sink, plan, mode, order)
            time.sleep(draw.uniform(0.3, 0.5 + span))
            process.kill()
            process.wait()
            settled(sink)
            found = {row[0] for row in sink.run("select order_id from jutong_position")}
            assert landed <= found <= landed | {order}
            landed = found
            copies = 1 + len(landed - {"first", "timed"}) if mode is TableMode.APPEND else 1
            assert sink.run("select count(*), count(distinct n) from copy") == [(ROWS * copies, ROWS)]
            moved(source, plan, sink, "copy", order_id=order, mode=mode)
            landed.add(order)
        tables = [table.name for table in ask(sink, lambda engine: engine.tables(sink.schema))]
        assert sorted(tables) == ["copy", "jutong_position", "other"]
