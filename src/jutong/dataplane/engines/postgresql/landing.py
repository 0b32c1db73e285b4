"""One order arriving in a PostgreSQL table: staged, checked, merged, and marked as landed, all in one transaction.

The position (`jutong_position` in the target's schema) and the task's mark (`jutong_task`) are written with the data, so
an order lands exactly once whoever dies when; nobody sees a row before both ends agree, and readers of the target are
never blocked while rows arrive.
"""

# ruff: noqa: S608 - every name is quoted by `quoted`, every value bound
from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

from jutong.dataplane.dirty import RowRefused, Sifted
from jutong.dataplane.engines.base import POSITION, TASK, Key, Landing, Position, Shape, Target
from jutong.dataplane.engines.postgresql import catalogue, sql, tallies
from jutong.dataplane.engines.postgresql.connect import connect_once, refusing
from jutong.dataplane.engines.postgresql.fitting import fits, prefixed
from jutong.dataplane.engines.postgresql.merging import PLAIN, Merging
from jutong.dataplane.engines.postgresql.positions import begun
from jutong.dataplane.engines.postgresql.reading import batches
from jutong.dataplane.engines.postgresql.sifting import Place, Sieve
from jutong.dataplane.engines.postgresql.sql import Parts, qualified, quoted
from jutong.dataplane.engines.postgresql.types import NAME, native
from jutong.dataplane.errors import RuleBroken
from jutong.dataplane.partitions import Cut
from jutong.dataplane.reconcile import PORTABLE
from jutong.dataplane.verbatim import Csv, Piece
from jutong.wire.bundle import Access
from jutong.wire.transfers import TableMode, Tally


