"""Databases with optional drivers, as far as a machine without them allows: statements, types, and what is said."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from jutong.dataplane import engines
from jutong.dataplane.dirty import RowRefused
from jutong.dataplane.engines import ENGINES
from jutong.dataplane.engines.base import Target
from jutong.dataplane.engines.dbapi.merging import Merge
from jutong.dataplane.engines.others import DIALECTS, neutral, oracle_neutral, refusal
from jutong.dataplane.engines.types import TEXT, Type, holds
from jutong.dataplane.errors import RuleBroken, Unavailable
from jutong.slices.sources.rules import PORTS, Engine
from jutong.wire.bundle import Access, Source
from jutong.wire.grants import Kind
from jutong.wire.transfers import TableMode

DRIVERS = {
    "dameng": "dmPython",
    "kingbase": "ksycopg2",
    "opengauss": "gaussdb",
    "oracle": "oracledb",
    "sqlserver": "pymssql",
}


@pytest.mark.parametrize(("engine", "module"), DRIVERS.items())
def test_a_missing_driver_is_told_with_the_extra_to_install(
    engine: str, module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUTONG_SOURCE_ADDRESSES", '["127.0.0.0/8"]')
    monkeypatch.setitem(__import__("sys").modules, module, None)
    access = Access(host="127.0.0.1", database="x", user="x", password="x", tls="disable")

    async def main() -> None:
        found = await engines.open(Source("s", "d", engine, "库", b""), access)
        await found.test()

    with pytest.raises(Unavailable, match=rf"没有安装该类数据库的驱动 {module}.*jutong\[{engine}\]"):
        asyncio.run(main())


def test_the_control_plane_offers_what_the_data_plane_opens() -> None:
    assert set(Engine) == set(PORTS) <= set(ENGINES)
    assert {name: dialect.port for name, dialect in DIALECTS.items()} == {name: PORTS[name] for name in DIALECTS}


@pytest.mark.parametrize("engine", DIALECTS)
def test_a_new_column_holds_what_it_was_made_for(engine: str) -> None:
    dialect = DIALECTS[engine]
    wanted = [
        Type(Kind.TEXT, length=18),
        TEXT,
        Type(Kind.NUMBER, precision=38, scale=10),
        Type(Kind.NUMBER, bits=64),
        Type(Kind.TIMESTAMP),
        Type(Kind.TIMESTAMP, zoned=True),
        Type(Kind.BINARY),
    ]
    for kind in wanted:
        made = dialect.native("c", kind, False)
        base = made.partition("(")[0] + (" with time zone" if "with time zone" in made else "")
        assert holds(dialect.neutral(made, base), kind), (made, kind)
    too_wide = Type(Kind.NUMBER, precision=1001)
    with pytest.raises(RuleBroken, match="不作舍入"):
        dialect.native("c", too_wide, False)


@pytest.mark.parametrize(
    ("full", "base", "found"),
    [
        ("number(10,2)", "number", Type(Kind.NUMBER, precision=10, scale=2)),
        ("number(5,-2)", "number", Type(Kind.NUMBER, precision=7)),
        ("number", "number", Type(Kind.NUMBER)),
        ("varchar2(20)", "varchar2", Type(Kind.TEXT, length=20)),
        ("timestamp(6) with time zone", "timestamp with time zone", Type(Kind.TIMESTAMP, zoned=True)),
        ("timestamp without time zone", "timestamp without time zone", Type(Kind.TIMESTAMP)),
        ("datetimeoffset", "datetimeoffset", Type(Kind.TIMESTAMP, zoned=True)),
        ("bit", "bit", Type(Kind.BOOLEAN)),
        ("clob", "clob", TEXT),
        ("uniqueidentifier", "uniqueidentifier", TEXT),
    ],
)
def test_native_types_are_read_by_their_names(full: str, base: str, found: Type) -> None:
    assert neutral(full, base) == found


def test_a_date_of_oracle_has_a_time() -> None:
    assert oracle_neutral("date", "date") == Type(Kind.TIMESTAMP)
    assert neutral("date", "date") == Type(Kind.DATE)


class Notebook:
    """Writes statements down instead of running them."""

    def __init__(self, dialect: Any) -> None:
        self.dialect = dialect
        self.written: list[str] = []

    async def execute(self, statement: str, values: Any = ()) -> int:
        """Write down."""
        self.written.append(statement)
        return len(values)

    async def fetch(self, statement: str, values: Any = ()) -> list[tuple[int]]:
        """Write down."""
        self.written.append(statement)
        return [(len(values),)] if "having" not in statement else []


def test_an_update_by_key_is_standard_sql_in_each_dialects_quotes() -> None:
    book: Any = Notebook(DIALECTS["sqlserver"])
    target = Target("o", "g", "dbo", "人口]", TableMode.UPSERT, ("id",))
    dialect = DIALECTS["sqlserver"]
    tables = dialect.qualified("dbo", "jutong_x"), dialect.qualified("dbo", "人口]")
    asyncio.run(Merge(book, target, tables, ["id", "name"]).merge([TEXT, TEXT], ()))
    assert book.written[1] == (
        "update [dbo].[人口]]] set [name] = (select s.[name] from [dbo].[jutong_x] s where s.[id] = [dbo].[人口]]].[id])"
        " where exists (select 1 from [dbo].[jutong_x] s where s.[id] = [dbo].[人口]]].[id])"
    )
    assert book.written[-1].startswith("insert into [dbo].[人口]]] ([id], [name]) select s.[id], s.[name] from")


def test_places_for_values_are_the_drivers_own() -> None:
    assert DIALECTS["oracle"].places(3) == ":1, :2, :3"
    assert DIALECTS["kingbase"].places(2) == "%s, %s"
    assert DIALECTS["dameng"].places(2) == "?, ?"


class IntegrityError(Exception):
    """As the drivers call it."""


class DatabaseError(Exception):
    """As the drivers call what is no fault of a row, and Oracle a value that is too long."""


def relative(state: str, **diag: str) -> Exception:
    """Return an error as PostgreSQL's relatives raise it."""
    error: Any = IntegrityError("insert violates something\nDETAIL:  Key (id)=(110105) is not present")
    error.pgcode, error.diag = state, SimpleNamespace(**({"constraint_name": None, "column_name": None} | diag))
    found: Exception = error
    return found


