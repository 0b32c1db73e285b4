"""One order arriving in a MySQL table: staged, checked, then put in place by one step that cannot be half done.

The server commits at every change of a table's definition, so nothing can be hidden in one long transaction as in
PostgreSQL. Rows arrive in a table of their own, named by the order. When both ends agree, a replacement is one RENAME
that swaps the data and the table of positions together; an append or update is one transaction that writes both. A lock
of the session guards each staging table; what a dead session has left is dropped by the next landing in that database.
"""

# ruff: noqa: S608 - every name is quoted by `quoted`, every value written by `literal`
from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from asyncmy.cursors import SSCursor

from jutong.dataplane.dirty import RowRefused, Sifted
from jutong.dataplane.engines.base import POSITION, TASK, Key, Landing, Position, Shape, Target
from jutong.dataplane.engines.mysql import catalogue, sql
from jutong.dataplane.engines.mysql.connect import connected, fetch, held
from jutong.dataplane.engines.mysql.loading import load
from jutong.dataplane.engines.mysql.merging import Merge
from jutong.dataplane.engines.mysql.sifting import Place, Sieve
from jutong.dataplane.engines.mysql.sql import Native, literal, qualified, quoted
from jutong.dataplane.engines.mysql.types import NAME, native, neutral
from jutong.dataplane.engines.plain import PlainLanding
from jutong.dataplane.engines.types import Type, holds
from jutong.dataplane.errors import RuleBroken, Unavailable
from jutong.dataplane.partitions import Cut
from jutong.dataplane.reconcile import PORTABLE
from jutong.dataplane.transfer.lines import written
from jutong.wire.bundle import Access
from jutong.wire.grants import Kind
from jutong.wire.transfers import TableMode, Tally

MAKE_POSITION = """
create table if not exists {name} (
    order_id varchar(64) character set utf8mb4 collate utf8mb4_bin primary key, grant_id varchar(64) not null,
    target varchar(64) not null, `rows` bigint not null, checksum varchar(64) not null, method varchar(32) not null,
    at datetime(6) not null comment '北京时间') engine=InnoDB default charset=utf8mb4
"""
MAKE_TASK = """
create table if not exists {name} (
    task_id varchar(64) character set utf8mb4 collate utf8mb4_bin primary key, target varchar(64) not null,
    mark varchar(255) not null, at datetime(6) not null comment '北京时间') engine=InnoDB default charset=utf8mb4
"""
LOCK_SECONDS = 30
DIGESTS = 5000
"""Rows of a comparison fetched together."""
SINGLE_PRECISION = "float"


def _lock(*names: str) -> str:
    """Return the name of a lock of the server: short enough whatever it is made of."""
    return "jutong:" + hashlib.sha256("\0".join(names).encode()).hexdigest()[:48]


