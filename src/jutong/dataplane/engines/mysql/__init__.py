"""MySQL and MariaDB (and their relatives speaking their protocol) as a source and a target of data."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import msgspec

from jutong.dataplane.engines.addresses import resolve
from jutong.dataplane.engines.base import Capabilities, Count, Landing, Log, Reading, Shape, Target, gathered, used
from jutong.dataplane.engines.counting import counts
from jutong.dataplane.engines.mysql import catalogue, counting, sql
from jutong.dataplane.engines.mysql.connect import PORT, connect_once, connected, fetch, refusing
from jutong.dataplane.engines.mysql.landing import open_landing
from jutong.dataplane.engines.mysql.log import capturing, open_log
from jutong.dataplane.engines.mysql.reading import open_reading
from jutong.dataplane.engines.mysql.types import NAME
from jutong.dataplane.engines.tls import tls_context
from jutong.dataplane.errors import RuleBroken
from jutong.dataplane.policy import Plan
from jutong.wire.bundle import Access
from jutong.wire.probe import FoundTable

POOL = 8
LOOKUP_SECONDS = 10
DESCRIBED_SECONDS = 60
IDLE_SECONDS = 60


class MySQL:
    """One MySQL or MariaDB server behind the port `base.Engine`; a schema is a database there."""

    name = NAME
    capabilities = Capabilities(filters=True, masks=True, snapshot=True, stages=True)

    def __init__(self, access: Access, title: str) -> None:
        self._access = access
        self._title = title
        self._free: list[tuple[float, Any]] = []
        self._places = asyncio.Semaphore(POOL)
        self._described: dict[tuple[Any, ...], tuple[float, sql.Natives]] = {}

    async def _taken(self) -> Any:
        """Return a session that was idle not too long, or a new one."""
        while self._free:
            since, session = self._free.pop()
            if session.connected and time.monotonic() - since < IDLE_SECONDS:
                return session
            session.close()
        return await connect_once(self._access, self._title, reading=True, seconds=LOOKUP_SECONDS)

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[Any]:
        """Lend a pooled session; errors of the driver become refusals, and a session that met one is closed."""
        async with self._places:
            session = await self._taken()
            try:
                with refusing(self._title):
                    async with asyncio.timeout(LOOKUP_SECONDS + 2):
                        yield session
            except BaseException:
                session.close()
                raise
            self._free.append((time.monotonic(), session))

    async def _natives(self, connection: Any, plan: Plan) -> sql.Natives:
        """Return the column types of a plan's table, asked again after a minute."""
        kinds = tuple(sorted((column.column, column.kind) for column in (*plan.fields, *plan.key_columns)))
        name = (plan.schema, plan.table, kinds)
        known = self._described.get(name)
        if known and known[0] > time.monotonic() and all(map(known[1].__contains__, used(plan))):
            return known[1]
        natives = await catalogue.natives_of(connection, plan, self._title)
        self._described[name] = (time.monotonic() + DESCRIBED_SECONDS, natives)
        return natives

    async def test(self) -> str:
        """See `Engine.test`."""
        async with connected(self._access, self._title, reading=True) as connection:
            version: str = (await fetch(connection, "select version()"))[0][0]
        product = "MariaDB" if "mariadb" in version.lower() else "MySQL"
        return f"{product} {version.split('-', maxsplit=1)[0]}"

    async def tables(self, schema: str) -> tuple[FoundTable, ...]:
        """See `Engine.tables`."""
        async with self._connection() as connection:
            return await catalogue.found_tables(connection, schema)

    async def describe(self, schema: str, table: str) -> FoundTable:
        """See `Engine.describe`."""
        async with self._connection() as connection:
            database = await catalogue.database_of(connection, schema)
            found = await catalogue.found_tables(connection, database, table) if table and database else ()
            if not found:
                raise RuleBroken(f"数据源“{self._title}”中没有表 {schema}.{table}，或账号无权查看，请检查名称。")
            rows = await catalogue.columns_of(connection, database, table)
        return msgspec.structs.replace(found[0], columns=catalogue.found_columns(rows))

    async def preview(self, plan: Plan) -> tuple[tuple[str, ...], ...]:
        """See `Engine.preview`."""
        async with self._connection() as connection:
            natives = await self._natives(connection, plan)
            rows = await fetch(connection, sql.select_texts(plan, natives))
        return tuple(tuple(value or "" for value in row) for row in rows)

    async def count(self, plan: Plan) -> tuple[int, tuple[Count, ...]]:
        """See `Counting.count`."""
        async with self._connection() as connection:
            natives = await self._natives(connection, plan)
            rows = await fetch(connection, counting.statement(plan, natives))
        return counts(rows[0])

    async def lookup(self, plan: Plan) -> list[dict[str, str | None]]:
        """See `Engine.lookup`."""
        return [row for rows in await self.lookup_each(plan) for row in rows]

    async def lookup_each(self, plan: Plan) -> list[list[dict[str, str | None]]]:
        """See `Engine.lookup_each`; `TooLarge` when the keys stand for more rows than a lookup may return."""
        async with self._connection() as connection:
            natives = await self._natives(connection, plan)
            rows = await fetch(connection, sql.select_texts(plan, natives, keys=True))
        kinds = [natives[column.column].neutral.kind for column in plan.key_columns]
        return gathered(plan, kinds, rows)

    async def confirm(self, plan: Plan) -> tuple[bool, bool]:
        """See `Engine.confirm`."""
        async with self._connection() as connection:
            natives = await self._natives(connection, plan)
            rows = await fetch(connection, sql.select_facts(plan, natives))
        return rows[0][0] > 0, rows[0][1] > 0

    def reading(self, plan: Plan) -> AbstractAsyncContextManager[Reading]:
        """See `Engine.reading`."""
        return open_reading(self._access, self._title, plan)

    def log(self, name: str, plan: Plan) -> AbstractAsyncContextManager[Log]:
        """See `Logging.log`: of MariaDB; the log itself refuses every other server."""
        return open_log(self._access, self._title, name, plan)

    async def capturing(self) -> str:
        """See `Logging.capturing`."""
        return await capturing(self._access, self._title)

    def landing(self, target: Target, shapes: Sequence[Shape]) -> AbstractAsyncContextManager[Landing]:
        """See `Engine.landing`."""
        return open_landing(self._access, self._title, target, shapes)

    async def close(self) -> None:
        """See `Engine.close`."""
        while self._free:
            self._free.pop()[1].close()


async def connect(access: Access, title: str) -> MySQL:
    """Return the engine for an access; `RuleBroken` when the address may not be connected to."""
    for name in ("host", "database", "user", "password"):
        if re.search(r"[\x00-\x1f]", getattr(access, name)):
            raise RuleBroken(f"数据源的 {name} 含有控制字符，请重新填写。")
    tls_context(access)
    await resolve(access.host, access.port or PORT, access.database)
    return MySQL(access, title)
