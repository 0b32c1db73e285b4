"""One order arriving in a PostgreSQL table: staged, checked, merged, and marked as landed, all in one transaction.

The position (`jutong_position` in the target's schema) is written with the data, so an order lands exactly once whoever
dies when; nobody sees a row before both ends agree, and readers of the target are never blocked while rows arrive.
"""

# ruff: noqa: S608 - every name is quoted by `quoted`, every value bound
from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from jutong.dataplane.engines.base import POSITION, Landing, Position, Shape, Target
from jutong.dataplane.engines.postgresql import catalogue, sql
from jutong.dataplane.engines.postgresql.connect import connect_once, refusing
from jutong.dataplane.engines.postgresql.sql import qualified, quoted
from jutong.dataplane.engines.postgresql.types import NAME, native, neutral
from jutong.dataplane.engines.types import holds
from jutong.dataplane.errors import RuleBroken
from jutong.dataplane.reconcile import PORTABLE, Unreconciled
from jutong.wire.bundle import Access
from jutong.wire.transfers import TableMode, Tally

MAKE_POSITION = """
create table if not exists {name} (
    order_id text primary key, grant_id text not null, target text not null,
    rows bigint not null, checksum text not null, method text not null, at timestamptz not null)
"""
PLAIN = """
select c.relkind = 'r' and c.relacl is null and c.reloptions is null and not c.relhasindex and not c.relhastriggers
   and not c.relhasrules and not c.relhassubclass and not c.relispartition and not c.relrowsecurity
   and not exists (select from pg_catalog.pg_inherits where inhrelid = c.oid)
   and not exists (select from pg_catalog.pg_attrdef where adrelid = c.oid)
   and not exists (select from pg_catalog.pg_constraint where conrelid = c.oid and contype <> 'n')
   and not exists (select from pg_catalog.pg_publication_rel where prrelid = c.oid)
   and not exists (select from pg_catalog.pg_depend where refobjid = c.oid and refclassid = 'pg_class'::regclass
                   and deptype = 'n')
from pg_catalog.pg_class c where c.oid = to_regclass($1)
"""
STRING = frozenset({"text", "character varying", "bpchar"})
WIDER = {
    "smallint": frozenset({"integer", "bigint", "numeric"}),
    "integer": frozenset({"bigint", "numeric"}),
    "bigint": frozenset({"numeric"}),
    **dict.fromkeys(STRING, STRING),
}
"""Base types that another base type can enter without losing anything; lengths are the target's to refuse."""

TAKEN = sql.HASHABLE - {"bpchar", "uuid", "jsonb"}
"""Base types that give back the canonical text they were given; blanks, hyphens and keys change in the others."""


class TableLanding:
    """The landing of one order; see `open_landing` for its life."""

    def __init__(self, connection: Any, target: Target, shapes: Sequence[Shape], position: Position | None) -> None:
        self.position = position
        self._types = [(shape.type, shape.base) if shape.engine == NAME else native(shape.neutral) for shape in shapes]
        self.casts: tuple[str, ...] = tuple(base for _, base in self._types)
        self._connection = connection
        self._target = target
        self._shapes = shapes
        self._names = [shape.name for shape in shapes]
        self._staging = "jutong_" + hashlib.sha256(target.order_id.encode()).hexdigest()[:24]
        self._existing = False
        self._swap = True
        self._watch: Any = None
        self._rows = 0
        self.settled = False

    @property
    def methods(self) -> tuple[str, ...]:
        """See `Landing.methods`."""
        encoding = self._connection.get_settings().server_encoding
        return sql.methods(self._connection.get_server_version().major, encoding, self.casts)

    @property
    def _goal(self) -> str:
        return qualified(self._target.schema, self._target.table)

    @property
    def _stage(self) -> str:
        return qualified(self._target.schema if self._swap else "pg_temp", self._staging)

    @property
    def _columns(self) -> str:
        return ", ".join(map(quoted, self._names))

    async def prepare(self, watch: Any) -> None:
        """Compare the target's columns with what comes and make the staging table. watch: a session for progress."""
        self._watch = watch
        found = await catalogue.columns_of(self._connection, self._goal)
        self._existing = bool(found)
        if not found:
            types = zip(self._names, self._types, strict=True)
            columns = ", ".join(f"{quoted(name)} {full}" for name, (full, _) in types)
            if self._target.mode is TableMode.UPSERT:
                columns += f", primary key ({', '.join(map(quoted, self._target.unique))})"
            await self._connection.execute(f"create table {self._stage} ({columns})")
            return
        self.casts = self._fitted({row["name"]: row for row in found})
        plain = await self._connection.fetchval(PLAIN, self._goal)
        self._swap = self._target.mode is TableMode.REPLACE and bool(plain)
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
            if not _fits(shape, row):
                message = (
                    f"目标表 {self._target.table} 的列 {shape.name} 类型为 {row['full']}，来源为 {shape.type}，"
                    "不能原样写入，请修改列类型或更换目标表。"
                )
                raise RuleBroken(message)
            casts.append(row["base"])
        return tuple(casts)

    async def receive(self, chunks: AsyncIterator[bytes], *, binary: bool) -> None:
        """See `Landing.receive`."""
        hexed = [n for n, base in enumerate(self.casts) if base == "bytea"]
        tag = await self._connection.copy_to_table(
            self._staging,
            schema_name=self._target.schema if self._swap else "pg_temp",
            columns=self._names,
            source=prefixed(chunks, hexed) if hexed and not binary else chunks,
            format="binary" if binary else "text",
            freeze=True if self._swap else None,
            timeout=None,
        )
        self._rows = int(tag.split()[1])

    async def rows_done(self) -> int:
        """See `Landing.rows_done`: as the server's own progress view tells it."""
        question = "select tuples_processed from pg_catalog.pg_stat_progress_copy where pid = $1"
        found = await self._watch.fetchval(question, self._connection.get_server_pid())
        self._rows = max(self._rows, found or 0)
        return self._rows

    async def tally(self, method: str) -> Tally:
        """See `Landing.tally`."""
        if method == PORTABLE:
            fields = (sql.canonical(quoted(name), base) for name, base in zip(self._names, self.casts, strict=True))
            listed = ", ".join(f"{field} as c{n}" for n, field in enumerate(fields))
            parts = sql.tally_text([f"select {listed} from {self._stage}"], len(self._names))
        else:
            parts = sql.tally_typed([f"select {self._columns} from {self._stage}"], method)
        text, _ = sql.parametrised(parts)
        rows, checksum = await self._connection.fetchrow(text, timeout=None)
        return Tally(rows=rows, checksum=checksum, method=method)

    async def settle(self, tally: Tally, *, at: datetime) -> None:
        """See `Landing.settle`; `Unreconciled` when the target's own triggers or rules let other rows through."""
        if self._swap:
            if self._existing:
                await self._connection.execute(f"drop table {self._goal}")
            await self._connection.execute(f"alter table {self._stage} rename to {quoted(self._target.table)}")
        else:
            await self._merge(tally.rows)
        await self._connection.execute(
            f"insert into {qualified(self._target.schema, POSITION)} values ($1, $2, $3, $4, $5, $6, $7)",
            *(self._target.order_id, self._target.grant_id, self._target.table),
            *(tally.rows, tally.checksum, tally.method, at),
        )
        self.settled = True

    async def _merge(self, rows: int) -> None:
        """Insert the staged rows into the existing table as its mode says."""
        if self._target.mode is TableMode.REPLACE:
            await self._connection.execute(f"delete from {self._goal}", timeout=None)
        conflict = ""
        if self._target.mode is TableMode.UPSERT:
            rest = [name for name in self._names if name not in self._target.unique] or self._names
            changes = ", ".join(f"{quoted(name)} = excluded.{quoted(name)}" for name in rest)
            conflict = f" on conflict ({', '.join(map(quoted, self._target.unique))}) do update set {changes}"
        statement = f"insert into {self._goal} ({self._columns}) select {self._columns} from {self._stage}{conflict}"
        tag = await self._connection.execute(statement, timeout=None)
        done = int(tag.split()[-1])
        if done != rows:
            message = (
                f"目标表实际写入 {done} 行，应为 {rows} 行（目标表可能有触发器或规则），"
                "本次数据已隔离，原有数据保持不变。"
            )
            raise Unreconciled(message)


