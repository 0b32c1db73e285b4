"""Databases whose drivers are optional: 达梦, KingbaseES, openGauss, Oracle, SQL Server.

None of them was tried against a real server: their statements and type tables are tested as text, the code around them
is the one that SQLite passes the engines' suite with. A driver is imported when a source of its kind is first opened.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable
from typing import Any

from jutong.dataplane.engines.addresses import resolve
from jutong.dataplane.engines.dbapi import DatabaseApi
from jutong.dataplane.engines.dbapi.dialect import Dialect
from jutong.dataplane.engines.types import TEXT, Type
from jutong.dataplane.engines.violations import row_refused
from jutong.dataplane.errors import Refusal, RuleBroken, Unavailable
from jutong.wire.bundle import Access
from jutong.wire.grants import Kind

_NUMBERS = re.compile(r"\(([0-9]+)(?:,\s*(-?[0-9]+))?\)")
_INTEGERS = {"tinyint": 16, "smallint": 16, "int": 32, "integer": 32, "bigint": 64}
_FLOATS = frozenset({"real", "float", "double", "double precision", "binary_float", "binary_double"})
_BINARIES = frozenset({"bytea", "blob", "raw", "binary", "varbinary", "image", "longvarbinary"})
_CHARACTERS = frozenset(
    {"char", "character", "varchar", "varchar2", "nchar", "nvarchar", "nvarchar2", "character varying", "bpchar"}
)
SCHEMA_COLUMNS = """
select c.column_name,
       lower(c.data_type) || case when c.numeric_precision is not null and lower(c.data_type) in ('numeric', 'decimal')
           then '(' || c.numeric_precision || ',' || coalesce(c.numeric_scale, 0) || ')'
           when c.character_maximum_length > 0 then '(' || c.character_maximum_length || ')' else '' end,
       lower(c.data_type), case when c.is_nullable = 'YES' then 1 else 0 end, '',
       (select count(*) from information_schema.table_constraints k join information_schema.key_column_usage u
            on u.constraint_name = k.constraint_name and u.table_schema = k.table_schema and u.table_name = k.table_name
        where k.constraint_type = 'PRIMARY KEY' and k.table_schema = c.table_schema and k.table_name = c.table_name
          and u.column_name = c.column_name)
from information_schema.columns c where c.table_schema = %s and c.table_name = %s order by c.ordinal_position
"""
SCHEMA_TABLES = """
select table_schema, table_name, '', 0 from information_schema.tables
where table_schema not in ('information_schema', 'sys', 'pg_catalog', 'sys_catalog') order by 1, 2
"""
ORACLE_COLUMNS = """
select c.column_name,
       lower(c.data_type) || case when c.data_type = 'NUMBER' and c.data_precision is not null
           then '(' || c.data_precision || ',' || nvl(c.data_scale, 0) || ')'
           when c.char_length > 0 then '(' || c.char_length || ')' else '' end,
       lower(regexp_replace(c.data_type, '\\([0-9]+\\)', '')), case when c.nullable = 'Y' then 1 else 0 end,
       (select m.comments from all_col_comments m where m.owner = c.owner and m.table_name = c.table_name
            and m.column_name = c.column_name),
       (select count(*) from all_constraints k join all_cons_columns u
            on u.owner = k.owner and u.constraint_name = k.constraint_name
        where k.constraint_type = 'P' and k.owner = c.owner and k.table_name = c.table_name
          and u.column_name = c.column_name)
