"""Checksums and masks: Python, PostgreSQL and MariaDB give the same bytes for whatever hypothesis thinks of."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from asyncmy.connection import Connection
from hypothesis import given, settings
from hypothesis import strategies as st

import mariadb
from jutong.dataplane.engines.mysql import sql as mysql
from jutong.dataplane.engines.mysql.connect import SESSION, fetch
from jutong.dataplane.engines.postgresql import sql as postgresql
from jutong.dataplane.engines.postgresql.tallies import tallied
from jutong.dataplane.masking import MYSQL, PUSHED, expression, mask
from jutong.dataplane.reconcile import PORTABLE, RunningTally, row_digest
from jutong.wire.grants import Masking
from postgres import database_url

SIGNS = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
NASTY = st.sampled_from(
    ["", " ", "a ", "\\", "\\N", "\t\n\r", "'\";--", "𠮷", "é", "É", "＠", "@", "a@b@c", "0044-03-15 BC"]
)
EXACT = 2.0**53
"""Above it some doubles lie on a boundary that PostgreSQL's shortest digits avoid and the others use."""

CELL = st.none() | st.text(SIGNS, max_size=14) | NASTY | st.from_regex(r"\A[0-9]{1,18}X?\Z|\A[0-9]{4,6}-01-01( BC)?\Z")
ROW = st.lists(CELL, min_size=3, max_size=3)


class Maria:
    """One session of MariaDB, asked from plain tests."""

    def __init__(self) -> None:
        self._port = mariadb.port()
        self._loop = asyncio.new_event_loop()
        self._session = self._loop.run_until_complete(self._opened())

    async def _opened(self) -> Any:
        session: Any = Connection(  # type: ignore[no-untyped-call]
            host="127.0.0.1", port=self._port, user=mariadb.USER, password=mariadb.PASSWORD, use_unicode=False
        )
        await session.connect()
        await fetch(session, SESSION)
        return session

    def ask(self, statement: str) -> list[tuple[Any, ...]]:
        """Run one statement."""
        return self._loop.run_until_complete(fetch(self._session, statement))

    def close(self) -> None:
        """Close the session."""
        self._loop.run_until_complete(self._session.ensure_closed())
        self._loop.close()


@pytest.fixture(scope="module")
def maria() -> Iterator[Maria]:
    made = Maria()
    yield made
    made.close()


@pytest.fixture(scope="module")
def database() -> Iterator[Any]:
    with database_url() as url, psycopg.connect(url, autocommit=True) as connection:
        yield connection


def written(text: str | None) -> str:
    return "cast(null as char)" if text is None else mysql.literal(text)


@settings(max_examples=150, deadline=None)
@given(rows=st.lists(ROW, min_size=1, max_size=6))
def test_three_ways_to_sum_rows_agree(maria: Maria, database: Any, rows: list[list[str | None]]) -> None:
    running = RunningTally()
    running.add([row_digest(row) for row in rows])
    expected = (running.tally().rows, running.tally().checksum)
    rowed = " union all ".join(
        "select " + ", ".join(f"{written(text)} as c{n}" for n, text in enumerate(row)) for row in rows
    )
    count, checksum, whole = maria.ask(mysql.summed(mysql.digest(["c0", "c1", "c2"]), f"({rowed}) t"))[0]
    assert (count, checksum, whole) == (*expected, expected[0])
    columns = [list(column) for column in zip(*rows, strict=True)]
    lists = ["select * from unnest(%s::text[], %s::text[], %s::text[]) u(c0, c1, c2)"]
    fields = [(f"c{n}", "text") for n in range(3)]
    text, _ = postgresql.parametrised(tallied(lists, fields, PORTABLE))
    assert tuple(database.execute(text, columns).fetchone()) == expected


@settings(max_examples=150, deadline=None)
@given(text=CELL)
def test_every_masking_in_mariadb_is_python_to_the_byte(maria: Maria, text: str | None) -> None:
    kinds = sorted(PUSHED - {Masking.SUPPRESS})
    value = f"{written(text)} collate utf8mb4_bin"
    shown = ", ".join(f"cast({expression(masking, value, MYSQL)} as char)" for masking in kinds)
    assert maria.ask(f"select {shown}")[0] == tuple(mask(masking, text) for masking in kinds)


@settings(max_examples=300, deadline=None)
@given(number=st.floats(-EXACT, EXACT) | st.sampled_from([5e-324, 1e15, 1e16, 1e22, -1e100, 1.5e300]))
def test_every_double_is_written_as_postgresql_writes_it(maria: Maria, database: Any, number: float) -> None:
    from jutong.dataplane.engines.dbapi.texts import floating

    (expected,) = database.execute(f"select ({number!r}::double precision + 0)::text").fetchone()
    column = f"cast('{number!r}' as double)"
    assert maria.ask(f"select {mysql._floating(column)}")[0][0] == expected
    assert floating(number) == expected
