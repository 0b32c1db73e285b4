"""Connecting to a PostgreSQL source: address checked, TLS verified, sessions alike at both ends, refusals in Chinese."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import asyncpg

from jutong.dataplane.dirty import RowRefused
from jutong.dataplane.engines.addresses import resolve
from jutong.dataplane.engines.tls import tls_context
from jutong.dataplane.errors import Refusal, RuleBroken, Unavailable
from jutong.wire.bundle import Access

CONNECT_SECONDS = 8
SESSION = {
    "application_name": "jutong",
    "timezone": "<+08>-08",
    "datestyle": "ISO, YMD",
    "intervalstyle": "postgres",
    "extra_float_digits": "1",
    "bytea_output": "hex",
    "lc_monetary": "C",
    "idle_in_transaction_session_timeout": "0",
    "lock_timeout": "30s",
    "tcp_keepalives_idle": "60",
    "tcp_keepalives_interval": "15",
    "tcp_keepalives_count": "4",
}
"""Session settings that make a value's text the same at both ends.

Beijing time is a fixed offset here, not a zone's name: the summer times of 1986 to 1991 and two servers' different
editions of the zone tables would make one instant read two ways.
"""

READING = {"default_transaction_read_only": "on", "search_path": "pg_catalog"}
"""For sessions that only read: nothing can be written, and no function of the source stands in for the system's."""


def _keep_alive(connection: asyncpg.Connection[Any]) -> None:
    """Let the system notice a vanished host within two minutes, however long a copy is silent."""
    found: socket.socket = connection._transport.get_extra_info("socket")  # noqa: SLF001 - no public way to the socket
    if found.family != socket.AF_UNIX:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in (("TCP_KEEPIDLE", 60), ("TCP_KEEPINTVL", 15), ("TCP_KEEPCNT", 4)):
            if hasattr(socket, name):
                found.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


async def arguments(access: Access, *, reading: bool) -> dict[str, Any]:
    """Return asyncpg's connection arguments after checking the address; reading sessions keep to the owner's time-out."""
    port = access.port or 5432
    most = {"statement_timeout": f"{access.statement_seconds}s"} if reading and access.statement_seconds else {}
    return {
        "host": await resolve(access.host, port, access.database),
        "port": port,
        "database": access.database,
        "user": access.user,
        "password": access.password,
        "ssl": tls_context(access),
        "timeout": CONNECT_SECONDS,
        "server_settings": SESSION | (READING if reading else {}) | most,
    }


async def connect_once(access: Access, title: str, *, reading: bool) -> asyncpg.Connection[Any]:
    """Open one connection of its own, for a copy; its owner closes it."""
    with refusing(title):
        connection: asyncpg.Connection[Any] = await asyncpg.connect(**await arguments(access, reading=reading))
        _keep_alive(connection)
        return connection


_KNOWN: tuple[tuple[type[Exception] | tuple[type[Exception], ...], type[Refusal], str], ...] = (
    (asyncpg.InvalidPasswordError, Unavailable, "用户名或密码不正确，请更新数据源的账号"),
    (asyncpg.InvalidAuthorizationSpecificationError, Unavailable, "不接受该账号从本机登录，请检查账号与访问控制"),
    (asyncpg.InvalidCatalogNameError, Unavailable, "没有所填的数据库，请检查库名"),
    (asyncpg.TooManyConnectionsError, Unavailable, "连接数已满，请稍后重试"),
    (asyncpg.InsufficientPrivilegeError, Unavailable, "账号没有所需的读写权限，请由数据库管理员授权"),
    (
        (asyncpg.UndefinedTableError, asyncpg.InvalidSchemaNameError),
        RuleBroken,
        "没有所需的模式或表，请检查名称或先行建立",
    ),
    (asyncpg.UndefinedColumnError, RuleBroken, "没有所需的列，请检查资源挂接"),
    (asyncpg.UndefinedFunctionError, RuleBroken, "不支持对该列的类型进行所要求的比较，请调整筛选条件"),
    (asyncpg.ReadOnlySQLTransactionError, Unavailable, "只允许读取，请改用可写的数据源"),
    (asyncpg.DiskFullError, Unavailable, "磁盘空间不足，请清理后重试"),
    (asyncpg.LockNotAvailableError, Unavailable, "有其他事务占用目标表，请稍后重试"),
    (asyncpg.ObjectInUseError, Unavailable, "变更日志仍被前一次执行的会话占用，稍后自动重试"),
    (asyncpg.QueryCanceledError, Unavailable, "查询超过语句时限，请稍后重试、缩小范围，或由其所属部门放宽时限"),
    (asyncpg.StringDataRightTruncationError, RowRefused, "目标列的长度不够，请放宽列长后重试"),
    (asyncpg.NotNullViolationError, RowRefused, "目标列不允许为空，但来源有空值，请放宽约束或补全数据"),
    (asyncpg.CheckViolationError, RowRefused, "数据不满足目标表的约束，请核对约束与数据"),
    (asyncpg.CardinalityViolationError, RowRefused, "来源数据中主键重复，不能按主键更新，请清理重复记录"),
    (asyncpg.UniqueViolationError, RowRefused, "数据与目标表的唯一约束冲突，请改用替换或更新方式"),
    (asyncpg.InvalidColumnReferenceError, RuleBroken, "目标表在主键列上没有唯一约束，请先建立主键或改用其他写入方式"),
    (asyncpg.ForeignKeyViolationError, RowRefused, "数据不满足目标表的外键约束，请核对关联数据"),
    (asyncpg.IntegrityConstraintViolationError, RowRefused, "数据与目标表的约束冲突，请核对约束与数据"),
    (asyncpg.RaiseError, RowRefused, "目标表的触发器拒绝了数据，请核对数据"),
    (asyncpg.DataError, RowRefused, "值与列的类型不符或超出范围，请核对数据与列类型"),
    ((ssl.SSLError, ssl.CertificateError), Unavailable, "TLS 证书未通过校验，请更新证书或登记其 CA"),
    (TimeoutError, Unavailable, "连接超时，请检查网络与数据源状态"),
    (OSError, Unavailable, "无法连接，请检查地址、端口与网络"),
    (asyncpg.InterfaceError, Unavailable, "连接已中断，请稍后重试"),
    (asyncpg.PostgresConnectionError, Unavailable, "连接已中断，请稍后重试"),
    (asyncpg.PostgresError, Unavailable, "数据库返回错误，请联系数据库管理员"),
)


def refusal(error: Exception, title: str) -> Refusal:
    """Return the refusal for a driver's error; the server's own words stay out, they may quote data or passwords."""
    for kinds, outcome, sentence in _KNOWN:
        if isinstance(error, kinds):
            column = getattr(error, "column_name", None)
            state = getattr(error, "sqlstate", None)
            named = f"（列 {column}）" if column else f"（错误码 {state}）" if state else ""
            message = f"数据源“{title}”{sentence}{named}。"
            if outcome is RowRefused:
                constraint = getattr(error, "constraint_name", None)
                reason = sentence.partition("，请")[0] + (f" {constraint}" if constraint else "")
                return RowRefused(message, reason, column or "")
            return outcome(message)
    raise error


@contextmanager
def refusing(title: str) -> Iterator[None]:
    """Turn a driver's errors into refusals; anything unknown is a bug and goes on."""
    try:
        yield
    except Refusal:
        raise
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as error:
        raise refusal(error, title) from error