from all_tab_columns c where c.owner = :1 and c.table_name = :2 order by c.column_id
"""
ORACLE_TABLES = """
select t.owner, t.table_name, m.comments, t.num_rows from all_tables t
left join all_tab_comments m on m.owner = t.owner and m.table_name = t.table_name
where t.owner not in ('SYS', 'SYSTEM', 'XDB', 'MDSYS', 'CTXSYS', 'SYSAUDITOR', 'SYSSSO')
union all select v.owner, v.view_name, null, 0 from all_views v
where v.owner not in ('SYS', 'SYSTEM', 'XDB', 'MDSYS', 'CTXSYS', 'SYSAUDITOR', 'SYSSSO') order by 1, 2
"""


def neutral(full: str, base: str) -> Type:
    """Return what a native type of any of them can hold, by its name; what has no kind of its own travels as text."""
    found = _NUMBERS.search(full)
    first, second = (int(found[1]), int(found[2] or 0)) if found else (0, 0)
    word = base.partition("(")[0].strip()
    if word in _INTEGERS:
        return Type(Kind.INTEGER, bits=_INTEGERS[word])
    if word in ("numeric", "decimal", "dec", "number"):
        return Type(Kind.NUMBER, precision=first + max(0, -second) if first else 0, scale=max(0, second))
    if word in _FLOATS:
        return Type(Kind.NUMBER, bits=64)
    if word in _BINARIES:
        return Type(Kind.BINARY, length=first)
    if word.startswith(("timestamp", "datetime", "smalldatetime")):
        zoned = "with time zone" in full or word in ("timestamptz", "datetimeoffset")
        return Type(Kind.TIMESTAMP, zoned=zoned and "without" not in full)
    simple = {"date": Type(Kind.DATE), "boolean": Type(Kind.BOOLEAN), "bit": Type(Kind.BOOLEAN)}
    return simple.get(word) or (Type(Kind.TEXT, length=first) if word in _CHARACTERS else TEXT)


def oracle_neutral(full: str, base: str) -> Type:
    """Return what Oracle's types can hold: its DATE has a time, its DATEs therefore are times."""
    return Type(Kind.TIMESTAMP) if base == "date" else neutral(full, base)


def _made(words: dict[Kind, str], texts: tuple[str, str, int], digits: int) -> Callable[[str, Type, bool], str]:
    """Return the type table for new columns. texts: short and long text and where the short one ends."""

    def native(name: str, wanted: Type, key: bool) -> str:
        if wanted.kind is Kind.NUMBER and not wanted.floating:
            if not 0 < wanted.precision <= digits:
                message = (
                    f"来源列 {name} 的数值精度为 {wanted.precision or '未声明'}，目标数据库最多 {digits} 位，平台不作舍入，"
                    "请先在目标库建表并将该列定为文本类型，或由来源声明精度。"
                )
                raise RuleBroken(message)
            return f"{words[Kind.NUMBER]}({wanted.precision},{wanted.scale})"
        if wanted.floating:
            return words.get(Kind.TEXT, "double precision")  # the word of a float stands where text needs none
        if wanted.kind is Kind.TEXT:
            short, long, most = texts
            return f"{short}({wanted.length or 255})" if key or 0 < wanted.length <= most else long
        if wanted.kind is Kind.TIMESTAMP and wanted.zoned:
            return "datetimeoffset(6)" if "datetime2" in words[Kind.TIMESTAMP] else "timestamp(6) with time zone"
        return words[wanted.kind]

    return native


def refusal(error: Exception, title: str) -> Refusal:
    """Return the refusal for a driver's error; the server's own words stay out, they may quote data or passwords."""
    if found := row_refused(error, title):
        return found
    kind = type(error).__name__
    code = re.search(r"[A-Z]{2,5}-[0-9]{3,6}|\b[0-9]{4,5}\b", str(error))
    return Unavailable(f"数据源“{title}”无法连接或返回错误，请联系数据库管理员（{code[0] if code else kind}）。")


