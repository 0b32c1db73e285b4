"""SQLite files as a source and a target of data: below folders that the administrator has named, and nowhere else.

A column there holds whatever was put into it; its declared type says how it is read. Fixed numbers are kept as text
(`DECIMAL_TEXT`), because SQLite would turn them into binary floats.
"""

from __future__ import annotations

import math
import re
import sqlite3
from typing import Any
from urllib.parse import quote

from jutong.dataplane.dirty import RowRefused
from jutong.dataplane.engines.addresses import check_file
from jutong.dataplane.engines.dbapi import DatabaseApi
from jutong.dataplane.engines.dbapi.dialect import Dialect
from jutong.dataplane.engines.dbapi.texts import python
from jutong.dataplane.engines.types import TEXT, Type
from jutong.dataplane.errors import Refusal, RuleBroken, Unavailable
from jutong.dataplane.settings import Settings
from jutong.wire.bundle import Access
from jutong.wire.grants import Kind

BUSY_SECONDS = 30
STORED = (Kind.INTEGER, Kind.BOOLEAN, Kind.BINARY)
"""Kinds that SQLite has a type of its own for."""

TABLES = """
select '', name, '', 0 from sqlite_master
where type in ('table', 'view') and name not like 'sqlite~_%' escape '~' order by name limit 5000
"""
COLUMNS = """
select name, lower(type), lower(type), not "notnull" and pk = 0, '', pk > 0 from pragma_table_info(?2)
where ?1 is not null and ?2 not like 'sqlite~_%' escape '~' order by cid
"""
UNIQUE = """
select group_concat(i.name, char(10)) from pragma_index_list(?2) l join pragma_index_info(l.name) i
where ?1 is not null and l."unique" and not l.partial group by l.name
union all select group_concat(name, char(10)) from pragma_table_info(?2) where pk > 0
"""
_NUMBERS = re.compile(r"\(([0-9]+)(?:,\s*([0-9]+))?\)")
_KNOWN: tuple[tuple[str, type[Refusal], str], ...] = (
    ("unable to open", Unavailable, "无法打开数据库文件，请检查路径与读写权限"),
    ("not a database", Unavailable, "所填的文件不是 SQLite 数据库，请检查路径"),
    ("locked", Unavailable, "正被其他程序写入，请稍后重试"),
    ("readonly", Unavailable, "只允许读取，请检查文件权限"),
    ("full", Unavailable, "磁盘空间不足，请清理后重试"),
    ("unique", RowRefused, "数据与目标表的唯一约束冲突，请改用替换或更新方式"),
    ("not null", RowRefused, "目标列不允许为空，但来源有空值，请放宽约束或补全数据"),
    ("foreign key", RowRefused, "数据不满足目标表的外键约束，请核对关联数据"),
    ("check constraint", RowRefused, "数据不满足目标表的约束，请核对约束与数据"),
    ("no such table", RuleBroken, "没有所需的表，请检查名称或先行建立"),
)

_REASONS = {
    "unique": "唯一键与其他行重复",
    "not null": "目标列不允许为空",
    "foreign key": "不满足目标表的外键约束",
    "check constraint": "不满足目标表的约束",
}


def neutral(full: str, base: str) -> Type:  # noqa: ARG001 - SQLite has declared types only
    """Return what a declared type says; a column without one is read as text."""
    found = _NUMBERS.search(full)
    first, second = (int(found[1]), int(found[2] or 0)) if found else (0, 0)
    word = full.partition("(")[0].strip()
    if "decimal" in word or "numeric" in word:
        return Type(Kind.NUMBER, precision=first, scale=second)
    if "bool" in word:
        return Type(Kind.BOOLEAN)
    if "timestamp" in word or "datetime" in word:
        return Type(Kind.TIMESTAMP, zoned=word.endswith("tz") or "with time zone" in full)
    if "int" in word:
        return Type(Kind.INTEGER, bits=64)
    if any(part in word for part in ("real", "floa", "doub")):
        return Type(Kind.NUMBER, bits=64)
    simple = {"date": Type(Kind.DATE), "blob": Type(Kind.BINARY)}
    return simple.get(word) or (Type(Kind.TEXT, length=first) if "char" in word else TEXT)


