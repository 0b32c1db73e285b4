"""`transfer`: a table transfer by the real runner, reconciled and receipted, against `psql COPY | psql COPY`."""

from __future__ import annotations

import subprocess
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

import report
from ground import Ground

if TYPE_CHECKING:
    from transferworld import World

ROWS = 2_000_000
ROUNDS = 2
WARM_UP = 1000
COLUMNS = 12
MAKE = """
create table people as
select i::bigint as n, '11010' || lpad(i::text, 13, '0') as id_no, '张' || chr(19968 + (i %% 2000)::int) || i as name,
       (110100 + i %% 3)::text as region, date '1950-01-01' + (i %% 20000)::int as born, (i / 7.0)::numeric(14, 2) as amount,
       timestamptz '2026-01-01' + make_interval(secs => i %% 9000000) as changed, i %% 2 = 0 as active,
       '江州市城东区工业路' || i %% 500 || '号' as address, '1380000' || lpad((i %% 10000)::text, 4, '0') as phone,
       i %% 97 as grade, (array['存续','注销','吊销'])[1 + (i %% 3)::int] as state
  from generate_series(1, %d::bigint) as i
"""
DIGEST = "select count(*), sum(hashtextextended(t::text, 0)::numeric)::text from {} t"


def run(ground: Ground) -> None:
    """Copy the same table by both ways in turn; each copy is counted and digested independently afterwards."""
    from postgres import database_url
    from transferworld import World

    rows = ground.sized(ROWS, least=20_000)
    with ExitStack() as closing:
        provider, consumer, book = (closing.enter_context(database_url()) for _ in range(3))
        world = World(ground.scratch / "transfer", (provider, consumer, book))
        closing.enter_context(world.control.serving())
        _grant(world)
        process = world.process()
        try:
            _make(world, WARM_UP)
            _moved(world, "warm-up", WARM_UP)
            _make(world, rows)
            rounds = ROUNDS if ground.scale == 1 else 1
            pairs = [(_piped(ground, world), _moved(world, f"order-{turn}", rows)) for turn in range(rounds)]
        finally:
            process.terminate()
            process.wait(30)
    report.same("exit code of the runner", process.returncode, 0)
    piped, moved = (min(seconds) for seconds in zip(*pairs, strict=True))
    report.note(f"transfer: {rows} rows of {COLUMNS} columns, {rounds} rounds")
    report.line("transfer", rows / moved, "rows/s", ratio=piped / moved, against="psql_copy_pipe")


def _make(world: World, rows: int) -> None:
    """Fill the provider's table anew."""
    world.sql(world.provider, "drop table if exists people")
    world.sql(world.provider, MAKE % rows)
    world.sql(world.provider, "vacuum analyze people")


def _check(world: World, copy: str) -> None:
    """Count and digest the table and its copy by statements of our own."""
    sent, come = (
        world.sql(url, DIGEST.format(name)) for url, name in ((world.provider, "people"), (world.consumer, copy))
    )
    report.same(f"rows and digest of {copy}", sent, come)


def _grant(world: World) -> None:
    """Mount the table with twelve columns and grant them all, plain."""
    from jutong.wire.bundle import Mount
    from jutong.wire.grants import Column, Kind

    kinds = {"n": Kind.INTEGER, "born": Kind.DATE, "amount": Kind.NUMBER, "changed": Kind.TIMESTAMP,
             "active": Kind.BOOLEAN, "grade": Kind.INTEGER}  # fmt: skip
    names = [
        "n",
        "id_no",
        "name",
        "region",
        "born",
        "amount",
        "changed",
        "active",
        "address",
        "phone",
        "grade",
        "state",
    ]
    columns = tuple(Column(name, name, kinds.get(name, Kind.TEXT)) for name in names)
    report.same("columns", len(columns), COLUMNS)
    world.mount = Mount("people", "source", "public", "people", columns, ("n",))
    world.publish(columns=columns, key_items=("n",))


def _piped(ground: Ground, world: World) -> float:
    """Run the pipe into an empty table of the same shape; return the seconds."""
    from jutong.cli import binaries

    psql = str(binaries.runner(ground.ours.home.root / "postgres-programs").folder / "bin" / "psql")
    shape = ", ".join(f"{name} {kind}" for name, kind in world.sql(world.provider, _SHAPE))
    world.sql(world.consumer, "drop table if exists piped")
    world.sql(world.consumer, f"create table piped ({shape})")
    world.sql(world.consumer, "checkpoint")
    began = time.perf_counter()
    out = subprocess.Popen(
        [psql, "-qX", world.provider, "-c", "copy people to stdout (format binary)"], stdout=subprocess.PIPE
    )
    into = subprocess.run(
        [psql, "-qX", world.consumer, "-c", "copy piped from stdin (format binary)"], stdin=out.stdout, check=False
    )
    report.same("exit codes of the pipe", out.wait(), into.returncode, 0)
    seconds = time.perf_counter() - began
    _check(world, "piped")
    return seconds


_SHAPE = """select a.attname, format_type(a.atttypid, a.atttypmod) from pg_attribute a
             where a.attrelid = 'people'::regclass and a.attnum > 0 order by a.attnum"""


def _moved(world: World, order_id: str, rows: int) -> float:
    """Order a transfer and wait for its end; return the seconds from order to release, receipt checked."""
    from jutong.wire.transfers import RunState

    world.sql(world.consumer, "checkpoint")
    began = time.perf_counter()
    world.order(order_id, target_table="people_copy")
    end = world.ended(order_id, seconds=600)
    seconds = time.perf_counter() - began
    report.same(f"state of {order_id} ({end.message})", end.state, RunState.RELEASED)
    receipt = world.receipt(end.receipt)
    report.same(f"receipt of {order_id}", (receipt.source.rows, receipt.reconciled), (rows, True))
    report.same(f"checksums of {order_id}", receipt.source, receipt.target)
    _check(world, "people_copy")
    return seconds
