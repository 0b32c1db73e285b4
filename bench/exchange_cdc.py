"""`cdc`, `cdc_mariadb`: a source's own change log followed into PostgreSQL: how many changes a second, how late at a pace.

The one follows a PostgreSQL's logical slot, the other a MariaDB's binlog, by the same changes to the same table. The
MariaDB does not wait for its disk; what is measured is who follows it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import psycopg

import exchange
import exchange_mariadb
import report
from exchange import COPY, Place
from ground import Ground

if TYPE_CHECKING:
    from transferworld import World

ROWS = 200_000
CHANGES = 300_000
ROUNDS = 3
A_TRANSACTION = 100
GOAL_PER_SECOND = 10_000
PACE = 3_000
PACED_SECONDS = 30
PACED_TRANSACTION = 30
MOST_LAG_SECONDS = 1.0
LOOK_SECONDS = 0.01
PATIENCE_SECONDS = 60
AGAIN = """
insert into people select n + %(rows)s, id_no, name, region, born, amount, changed, active, address, phone, grade, state
  from people where n >= %(first)s and n < %(end)s
"""
LEAVE = "delete from people where n >= %(first)s and n < %(end)s"
UPDATE = "update people set amount = amount + 1, grade = %(mark)s where n >= %(first)s and n < %(end)s"
"""A tenth of the rows that a transaction touches leaves under its old key and comes back under another, the rest changes."""


@dataclass(frozen=True)
class Source:
    """Whose log is followed. connect: a connection of its driver. check: holds the copy against it, by statements of ours."""

    name: str
    connect: Callable[[], Any]
    check: Callable[[], None]


def run(ground: Ground) -> None:
    """Follow the slot of a PostgreSQL."""
    with exchange.place(ground, "cdc") as place:
        world = place.world
        exchange.grant(world)
        exchange.fill(world, ground.sized(ROWS, least=10_000))
        world.sql(world.provider, "alter table people add primary key (n)")
        check = exchange.check
        try:
            _measured(
                place,
                Source(
                    "cdc",
                    lambda: psycopg.connect(world.provider),
                    lambda: check(world, "select * from people", COPY),
                ),
            )
        finally:
            _let_go(world)


def run_mariadb(ground: Ground) -> None:
    """Follow the binlog of a MariaDB."""
    if exchange_mariadb.absent(ground, "cdc_mariadb"):
        return
    import pymysql

    import mariadb

    server = mariadb.logging_port()
    exchange_mariadb.account(server)
    with mariadb.database(server) as (port, database), exchange.place(ground, "cdc_mariadb") as place:
        exchange_mariadb.grant(place.world, port, database)
        mariadb.execute(port, database, exchange_mariadb.MAKE % ground.sized(ROWS, least=10_000))
        mariadb.execute(port, database, "alter table people add primary key (n)")
        user = exchange_mariadb.USER

        def connect() -> Any:
            return pymysql.connect(
                host="127.0.0.1", port=port, user=user, password=user, database=database, charset="utf8mb4"
            )

        check = exchange_mariadb.check
        _measured(place, Source("cdc_mariadb", connect, lambda: check(place.world, port, database, COPY)))


def _measured(place: Place, source: Source) -> None:
    """Follow first what has piled up, as fast as it goes; then changes at a pace, watched from outside."""
    ground, name = place.ground, source.name
    rows, changes = ground.sized(ROWS, least=10_000), ground.sized(CHANGES, least=6_000)
    rates: list[float] = []
    _followed(place)
    for _ in range(exchange.rounds(ground, ROUNDS)):
        made = _change(source, rows, changes)
        place.world.sql(place.world.consumer, "checkpoint")
        rates.append(made / _followed(place))
        source.check()
    rate = report.middle(rates)
    report.line(name, rate, "changes/s", ratio=rate / GOAL_PER_SECOND, against="10000_changes_per_second")
    _paced(place, source, max(3.0, PACED_SECONDS * ground.scale), rows)
    place.memory(name)
    report.note(
        f"{name}: peer_sling peer_dlt: neither, as its index ships it, follows a change log; nothing to compare"
    )


def _order(place: Place, **changes: Any) -> str:
    from jutong.wire.transfers import Read, TableMode

    place.orders += 1
    order_id = f"changes-{place.orders}"
    place.world.order(
        order_id, target_table=COPY, target_mode=TableMode.UPSERT, task_id="task", read=Read.CHANGES, **changes
    )
    return order_id


def _ended(place: Place, order_id: str) -> None:
    from jutong.wire.transfers import RunState

    end = place.world.ended(order_id, seconds=exchange.ORDER_SECONDS)
    report.same(f"state of {order_id} ({end.message})", end.state, RunState.RELEASED)
    receipt = place.world.receipt(end.receipt)
    report.same(f"checksums of {order_id}", receipt.source, receipt.target)


def _followed(place: Place) -> float:
    """Order a run that stops when it has caught up; return its seconds."""
    began = time.perf_counter()
    _ended(place, _order(place))
    return time.perf_counter() - began


def _change(source: Source, rows: int, changes: int) -> int:
    """Change about so many rows, round the table, a hundred in each transaction; return how many the server counted."""
    made = 0
    few = A_TRANSACTION // 20  # a row that comes back under another key is two changes
    connection = source.connect()
    cursor = connection.cursor()
    for mark, start in enumerate(range(0, changes, A_TRANSACTION)):
        first = start % (rows - A_TRANSACTION) + 1
        middle = first + A_TRANSACTION - 2 * few
        changed = {"first": first, "end": middle, "mark": mark}
        again = {"first": middle, "end": middle + few, "rows": 1_000_000_000 + start}
        for statement, given in ((UPDATE, changed), (AGAIN, again), (LEAVE, again)):
            cursor.execute(statement, given)
            made += cursor.rowcount
        connection.commit()
    connection.close()
    return made


def _paced(place: Place, source: Source, seconds: float, rows: int) -> None:
    """Change rows at a pace while an order follows, and see from the target's side when each transaction has come."""
    world = place.world
    world.sql(world.consumer, f"create index on {COPY} (grade)")
    order_id = _order(place, not_after=datetime.now(UTC) + timedelta(seconds=seconds + 4))
    time.sleep(1)
    written: list[float] = []
    writing = threading.Thread(target=_write, args=(source, seconds, rows, written))
    writing.start()
    come = _seen(world, writing, written)
    writing.join()
    _ended(place, order_id)
    _followed(place)  # what the window left
    source.check()
    lags = [at - written[n] for n, at in enumerate(come)]
    p50, p99 = report.middle(lags), report.middle(lags, 0.99)
    pace = len(written) * PACED_TRANSACTION / (written[-1] - written[0])
    report.note(
        f"{source.name}: {pace:.0f} changes/s for {seconds:.0f} s, lag p50 {p50:.2f} s, p99 {p99:.2f} s, at most {max(lags):.2f} s"
    )
    report.line(f"{source.name}_lag_p99", p99, "s", ratio=MOST_LAG_SECONDS / p99, against="1_second")


