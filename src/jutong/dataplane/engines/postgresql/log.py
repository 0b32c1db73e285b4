"""A PostgreSQL source's own change log: a logical slot read by SQL, and a publication of nothing but the table's key."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import asyncpg

from jutong.dataplane.engines.base import Changes, Log
from jutong.dataplane.engines.postgresql import catalogue
from jutong.dataplane.engines.postgresql.connect import connect_once, refusing
from jutong.dataplane.engines.postgresql.pgoutput import Decoder, Unreadable
from jutong.dataplane.engines.postgresql.sql import qualified, quoted
from jutong.dataplane.errors import Refusal, RuleBroken, Unavailable
from jutong.dataplane.policy import Plan
from jutong.wire.bundle import Access

AT_ONCE = 20_000
"""Changes read at once; a greater transaction is read whole."""

MOST_KEYS = 200_000
"""Keys held in memory; where more were touched, the target is held against the source instead."""

IDENTITY = """
select c.relkind, c.relreplident,
       array(select a.attname::text from pg_catalog.pg_index i
             join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum = any(i.indkey)
             where i.indrelid = c.oid and i.indisprimary) as key
from pg_catalog.pg_class c where c.oid = to_regclass($1)
"""
PEEK = """
select data from pg_logical_slot_peek_binary_changes($1, null, $2, 'proto_version', '1', 'publication_names', $3)
"""
RETAINED = """
select pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)::bigint
from pg_catalog.pg_replication_slots where slot_name = $1 and database = current_database()
"""
PUBLISHED = """
select coalesce((select array_agg(a.attname::text) from pg_catalog.pg_publication_rel r
                 join pg_catalog.pg_attribute a on a.attrelid = r.prrelid and a.attnum > 0 and not a.attisdropped
                 {shared}
                 where r.prpubid = p.oid and r.prrelid = to_regclass($2)), '{{}}') as columns
from pg_catalog.pg_publication p where p.pubname = $1
"""
READY = """
select current_setting('wal_level') = 'logical' as logical, r.rolreplication or r.rolsuper as may,
       current_setting('max_replication_slots')::int > (select count(*) from pg_catalog.pg_replication_slots) as free,
       has_database_privilege(current_database(), 'CREATE') as publishes
