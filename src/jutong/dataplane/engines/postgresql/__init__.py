"""PostgreSQL (and its relatives speaking its protocol) as a source and a target of data."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import asyncpg
import msgspec

from jutong.dataplane.engines.base import Capabilities, Count, Landing, Log, Reading, Shape, Target, shortest, used
from jutong.dataplane.engines.counting import counts
from jutong.dataplane.engines.postgresql import catalogue, counting, sql
from jutong.dataplane.engines.postgresql.connect import arguments, connect_once, refusing
from jutong.dataplane.engines.postgresql.landing import open_landing
from jutong.dataplane.engines.postgresql.log import capturing, open_log
from jutong.dataplane.engines.postgresql.paging import select_page
from jutong.dataplane.engines.postgresql.reading import open_reading
from jutong.dataplane.engines.postgresql.types import NAME
from jutong.dataplane.errors import RuleBroken, TooLarge
from jutong.dataplane.masking import mask
from jutong.dataplane.policy import Plan
from jutong.wire.bundle import Access
from jutong.wire.probe import FoundTable

POOL = 8
LOOKUP_SECONDS = 10
DESCRIBED_SECONDS = 60


async def _as_it_is(_connection: Any) -> None:
    """Give a session back without a round trip: a read-only lookup leaves nothing to reset."""


class PostgreSQL:
    """One PostgreSQL database behind the port `base.Engine`. Copies use connections of their own, lookups a pool."""

    name = NAME
    capabilities = Capabilities(filters=True, masks=True, snapshot=True, stages=True, relay=frozenset({NAME}))

    def __init__(self, access: Access, title: str) -> None:
        self._access = access
        self._title = title
        self._pool: asyncpg.Pool[Any] | None = None
        self._opening = asyncio.Lock()
        self._described: dict[str, tuple[float, sql.Natives]] = {}

    async def _pooled(self) -> asyncpg.Pool[Any]:
        """Return the pool, opened by the first question."""
        async with self._opening:
            if self._pool is None:
                settings = await arguments(self._access, reading=True)
                settings["server_settings"] |= {"statement_timeout": f"{shortest(LOOKUP_SECONDS, self._access)}s"}
                self._pool = asyncpg.create_pool(
                    **settings,
                    min_size=0,
                    max_size=POOL,
                    command_timeout=LOOKUP_SECONDS + 2,
                    max_inactive_connection_lifetime=60,
                    reset=_as_it_is,
                )
                await self._pool
        return self._pool

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[Any]:
        """Lend a pooled connection; errors of the driver become refusals."""
        with refusing(self._title):
            pool = self._pool or await self._pooled()
            async with pool.acquire(timeout=LOOKUP_SECONDS) as connection:
                yield connection

    async def _natives(self, connection: Any, plan: Plan) -> sql.Natives:
        """Return the column types of a plan's table, asked again after a minute."""
        name = sql.qualified(plan.schema, plan.table)
        known = self._described.get(name)
        if known and known[0] > time.monotonic() and all(map(known[1].__contains__, used(plan))):
            return known[1]
        natives = await catalogue.natives_of(connection, plan, self._title)
        self._described[name] = (time.monotonic() + DESCRIBED_SECONDS, natives)
        return natives

    async def _fetch(self, connection: Any, parts: sql.Parts) -> list[asyncpg.Record]:
        """Run a statement with its values bound."""
        text, values = sql.parametrised(parts)
        rows: list[asyncpg.Record] = await connection.fetch(text, *values)
        return rows

    async def test(self) -> str:
        """See `Engine.test`."""
        connection = await connect_once(self._access, self._title, reading=True)
        with refusing(self._title):
            try:
                version: str = await connection.fetchval("show server_version")
            finally:
                await connection.close(timeout=2)
        return f"PostgreSQL {version.split(maxsplit=1)[0]}"

    async def tables(self, schema: str) -> tuple[FoundTable, ...]:
        """See `Engine.tables`."""
        async with self._connection() as connection:
            return await catalogue.found_tables(connection, schema)

    async def describe(self, schema: str, table: str) -> FoundTable:
        """See `Engine.describe`."""
        async with self._connection() as connection:
            found = await catalogue.found_tables(connection, schema, table) if schema and table else ()
            if not found:
                raise RuleBroken(f"数据源“{self._title}”中没有表 {schema}.{table}，或账号无权查看，请检查名称。")
            rows = await catalogue.columns_of(connection, sql.qualified(schema, table))
        return msgspec.structs.replace(found[0], columns=catalogue.found_columns(rows))

    async def preview(self, plan: Plan) -> tuple[tuple[str, ...], ...]:
        """See `Engine.preview`."""
        async with self._connection() as connection:
            rows = await self._fetch(connection, sql.select_text(plan, await self._natives(connection, plan)))
        return tuple(tuple(value or "" for value in row) for row in rows)

    async def count(self, plan: Plan) -> tuple[int, tuple[Count, ...]]:
        """See `Counting.count`."""
        async with self._connection() as connection:
            row = await connection.fetchrow(counting.statement(plan, await self._natives(connection, plan)))
        return counts(tuple(row))

    async def lookup(self, plan: Plan) -> list[dict[str, str | None]]:
        """See `Engine.lookup`."""
        return [row for rows in await self.lookup_each(plan) for row in rows]

    async def lookup_each(self, plan: Plan) -> list[list[dict[str, str | None]]]:
        """See `Engine.lookup_each`; `TooLarge` when the keys stand for more rows than a lookup may return."""
        async with self._connection() as connection:
            rows = await self._fetch(connection, sql.select_keys(plan, await self._natives(connection, plan)))
        if plan.limit and len(rows) > plan.limit:
            raise TooLarge(f"查询结果超过 {plan.limit} 行，请增加查询条件，或改用批量下载。")
        items, hashed = [found.item for found in plan.fields], plan.hashed
        answers: list[list[dict[str, str | None]]] = [[] for _ in plan.keys]
        for row in rows:
            record = dict(zip(items, row[1:], strict=True))
            for n in hashed:
                record[items[n]] = mask(plan.fields[n].masking, record[items[n]], plan.hash_key)
            answers[row[0] - 1].append(record)
        return answers

    async def page(self, plan: Plan) -> list[tuple[tuple[str, ...], dict[str, str | None]]]:
        """See `Paging.page`."""
        async with self._connection() as connection:
            rows = await self._fetch(connection, select_page(plan, await self._natives(connection, plan)))
        width, items, hashed = len(plan.key_columns), [found.item for found in plan.fields], plan.hashed
        found = []
        for row in rows:
            record = dict(zip(items, row[width:], strict=True))
            for n in hashed:
                record[items[n]] = mask(plan.fields[n].masking, record[items[n]], plan.hash_key)
            found.append((tuple(row[:width]), record))
        return found

    async def confirm(self, plan: Plan) -> tuple[bool, bool]:
        """See `Engine.confirm`."""
        async with self._connection() as connection:
            rows = await self._fetch(connection, sql.select_facts(plan, await self._natives(connection, plan)))
        return rows[0][0] > 0, rows[0][1] > 0

    def reading(self, plan: Plan) -> AbstractAsyncContextManager[Reading]:
        """See `Engine.reading`."""
        return open_reading(self._access, self._title, plan)

    def log(self, name: str, plan: Plan) -> AbstractAsyncContextManager[Log]:
        """See `Logging.log`."""
        return open_log(self._access, self._title, name, plan)

    async def capturing(self) -> str:
        """See `Logging.capturing`."""
        return await capturing(self._access, self._title)

    def landing(self, target: Target, shapes: Sequence[Shape]) -> AbstractAsyncContextManager[Landing]:
        """See `Engine.landing`."""
        return open_landing(self._access, self._title, target, shapes)

    async def close(self) -> None:
        """See `Engine.close`."""
        if self._pool is not None:
            self._pool.terminate()
            self._pool = None


async def connect(access: Access, title: str) -> PostgreSQL:
    """Return the engine for an access; `RuleBroken` when the address may not be connected to."""
    for name in ("host", "database", "user", "password"):
        if re.search(r"[\x00-\x1f]", getattr(access, name)):
            raise RuleBroken(f"数据源的 {name} 含有控制字符，请重新填写。")
    await arguments(access, reading=True)
    return PostgreSQL(access, title)
