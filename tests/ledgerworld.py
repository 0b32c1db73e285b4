"""A ledger that lives in one engine and is followed or compared into another: two ends of the transfer tests' world.

with paired(tmp_path, "mysql-sqlite") as pair:       # source and target
    pair.run("first")                                # change capture unless another reading is named
    pair.storm(); pair.run("second"); assert pair.equal()
"""

# ruff: noqa: S608 - the names in these statements are the tests' own
from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

import mariadb
from jutong.crypto import sm2
from jutong.wire.bundle import Access, Mount, Source
from jutong.wire.grants import Column, Kind, Masking
from jutong.wire.transfers import Progress, Read, RunState, TableMode
from transferworld import World, world

COLUMNS = (
    Column("编号", "n", Kind.INTEGER),
    Column("姓名", "name", masking=Masking.NAME),
    Column("区划", "region"),
    Column("金额", "amount", Kind.NUMBER),
    Column("备注", "note"),
)
MAKE = "create table ledger (n bigint primary key, name varchar(40), region varchar(6), amount decimal(12,2), note text, secret text)"
STORM = f"""
insert into ledger values (1001, '新新', '110101', 1, 'a', 's'), (1002, '二二', '110102', 2, 'b', 's')
update ledger set amount = -1 where n between 10 and 20
update ledger set n = n + 5000 where n in (30, 31)
delete from ledger where n in (40, 41, 1002)
insert into ledger values (41, '又又', '110100', 0, null, 's')
update ledger set note = '{"很" * 1000}' where n = 60
"""


class Side:
    """One end: a database of the world's PostgreSQL, one of a MariaDB, or a file of SQLite's."""

    def __init__(self, town: World, engine: str, url: str, server: int) -> None:
        self.engine = engine
        self.schema = {"mysql": url, "postgresql": "public"}.get(engine, "")
        self._town, self._url, self._server = town, url, server

    def sql(self, statement: str) -> list[tuple[Any, ...]]:
        """Run one statement in the engine's own SQL."""
        if self.engine == "mysql":
            return mariadb.execute(self._server, self._url, statement)
        if self.engine == "postgresql":
            return self._town.sql(self._url, statement)
        with closing(sqlite3.connect(self._url, isolation_level=None, timeout=30)) as connection:
            return connection.execute(statement).fetchall()

    def sealed(self, **changes: Any) -> bytes:
        """Return the access to it, sealed to the node."""
        if self.engine == "postgresql":
            return self._town.sealed(self._url)
        access = Access(database=self._url, tls="disable")
        if self.engine == "mysql":
            access = Access("127.0.0.1", self._server, self._url, mariadb.USER, mariadb.PASSWORD, "disable")
        raw = msgspec.json.encode(msgspec.structs.replace(access, **changes))
        return sm2.seal(self._town.me.signer.public, raw)


class Pair:
    """A world whose ends are of two engines. task: of whose orders the target holds the mark."""

    def __init__(self, town: World, source: Side, sink: Side) -> None:
        self.town, self.source, self.sink = town, source, sink
        self.table, self.columns, self.unique = "ledger", COLUMNS, ("n",)

    def publish(self, access: dict[str, Any] | None = None, **changes: Any) -> None:
        """Tell the node of mount, grant and sources; the grant, and the access to the source, changed as named."""
        town = self.town
        town.mount = Mount("people", "source", self.source.schema, self.table, self.columns, self.unique)
        town.grant = msgspec.structs.replace(town.grant, **({"columns": self.columns} | changes))
        sources = (
            Source("source", "provider", self.source.engine, "提供方库", self.source.sealed(**(access or {}))),
            Source("target", "consumer", self.sink.engine, "需求方库", self.sink.sealed()),
        )
        town.control.publish(grants=(town.grant,), mounts=(town.mount,), sources=sources)

    def order(self, order_id: str, read: Read = Read.CHANGES, **changes: Any) -> None:
        """Send an order of the task."""
        self.town.order(
            order_id, target_mode=TableMode.UPSERT, task_id="task", read=read, target_schema=self.sink.schema, **changes
        )

    def run(self, order_id: str, read: Read = Read.CHANGES) -> Progress:
        """Send an order and wait for its end."""
        self.order(order_id, read)
        return self.town.ended(order_id)

    def released(self, order_id: str, read: Read = Read.CHANGES) -> Progress:
        """Run an order, which must end well, with the target equal to the source."""
        end = self.run(order_id, read)
        assert end.state is RunState.RELEASED, end.message
        assert self.equal()
        return end

    def told(self, words: str) -> None:
        """Wait until a run has said so; it is tried again by itself."""
        self.town.control.wait(lambda: any(words in told.message for told in self.town.control.progress))

    def equal(self, where: str = "true") -> bool:
        """Tell whether the target holds exactly the masked rows of the source."""
        ours = self.source.sql(f"select n, name, region, amount, note from ledger where {where} order by n")
        theirs = self.sink.sql("select n, name, region, amount, note from people_copy order by n")
        masked = [(n, name[:1] + "*" * (len(name) - 1), *rest) for n, name, *rest in ours]
        return list(map(_alike, masked)) == list(map(_alike, theirs))

    def storm(self) -> None:
        """Insert, change, delete, move, and put back."""
        for statement in STORM.strip().splitlines():
            self.source.sql(statement)


def _alike(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return a row with its amount as a number, whatever the driver makes of it."""
    n, name, region, amount, note = row
    return n, name, region, None if amount is None else Decimal(str(amount)), note


@contextmanager
def paired(tmp_path: Path, engines: str, *, server: int = 0) -> Iterator[Pair]:
    """Yield a pair of ends with three hundred rows at the source. server: the MariaDB's port, of this process's own if none."""
    with ExitStack() as stack:
        town = stack.enter_context(world(tmp_path, people=1))
        sides = []
        for engine, url in zip(engines.split("-"), (town.provider, town.consumer), strict=True):
            place, port = url, 0
            if engine == "mysql":
                port, place = stack.enter_context(mariadb.database(server or mariadb.logging_port()))
            elif engine == "sqlite":
                place = str(tmp_path / f"{len(sides)}.db")
                sqlite3.connect(place).close()
            sides.append(Side(town, engine, place, port))
        pair = Pair(town, *sides)
        pair.source.sql(MAKE)
        rows = ", ".join(
            f"({n}, '张{chr(0x4E00 + n)}', '{110100 + n % 3}', {n / 8:.2f}, '长长长', 'never')" for n in range(1, 301)
        )
        pair.source.sql(f"insert into ledger values {rows}")
        pair.publish()
        yield pair
