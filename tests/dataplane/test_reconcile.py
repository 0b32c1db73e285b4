"""Reconciliation: no difference goes unseen, no order matters, Python and PostgreSQL sum alike."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jutong.dataplane.engines.postgresql import sql, tallies
from jutong.dataplane.reconcile import PORTABLE, RunningTally, canonical_row, difference, row_digest, unmatched
from jutong.wire.transfers import Tally
from postgres import database_url

CELL = st.none() | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
ROW = st.lists(CELL, min_size=3, max_size=3)


def tallied(rows: list[list[str | None]]) -> Tally:
    tally = RunningTally()
    tally.add([row_digest(row) for row in rows])
    return tally.tally()


@pytest.fixture(scope="module")
def database() -> Iterator[Any]:
    with database_url() as url, psycopg.connect(url, autocommit=True) as connection:
        yield connection


@given(first=st.lists(CELL, max_size=4), second=st.lists(CELL, max_size=4))
def test_different_rows_never_have_the_same_canonical_text(first: list[str | None], second: list[str | None]) -> None:
    assert (canonical_row(first) == canonical_row(second)) == (first == second)


@given(rows=st.lists(ROW, max_size=8), data=st.data())
def test_the_order_of_rows_does_not_matter_but_every_value_does(
    rows: list[list[str | None]], data: st.DataObject
) -> None:
    assert tallied(data.draw(st.permutations(rows))) == tallied(rows)
    if rows:
        assert difference(tallied(rows), tallied(rows[1:]))
        assert difference(tallied(rows), tallied([[*rows[0][:2], (rows[0][2] or "") + "x"], *rows[1:]]))


@settings(max_examples=100, deadline=None)
@given(rows=st.lists(ROW, max_size=8))
def test_python_and_postgresql_sum_alike(database: Any, rows: list[list[str | None]]) -> None:
    columns = [list(column) for column in zip(*rows, strict=True)] or [[], [], []]
    given_rows: sql.Parts = ["select * from unnest(%s::text[], %s::text[], %s::text[]) u(c0, c1, c2)"]
    text, _ = sql.parametrised(tallies.tallied(given_rows, [(f"c{n}", "text") for n in range(3)], PORTABLE))
    count, checksum = database.execute(text, columns).fetchone()
    assert Tally(count, checksum, PORTABLE) == tallied(rows)


def test_a_difference_is_told_in_numbers() -> None:
    one, two = Tally(3, "7", PORTABLE), Tally(2, "7", PORTABLE)
    assert "发送 3 行，接收 2 行" in difference(one, two)
    assert "校验和不一致" in difference(one, Tally(3, "8", PORTABLE))
    assert "校验方法不同" in difference(one, Tally(3, "7", "other"))
    assert unmatched([(one, one), (one, two)]) == difference(one, two)
    assert unmatched([(one, one), (two, two)]) == ""