from pg_catalog.pg_roles r where r.rolname = current_user
"""
FLUSH_SECONDS, FLUSH_LOOKS = 0.05, 40
LOOK = "set client_connection_check_interval = '1s'"
"""Lets the server notice that a runner has gone: without it, what a killed one asked for holds the slot to its end."""
NOT_LOGICAL = "没有开启逻辑复制，请由数据库管理员将 wal_level 设为 logical 并重启。"
LACKING = {
    "logical": NOT_LOGICAL,
    "may": "账号没有复制权限，请由数据库管理员授予（ALTER ROLE 账号 REPLICATION）。",
    "free": "复制槽已用完，请由数据库管理员调大 max_replication_slots 并重启。",
    "publishes": "账号不能在库中建立发布，请由数据库管理员授予（GRANT CREATE ON DATABASE），或由表的所有者代为建立。",
}
"""What a capture needs of the server, and who has to do what where it lacks."""
SHARED_COLUMNS = 15
"""The version from which a publication can leave columns out."""


def _text(position: int) -> str:
    return f"{position >> 32:X}/{position & 0xFFFFFFFF:X}"


class SlotLog:
    """One slot over one session; see `Log`."""

    def __init__(self, connection: Any, title: str, name: str, plan: Plan) -> None:
        self._connection = connection
        self._title = title
        self._name = name
        self._plan = plan
        self._binary: tuple[bool, ...] = ()

    async def open(self) -> bool:
        """See `Log.open`; `RuleBroken` where the table has no key that the log tells, `Unavailable` without the rights."""
        table = qualified(self._plan.schema, self._plan.table)
        with refusing(self._title):
            natives = await catalogue.natives_of(self._connection, self._plan, self._title)
            self._binary = tuple(natives[name].base == "bytea" for name in self._plan.unique)
            row = await self._connection.fetchrow(IDENTITY, table)
            if row["relkind"] not in (b"r", b"p") or not self._told(row["relreplident"], set(row["key"])):
                message = f"来源表 {self._plan.table} 的主键与挂接的主键列不一致，或它不是普通表，不能捕获变更，请改用快照比对。"
                raise RuleBroken(message)
            published = await self._published()
            if published and await self._connection.fetchval(RETAINED, self._name) is not None:
                await self._flushed()
                return False
            await self.drop()  # a log that missed something is worth nothing
            await self._publish(table, whole=row["relreplident"] == b"f")
            try:
                await self._connection.fetchval("select pg_create_logical_replication_slot($1, 'pgoutput')", self._name)
            except (asyncpg.LockNotAvailableError, asyncpg.QueryCanceledError) as error:
                message = f"数据源“{self._title}”有事务长时间没有结束，变更日志暂时不能建立，稍后自动重试。"
                raise Unavailable(message) from error
            except asyncpg.ObjectNotInPrerequisiteStateError as error:
                raise Unavailable(f"数据源“{self._title}”{NOT_LOGICAL}") from error
        return True

    def _told(self, identity: bytes, key: set[str]) -> bool:
        """Tell whether the log names the mount's key with every change."""
        return identity == b"f" or (identity == b"d" and key == set(self._plan.unique))

    async def _flushed(self) -> None:
        """Wait a moment for what was committed without waiting for the disk: the log tells of nothing before."""
        goal = await self._connection.fetchval("select pg_current_wal_insert_lsn()::text")
        for _ in range(FLUSH_LOOKS):
            if await self._connection.fetchval("select pg_current_wal_flush_lsn() >= $1::text::pg_lsn", goal):
                return
            await asyncio.sleep(FLUSH_SECONDS)

    @property
    def _shared(self) -> bool:
        return bool(self._connection.get_server_version().major >= SHARED_COLUMNS)

    async def _published(self) -> bool:
        """Tell whether the publication still tells of this very table and its key: a table made anew is in none."""
        shared = "and (r.prattrs is null or a.attnum = any(r.prattrs))" if self._shared else ""
        table = qualified(self._plan.schema, self._plan.table)
        found = await self._connection.fetchval(PUBLISHED.format(shared=shared), self._name, table)
        return bool(found) and set(self._plan.unique) <= set(found)

    async def _publish(self, table: str, *, whole: bool) -> None:
        """Make the publication: of the key columns alone, so that nothing else leaves the source."""
        if await self._published():  # made by the table's owner, since this account may not
            return
        shared = self._shared and not whole
        columns = f" ({', '.join(map(quoted, self._plan.unique))})" if shared else ""
        statement = (
            f"create publication {quoted(self._name)} for table {table}{columns}"
            " with (publish_via_partition_root = true)"
        )
        try:
            await self._connection.execute(statement)
        except asyncpg.InsufficientPrivilegeError as error:
            message = f"数据源“{self._title}”的账号不能建立发布，请由表的所有者执行：{statement}，并授予账号复制权限。"
            raise Unavailable(message) from error

    async def named(self, position: str) -> str:
        """See `Log.named`: the slot is its own proof."""
        return position

    async def resume(self, position: str) -> None:
        """See `Log.resume`: the slot itself knows where it was forgotten up to."""

    async def read(self) -> Changes | None:
        """See `Log.read`."""
        decoder = Decoder(self._plan.unique, binary=self._binary)
        touched, readable = decoder.touched, True
        with refusing(self._title):
            if not await self._published():
                raise Unavailable(f"来源表 {self._plan.table} 已被重建或不再发布，将重新全量复制。")
            now = await self._connection.fetchval("select pg_current_wal_flush_lsn() - '0/0'::pg_lsn")
            async with self._connection.transaction(readonly=True):
                async for (message,) in self._connection.cursor(PEEK, self._name, AT_ONCE, self._name, prefetch=2000):
                    try:
                        decoder.feed(message)
                    except Unreadable:
                        readable = False
                    if len(touched.keys) > MOST_KEYS:
                        touched.keys.clear()
                        readable = False
        if not touched.changes and not touched.everything:
            await self.forget(_text(max(touched.position, int(now))))
            return None
        return Changes(
            keys=list(touched.keys),
            changes=touched.changes,
            position=_text(touched.position),
            at=touched.at,
            everything=touched.everything or not readable,
            seen=frozenset(touched.transactions),
        )

    async def forget(self, position: str) -> None:
        """See `Log.forget`."""
        with refusing(self._title):
            await self._connection.fetchval(
                "select pg_replication_slot_advance($1, $2::text::pg_lsn)", self._name, position
            )

    async def retained(self) -> int | None:
        """See `Log.retained`."""
        with refusing(self._title):
            found: int | None = await self._connection.fetchval(RETAINED, self._name)
        return found

    async def drop(self) -> None:
        """See `Log.drop`."""
        with refusing(self._title):
            await self._connection.execute(
                "select pg_drop_replication_slot(slot_name) from pg_catalog.pg_replication_slots"
                " where slot_name = $1 and not active",
                self._name,
            )
            with suppress(asyncpg.InsufficientPrivilegeError):
                await self._connection.execute(f"drop publication if exists {quoted(self._name)}")


@asynccontextmanager
async def open_log(access: Access, title: str, name: str, plan: Plan) -> AsyncIterator[Log]:
    """Open a session for one change log; the log outlives it."""
    connection = await connect_once(access, title, reading=False)
    try:
        with suppress(asyncpg.PostgresError):  # before version 14, and elsewhere than on Linux, there is no such look
            await connection.execute(LOOK)
        yield SlotLog(connection, title, name, plan)
    finally:
        connection.terminate()


async def capturing(access: Access, title: str) -> str:
    """See `Logging.capturing`."""
    try:
        connection = await connect_once(access, title, reading=True)
        try:
            with refusing(title):
                row = await connection.fetchrow(READY)
        finally:
            connection.terminate()
    except Refusal as refusal:
        return f"变更捕获暂不可用：{refusal.sentence}"
    lacking = [told for name, told in LACKING.items() if not row[name]]
    return f"变更捕获暂不可用：{lacking[0]}" if lacking else "可以捕获变更。"