def _fits(shape: Shape, row: Any) -> bool:
    """Tell whether an existing column takes every value of a shape: by name within PostgreSQL, else by what it holds."""
    if shape.engine == NAME:
        return row["base"] == shape.base or row["base"] in WIDER.get(shape.base, ())
    return row["common"] and row["base"] in TAKEN and holds(neutral(row["full"], row["base"]), shape.neutral)


async def prefixed(chunks: AsyncIterator[bytes], hexed: Sequence[int]) -> AsyncIterator[bytes]:
    """Write the binaries of canonical lines (bare hex) as PostgreSQL reads them; `hexed`: their places."""
    rest = b""
    async for chunk in chunks:
        whole, _, rest = (rest + chunk).rpartition(b"\n")
        lines = []
        for line in whole.split(b"\n") if whole else ():
            cells = line.split(b"\t")
            for n in hexed:
                cells[n] = cells[n] if cells[n] == b"\\N" else rb"\\x" + cells[n]
            lines.append(b"\t".join(cells) + b"\n")
        yield b"".join(lines)
    yield rest


async def _position(connection: Any, target: Target) -> Position | None:
    """Make the table of positions where it is missing and return what has landed of this order.

    The lock on the target's name lets orders into one table follow each other, and an order meet only itself landed.
    """
    name = qualified(target.schema, POSITION)
    if await connection.fetchval("select to_regclass($1)", name) is None:
        async with connection.transaction():
            await connection.execute("select pg_advisory_xact_lock(hashtextextended($1, 0))", name)
            await connection.execute(MAKE_POSITION.format(name=name))
    await connection.execute("begin")
    await connection.execute(
        "select pg_advisory_xact_lock(hashtextextended($1, 1))", qualified(target.schema, target.table)
    )
    row = await connection.fetchrow(
        f"select rows, checksum, method, at from {name} where order_id = $1",
        target.order_id,
    )
    if row is None:
        return None
    return Position(target.order_id, Tally(row["rows"], row["checksum"], row["method"]), row["at"])


@asynccontextmanager
async def open_landing(access: Access, title: str, target: Target, shapes: Sequence[Shape]) -> AsyncIterator[Landing]:
    """Open the landing transaction of one order. Left after `settle` it commits; left otherwise nothing has happened."""
    if target.table == POSITION or target.schema.startswith("pg_") or target.schema == "information_schema":
        raise RuleBroken(f"目标表不能位于系统模式，也不能命名为 {POSITION}，请更换。")
    connection = await connect_once(access, title, reading=False)
    try:
        watch = await connect_once(access, title, reading=True)
        try:
            with refusing(title):
                landing = TableLanding(connection, target, shapes, await _position(connection, target))
                if landing.position is None:
                    await landing.prepare(watch)
                yield landing
                await connection.execute("commit" if landing.settled else "rollback")
        finally:
            watch.terminate()
    finally:
        connection.terminate()