def _write(source: Source, seconds: float, rows: int, written: list[float]) -> None:
    """Commit a small transaction whenever one is due; each marks its rows with its number."""
    every = PACED_TRANSACTION / PACE
    connection = source.connect()
    cursor = connection.cursor()
    began = time.perf_counter()
    for number in range(int(seconds / every)):
        time.sleep(max(0.0, began + number * every - time.perf_counter()))
        first = number * PACED_TRANSACTION % (rows // 2) + 1
        mark = 1_000_000 + number
        cursor.execute(UPDATE, {"first": first, "end": first + PACED_TRANSACTION, "mark": mark})
        connection.commit()
        written.append(time.perf_counter())
    connection.close()


def _seen(world: World, writing: threading.Thread, written: list[float]) -> list[float]:
    """Return when each transaction was first visible at the target."""
    come: list[float] = []
    end = time.monotonic() + PATIENCE_SECONDS + PACED_SECONDS
    with psycopg.connect(world.consumer, autocommit=True) as connection:
        while writing.is_alive() or len(come) < len(written):
            [(newest,)] = connection.execute(f"select max(grade) from {COPY}").fetchall()
            at = time.perf_counter()
            come += [at] * max(0, int(newest) - 1_000_000 + 1 - len(come))
            if time.monotonic() > end:
                raise report.Unreconciled(f"only {len(come)} of {len(written)} transactions came")
            time.sleep(LOOK_SECONDS)
    return come


def _let_go(world: World) -> None:
    """Drop slot and publication, so that the database can be given back."""
    for (name,) in world.sql(
        world.provider, "select slot_name from pg_replication_slots where database = current_database()"
    ):
        world.sql(
            world.provider,
            "select pg_terminate_backend(active_pid) from pg_replication_slots where slot_name = %s and active",
            name,
        )
        world.sql(world.provider, "select pg_drop_replication_slot(%s)", name)
