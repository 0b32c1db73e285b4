"""Connecting to MySQL or MariaDB: address checked, TLS verified, sessions alike and harmless, refusals in Chinese."""

from __future__ import annotations

import logging
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any

from asyncmy import errors
from asyncmy.connection import Connection
from asyncmy.constants.CLIENT import LOCAL_FILES

from jutong.dataplane.dirty import RowRefused
from jutong.dataplane.engines.addresses import resolve
from jutong.dataplane.engines.base import shortest
from jutong.dataplane.engines.tls import tls_context
from jutong.dataplane.errors import Refusal, RuleBroken, Unavailable
from jutong.wire.bundle import Access

logging.getLogger("asyncmy").disabled = True  # it would log the server's warnings, and those quote data

PORT = 3306
CONNECT_SECONDS = 8
SESSION = "set names utf8mb4, time_zone = '+08:00', lock_wait_timeout = 30, innodb_lock_wait_timeout = 30"
READING = ("set session transaction read only", "set sql_mode = 'NO_ENGINE_SUBSTITUTION', net_write_timeout = 3600")
"""For sessions that only read: the server refuses every write, and waits for a slow target."""

STRICT = "STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION,NO_ZERO_DATE,NO_ZERO_IN_DATE"
WRITING = (f"set sql_mode = '{STRICT}', net_read_timeout = 3600",)
TOO_LONG, UNKNOWN_VARIABLE = (1969, 3024), 1193

_KNOWN: tuple[tuple[tuple[int, ...], type[Refusal], str], ...] = (
    ((1045, 1251, 1524, 1698), Unavailable, "用户名或密码不正确，请更新数据源的账号"),
    ((1049,), Unavailable, "没有所填的数据库，请检查库名"),
    ((1040, 1203, 1226), Unavailable, "连接数已满，请稍后重试"),
    ((1044, 1142, 1143, 1227, 1370), Unavailable, "账号没有所需的读写权限，请由数据库管理员授权"),
    ((1146, 1051), RuleBroken, "没有所需的模式或表，请检查名称或先行建立"),
    ((1054,), RuleBroken, "没有所需的列，请检查资源挂接"),
    ((1290, 1792, 1836), Unavailable, "只允许读取，请改用可写的数据源"),
    ((1021, 1114), Unavailable, "磁盘空间不足，请清理后重试"),
    ((1412,), Unavailable, "的表结构刚刚被修改，请稍后重试"),
    ((1205, 1213, 3572), Unavailable, "有其他事务占用目标表，请稍后重试"),
    ((*TOO_LONG, 1317), Unavailable, "查询超过语句时限，请稍后重试、缩小范围，或由其所属部门放宽时限"),
    ((1406,), RowRefused, "目标列的长度不够，请放宽列长后重试"),
    ((1048, 1263, 1364), RowRefused, "目标列不允许为空，但来源有空值，请放宽约束或补全数据"),
    ((3819, 4025), RowRefused, "数据不满足目标表的约束，请核对约束与数据"),
    ((1062, 1586), RowRefused, "数据与目标表的唯一约束冲突，请改用替换或更新方式"),
    ((1216, 1452), RowRefused, "数据不满足目标表的外键约束，请核对关联数据"),
    ((1217, 1451), RowRefused, "其他表的外键仍引用要替换或删除的行，请先处理引用"),
    ((1644,), RowRefused, "目标表的触发器拒绝了数据，请核对数据"),
    ((1071, 1074, 1118), RuleBroken, "目标表的列或主键过长，请先行建表"),
    ((1264, 1265, 1292, 1366, 1367, 1411, 1690), RowRefused, "值与列的类型不符或超出范围，请核对数据与列类型"),
    ((2003, 2002), Unavailable, "无法连接，请检查地址、端口与网络"),
    ((2006, 2013, 2014), Unavailable, "连接已中断，请稍后重试"),
)