def native(name: str, wanted: Type, key: bool) -> str:  # noqa: ARG001 - one shape for all dialects
    """Return the declared type of a new column."""
    if wanted.kind is Kind.NUMBER and not wanted.floating:
        return f"decimal_text({wanted.precision},{wanted.scale})" if wanted.precision else "decimal_text"
    if wanted.kind is Kind.TEXT:
        return f"varchar({wanted.length})" if wanted.length else "text"
    if wanted.kind is Kind.TIMESTAMP:
        return "timestamptz" if wanted.zoned else "timestamp"
    words = {Kind.INTEGER: "integer", Kind.NUMBER: "double", Kind.DATE: "date", Kind.BOOLEAN: "boolean"}
    return words.get(wanted.kind, "blob")


def bound(text: str | None, wanted: Type) -> Any:
    """Return what is stored for a canonical text: dates, times and fixed numbers stay texts, of any size."""
    if text is None:
        return None
    if wanted.floating and math.isnan(float(text)):
        raise ValueError(text)  # SQLite would make it a missing value
    return python(text, wanted) if wanted.floating or wanted.kind in STORED else text


def compared(column: str, place: str, wanted: Type) -> str:
    """Return a key column and a value as they are compared: by number, by day, by second, else as they are."""
    if wanted.kind is Kind.NUMBER:
        return f"cast({column} as numeric) = cast({place} as numeric)"
    if wanted.kind is Kind.DATE:
        return f"substr({column}, 1, 10) = {place}"
    if wanted.zoned:
        return f"{place} is not null"
    return (
        f"substr(replace({column}, 'T', ' '), 1, 19) = substr({place}, 1, 19)"
        if wanted.kind is Kind.TIMESTAMP
        else (f"{column} = {place}")
    )


def _connect(access: Access, _host: str, reading: bool) -> sqlite3.Connection:
    """Open the file, which must be there; a reader cannot write whatever it is told."""
    mode = "ro" if reading else "rw"
    connection = sqlite3.connect(
        f"file:{quote(access.database)}?mode={mode}",
        uri=True,
        timeout=BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
    )
    connection.execute("pragma query_only = on" if reading else "pragma foreign_keys = on")
    connection.execute("pragma trusted_schema = off")
    connection.execute("select count(*) from sqlite_master")
    if not reading:
        connection.execute("pragma journal_mode = wal")
    return connection


def refusal(error: Exception, title: str) -> Refusal:
    """Return the refusal for an error; SQLite's own words stay out."""
    told = str(error).lower()
    for word, outcome, sentence in _KNOWN:
        if word in told:
            column = re.search(r"failed: \w+\.(\w+)", str(error))
            message = f"数据源“{title}”{sentence}{f'（列 {column[1]}）' if column else ''}。"
            if outcome is RowRefused:
                return RowRefused(message, _REASONS[word], column[1] if column else "")
            return outcome(message)
    return Unavailable(f"数据源“{title}”数据库返回错误，请联系数据库管理员。")


DIALECT = Dialect(
    name="sqlite",
    title="SQLite",
    port=0,
    connect=_connect,
    errors=lambda: (sqlite3.Error,),
    refusal=refusal,
    version="select sqlite_version()",
    tables=TABLES,
    columns=COLUMNS,
    unique=UNIQUE,
    neutral=neutral,
    native=native,
    begin=("begin",),
    start=("begin immediate",),
    compared=compared,
    bound=bound,
    network=False,
)


async def connect(access: Access, title: str) -> DatabaseApi:
    """Return the engine for a file (`access.database`); `RuleBroken` when it may not be opened."""
    if re.search(r"[\x00-\x1f]", access.database):
        raise RuleBroken("数据库文件路径含有控制字符，请重新填写。")
    check_file(access.database, Settings().source_addresses)
    return DatabaseApi(access, title, DIALECT)
