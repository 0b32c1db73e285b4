"""A MariaDB source's own change log: its binlog, read as a replica would, of which nothing but a table's keys is kept.

The server holds nothing open for us: the mark in the target says how far a task has come, and whether the server still
has what came after it is asked at the beginning of each run. What it has thrown away, no one guesses.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from asyncmy import errors

from jutong.dataplane.engines.addresses import resolve
from jutong.dataplane.engines.base import Changes, Log
from jutong.dataplane.engines.mysql import catalogue
from jutong.dataplane.engines.mysql.binlog import Binlog, Touched, Unreadable
from jutong.dataplane.engines.mysql.connect import CONNECT_SECONDS, PORT, connected, fetch, refusing
from jutong.dataplane.engines.mysql.positions import Position, named
from jutong.dataplane.engines.mysql.sql import literal
from jutong.dataplane.engines.tls import tls_context
from jutong.dataplane.errors import Refusal, RuleBroken, Unavailable
from jutong.dataplane.policy import Plan
from jutong.wire.bundle import Access

SETTINGS = {
    "log_bin": ("1", "log_bin = ON"),
    "binlog_format": ("ROW", "binlog_format = ROW"),
    "binlog_row_image": ("FULL", "binlog_row_image = FULL"),
    "binlog_row_metadata": ("FULL", "binlog_row_metadata = FULL"),
    "log_bin_compress": ("OFF", "log_bin_compress = OFF"),
}
"""What the server must have set, and how its administrator writes it."""

KEYS = frozenset({"tinyint", "smallint", "mediumint", "int", "bigint", "char", "varchar", "date", "decimal"})
"""Types whose text in the log is the same as in the table."""

NOT_SO = "请改用快照比对、全量或增量读取。"

CASCADES = """
select count(*) from information_schema.referential_constraints where constraint_schema = {schema}
and table_name = {table} and (delete_rule in ('CASCADE', 'SET NULL') or update_rule in ('CASCADE', 'SET NULL'))
"""
KEPT = "show global variables where variable_name in ('expire_logs_days', 'binlog_expire_logs_seconds')"
FORBIDDEN, PURGED = 1227, 1236
NOWHERE = Position("", 0)
READ_SECONDS = 120
DAY_SECONDS = 86_400
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
        self._prepared: dict[str, Touched] = {}
        self._marked = NOWHERE
        self._read = NOWHERE
        self._until = NOWHERE  # the end of the log when it was last read to its end

    async def open(self) -> bool:
        """See `Log.open`; `Unavailable` names a setting or right that lacks, `RuleBroken` a table that cannot be told."""
        with refusing(self._title):
            self._schema = await catalogue.database_of(self._session, self._plan.schema)
            await self._check_server()
            await self._check_table()
            place = await self._end()
        await self._streamed(place, birth=True)  # so that a right that lacks is missed now
        return False

    async def check(self) -> str:
        """Ask for everything that a capture needs of the server, and return how long its log is kept, for people."""
        with refusing(self._title):
            await self._check_server()
            place = await self._end()
            found = dict(await fetch(self._session, KEPT))
        await self._streamed(place, birth=True)
        days = float(found.get("expire_logs_days") or 0)
        seconds = float(found.get("binlog_expire_logs_seconds") or days * DAY_SECONDS)
        if not seconds:
            return "binlog 不自动清理"
        return f"binlog 保留 {seconds / DAY_SECONDS:.3g} 天，任务停止更久则须重新全量复制"

    async def _check_server(self) -> None:
        """Refuse a server that does not write whole rows, naming each setting."""
        version: str = (await fetch(self._session, "select version()"))[0][0]
        if "mariadb" not in version.lower():
            message = f"数据源“{self._title}”不是 MariaDB：MySQL 不说明一致性快照对应 binlog 的哪一处，平台不能保证不漏变更，{NOT_SO}"
            raise RuleBroken(message)
        names = ", ".join(f"'{name}'" for name in SETTINGS)
        found = {name.lower(): value for name, value in await fetch(
            self._session, f"show global variables where variable_name in ({names})"
        )}  # fmt: skip
        found["log_bin"] = "1" if found.get("log_bin") in ("ON", "1") else "0"
        found.setdefault("log_bin_compress", "OFF")
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
        if not rows:
            message = (
                f"来源表 {self._plan.table} 已不存在（可能已改名或删除）或账号无权查看，变更捕获已停止，没有数据放行，"
                "请提供部门恢复该表，或修正资源挂接。"
            )
            raise RuleBroken(message)
        bases = {row[0]: row[2].lower() for row in rows}
        keys = {row[0] for row in rows if row[5] == "PRI"}
        self._bases = tuple(bases.get(name, "") for name in self._plan.unique)
        if keys != set(self._plan.unique) or not set(self._bases) <= KEYS:
            message = (
                f"来源表 {self._plan.table} 的主键与挂接的主键列不一致，或主键不是整数、定点数、日期、文本，"
                f"不能捕获变更，{NOT_SO}"
            )
            raise RuleBroken(message)
        question = CASCADES.format(schema=literal(self._schema), table=literal(self._plan.table))
        if (await fetch(self._session, question))[0][0]:
            message = f"来源表 {self._plan.table} 有级联外键，级联的变更不写入 binlog，不能捕获变更，{NOT_SO}"
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
            f"数据源“{self._title}”的 binlog 已被清理或重置，或已换成另一台服务器（主从切换），期间的变更和删除无从得知。"
            "请确认后删除（或改名）目标表，再次运行时将重新全量复制，并请延长 expire_logs_days。"
        )
        return RuleBroken(message)

    async def named(self, position: str) -> str:
        """See `Log.named`."""
        place = Position.of(position)
        born = (await self._streamed(place, birth=True)).born
        with refusing(self._title):
            return await named(self._session, place, born)

    async def resume(self, position: str) -> None:
        """See `Log.resume`: the file must be there and be the same one, and hold at that byte what it held then."""
        place = Position.of(position)
        with refusing(self._title):
            files = {row[0] for row in await fetch(self._session, "show binary logs")}
            if place.file not in files or place > await self._end():
                raise self._gone()
        found = await self.named(position)
        if position not in (found, found.partition("@")[0]):  # what 0.1 wrote down names no time
            raise self._gone()
        self._marked = self._read = place

    async def _streamed(self, since: Position, *, birth: bool = False) -> Binlog:
        """Read the log from a place to its end, or to enough, beside the event loop."""
        binlog = Binlog(self._schema, self._plan.table, self._plan.unique, since, self._prepared)
        try:
            code = await asyncio.to_thread(binlog.read, await self._settings(), self._server, birth=birth)
        except Unreadable as error:
            message = f"数据源“{self._title}”的 binlog 有无法识别的内容（可能是平台不支持的列类型），{NOT_SO}"
            raise RuleBroken(message) from error
        if code == FORBIDDEN:
            raise self._forbidden()
        if code == PURGED:
            raise self._gone()
        if code:
            raise Unavailable(f"数据源“{self._title}”的 binlog 读取中断，稍后自动重试（错误码 {code}）。")
        return binlog

    async def read(self) -> Changes | None:
        """See `Log.read`; refuses like `open` where the table was defined anew and its changes can no longer be told."""
        with refusing(self._title):
            end = await self._end()
        if end == self._until:
            return None
        binlog = await self._streamed(self._read)
        self._read, self._until = binlog.place, end if binlog.ended else NOWHERE
        idle = self._read.file != self._marked.file or self._read.byte - self._marked.byte > IDLE_BYTES
        if not binlog.changes and not binlog.everything and not idle:
            return None
        with refusing(self._title):
            if binlog.everything:
                await self._check_table()
            mark = await named(self._session, binlog.place, binlog.born)
        return Changes(list(binlog.keys), binlog.changes, mark, binlog.at, everything=binlog.everything)

    async def forget(self, position: str) -> None:
        """See `Log.forget`: the server was never asked to keep anything."""
        self._marked = Position.of(position)

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


async def capturing(access: Access, title: str) -> str:
    """See `Logging.capturing`; asked under a name of its own, since a server lets go of a reader whose number comes again."""
    try:
        async with connected(access, title, reading=True) as session:
            kept = await BinlogLog(access, session, title, secrets.token_hex(8), Plan("", "", ())).check()
    except Refusal as refusal:
        return f"变更捕获暂不可用：{refusal.sentence}"
    return f"可以捕获变更（{kept}）。"