def refused(code: int, title: str, place: str = "") -> Refusal:
    """Return the refusal for a server's error number; its own words stay out, they may quote data or passwords."""
    for codes, outcome, sentence in _KNOWN:
        if code in codes:
            message = f"数据源“{title}”{sentence}（{place or f'错误码 {code}'}）。"
            return RowRefused(message, sentence.partition("，请")[0]) if outcome is RowRefused else outcome(message)
    return Unavailable(f"数据源“{title}”数据库返回错误，请联系数据库管理员（错误码 {code}）。")


@contextmanager
def refusing(title: str) -> Iterator[None]:
    """Turn a driver's errors into refusals; anything unknown is a bug and goes on."""
    try:
        yield
    except (ssl.SSLError, ssl.CertificateError) as error:
        raise Unavailable(f"数据源“{title}”TLS 证书未通过校验，请更新证书或登记其 CA。") from error
    except errors.MySQLError as error:
        if isinstance(error.__cause__, ssl.SSLError):
            raise Unavailable(f"数据源“{title}”TLS 证书未通过校验，请更新证书或登记其 CA。") from error
        code = error.args[0] if error.args and isinstance(error.args[0], int) else 2013
        raise refused(code or 2013, title) from error
    except TimeoutError as error:
        raise Unavailable(f"数据源“{title}”连接超时，请检查网络与数据源状态。") from error
    except OSError as error:
        raise Unavailable(f"数据源“{title}”无法连接，请检查地址、端口与网络。") from error


async def fetch(connection: Any, statement: str) -> list[tuple[Any, ...]]:
    """Run one statement and return its rows; texts come as str, since `plain` answers only are asked this way."""
    cursor = connection.cursor()
    await cursor.execute(statement)
    found = await cursor.fetchall()
    return [tuple(value.decode() if isinstance(value, bytes) else value for value in row) for row in found or ()]


@contextmanager
def held(connection: Any) -> Iterator[None]:
    """Take nothing from the server meanwhile: the driver would keep in memory whatever comes, however much that is."""
    connection._transport.pause_reading()  # noqa: SLF001 - the driver has no word for it
    try:
        yield
    finally:
        if connection._transport:  # noqa: SLF001 - it may have been closed
            connection._transport.resume_reading()  # noqa: SLF001


async def _limited(connection: Any, seconds: int) -> None:
    """Let no statement of this session run longer: MariaDB counts seconds, MySQL milliseconds of a SELECT."""
    try:
        await fetch(connection, f"set max_statement_time = {seconds}")
    except errors.MySQLError as error:
        if error.args[0] != UNKNOWN_VARIABLE:
            raise
        with suppress(errors.MySQLError):
            await fetch(connection, f"set max_execution_time = {seconds * 1000}")


async def connect_once(access: Access, title: str, *, reading: bool, seconds: int = 0) -> Any:
    """Open one connection; its owner closes it. seconds: the longest statement, 0 for copies, which keep to the owner's time-out alone.

    A file is never opened for the server's asking: `local_infile` stays off, and a load streams what its caller hands
    over (see `landing`).
    """
    port = access.port or PORT
    host = await resolve(access.host, port, access.database)
    socket = host.startswith("/")
    with refusing(title):
        connection = Connection(  # type: ignore[no-untyped-call]
            host="localhost" if socket else host,
            unix_socket=host if socket else None,
            port=port,
            user=access.user,
            password=access.password.encode(),
            database=access.database or None,
            ssl=tls_context(access) or None,
            connect_timeout=CONNECT_SECONDS,
            client_flag=0 if reading else LOCAL_FILES,
            use_unicode=False,
            autocommit=True,
            program_name="jutong",
        )
        await connection.connect()
        try:
            for statement in (SESSION, *(READING if reading else WRITING)):
                await fetch(connection, statement)
            if reading and (most := shortest(seconds, access)):
                await _limited(connection, most)
        except BaseException:
            connection.close()
            raise
        return connection


@asynccontextmanager
async def connected(access: Access, title: str, *, reading: bool, seconds: int = 0) -> AsyncIterator[Any]:
    """Lend one connection of its own; errors of the driver become refusals."""
    connection = await connect_once(access, title, reading=reading, seconds=seconds)
    try:
        with refusing(title):
            yield connection
    finally:
        connection.close()
