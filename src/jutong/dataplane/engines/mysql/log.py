"""A MariaDB source's own change log: its binlog, read as a replica would, of which nothing but a table's keys is kept.

The server holds nothing open for us: the mark in the target says how far a task has come, and whether the server still
has what came after it is asked at the beginning of each run. What it has thrown away, no one guesses.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from asyncmy import errors

from jutong.dataplane.engines.addresses import resolve
from jutong.dataplane.engines.base import Changes, Log
from jutong.dataplane.engines.mysql import catalogue
from jutong.dataplane.engines.mysql.binlog import Binlog, Unreadable
from jutong.dataplane.engines.mysql.connect import CONNECT_SECONDS, PORT, connected, fetch, refusing
from jutong.dataplane.engines.mysql.positions import Position, named
from jutong.dataplane.engines.mysql.sql import literal
from jutong.dataplane.engines.tls import tls_context
from jutong.dataplane.errors import RuleBroken, Unavailable
from jutong.dataplane.policy import Plan
from jutong.wire.bundle import Access

SETTINGS = {
    "log_bin": ("1", "log_bin = ON"),
    "binlog_format": ("ROW", "binlog_format = ROW"),
    "binlog_row_image": ("FULL", "binlog_row_image = FULL"),
    "binlog_row_metadata": ("FULL", "binlog_row_metadata = FULL"),
}
"""What the server must have set, and how its administrator writes it."""

KEYS = frozenset({"tinyint", "smallint", "mediumint", "int", "bigint", "char", "varchar", "date", "decimal"})
"""Types whose text in the log is the same as in the table."""

CASCADES = """
select count(*) from information_schema.referential_constraints where constraint_schema = {schema}
and table_name = {table} and (delete_rule in ('CASCADE', 'SET NULL') or update_rule in ('CASCADE', 'SET NULL'))
"""
FORBIDDEN, PURGED = 1227, 1236
READ_SECONDS = 120
IDLE_BYTES = 1 << 22
"""So far the log may go on without a change of ours before the mark moves with it: else it would be thrown away behind us."""


class BinlogLog:
    """The binlog over one session that asks and one replica's stream per reading; see `Log`."""

    def __init__(self, access: Access, session: Any, title: str, name: str, plan: Plan) -> None:
        self._access = access
        self._session = session
        self._title = title
        self._plan = plan
        self._server = (1 << 31) + int.from_bytes(hashlib.sha256(name.encode()).digest()[:3], "big")
        self._schema = plan.schema
        self._bases: tuple[str, ...] = ()
        self._marked = Position("", 0)
        self._read = Position("", 0)

    async def open(self) -> bool:
        """See `Log.open`; `Unavailable` names a setting or right that lacks, `RuleBroken` a table that cannot be told."""
        with refusing(self._title):
            self._schema = await catalogue.database_of(self._session, self._plan.schema)
            await self._check_server()
            await self._check_table()
            place = await self._end()
        await self._streamed(place)  # so that a right that lacks is missed now
        return False

    async def _check_server(self) -> None:
        """Refuse a server that does not write whole rows, naming each setting."""
        version: str = (await fetch(self._session, "select version()"))[0][0]
        if "mariadb" not in version.lower():
            raise RuleBroken(f"数据源“{self._title}”不是 MariaDB，不能读取其 binlog，请改用全量或增量读取。")
        names = ", ".join(f"'{name}'" for name in SETTINGS)
        found = {name.lower(): value for name, value in await fetch(
            self._session, f"show global variables where variable_name in ({names})"
        )}  # fmt: skip
        found["log_bin"] = "1" if found.get("log_bin") in ("ON", "1") else "0"
        lacking = [told for name, (wanted, told) in SETTINGS.items() if found.get(name) != wanted]
        if lacking:
            settings = "、".join(lacking)
            message = (
                f"数据源“{self._title}”的 binlog 不能用于变更捕获，请由数据库管理员设置 {settings} 并重新连接业务应用。"
            )
            raise Unavailable(message)

    async def _check_table(self) -> None:
        """Refuse a table whose key the log would not tell, or not as the table has it."""
        rows = await catalogue.columns_of(self._session, self._schema, self._plan.table)
        bases = {row[0]: row[2].lower() for row in rows}
        keys = {row[0] for row in rows if row[5] == "PRI"}
        self._bases = tuple(bases.get(name, "") for name in self._plan.unique)
        if keys != set(self._plan.unique) or not set(self._bases) <= KEYS:
            message = (
                f"来源表 {self._plan.table} 的主键与挂接的主键列不一致，或主键不是整数、定点数、日期、文本，"
                "不能捕获变更，请改用全量或增量读取。"
            )
            raise RuleBroken(message)
        question = CASCADES.format(schema=literal(self._schema), table=literal(self._plan.table))
        if (await fetch(self._session, question))[0][0]:
            message = (
                f"来源表 {self._plan.table} 有级联外键，级联的变更不写入 binlog，不能捕获变更，请改用全量或增量读取。"
            )
            raise RuleBroken(message)

    async def _end(self) -> Position:
        """Return where the log ends now."""
        try:
            rows = await fetch(self._session, "show master status")
        except errors.MySQLError as error:
            if error.args[0] == FORBIDDEN:
                raise self._forbidden() from error
            raise
        if not rows:
            raise Unavailable(f"数据源“{self._title}”没有开启 binlog，请由数据库管理员设置 log_bin = ON 并重启。")
        return Position(rows[0][0], int(rows[0][1]))

    def _forbidden(self) -> Unavailable:
        grant = f"GRANT REPLICATION SLAVE, BINLOG MONITOR ON *.* TO {self._access.user}"
        return Unavailable(f"数据源“{self._title}”的账号没有读取 binlog 的权限，请由数据库管理员执行：{grant}。")

    def _gone(self) -> RuleBroken:
        message = (
            f"数据源“{self._title}”的 binlog 已被清理或重置，期间的变更和删除无从得知。"
            "请确认后删除（或改名）目标表，再次运行时将重新全量复制，并请延长 expire_logs_days。"
        )
        return RuleBroken(message)

    async def resume(self, position: str) -> None:
        """See `Log.resume`: the file must be there, and have reached at that byte what it had reached then."""
        place = Position.of(position)
        with refusing(self._title):
            files = {row[0] for row in await fetch(self._session, "show binary logs")}
            there = place.file in files and place <= await self._end()
            if not there or await named(self._session, place) != position:
                raise self._gone()
        self._marked = self._read = place

    async def _streamed(self, since: Position) -> Binlog:
        """Read the log from a place to its end, or to enough, beside the event loop."""
        binlog = Binlog(self._schema, self._plan.table, self._plan.unique, since)
        code = await asyncio.to_thread(binlog.read, await self._settings(), self._server)
        if code == FORBIDDEN:
            raise self._forbidden()
        if code == PURGED:
            raise self._gone()
        if code:
            raise Unavailable(f"数据源“{self._title}”的 binlog 读取中断，稍后自动重试（错误码 {code}）。")
        return binlog

    async def read(self) -> Changes | None:
        """See `Log.read`."""
        with refusing(self._title):
            if await self._end() == self._read:
                return None
        try:
            binlog = await self._streamed(self._read)
        except Unreadable as error:
            raise Unavailable(f"数据源“{self._title}”的 binlog 有无法识别的内容，请联系平台运维人员。") from error
        self._read = binlog.place
        idle = self._read.file != self._marked.file or self._read.byte - self._marked.byte > IDLE_BYTES
        if not binlog.changes and not binlog.everything and not idle:
            return None
        with refusing(self._title):
            mark = await named(self._session, binlog.place)
        return Changes(list(binlog.keys), binlog.changes, mark, binlog.at, everything=binlog.everything)

    async def forget(self, position: str) -> None:
        """See `Log.forget`: the server was never asked to keep anything."""
        self._marked = self._read = Position.of(position)

    async def retained(self) -> int | None:
        """See `Log.retained`: nothing is held back for us, however far we are behind."""
        return 0

    async def drop(self) -> None:
        """See `Log.drop`: there is nothing to let go of."""

    async def _settings(self) -> dict[str, Any]:
        """Return how the stream connects: to the address that was checked, with the session's own TLS."""
        port = self._access.port or PORT
        host = await resolve(self._access.host, port, self._access.database)
        place = {"unix_socket": host} if host.startswith("/") else {"host": host, "port": port}
        context = tls_context(self._access)
        return place | {
            "user": self._access.user,
            "password": self._access.password,
            "ssl": context or None,
            "ssl_disabled": not context,
            "connect_timeout": CONNECT_SECONDS,
            "read_timeout": READ_SECONDS,
            "charset": "utf8mb4",
        }


@asynccontextmanager
async def open_log(access: Access, title: str, name: str, plan: Plan) -> AsyncIterator[Log]:
    """Open a session for one change log."""
    async with connected(access, title, reading=True) as session:
        yield BinlogLog(access, session, title, name, plan)