class TableLanding:
    """The landing of one order; see `open_landing` for its life."""

    def __init__(
        self, connection: Any, target: Target, shapes: Sequence[Shape], position: Position | None, mark: str
    ) -> None:
        self.position = position
        self.mark = mark
        self._types = [(shape.type, shape.base) if shape.engine == NAME else native(shape.neutral) for shape in shapes]
        self.casts: tuple[str, ...] = tuple(base for _, base in self._types)
        self._connection = connection
        self._target = target
        self._shapes = shapes
        self._names = [shape.name for shape in shapes]
        self._staging = "jutong_" + hashlib.sha256(target.order_id.encode()).hexdigest()[:24]
        self.existing = False
        self._swap = True
        self._merging: Merging
        self._watching: Callable[[], Awaitable[Any]] | None = None
        self._watch: Any = None
        self._rows = self._before = 0
        self._sieve: Sieve | None = None
        self.settled = False

    @property
    def methods(self) -> tuple[str, ...]:
        """See `Landing.methods`."""
        encoding = self._connection.get_settings().server_encoding
        return tallies.methods(self._connection.get_server_version().major, encoding, self.casts)

    @property
    def _goal(self) -> str:
        return qualified(self._target.schema, self._target.table)

    @property
    def _stage(self) -> str:
        return qualified(self._target.schema if self._swap else "pg_temp", self._staging)

    @property
    def _columns(self) -> str:
        return ", ".join(map(quoted, self._names))

    async def prepare(self, title: str, watching: Callable[[], Awaitable[Any]]) -> None:
        """Compare the target's columns with what comes and make the staging table. watching: opens a session for progress."""
        self._watching = watching
        found = await catalogue.columns_of(self._connection, self._goal)
        await self._make_staging(found)
        fields = list(zip(self._names, self.casts, strict=True))
        self._merging = Merging(self._connection, self._target, fields, existing=self.existing)
        if not self._swap:
            await self._merging.look()
        if self._target.sift:
            tables = (self._stage, self._goal, self._goal if found else self._stage)
            self._sieve = Sieve(self._connection, title, self._places(found), tables)
            await self._sieve.prepare()

    def _places(self, found: Sequence[Any]) -> list[Place]:
        """Return the columns that come as the target has them, or as it will when it is made."""
        columns = {row["name"]: row for row in found}
        keyed = self._target.mode is TableMode.UPSERT or self._target.keyed
        return [
            Place(quoted(name), columns[name]["full"], columns[name]["base"], columns[name]["nullable"], name)
            if name in columns
            else Place(quoted(name), full, base, not (keyed and name in self._target.unique), name)
            for name, (full, base) in zip(self._names, self._types, strict=True)
        ]

    async def _make_staging(self, found: Sequence[Any]) -> None:
        self.existing = bool(found)
        if not found:
            types = zip(self._names, self._types, strict=True)
            columns = ", ".join(f"{quoted(name)} {full}" for name, (full, _) in types)
            if self._target.mode is TableMode.UPSERT or self._target.keyed:
                columns += f", primary key ({', '.join(map(quoted, self._target.unique))})"
            await self._connection.execute(f"create table {self._stage} ({columns})")
            return
        self.casts = self._fitted({row["name"]: row for row in found})
        plain = await self._connection.fetchval(PLAIN, self._goal)
        whole = self._target.mode is TableMode.REPLACE and not self._target.parts
        self._swap = whole and bool(plain)
        if self._swap:
            await self._connection.execute(f"create table {self._stage} (like {self._goal} including all)")
            return
        await self._connection.execute(
            f"create temp table {quoted(self._staging)} on commit drop as"
            f" select {self._columns} from {self._goal} with no data"
        )

    def _fitted(self, found: dict[str, Any]) -> tuple[str, ...]:
        """Return the base type of each target column, or refuse a column that is missing or cannot take its values."""
        casts = []
        for shape in self._shapes:
            row = found.get(shape.name)
            if row is None or row["computed"]:
                message = f"目标表 {self._target.table} 没有可写入的列 {shape.name}，请增加该列或更换目标表。"
                raise RuleBroken(message)
            if not self._target.sift and not fits(shape, row):
                message = (
                    f"目标表 {self._target.table} 的列 {shape.name} 类型为 {row['full']}，来源为 {shape.type}，"
                    "不能原样写入，请修改列类型或更换目标表。"
                )
                raise RowRefused(message)
            casts.append(row["base"])
        return tuple(casts)

    async def receive(self, chunks: AsyncIterator[bytes], *, binary: bool) -> int:
        """See `Landing.receive`."""
        if self._sieve:
            self._rows = await self._sieve.receive(chunks)
            return self._rows
        hexed = [n for n, base in enumerate(self.casts) if base == "bytea"]
        found = prefixed(chunks, hexed) if hexed and not binary else chunks
        self._rows = await self._copied(found, self._names, format="binary" if binary else "text")
        return self._rows

    async def receive_pieces(self, pieces: AsyncIterator[Piece]) -> int:
        """See `TakingCsv.receive_pieces`: a COPY for every change of form, all into one staging table."""
        rows, piece = 0, await anext(pieces, None)

        async def alike(form: Csv | None) -> AsyncIterator[bytes]:
            nonlocal piece
            while piece is not None and piece[1] == form:
                yield piece[0]
                piece = await anext(pieces, None)

        while piece is not None:
            form, self._before = piece[1], rows
            if form is None:
                rows += await self.receive(alike(form), binary=False)
            else:
                rows += await self._copied(
                    alike(form), form.columns, format="csv", delimiter=form.delimiter, force_null=self._names
                )
        self._rows = rows
        return rows

    async def _copied(self, chunks: AsyncIterator[bytes], columns: Sequence[str], **form: Any) -> int:
        """Copy into the staging table and return the rows that the server says it took."""
        tag = await self._connection.copy_to_table(
            self._staging,
            schema_name=self._target.schema if self._swap else "pg_temp",
            columns=columns,
            source=chunks,
            freeze=True if self._swap else None,
            timeout=None,
            **form,
        )
        return int(tag.split()[1])

    async def sift(self, most: int) -> Sifted:
        """See `dirty.Sifting.sift`."""
        if self._sieve is None:
            raise RuntimeError("this landing was not opened for sifting")
        return await self._sieve.sift(most, self._merging)

    async def rows_done(self) -> int:
        """See `Landing.rows_done`: as the server's own progress view tells it."""
        question = "select tuples_processed from pg_catalog.pg_stat_progress_copy where pid = $1"
        if self._watch is None and self._watching:
            self._watch = await self._watching()  # only now: most runs end before anybody asks
        found = await self._watch.fetchval(question, self._connection.get_server_pid())
        self._rows = max(self._rows, self._before + (found or 0))
        return self._rows

    def _held(self, method: str, table: str) -> tuple[Parts, list[tuple[str, str]]]:
        """Return the rows of a table as a method needs them, with their fields."""
        fields = [(quoted(name), base) for name, base in zip(self._names, self.casts, strict=True)]
        if method != PORTABLE:
            return [f"select {self._columns} from {table}"], fields
        texts = ", ".join(f"{sql.canonical(*field)} as c{n}" for n, field in enumerate(fields))
        return [f"select {texts} from {table}"], [(f"c{n}", "text") for n in range(len(fields))]

    async def tally(self, method: str) -> Tally:
        """See `Landing.tally`."""
        rows, fields = self._held(method, self._stage)
        text, _ = sql.parametrised(tallies.tallied(rows, fields, method))
        count, checksum = await self._connection.fetchrow(text, timeout=None)
        return Tally(rows=count, checksum=checksum, method=method)

    async def parts(self, method: str, cut: Cut) -> dict[str, Tally]:
        """See `Landing.parts`."""
        rows, fields = self._held(method, self._stage)
        text, _ = sql.parametrised(tallies.tallied_by(rows, fields, method, cut))
        found = await self._connection.fetch(text, timeout=None)
        return {name: Tally(rows=count, checksum=checksum, method=method) for name, count, checksum in found}

    async def give_way(self, keys: Sequence[Key]) -> None:
        """See `Landing.give_way`."""
        await self._merging.give_way(keys)

    async def digests(self, method: str) -> AsyncIterator[list[tuple[Key, str]]]:
        """See `Landing.digests`."""
        rows, fields = self._held(method, self._goal)
        keys = [self._names.index(name) for name in self._target.unique]
        text, values = sql.parametrised(tallies.numbered(rows, fields, method, keys))
        async for batch in batches(self._connection, text, values):
            yield batch

    async def whole(self, method: str) -> Tally:
        """See `Landing.whole`."""
        rows, fields = self._held(method, self._goal)
        text, _ = sql.parametrised(tallies.tallied(rows, fields, method))
        count, checksum = await self._connection.fetchrow(text, timeout=None)
        return Tally(rows=count, checksum=checksum, method=method)

    async def settle(self, tally: Tally, *, at: datetime, mark: str = "", held: Sequence[str] = ()) -> None:
        """See `Landing.settle`; `Unreconciled` when the target's own triggers or rules let other rows through."""
        if held:
            await self._merging.execute([f"delete from {self._stage} where ", *self._merging.among(held)])
        if self._swap:
            if self.existing and held:
                kept: Parts = [f"insert into {self._stage} select * from {self._goal} where "]
                await self._merging.execute([*kept, *self._merging.among(held)])
            if self.existing:
                await self._connection.execute(f"drop table {self._goal}")
            await self._connection.execute(f"alter table {self._stage} rename to {quoted(self._target.table)}")
        else:
            await self._merging.merge(self._stage, tally.rows, held)
            await self._connection.execute("set constraints all immediate")  # a row that breaks one is told of now
        if not held:
            await self._write(tally, mark, at)
        self.settled = True

    async def _write(self, tally: Tally, mark: str, at: datetime) -> None:
        """Write down that the order has landed and how far its task has come."""
        if not self._target.step:
            await self._connection.execute(
                f"insert into {qualified(self._target.schema, POSITION)} values ($1, $2, $3, $4, $5, $6, $7)",
                *(self._target.order_id, self._target.grant_id, self._target.table),
                *(tally.rows, tally.checksum, tally.method, at),
            )
        if self._target.task_id and mark:
            await self._connection.execute(
                f"insert into {qualified(self._target.schema, TASK)} values ($1, $2, $3, $4)"
                " on conflict (task_id) do update set target = excluded.target, mark = excluded.mark, at = excluded.at",
                *(self._target.task_id, self._target.table, mark, at),
            )


@asynccontextmanager
async def open_landing(access: Access, title: str, target: Target, shapes: Sequence[Shape]) -> AsyncIterator[Landing]:
    """Open the landing transaction of one order. Left after `settle` it commits; left otherwise nothing has happened."""
    if target.table in (POSITION, TASK) or target.schema.startswith("pg_") or target.schema == "information_schema":
        raise RuleBroken(f"目标表不能位于系统模式，也不能命名为 {POSITION} 或 {TASK}，请更换。")
    target = replace(target, schema=target.schema or "public")
    with ExitStack() as closing:
        connection = await connect_once(access, title, reading=False)
        closing.callback(connection.terminate)

        async def watching() -> Any:
            watch = await connect_once(access, title, reading=True)
            closing.callback(watch.terminate)
            return watch

        with refusing(title):
            landing = TableLanding(connection, target, shapes, *await begun(connection, target))
            if landing.position is None:
                await landing.prepare(title, watching)
            yield landing
            await connection.execute("commit" if landing.settled else "rollback")
