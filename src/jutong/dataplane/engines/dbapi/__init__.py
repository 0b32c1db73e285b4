"""Databases reached by a Python DB-API driver: one engine for all of them, their differences in a `Dialect`.

SQLite is the one that is tested against the real thing; the others share this code, see `engines/others`. Rows are
filtered and masked in Python on canonical texts, as the policy says it: no such source is asked for more than its own
columns and keys.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import msgspec

from jutong.dataplane import policy
from jutong.dataplane.engines.base import Capabilities, Landing, Reading, Shape, Target, gathered
from jutong.dataplane.engines.dbapi import sessions, sql
from jutong.dataplane.engines.dbapi.dialect import Dialect
from jutong.dataplane.engines.dbapi.landing import open_landing
from jutong.dataplane.engines.dbapi.reading import open_reading
from jutong.dataplane.engines.dbapi.sessions import Session
from jutong.dataplane.engines.dbapi.sql import KEYS_AT_ONCE
from jutong.dataplane.errors import RuleBroken, TooLarge
from jutong.dataplane.policy import Plan
from jutong.dataplane.values import passes
from jutong.wire.bundle import Access
from jutong.wire.probe import FoundTable

POOL = 4


class DatabaseApi:
    """One database behind the port `base.Engine`, through a blocking driver in threads."""

    capabilities = Capabilities(filters=False, masks=False, snapshot=True, stages=True)

    def __init__(self, access: Access, title: str, dialect: Dialect) -> None:
        self.name = dialect.name
        self._access = access
        self._title = title
        self._dialect = dialect
        self._free: list[Session] = []
        self._places = asyncio.Semaphore(POOL)

    @asynccontextmanager
    async def _session(self) -> AsyncIterator[Session]:
        """Lend a pooled session that only reads; one that met an error is closed."""
        async with self._places:
            session = self._free.pop() if self._free else await self._opened()
            try:
                yield session
                await session.rollback()
            except BaseException:
                session.close()
                raise
            self._free.append(session)

    async def _opened(self) -> Session:
        return await sessions.open_session(self._access, self._title, self._dialect, reading=True)

    async def test(self) -> str:
        """See `Engine.test`."""
        async with self._session() as session:
            rows = await session.fetch(self._dialect.version)
        return f"{self._dialect.title} {rows[0][0]}"

    async def tables(self, schema: str) -> tuple[FoundTable, ...]:
        """See `Engine.tables`."""
        async with self._session() as session:
            return await sql.found_tables(session, schema)

    async def describe(self, schema: str, table: str) -> FoundTable:
        """See `Engine.describe`."""
        async with self._session() as session:
            found = [one for one in await sql.found_tables(session, schema) if one.name == table]
            if not found:
                raise RuleBroken(f"数据源“{self._title}”中没有表 {table}，或账号无权查看，请检查名称。")
            columns = await sql.found_columns(session, schema, table)
        return msgspec.structs.replace(found[0], columns=columns)

    async def preview(self, plan: Plan) -> tuple[tuple[str, ...], ...]:
        """See `Engine.preview`."""
        async with self._session() as session:
            source = await sql.Rows.of(session, plan)
            rows = list[tuple[str, ...]]()
            async for row in source.records():
                if policy.admits(plan, row):
                    rows.append(tuple(value or "" for value in policy.shape(plan, row)))
                    if len(rows) == plan.limit:
                        break
        return tuple(rows)

    async def lookup(self, plan: Plan) -> list[dict[str, str | None]]:
        """See `Engine.lookup`."""
        return [row for rows in await self.lookup_each(plan) for row in rows]

    async def lookup_each(self, plan: Plan) -> list[list[dict[str, str | None]]]:
        """See `Engine.lookup_each`; `TooLarge` when the keys stand for more rows than a lookup may return."""
        async with self._session() as session:
            source = await sql.Rows.of(session, plan)
            rows = []
            different = list(dict.fromkeys(plan.keys))
            for start in range(0, len(different), KEYS_AT_ONCE):
                keys = different[start : start + KEYS_AT_ONCE]
                async for row in source.records(keys):
                    if policy.admits(plan, row):
                        rows.append([*(row[key.column] for key in plan.key_columns), *sql.masked(plan, row)])
                        if plan.limit and len(rows) > plan.limit:
                            raise TooLarge(f"查询结果超过 {plan.limit} 行，请增加查询条件，或改用批量下载。")
        return gathered(plan, [source.types[key.column].kind for key in plan.key_columns], rows)

    async def confirm(self, plan: Plan) -> tuple[bool, bool]:
        """See `Engine.confirm`."""
        found = match = False
        async with self._session() as session:
            source = await sql.Rows.of(session, plan)
            has_key = source.telling(plan.keys)
            async for row in source.records(plan.keys):
                if policy.admits(plan, row) and has_key(row):
                    found = True
                    match = match or all(
                        passes(row[fact.column], fact.kind, fact.operator, fact.values) for fact in plan.facts
                    )
        return found, match

    def reading(self, plan: Plan) -> AbstractAsyncContextManager[Reading]:
        """See `Engine.reading`."""
        return open_reading(self._access, self._title, self._dialect, plan)

    def landing(self, target: Target, shapes: Sequence[Shape]) -> AbstractAsyncContextManager[Landing]:
        """See `Engine.landing`."""
        return open_landing(self._access, self._title, self._dialect, target, shapes)

    async def close(self) -> None:
        """See `Engine.close`."""
        while self._free:
            self._free.pop().close()