class TableLanding(PlainLanding):
    """The landing of one order; see `open_landing` for its life."""

    methods: tuple[str, ...] = (PORTABLE,)

    def __init__(self, access: Access, session: Any, title: str, target: Target, shapes: Sequence[Shape]) -> None:
        self.position: Position | None = None
        self.mark = ""
        self.existing = False
        self.casts: tuple[str, ...] = tuple(shape.base for shape in shapes)
        self.settled = False
        self._access = access
        self._session = session
        self._title = title
        self._target = target
        self._shapes = shapes
        self._staging = "jutong_" + hashlib.sha256(target.order_id.encode()).hexdigest()[:24]
        self._natives: list[Native] = []
        self._merge: Merge | None = None
        self._sieve: Sieve | None = None
        self._rows = 0

    def _named(self, name: str) -> str:
        return qualified(self._target.schema, name)

    async def _ask(self, statement: str) -> list[tuple[Any, ...]]:
        return await fetch(self._session, statement)

    async def _hold(self, name: str, seconds: int = LOCK_SECONDS) -> None:
        """Take a lock that ends with this session."""
        if (await self._ask(f"select get_lock({literal(name)}, {seconds})"))[0][0] != 1:
            raise Unavailable("目标表正在接收另一项任务的数据，请稍后重试。")

    async def prepare(self) -> None:
        """Look for the position, compare the target's columns with what comes, make the staging table."""
        schema = self._target.schema
        await self._hold(_lock("table", schema, self._target.table))
        await self._ask(MAKE_POSITION.format(name=self._named(POSITION)))
        if self._target.task_id:
            await self._ask(MAKE_TASK.format(name=self._named(TASK)))
            question = f"select mark from {self._named(TASK)} where task_id = {literal(self._target.task_id)}"
            self.mark = next((row[0] for row in await self._ask(question)), "")
        await self._clean()
        self.position = await self._landed()
        if self.position is not None:
            return
        await self._hold(_lock("staging", schema, self._staging))
        found = await catalogue.columns_of(self._session, schema, self._target.table)
        self.existing = bool(found)
        self._merge = Merge(self._session, self._target, self._staging, [shape.name for shape in self._shapes])
        if found:
            self._natives = self._fitted({row[0]: row for row in found})
        else:
            columns = [(shape.name, shape.neutral) for shape in self._shapes]
            keyed = self._target.mode is TableMode.UPSERT or self._target.keyed
            types = native(columns, self._target.unique if keyed else ())
            self._natives = [
                Native(full, full.partition("(")[0], kind) for full, (_, kind) in zip(types, columns, strict=True)
            ]
        if self._target.cut is not None:
            place = self._target.cut.place
            self._merge.text = sql.canonical(quoted(self._shapes[place].name), self._natives[place])
        await self._merge.make_staging(self._natives, existing=bool(found))
        if self._target.sift:
            await self._make_sieve({row[0]: row[3] == "YES" for row in found})

    async def _make_sieve(self, free: dict[str, bool]) -> None:
        """Make the sieve. free: whether a column of the target may be empty; keys of a new table may not."""
        keyed = self._target.mode is TableMode.UPSERT or self._target.keyed
        places = [
            Place(shape.name, native, free.get(shape.name, not (keyed and shape.name in self._target.unique)))
            for shape, native in zip(self._shapes, self._natives, strict=True)
        ]
        made = self.existing or bool(self._target.task_id)  # a task's target is there at once
        table = self._target.table
        names = (self._target.schema, self._staging, table, table if made else self._staging)
        self._sieve = Sieve(self._session, self._title, places, names)
        await self._sieve.prepare()

    async def _landed(self) -> Position | None:
        """Return what has landed of this order."""
        rows = await self._ask(
            f"select `rows`, checksum, method, cast(at as char) from {self._named(POSITION)}"
            f" where order_id = {literal(self._target.order_id)}"
        )
        if not rows:
            return None
        count, checksum, method, at = rows[0]
        when = datetime.fromisoformat(f"{at}+08:00").astimezone(UTC)
        return Position(self._target.order_id, Tally(count, checksum, method), when)

    async def _clean(self) -> None:
        """Drop what dead landings have left: staging tables whose lock nobody holds."""
        for table in await catalogue.found_tables(self._session, self._target.schema):
            stem = table.name[:31]
            if table.name.startswith("jutong_") and len(table.name) in (31, 35) and table.name != POSITION:
                lock = _lock("staging", self._target.schema, stem)
                if (await self._ask(f"select is_free_lock({literal(lock)})"))[0][0] == 1:
                    await self._ask(f"drop table if exists {self._named(table.name)}")

    def _fitted(self, found: dict[str, tuple[Any, ...]]) -> list[Native]:
        """Return the type of each target column, or refuse a column that is missing or cannot take its values."""
        natives = []
        for shape in self._shapes:
            row = found.get(shape.name)
            if row is None or "GENERATED" in row[6].upper():
                message = f"目标表 {self._target.table} 没有可写入的列 {shape.name}，请增加该列或更换目标表。"
                raise RuleBroken(message)
            full, base = row[1].lower(), row[2].lower()
            held = neutral(full, base, shape.neutral.kind)
            fits = shape.engine == NAME and base == shape.base and full == shape.type
            if (
                not fits
                and not self._target.sift
                and (base == SINGLE_PRECISION or not holds(_beijing(held, base, shape.neutral), shape.neutral))
            ):
                message = (
                    f"目标表 {self._target.table} 的列 {shape.name} 类型为 {row[1]}，来源为 {shape.type}，"
                    "不能原样写入，请修改列类型或更换目标表。"
                )
                raise RowRefused(message)
            natives.append(Native(full, base, _beijing(held, base, shape.neutral)))
        return natives

    async def receive(self, chunks: AsyncIterator[bytes], *, binary: bool) -> int:  # noqa: ARG002 - lines only
        """See `Landing.receive`."""
        if self._sieve:
            return await self._sieve.receive(self._counted(chunks))
        columns = [self._column(place) for place in range(len(self._shapes))]
        await load(self._session, self._title, self._named(self._staging), columns, self._counted(chunks))
        taken: int = (await self._ask(f"select count(*) from {self._named(self._staging)}"))[0][0]
        return taken

    def _column(self, place: int) -> tuple[str, Type]:
        """Return a column's name and what its texts are loaded as."""
        neutral = self._natives[place].neutral
        return self._shapes[place].name, Type(Kind.TEXT) if neutral.kind is Kind.TEXT else neutral

    async def sift(self, most: int) -> Sifted:
        """See `dirty.Sifting.sift`."""
        if self._sieve is None or self._merge is None:
            raise RuntimeError("this landing was not opened for sifting")
        return await self._sieve.sift(most, self._merge)

    async def _counted(self, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        async for chunk in chunks:
            self._rows += chunk.count(b"\n")
            yield chunk

    async def rows_done(self) -> int:
        """See `Landing.rows_done`: rows handed to the server."""
        return self._rows

    def _texts(self) -> list[str]:
        """Return the staged columns as canonical texts."""
        return [
            sql.canonical(quoted(shape.name), native) for shape, native in zip(self._shapes, self._natives, strict=True)
        ]

    async def parts(self, method: str, cut: Cut) -> dict[str, Tally]:
        """See `Landing.parts`."""
        texts = self._texts()
        part = sql.partition(texts[cut.place], cut)
        found = await self._ask(sql.summed_by(sql.digest(texts), part, self._named(self._staging)))
        return {name: Tally(rows=count, checksum=checksum, method=method) for name, count, checksum, _ in found}

    async def tally(self, method: str) -> Tally:
        """See `Landing.tally`."""
        question = sql.summed(sql.digest(self._texts()), self._named(self._staging))
        count, checksum, _ = (await self._ask(question))[0]
        return Tally(rows=count, checksum=checksum, method=method)

    async def give_way(self, keys: Sequence[Key]) -> None:
        """See `Landing.give_way`."""
        if self._merge is None:
            raise RuntimeError("an order that has landed takes no more keys")
        gone = await self._merge.giving_way()
        if keys:
            names = [shape.name for shape in self._shapes]
            columns = [self._column(names.index(name)) for name in self._target.unique]
            await load(self._session, self._title, gone, columns, _each("".join(map(written, keys)).encode()))

    async def digests(self, method: str) -> AsyncIterator[list[tuple[Key, str]]]:  # noqa: ARG002 - it knows one
        """See `Landing.digests`: in a session of its own, since this one stages rows meanwhile."""
        names, texts = [shape.name for shape in self._shapes], self._texts()
        keys = [texts[names.index(name)] for name in self._target.unique]
        order = ", ".join(f"cast({text} as binary)" for text in keys)
        goal = self._named(self._target.table)
        async with connected(self._access, self._title, reading=True) as session:
            cursor = session.cursor(SSCursor)
            await cursor.execute(f"select {', '.join(keys)}, {sql.digest(texts)} from {goal} order by {order}")
            while found := await cursor.fetchmany(DIGESTS):
                rows = [[str(cell, "utf-8") for cell in row] for row in found]
                with held(session):
                    yield [(tuple(row[:-1]), row[-1]) for row in rows]

    async def whole(self, method: str) -> Tally:
        """See `Landing.whole`."""
        question = sql.summed(sql.digest(self._texts()), self._named(self._target.table))
        count, checksum, _ = (await self._ask(question))[0]
        return Tally(rows=count, checksum=checksum, method=method)

    async def settle(self, tally: Tally, *, at: datetime, mark: str = "", held: Sequence[str] = ()) -> None:
        """See `Landing.settle`; `Unreconciled` when the target's own triggers let other rows through."""
        if self._merge is None:
            raise RuntimeError("an order that has landed is not settled again")
        await self._hold(_lock("position", self._target.schema))
        beijing = sql.literal(at.astimezone(UTC).isoformat(sep=" ")[:26].partition("+")[0])
        texts = (self._target.order_id, self._target.grant_id, self._target.table)
        row = ", ".join([*map(literal, texts), str(tally.rows), literal(tally.checksum), literal(tally.method)])
        moment = f"{beijing} + interval 8 hour"
        task = (self._target.task_id, self._target.table, mark)
        await self._merge.settle(
            f"{row}, {moment}" if not (held or self._target.step) else "",
            tally.rows,
            mark=f"{', '.join(map(literal, task))}, {moment}" if all(task) and not held else "",
            held=held,
        )
        self.settled = True

    async def finish(self) -> None:
        """Put everything in place when settled, and leave nothing else behind."""
        if self._merge is not None:
            if self.settled:
                await self._merge.commit()
            await self._merge.sweep()
        if self._sieve:
            await self._sieve.sweep()


def _beijing(held: Type, base: str, wanted: Type) -> Type:
    """Let a DATETIME take times with a zone, in Beijing time: that is how people here read it."""
    return wanted if base == "datetime" and wanted.kind is Kind.TIMESTAMP else held


@asynccontextmanager
async def open_landing(access: Access, title: str, target: Target, shapes: Sequence[Shape]) -> AsyncIterator[Landing]:
    """Open the landing of one order. Left after `settle` it is put in place; left otherwise nothing has happened."""
    if target.table.startswith("jutong_") or target.schema.lower() in catalogue.SYSTEM:
        raise RuleBroken("目标表不能位于系统数据库，名称也不能以 jutong_ 开头，请更换。")
    async with connected(access, title, reading=False) as session:
        database = await catalogue.database_of(session, target.schema)
        if not database:
            raise RuleBroken("没有指明目标数据库，请在目标模式或数据源中填写。")
        landing = TableLanding(access, session, title, _placed(target, database), shapes)
        await landing.prepare()
        try:
            yield landing
        except BaseException:
            landing.settled = False
            if session.connected:
                await landing.finish()
            raise
        await landing.finish()


async def _each(chunk: bytes) -> AsyncIterator[bytes]:
    yield chunk


def _placed(target: Target, database: str) -> Target:
    """Return the target with its database named."""
    return replace(target, schema=database)
