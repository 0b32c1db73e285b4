"""One order arriving in a table behind the DB-API: staged, read back, then written with its position in one transaction.

The order's staging table is made first; where the server commits at that (Oracle, 达梦), a dead landing leaves it behind
empty or filled, and the order's next attempt drops it. The target is touched in the last transaction only, by statements
of standard SQL. A replacement deletes and inserts there: readers see the old rows or the new ones.
"""

# ruff: noqa: S608 - every name is quoted by the dialect, every value bound
from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from jutong.dataplane.dirty import RowRefused, Sifted
from jutong.dataplane.engines.base import POSITION, TASK, Key, Landing, Position, Shape, Target
from jutong.dataplane.engines.dbapi import sql
from jutong.dataplane.engines.dbapi.dialect import Dialect
from jutong.dataplane.engines.dbapi.merging import Merge
from jutong.dataplane.engines.dbapi.sessions import Session, open_session
from jutong.dataplane.engines.dbapi.sifting import LINE, LINE_TYPE, Sieve
from jutong.dataplane.engines.dbapi.texts import canonical
from jutong.dataplane.engines.sorting import Sorted
from jutong.dataplane.engines.types import Type, holds
from jutong.dataplane.errors import RuleBroken
from jutong.dataplane.partitions import Cut
from jutong.dataplane.reconcile import PORTABLE, RunningTally, Unreconciled, row_digest
from jutong.dataplane.transfer.lines import Lines, parsed
from jutong.wire.bundle import Access
from jutong.wire.grants import Kind
from jutong.wire.transfers import TableMode, Tally

POSITION_COLUMNS = (
    ("order_id", Type(Kind.TEXT, length=64)),
    ("grant_id", Type(Kind.TEXT, length=64)),
    ("target", Type(Kind.TEXT, length=255)),
    ("row_count", Type(Kind.INTEGER, bits=64)),
    ("checksum", Type(Kind.TEXT, length=64)),
    ("method", Type(Kind.TEXT, length=32)),
    ("landed_at", Type(Kind.TEXT, length=40)),
)
TASK_COLUMNS = (
    ("task_id", Type(Kind.TEXT, length=64)),
    ("target", Type(Kind.TEXT, length=255)),
    ("mark", Type(Kind.TEXT, length=255)),
    ("marked_at", Type(Kind.TEXT, length=40)),
)