@pytest.mark.parametrize(
    ("error", "reason", "column"),
    [
        (
            IntegrityError("ORA-02291: integrity constraint (HR.FK_REGION) violated - parent key not found"),
            "不满足目标表的外键 FK_REGION",
            "",
        ),
        (IntegrityError('ORA-01400: cannot insert NULL into ("HR"."GOAL"."NAME")'), "目标列不允许为空", "NAME"),
        (
            DatabaseError('ORA-12899: value too large for column "HR"."GOAL"."NAME" (actual: 9, maximum: 4)'),
            "目标列的长度不够",
            "NAME",
        ),
        (
            IntegrityError(547, b'The INSERT statement conflicted with the CHECK constraint "ck_amount". The conflict '
                                b"occurred in database \"d\", table \"dbo.goal\", column 'amount'."),
            "不满足目标表的约束 ck_amount",
            "amount",
        ),
        (
            IntegrityError(2627, b"Violation of UNIQUE KEY constraint 'uq'. Cannot insert duplicate key in object "
                                 b"'dbo.goal'. The duplicate key value is (110105)."),
            "唯一键与其他行重复 uq",
            "",
        ),
        (IntegrityError("[CODE:-6607]违反引用约束[CONS134218772]"), "不满足目标表的外键 CONS134218772", ""),
        (IntegrityError("[CODE:-6609]违反列[NAME]非空约束"), "目标列不允许为空", "NAME"),
        (relative("23503", constraint_name="goal_region"), "不满足目标表的外键 goal_region", ""),
        (relative("22003"), "与目标列的类型不符或超出范围", ""),
        (relative("23502", column_name="name"), "目标列不允许为空", "name"),
        (IntegrityError("something new"), "与目标表的约束冲突", ""),
    ],
)  # fmt: skip
def test_a_row_that_another_database_refuses_is_told_by_constraint_and_column_never_by_value(
    error: Exception, reason: str, column: str
) -> None:
    found = refusal(error, "库")
    assert isinstance(found, RowRefused)
    assert (found.reason, found.column) == (reason, column)
    assert "110105" not in found.sentence + found.reason


def test_what_is_no_fault_of_a_row_is_not_taken_for_one() -> None:
    for words in ("ORA-12541: TNS:no listener at port 22001", "[CODE:-70028]创建SOCKET连接失败"):
        assert isinstance(refusal(DatabaseError(words), "库"), Unavailable)


@pytest.mark.parametrize("engine", ["oracle", "dameng", "sqlserver"])
def test_savepoints_are_said_in_each_dialects_words(engine: str) -> None:
    words = DIALECTS[engine].savepoint
    assert [word.format("p") for word in words] == (
        ["save transaction p", "rollback transaction p", ""]
        if engine == "sqlserver"
        else ["savepoint p", "rollback to savepoint p", ""]
    )