def driver(module: str, extra: str) -> Any:
    """Import an optional driver, or say in words what to install."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        message = (
            f"本节点没有安装该类数据库的驱动 {module}，请由系统管理员执行 pip install 'jutong[{extra}]' 后重启数据面。"
        )
        raise Unavailable(message) from error


def _errors(module: str) -> Callable[[], tuple[type[Exception], ...]]:
    def found() -> tuple[type[Exception], ...]:
        try:
            return (importlib.import_module(module).Error,)
        except ImportError:
            return ()

    return found


def _plain(access: Access, allowed: tuple[str, ...]) -> None:
    """Refuse a protection that a driver cannot give, rather than give less than was asked for."""
    if access.tls not in allowed:
        raise RuleBroken("该类数据库的驱动不支持所选的传输保护，请改选其他方式，并确保线路本身受保护。")


def _dameng(access: Access, host: str, _reading: bool) -> Any:
    _plain(access, ("disable",))
    return driver("dmPython", "dameng").connect(
        user=access.user, password=access.password, server=host, port=access.port or 5236, autoCommit=False
    )


def _libpq(module: str, extra: str, port: int) -> Callable[[Access, str, bool], Any]:
    """Return how a relative of psycopg2 connects: by the resolved address, its certificate by the name."""

    def connect(access: Access, host: str, reading: bool) -> Any:
        most = f" -c statement_timeout={access.statement_seconds}s" if reading and access.statement_seconds else ""
        return driver(module, extra).connect(
            host=access.host,
            hostaddr=host,
            port=access.port or port,
            dbname=access.database,
            user=access.user,
            password=access.password,
            sslmode=access.tls,
            options=f"-c timezone=<+08>-08{most}",
        )

    return connect


def _oracle(access: Access, host: str, reading: bool) -> Any:
    connection = driver("oracledb", "oracle").connect(
        user=access.user,
        password=access.password,
        host=access.host if access.tls == "verify-full" else host,  # the certificate proves the name
        port=access.port or 1521,
        service_name=access.database,
        protocol="tcp" if access.tls == "disable" else "tcps",
        ssl_server_dn_match=access.tls == "verify-full",
    )
    if reading and access.statement_seconds:
        connection.call_timeout = access.statement_seconds * 1000
    return connection


def _sqlserver(access: Access, host: str, reading: bool) -> Any:
    _plain(access, ("disable", "require"))
    return driver("pymssql", "sqlserver").connect(
        server=host,
        port=str(access.port or 1433),
        user=access.user,
        password=access.password,
        database=access.database,
        encryption="off" if access.tls == "disable" else "require",
        tds_version="7.4",
        timeout=access.statement_seconds if reading else 0,
    )


_POSTGRES_WORDS = {
    Kind.INTEGER: "bigint", Kind.NUMBER: "numeric", Kind.DATE: "date", Kind.TIMESTAMP: "timestamp(6)",
    Kind.BOOLEAN: "boolean", Kind.BINARY: "bytea",
}  # fmt: skip
_ORACLE_TEXTS = ("varchar2", "clob", 1000)
_ORACLE_WORDS = {
    Kind.INTEGER: "number(19,0)", Kind.NUMBER: "number", Kind.TEXT: "binary_double", Kind.DATE: "date",
    Kind.TIMESTAMP: "timestamp(6)", Kind.BOOLEAN: "number(1,0)", Kind.BINARY: "blob",
}  # fmt: skip
_DAMENG_WORDS = {
    Kind.INTEGER: "bigint", Kind.NUMBER: "decimal", Kind.TEXT: "double", Kind.DATE: "date",
    Kind.TIMESTAMP: "timestamp(6)", Kind.BOOLEAN: "bit", Kind.BINARY: "blob",
}  # fmt: skip
_SQLSERVER_WORDS = {
    Kind.INTEGER: "bigint", Kind.NUMBER: "decimal", Kind.TEXT: "float(53)", Kind.DATE: "date",
    Kind.TIMESTAMP: "datetime2(6)", Kind.BOOLEAN: "bit", Kind.BINARY: "varbinary(max)",
}  # fmt: skip
_KEPT_SAVEPOINT = ("savepoint {}", "rollback to savepoint {}", "")
_READ_ONLY = ("set transaction isolation level repeatable read read only",)


def _numbered(n: int) -> str:
    return f":{n}"


def _percent(_n: int) -> str:
    return "%s"


DIALECTS = {
    "dameng": Dialect(
        name="dameng",
        title="达梦",
        port=5236,
        connect=_dameng,
        errors=_errors("dmPython"),
        refusal=refusal,
        version="select banner from v$version where rownum = 1",
        tables=ORACLE_TABLES,
        columns=ORACLE_COLUMNS.replace(":1", "?").replace(":2", "?"),
        neutral=neutral,
        native=_made(_DAMENG_WORDS, ("varchar", "clob", 1000), 38),
        begin=("set transaction read only",),
        transactional=False,
        savepoint=_KEPT_SAVEPOINT,
    ),
    "kingbase": Dialect(
        name="kingbase",
        title="KingbaseES",
        port=54321,
        connect=_libpq("ksycopg2", "kingbase", 54321),
        errors=_errors("ksycopg2"),
        refusal=refusal,
        version="select version()",
        tables=SCHEMA_TABLES,
        columns=SCHEMA_COLUMNS,
        neutral=neutral,
        native=_made(_POSTGRES_WORDS, ("varchar", "text", 10_000), 1000),
        begin=_READ_ONLY,
        place=_percent,
    ),
    "opengauss": Dialect(
        name="opengauss",
        title="openGauss",
        port=5432,
        connect=_libpq("gaussdb", "opengauss", 5432),
        errors=_errors("gaussdb"),
        refusal=refusal,
        version="select version()",
        tables=SCHEMA_TABLES,
        columns=SCHEMA_COLUMNS,
        neutral=neutral,
        native=_made(_POSTGRES_WORDS, ("varchar", "text", 10_000), 1000),
        begin=_READ_ONLY,
        place=_percent,
    ),
    "oracle": Dialect(
        name="oracle",
        title="Oracle",
        port=1521,
        connect=_oracle,
        errors=_errors("oracledb"),
        refusal=refusal,
        version="select version from product_component_version where rownum = 1",
        tables=ORACLE_TABLES,
        columns=ORACLE_COLUMNS,
        neutral=oracle_neutral,
        native=_made(_ORACLE_WORDS, _ORACLE_TEXTS, 38),
        begin=("set transaction read only",),
        place=_numbered,
        empty_is_null=True,
        transactional=False,
        savepoint=_KEPT_SAVEPOINT,
    ),
    "sqlserver": Dialect(
        name="sqlserver",
        title="SQL Server",
        port=1433,
        connect=_sqlserver,
        errors=_errors("pymssql"),
        refusal=refusal,
        version="select cast(serverproperty('ProductVersion') as varchar(40))",
        tables=SCHEMA_TABLES,
        columns=SCHEMA_COLUMNS.replace("||", "+"),
        neutral=neutral,
        native=_made(_SQLSERVER_WORDS, ("nvarchar", "nvarchar(max)", 4000), 38),
        begin=("set transaction isolation level snapshot",),
        quotes=("[", "]"),
        place=_percent,
        savepoint=("save transaction {}", "rollback transaction {}", ""),
    ),
}


def connector(name: str) -> Callable[[Access, str], Any]:
    """Return what opens a database of this kind; `RuleBroken` when the address may not be connected to."""

    async def connect(access: Access, title: str) -> DatabaseApi:
        for part in ("host", "database", "user", "password"):
            if re.search(r"[\x00-\x1f]", getattr(access, part)):
                raise RuleBroken(f"数据源的 {part} 含有控制字符，请重新填写。")
        dialect = DIALECTS[name]
        await resolve(access.host, access.port or dialect.port, access.database)
        return DatabaseApi(access, title, dialect)

    return connect


dameng, kingbase, opengauss, oracle, sqlserver = map(connector, DIALECTS)
