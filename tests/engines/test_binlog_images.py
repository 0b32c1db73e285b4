"""The key of a row is found in a real binlog behind, between and before values of every type."""

# ruff: noqa: S608 - the statements are the tests' own
from __future__ import annotations

from typing import Any

import pytest

import mariadb
from jutong.dataplane.engines.mysql.binlog import Binlog, Unreadable
from jutong.dataplane.engines.mysql.positions import Position

TYPES = {
    "tinyint": "-7", "smallint unsigned": "65535", "mediumint": "-8388608", "int": "1", "bigint": "-1", "year": "2026",
    "float": "1.5", "double": "-2.5", "decimal(65,30)": "-12345.678", "decimal(9,0)": "999999999", "bit(17)": "65537",
    "date": "'1000-01-01'", "time": "'-838:59:59'", "time(3)": "'12:00:00.123'", "datetime": "'2026-01-01 08:00:00'",
    "datetime(6)": "'9999-12-31 23:59:59.999999'", "datetime(1)": "'2026-01-01 08:00:00.1'",
    "timestamp(4) null": "'2026-01-01 08:00:00'", "enum('甲','乙')": "'乙'", "set('a','b','c')": "'a,c'",
    "char(200) charset utf8mb4": "'字'", "varchar(300) charset latin1": "x'81c4e3'", "char(3)": "''", "binary(5)": "x'00ff'",
    "varbinary(9)": "x'09'", "tinytext": "'t'", "text": "repeat('字', 300)", "mediumblob": "x'00'", "json": "'{}'",
    "longtext": "repeat('x', 70000)", "point": "point(1, 2)", "uuid": "uuid()", "inet6": "'::1'",
}  # fmt: skip
KEYS = {
    "k1": ("bigint unsigned", "18446744073709551615", "18446744073709551615"),
    "k2": ("decimal(30,11)", "-1234567890123456789.00000000012", "-1234567890123456789.00000000012"),
    "k3": ("date", "'1899-02-03'", "1899-02-03"),
    "k4": ("varchar(40) charset gbk", "'京甲'", "京甲"),
    "k5": ("char(70) charset utf8mb4", "'𠮷'", "𠮷"),
    "k6": ("decimal(9,0)", "-5", "-5"),
    "k7": ("decimal(11,9)", "0.5", "0.500000000"),
    "k8": ("mediumint", "-2", "-2"),
}


def read(port: int, database: str, since: Position, unique: tuple[str, ...]) -> Binlog:
    binlog = Binlog(database, "wide", unique, since, {})
    settings: dict[str, Any] = {
        "host": "127.0.0.1", "port": port, "user": mariadb.USER, "password": mariadb.PASSWORD, "ssl_disabled": True,
        "charset": "utf8mb4",
    }  # fmt: skip
    assert binlog.read(settings, 4711) == 0
    return binlog


def end(port: int) -> Position:
    [(file, byte, *_)] = mariadb.execute(port, "", "show master status")
    return Position(file, int(byte))


def test_a_key_is_found_among_values_of_every_type_and_none() -> None:
    with mariadb.database(mariadb.logging_port()) as (port, database):
        others = list(TYPES)
        columns, values = list[str](), list[str]()
        for n, kind in enumerate(others):
            columns.append(f"v{n} {kind}")
            values.append(TYPES[kind])
            if n < len(KEYS):
                name, (key, value, _) = list(KEYS.items())[n]
                columns.append(f"{name} {key}")
                values.append(value)
        made = f"create table wide ({', '.join(columns)}, primary key ({', '.join(KEYS)})) charset utf8mb4"
        mariadb.execute(port, database, made)
        since = end(port)
        mariadb.execute(port, database, f"insert into wide values ({', '.join(values)})")
        nothing = ", ".join(f"v{n} = null" for n in range(0, len(others), 2))
        mariadb.execute(port, database, f"update wide set {nothing}, k8 = 3")
        mariadb.execute(port, database, "delete from wide")
        found = read(port, database, since, tuple(KEYS))
    told = tuple(text for _, _, text in KEYS.values())
    assert list(found.keys) == [told, (*told[:-1], "3")]
    assert (found.changes, found.everything) == (3, False)


def test_a_type_of_unknown_length_is_not_guessed_past() -> None:
    with mariadb.database(mariadb.logging_port()) as (port, database):
        mariadb.execute(port, database, "create table wide (n int primary key, t text compressed)")
        since = end(port)
        mariadb.execute(port, database, "insert into wide values (1, repeat('x', 500))")
        with pytest.raises(Unreadable):
            read(port, database, since, ("n",))
