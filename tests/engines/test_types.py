"""Types and their limits: each native type arrives in every other engine with the same text, or is refused in words."""

# ruff: noqa: S608 - the statements are the tests' own
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from engineworld import REAL, Base, ask, fresh, moved
from jutong.dataplane import policy
from jutong.dataplane.engines.types import TEXT, Type, holds
from jutong.dataplane.errors import Refusal, RuleBroken
from jutong.wire.grants import Column, Kind


@dataclass(frozen=True)
class Case:
    """A native type, a value as the engine's own SQL writes it, its canonical text, and who cannot hold it."""

    native: str
    value: str
    text: str
    kind: Kind = Kind.TEXT
    refused: tuple[str, ...] = ()


INTEGER, NUMBER, DATE, TIME, BINARY = Kind.INTEGER, Kind.NUMBER, Kind.DATE, Kind.TIMESTAMP, Kind.BINARY
BIG = "12345678901234567890123456789012345.123456789012345678901234567890"
CASES: dict[str, tuple[Case, ...]] = {
    "mysql": (
        Case("tinyint", "-128", "-128", INTEGER),
        Case("tinyint(1)", "5", "5", INTEGER),
        Case("tinyint unsigned", "255", "255", INTEGER),
        Case("smallint unsigned", "65535", "65535", INTEGER),
        Case("mediumint", "-8388608", "-8388608", INTEGER),
        Case("int unsigned", "4294967295", "4294967295", INTEGER),
        Case("int(8) zerofill", "42", "42", INTEGER),
        Case("bigint", "-9223372036854775808", "-9223372036854775808", INTEGER),
        Case("bigint unsigned", "18446744073709551615", "18446744073709551615", NUMBER),
        Case("decimal(65,30)", BIG, BIG, NUMBER),
        Case("decimal(5,2) zerofill", "1.5", "1.50", NUMBER),
        Case("float", "0.5", "0.5", NUMBER),
        Case("double", "1.7976931348623157e308", "1.7976931348623157e+308", NUMBER),
        Case("double", "-0.00001234", "-1.234e-05", NUMBER),
        Case("double", "1234567890123456.75", "1.2345678901234568e+15", NUMBER),
        Case("double", "0.1e0 + 0.2e0", "0.30000000000000004", NUMBER),
        Case("bit(1)", "b'1'", "1", INTEGER),
        Case("bit(64)", "18446744073709551615", "18446744073709551615", NUMBER),
        Case("year", "1901", "1901", INTEGER),
        Case("date", "'1000-01-01'", "1000-01-01", DATE),
        Case("date", "'9999-12-31'", "9999-12-31", DATE),
        Case("datetime", "'1899-12-31 23:59:59'", "1899-12-31 23:59:59", TIME),
        Case("datetime(3)", "'2026-01-31 08:30:00.120'", "2026-01-31 08:30:00.12", TIME),
        Case("datetime(6)", "'9999-12-31 23:59:59.999999'", "9999-12-31 23:59:59.999999", TIME),
        Case("timestamp null", "from_unixtime(1769819400)", "2026-01-31 08:30:00+08", TIME),
        Case("time", "'-838:59:59'", "-838:59:59"),
        Case("char(3)", "'a'", "a"),
        Case("varchar(20) character set utf8mb4", "_utf8mb4 x'F0A0AEB7E9878E'", "𠮷野"),
        Case("varchar(20) character set gbk", "_utf8mb4 x'E5BCA0'", "张"),
        Case("text", "''", ""),
        Case("enum('a','乙') character set utf8mb4", "2", "乙"),
        Case("set('a','b','c')", "'a,c'", "a,c"),
        Case("json", "'{\"a\": 1}'", '{"a": 1}'),
        Case("binary(2)", "x'0a'", "0a00", BINARY),
        Case("longblob", "x'00ff5c09'", "00ff5c09", BINARY),
        Case("varchar(9)", "concat('a', char(0), 'b')", "a\0b", refused=("postgresql",)),
        Case("date", "'0000-00-00'", "0000-00-00", DATE, refused=("postgresql", "mysql")),
        Case("datetime", "'0000-00-00 00:00:00'", "0000-00-00 00:00:00", TIME, refused=("postgresql", "mysql")),
        Case("date", "'2026-00-10'", "2026-00-10", DATE, refused=("postgresql", "mysql")),
    ),
    "postgresql": (
        Case("smallint", "-32768", "-32768", INTEGER),
        Case("bigint", "9223372036854775807", "9223372036854775807", INTEGER),
        Case("numeric(65,30)", BIG, BIG, NUMBER),
        Case("numeric(5,2)", "1.5", "1.50", NUMBER),
        Case("numeric", "1e-20", "0.00000000000000000001", NUMBER, refused=("mysql",)),
        Case("numeric(80,0)", "9" * 80, "9" * 80, NUMBER, refused=("mysql",)),
        Case("numeric(40,35)", "0." + "1" * 35, "0." + "1" * 35, NUMBER, refused=("mysql",)),
        Case("numeric(5,2)", "'NaN'", "NaN", NUMBER, refused=("mysql",)),
        Case("real", "0.1", "0.1", NUMBER),
        Case("real", "1000000", "1000000", NUMBER),
        Case("double precision", "1e15", "1e+15", NUMBER),
        Case("double precision", "'-0'", "0", NUMBER),
        Case("double precision", "5e-324", "5e-324", NUMBER),
        Case("double precision", "'NaN'", "NaN", NUMBER, refused=("mysql", "sqlite")),
        Case("double precision", "'-Infinity'", "-Infinity", NUMBER, refused=("mysql",)),
        Case("date", "'1000-01-01'", "1000-01-01", DATE),
        Case("date", "'10000-01-01'", "10000-01-01", DATE, refused=("mysql",)),
        Case("date", "'0044-03-15 BC'", "0044-03-15 BC", DATE, refused=("mysql",)),
        Case("date", "'infinity'", "infinity", DATE, refused=("mysql",)),
        Case("timestamp", "'2026-01-31 08:30:00.120000'", "2026-01-31 08:30:00.12", TIME),
        Case("timestamp", "'-infinity'", "-infinity", TIME, refused=("mysql",)),
        Case("timestamptz", "'1960-01-01 00:00:00.5+00'", "1960-01-01 08:00:00.5+08", TIME),
        Case("boolean", "true", "true", Kind.BOOLEAN),
        Case("boolean", "false", "false", Kind.BOOLEAN),
        Case("bytea", "'\\x00ff5c09'", "00ff5c09", BINARY),
        Case("text", "''", ""),
        Case("char(5)", "'a'", "a"),
        Case("varchar(10)", "'𠮷野' || chr(11) || chr(12) || chr(8)", "𠮷野\v\f\b"),
        Case("uuid", "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
        Case("jsonb", "'{\"a\":1}'", '{"a": 1}'),
        Case("text[]", "'{a,NULL}'", "{a,NULL}"),
        Case("interval", "'1 month 2 days'", "1 mon 2 days"),
        Case("time", "'08:30:00.5'", "08:30:00.5"),
    ),
    "sqlite": (
        Case("integer", "9223372036854775807", "9223372036854775807", INTEGER),
        Case("decimal_text(65,30)", f"'{BIG}'", BIG, NUMBER),
        Case("decimal(10,2)", "1.5", "1.50", NUMBER),
        Case("double", "1e15", "1e+15", NUMBER),
        Case("double", "1e999", "Infinity", NUMBER, refused=("mysql",)),
        Case("boolean", "1", "true", Kind.BOOLEAN),
        Case("date", "'2026-01-31'", "2026-01-31", DATE),
        Case("date", "'gestern'", "gestern", DATE, refused=("mysql", "postgresql")),
        Case("datetime", "'2026-01-31T08:30:00.500'", "2026-01-31 08:30:00.5", TIME),
        Case("timestamptz", "'2026-01-31 00:30:00Z'", "2026-01-31 08:30:00+08", TIME),
        Case("varchar(10)", "'𠮷野'", "𠮷野"),
        Case("text", "''", ""),
        Case("blob", "x'00ff5c09'", "00ff5c09", BINARY),
        Case("integer", "'elf'", "elf", INTEGER, refused=("mysql", "postgresql", "sqlite")),
    ),
}
PAIRS = [(source, sink) for source in REAL for sink in REAL]


@pytest.fixture(scope="module", params=PAIRS, ids=lambda pair: f"{pair[0]}-{pair[1]}")
def ends(request: pytest.FixtureRequest) -> Iterator[tuple[Base, Base]]:
    with fresh(request.param[0]) as provider, fresh(request.param[1]) as consumer:
        cases = CASES[provider.engine]
        columns = ", ".join(f"c{n} {case.native}" for n, case in enumerate(cases))
        provider.run(f"create table t (id integer primary key, {columns})")
        loose = "set statement sql_mode = '' for " if provider.engine == "mysql" else ""
        values = ", ".join(case.value for case in cases)
        provider.run(f"{loose}insert into t values (1, {values})")
        provider.run("insert into t (id) values (2)")
        yield provider, consumer


def columns(provider: Base, *, refused_by: str = "") -> list[tuple[Case, Column]]:
    found = [(case, Column(f"项{n}", f"c{n}", case.kind)) for n, case in enumerate(CASES[provider.engine])]
    return [pair for pair in found if refused_by in pair[0].refused or not refused_by]


@pytest.fixture(autouse=True)
def _allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUTONG_SOURCE_ADDRESSES", '["127.0.0.0/8", "/tmp", "/var/run"]')


def shown(base: Base, table: str, wanted: list[Column]) -> Any:
    return sorted(ask(base, lambda engine: engine.preview(policy.Plan(base.schema, table, tuple(wanted), limit=9))))


def test_every_type_arrives_with_the_same_text_and_a_missing_value_stays_missing(ends: tuple[Base, Base]) -> None:
    provider, consumer = ends
    able = [(case, column) for case, column in columns(provider) if consumer.engine not in case.refused]
    wanted = [column for _, column in able]
    expected = sorted([tuple(case.text for case, _ in able), ("",) * len(able)])
    assert shown(provider, "t", wanted) == expected
    tally = moved(provider, policy.Plan(provider.schema, "t", tuple(wanted)), consumer, "copy")
    assert tally
    assert tally.rows == 2
    # a time with a zone lies in MySQL as a DATETIME in Beijing time
    zone = "+08" if consumer.engine == "mysql" else ""
    arrived = [tuple(text.removesuffix(zone) for text in row) for row in expected]
    assert shown(consumer, "copy", wanted) == arrived


def test_what_an_engine_cannot_hold_is_refused_in_words_and_nothing_arrives(ends: tuple[Base, Base]) -> None:
    provider, consumer = ends
    for case, column in columns(provider, refused_by=consumer.engine):
        assert (case.text,) in shown(provider, "t", [column])
        with pytest.raises(Refusal, match=r"c[0-9]+|列|空字符") as refused:
            moved(provider, policy.Plan(provider.schema, "t", (column,)), consumer, "bad", order_id="bad")
        assert case.text == "" or len(case.text) < 4 or case.text not in refused.value.sentence
        tables = [table.name for table in ask(consumer, lambda engine: engine.tables(consumer.schema))]
        assert "bad" not in tables, case


def test_a_tinyint_or_bit_mounted_as_a_boolean_is_one() -> None:
    with fresh("mysql") as provider, fresh("postgresql") as consumer:
        provider.run("create table t (a tinyint(1), b bit(1))")
        provider.run("insert into t values (1, b'0'), (0, b'1'), (null, null)")
        wanted = (Column("甲", "a", Kind.BOOLEAN), Column("乙", "b", Kind.BOOLEAN))
        moved(provider, policy.Plan(provider.schema, "t", wanted), consumer, "copy")
        assert sorted(consumer.run("select a::text, b::text from copy where a is not null")) == [
            ("false", "true"),
            ("true", "false"),
        ]
        provider.run("insert into t values (2, null)")
        with pytest.raises(RuleBroken, match="类型不符"):
            moved(provider, policy.Plan(provider.schema, "t", wanted), consumer, "copy", order_id="order-2")


@pytest.mark.parametrize(
    ("target", "source", "fits"),
    [
        (Type(INTEGER, bits=64), Type(INTEGER, bits=32), True),
        (Type(INTEGER, bits=32), Type(INTEGER, bits=64), False),
        (Type(NUMBER, precision=20), Type(INTEGER, bits=64), True),
        (Type(NUMBER, precision=18), Type(INTEGER, bits=64), False),
        (Type(NUMBER, precision=20, scale=2), Type(INTEGER, bits=16), False),
        (Type(NUMBER), Type(NUMBER, precision=10, scale=2), True),
        (Type(NUMBER, precision=12, scale=2), Type(NUMBER, precision=10, scale=2), True),
        (Type(NUMBER, precision=9, scale=2), Type(NUMBER, precision=10, scale=2), False),
        (Type(NUMBER, precision=12, scale=4), Type(NUMBER, precision=10, scale=2), False),
        (Type(NUMBER, precision=12, scale=2), Type(NUMBER), False),
        (Type(NUMBER, bits=64), Type(NUMBER, precision=3, scale=1), False),
        (Type(NUMBER, bits=64), Type(NUMBER, bits=32), True),
        (Type(TIME), Type(TIME, zoned=True), False),
        (Type(TIME), Type(DATE), False),
        (TEXT, Type(TIME, zoned=True), True),
        (Type(DATE), TEXT, False),
    ],
)
def test_a_column_takes_only_what_it_gives_back_unchanged(target: Type, source: Type, fits: bool) -> None:
    assert holds(target, source) is fits