class RowsLanding:
    """The landing of one order; see `open_landing` for its life."""

    methods: tuple[str, ...] = (PORTABLE,)

    def __init__(self, session: Session, target: Target, shapes: Sequence[Shape]) -> None:
        self.position: Position | None = None
        self.mark = ""
        self.casts: tuple[str, ...] = tuple(shape.base for shape in shapes)
        self.settled = False
        self._session = session
        self._dialect = session.dialect
        self._target = target
        self._shapes = shapes
        self._names = [shape.name for shape in shapes]
        self._types = [shape.neutral for shape in shapes]
        named = "jutong_" + hashlib.sha256(target.order_id.encode()).hexdigest()[:22]
        self._columns = self._dialect.listed(self._names)
        self._goal = self._dialect.qualified(target.schema, target.table)
        self._stage = self._dialect.qualified(target.schema, named)
        self._marks = self._dialect.qualified(target.schema, POSITION)
        self._gone = self._dialect.qualified(target.schema, named + "k")
        self._own = {named: self._stage, named + "k": self._gone}
        self.existing = False
        self._rows = 0
        self._merge = Merge(session, target, (self._stage, self._goal), self._names)
        self._sieve = Sieve(session, self._merge, self._stage, self._names) if target.sift else None

    def _defined(self, columns: Sequence[tuple[str, Type]], keys: Sequence[str]) -> str:
        """Return the column definitions of a new table."""
        made = [
            f"{self._dialect.quoted(name)} {self._dialect.native(name, kind, name in keys)}" for name, kind in columns
        ]
        made = [text + " not null" * (name in keys) for text, (name, _) in zip(made, columns, strict=True)]
        return ", ".join([*made, *([f"primary key ({self._dialect.listed(keys)})"] if keys else [])])

    async def prepare(self) -> None:
        """Look for the position, compare the target's columns with what comes, make the staging table."""
        schema, tables = self._target.schema, await sql.found_tables(self._session, self._target.schema)
        names = {table.name for table in tables}
        for table, columns in ((POSITION, POSITION_COLUMNS), (TASK, TASK_COLUMNS)):
            if table not in names and (table == POSITION or self._target.task_id):
                made = self._defined(columns, [columns[0][0]])
                await self._session.execute(f"create table {self._dialect.qualified(schema, table)} ({made})")
        for left in names & self._own.keys():
            await self._session.execute(f"drop table {self._own[left]}")
        self.position = await self._landed()
        if self._target.task_id:
            task = self._dialect.qualified(schema, TASK)
            question = f"select mark from {task} where task_id = {self._dialect.place(1)}"
            self.mark = next((row[0] for row in await self._session.fetch(question, (self._target.task_id,))), "")
        if self.position is not None:
            return
        found = await sql.columns_of(self._session, schema, self._target.table)
        self.existing = bool(found)
        if found:
            self._types = self._fitted({row[0]: row for row in found})
        if found and self._target.mode is TableMode.UPSERT:
            await self._check_unique()
        pairs = list(zip(self._names, self._types, strict=True))
        if self._sieve:
            pairs.append((LINE, LINE_TYPE))
        await self._session.execute(f"create table {self._stage} ({self._defined(pairs, ())})")

    async def _landed(self) -> Position | None:
        """Return what has landed of this order."""
        question = f"select row_count, checksum, method, landed_at from {self._marks} where order_id = "
        rows = await self._session.fetch(question + self._dialect.place(1), (self._target.order_id,))
        if not rows:
            return None
        count, checksum, method, at = rows[0]
        return Position(self._target.order_id, Tally(int(count), checksum, method), datetime.fromisoformat(at))

    async def _check_unique(self) -> None:
        """Refuse an update by columns that no unique key of the target stands for, where the dialect can tell."""
        if self._dialect.unique:
            found = await self._session.fetch(self._dialect.unique, (self._target.schema, self._target.table))
            if not any(set((row[0] or "").split("\n")) == set(self._target.unique) for row in found):
                raise RuleBroken("目标表在主键列上没有唯一约束，请先建立主键或改用其他写入方式。")

    def _fitted(self, found: dict[str, tuple[Any, ...]]) -> list[Type]:
        """Return the type of each target column, or refuse a column that is missing or cannot take its values."""
        types = []
        for shape in self._shapes:
            row = found.get(shape.name)
            if row is None:
                message = f"目标表 {self._target.table} 没有可写入的列 {shape.name}，请增加该列或更换目标表。"
                raise RuleBroken(message)
            held = self._dialect.neutral(row[1], row[2])
            if not self._target.sift and not holds(held, shape.neutral):
                message = (
                    f"目标表 {self._target.table} 的列 {shape.name} 类型为 {row[1]}，来源为 {shape.type}，"
                    "不能原样写入，请修改列类型或更换目标表。"
                )
                raise RowRefused(message)
            types.append(held)
        return types

    async def receive(self, chunks: AsyncIterator[bytes], *, binary: bool) -> int:  # noqa: ARG002 - lines only
        """See `Landing.receive`; `RowRefused` names the column and line of a value that is none of its kind."""
        if self._sieve:
            return await self._received_apart(self._sieve, chunks)
        statement = f"insert into {self._stage} ({self._columns}) values ({self._dialect.places(len(self._names))})"
        lines = Lines()
        async for chunk in chunks:
            rows = []
            for line in lines.cut(chunk):
                self._rows += 1
                rows.append(tuple(map(self._bound, self._names, parsed(line), self._types)))
            if rows:
                await self._session.insert(statement, rows)
        return self._rows

    async def _received_apart(self, sieve: Sieve, chunks: AsyncIterator[bytes]) -> int:
        """Stage the rows that values can be made of, each with its line; set the others aside."""
        lines = Lines()
        async for chunk in chunks:
            rows = []
            for line in lines.cut(chunk):
                self._rows += 1
                texts = tuple(parsed(line))
                sieve.came.add([row_digest(texts)])
                try:
                    rows.append(((*map(self._kept, self._names, texts, self._types), self._rows), texts))
                except RowRefused as refusal:
                    sieve.drop(self._rows, texts, refusal)
            if rows:
                await sieve.stage(rows)
        return self._rows

    def _kept(self, name: str, text: str | None, wanted: Type) -> Any:
        """Return the value given to the driver for a text that reads back as it is."""
        value = self._bound(name, text, wanted)
        if canonical(value, wanted) != text:
            message = f"列 {name} 第 {self._rows} 行的值写入目标列后会改变，请核对数据与列类型。"
            raise RowRefused(message, "写入目标列后值会改变", name)
        return value

    async def sift(self, most: int) -> Sifted:
        """See `dirty.Sifting.sift`."""
        if self._sieve is None:
            raise RuntimeError("this landing was not opened for sifting")
        return await self._sieve.sift(self._types, most, existing=self.existing)

    def _bound(self, name: str, text: str | None, wanted: Type) -> Any:
        """Return the value given to the driver for a canonical text."""
        if text == "" and self._dialect.empty_is_null:
            message = (
                f"列 {name} 第 {self._rows} 行为空字符串，{self._dialect.title} 不区分空字符串与空值，不能原样写入。"
            )
            raise RowRefused(message, "目标库不区分空字符串与空值", name)
        try:
            return self._dialect.bound(text, wanted)
        except (ValueError, ArithmeticError, KeyError) as error:
            message = f"列 {name} 第 {self._rows} 行的值与列的类型不符或超出范围，请核对数据与列类型。"
            raise RowRefused(message, "与目标列的类型不符或超出范围", name) from error

    async def rows_done(self) -> int:
        """See `Landing.rows_done`: rows handed to the driver."""
        return self._rows

    async def _read(self, table: str) -> AsyncIterator[list[list[str | None]]]:
        """Return the rows of a table as canonical texts, as they are read back."""
        cursor, _ = await self._session.cursor(f"select {self._columns} from {table}")
        while rows := await self._session.more(cursor):
            yield [list(map(canonical, row, self._types)) for row in rows]

    async def _tallied(self, table: str, cut: Cut | None) -> RunningTally:
        """Tally the rows of a table."""
        running = RunningTally()
        async for texts in self._read(table):
            names = [cut.name(row[cut.place]) for row in texts] if cut else []
            running.add(list(map(row_digest, texts)), names)
        return running

    async def tally(self, method: str) -> Tally:  # noqa: ARG002 - it knows one
        """See `Landing.tally`."""
        return (await self._tallied(self._stage, None)).tally()

    async def parts(self, method: str, cut: Cut) -> dict[str, Tally]:  # noqa: ARG002 - it knows one
        """See `Landing.parts`."""
        return (await self._tallied(self._stage, cut)).parts()

    async def give_way(self, keys: Sequence[Key]) -> None:
        """See `Landing.give_way`."""
        kinds = dict(zip(self._names, self._types, strict=True))
        pairs = [(name, kinds[name]) for name in self._target.unique]
        if not self._merge.gone:
            await self._session.execute(f"create table {self._gone} ({self._defined(pairs, ())})")
            self._merge.gone = self._gone
        if keys:
            rows = [
                tuple(self._bound(name, text, kind) for (name, kind), text in zip(pairs, key, strict=True))
                for key in keys
            ]
            await self._session.insert(f"insert into {self._gone} values ({self._dialect.places(len(pairs))})", rows)

    async def digests(self, method: str) -> AsyncIterator[list[tuple[Key, str]]]:  # noqa: ARG002 - it knows one
        """See `Landing.digests`: read to the end before the first is told, since this session stages rows meanwhile."""
        keys = [self._names.index(name) for name in self._target.unique]
        with Sorted(len(keys)) as found:
            async for texts in self._read(self._goal):
                await found.add([([row[n] for n in keys], str(row_digest(row))) for row in texts])
            async for batch in found.batches():
                yield batch

    async def whole(self, method: str) -> Tally:  # noqa: ARG002 - it knows one
        """See `Landing.whole`."""
        return (await self._tallied(self._goal, None)).tally()

    async def settle(self, tally: Tally, *, at: datetime, mark: str = "", held: Sequence[str] = ()) -> None:
        """See `Landing.settle`; `Unreconciled` when the target's own triggers let other rows through."""
        if not self.existing:
            pairs = list(zip(self._names, self._types, strict=True))
            keyed = self._target.mode is TableMode.UPSERT or self._target.keyed
            keys = self._target.unique if keyed else ()
            await self._session.execute(f"create table {self._goal} ({self._defined(pairs, keys)})")
        done = await self._merge.merge(self._types, held)
        if done != tally.rows:
            message = (
                f"目标表实际写入 {done} 行，应为 {tally.rows} 行（目标表可能有触发器，或主键列不唯一），"
                "本次数据已隔离，原有数据保持不变。"
            )
            raise Unreconciled(message)
        if not held:
            await self._noted(tally, mark, at.astimezone(UTC).isoformat())
        if self._dialect.transactional:
            await self._sweep()
        self.settled = True

    async def _noted(self, tally: Tally, mark: str, moment: str) -> None:
        """Write down that the order has landed, or how far its task has come."""
        target = self._target
        if not target.step:
            row = [target.order_id, target.grant_id, target.table]
            await self._note(POSITION, POSITION_COLUMNS, [*row, tally.rows, tally.checksum, tally.method, moment])
        if mark and target.task_id:
            task = self._dialect.qualified(target.schema, TASK)
            where = f"where task_id = {self._dialect.place(1)}"
            await self._session.execute(f"delete from {task} {where}", (target.task_id,))
            await self._note(TASK, TASK_COLUMNS, [target.task_id, target.table, mark, moment])

    async def _sweep(self) -> None:
        """Drop this order's own tables."""
        await self._session.execute(f"drop table {self._stage}")
        if self._merge.gone:
            await self._session.execute(f"drop table {self._gone}")

    async def _note(self, table: str, columns: Sequence[tuple[str, Type]], values: Sequence[Any]) -> None:
        """Write one row into one of our own tables."""
        names = self._dialect.listed([name for name, _ in columns])
        statement = f"insert into {self._dialect.qualified(self._target.schema, table)} ({names})"
        await self._session.execute(f"{statement} values ({self._dialect.places(len(columns))})", values)

    async def finish(self) -> None:
        """Drop the staging table and commit when settled; else undo everything."""
        if self.settled:
            await self._session.commit()
        else:
            await self._session.rollback()
        if self.position is None and not self._dialect.transactional:
            await self._sweep()


@asynccontextmanager
async def open_landing(
    access: Access, title: str, dialect: Dialect, target: Target, shapes: Sequence[Shape]
) -> AsyncIterator[Landing]:
    """Open the landing of one order. Left after `settle` it is committed; left otherwise nothing has happened."""
    if target.table.lower().startswith("jutong_"):
        raise RuleBroken("目标表名称不能以 jutong_ 开头，请更换。")
    session = await open_session(access, title, dialect, reading=False)
    try:
        landing = RowsLanding(session, target, shapes)
        await landing.prepare()
        try:
            yield landing
        except BaseException:
            landing.settled = False
            await landing.finish()
            raise
        await landing.finish()
    finally:
        session.close()
