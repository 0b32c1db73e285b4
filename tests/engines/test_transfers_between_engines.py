"""Rows from any engine into any other: every value arrives, every mode works, an order lands once or not at all."""

# ruff: noqa: S608 - the statements are the test's own
from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from covers import covers
from engineworld import COLUMNS, REAL, ROWS, Base, ask, fresh, moved, peopled
from jutong.dataplane import policy
from jutong.dataplane.errors import Refusal, RuleBroken
from jutong.dataplane.masking import mask
from jutong.dataplane.reconcile import Unreconciled
from jutong.wire.grants import Column, Kind, Masking, Operator
from jutong.wire.transfers import TableMode

PAIRS = [(source, sink) for source in REAL for sink in REAL]


@pytest.fixture(scope="module")
def filled() -> Iterator[dict[str, Base]]:
    """Return a database of each engine with the table of people, made when first asked for."""
    with ExitStack() as closing:

        class Made(dict[str, Base]):
            def __missing__(self, engine: str) -> Base:
                self[engine] = peopled(closing.enter_context(fresh(engine)))
                return self[engine]

        yield Made()


@pytest.fixture(params=PAIRS, ids=lambda pair: f"{pair[0]}-{pair[1]}")
def ends(request: pytest.FixtureRequest, filled: dict[str, Base]) -> Iterator[tuple[Base, Base]]:
    source, sink = request.param
    provider = filled[source]
    with fresh(sink) as consumer:
        yield provider, consumer


@pytest.fixture(params=REAL)
def sink(request: pytest.FixtureRequest) -> Iterator[Base]:
    with fresh(request.param) as consumer:
        yield consumer


def copied(base: Base, *columns: Column, where: tuple[policy.Predicate, ...] = ()) -> policy.Plan:
    return policy.Plan(base.schema, "people", columns or COLUMNS, where=where, unique=("id_no",))


def held(base: Base, columns: tuple[Column, ...] = COLUMNS, table: str = "copy") -> list[tuple[str, ...]]:
    """Return what a table holds as canonical texts."""
    rows: list[tuple[str, ...]] = ask(
        base, lambda engine: engine.preview(policy.Plan(base.schema, table, columns, limit=100))
    )
    return sorted(rows)


def texts(rows: Any = ROWS) -> list[tuple[str, ...]]:
    return sorted(tuple(value or "" for value in row) for row in rows)


def landed(base: Base) -> list[Any]:
    if "jutong_position" not in [table.name for table in ask(base, lambda engine: engine.tables(base.schema))]:
        return []
    return [row[0] for row in base.run(f"select order_id from {base.named('jutong_position')} order by order_id")]


def leftovers(base: Base) -> list[str]:
    found = [table.name for table in ask(base, lambda engine: engine.tables(base.schema))]
    return [name for name in found if name.startswith("jutong_") and name != "jutong_position"]


@covers(partly=["R-EXC-019"])
def test_every_value_arrives_as_it_was_and_in_a_column_of_its_kind(ends: tuple[Base, Base]) -> None:
    provider, consumer = ends
    tally = moved(provider, copied(provider), consumer, "copy")
    assert tally
    assert tally.rows == len(ROWS)
    assert held(consumer) == texts()
    found = ask(consumer, lambda engine: engine.describe(consumer.schema, "copy")).columns
    assert [column.kind for column in found] == [column.kind for column in COLUMNS]
    assert moved(provider, copied(provider), consumer, "copy") is None
    assert landed(consumer) == ["order-1"]
    assert leftovers(consumer) == []


def test_what_the_grant_masks_arrives_masked(ends: tuple[Base, Base]) -> None:
    provider, consumer = ends
    masked = (
        Column("身份证号", "id_no", masking=Masking.IDENTITY),
        Column("姓名", "name", masking=Masking.EMAIL),
        Column("出生日期", "born", Kind.DATE, Masking.YEAR),
        Column("金额", "amount", Kind.NUMBER, Masking.SUPPRESS),
    )
    moved(provider, copied(provider, *masked), consumer, "copy")
    expected = [tuple(mask(column.masking, value) for column, value in zip(masked, row, strict=False)) for row in ROWS]
    plain = tuple(Column(column.item, column.column) for column in masked)
    assert held(consumer, plain) == texts(expected)


def test_replacing_swaps_appending_adds_and_updating_goes_by_key(sink: Base, filled: dict[str, Base]) -> None:
    provider = filled["postgresql"]
    born = policy.Predicate("编号", "n", Kind.INTEGER, Operator.GE, ("8",))
    few, rest = copied(provider, where=(born,)), [row for row in ROWS if row[6] and int(row[6]) >= 8]
    moved(provider, copied(provider), sink, "copy", mode=TableMode.UPSERT, order_id="one")
    assert held(sink) == texts()
    sink.run("update copy set name = 'changed'")
    moved(provider, few, sink, "copy", mode=TableMode.UPSERT, order_id="two")
    assert held(sink) == texts([row if row in rest else (row[0], "changed", *row[2:]) for row in ROWS])
    moved(provider, few, sink, "copy", mode=TableMode.REPLACE, order_id="three")
    assert held(sink) == texts(rest)
    with pytest.raises(RuleBroken, match="唯一约束"):
        moved(provider, few, sink, "copy", mode=TableMode.APPEND, order_id="four")
    assert held(sink) == texts(rest)
    moved(provider, few, sink, "other", mode=TableMode.APPEND, order_id="five")
    moved(provider, few, sink, "other", mode=TableMode.APPEND, order_id="six")
    assert held(sink, table="other") == texts(rest + rest)
    assert landed(sink) == ["five", "one", "six", "three", "two"]
    assert leftovers(sink) == []


def test_a_missing_column_a_column_of_another_kind_and_our_own_tables_are_refused(
    sink: Base, filled: dict[str, Base]
) -> None:
    provider = filled["postgresql"]
    sink.run("create table copy (id_no varchar(18), name text, born integer)")
    with pytest.raises(RuleBroken, match="列 born"):
        moved(provider, copied(provider, *COLUMNS[:3]), sink, "copy")
    with pytest.raises(RuleBroken, match="没有可写入的列 amount"):
        moved(provider, copied(provider, *COLUMNS[:2], COLUMNS[3]), sink, "copy")
    with pytest.raises(RuleBroken, match="jutong_"):
        moved(provider, copied(provider), sink, "jutong_position")
    assert leftovers(sink) == []


def test_a_failed_landing_leaves_the_target_as_it_was(sink: Base, filled: dict[str, Base]) -> None:
    provider = filled["postgresql"]
    sink.run("create table copy (id_no varchar(18), n bigint not null)")
    sink.run("insert into copy values ('kept', 1)")
    for mode in (TableMode.REPLACE, TableMode.APPEND):
        with pytest.raises((Refusal, Unreconciled)):
            moved(provider, copied(provider, COLUMNS[0], COLUMNS[6]), sink, "copy", mode=mode)
    assert sink.run("select id_no, n from copy") == [("kept", 1)]
    assert landed(sink) == []
    assert leftovers(sink) == []


def test_updating_needs_a_key_and_refuses_one_key_twice(sink: Base, filled: dict[str, Base]) -> None:
    provider = filled["postgresql"]
    sink.run("create table copy (id_no varchar(18), name text)")
    with pytest.raises(RuleBroken, match="唯一约束"):
        moved(provider, copied(provider, *COLUMNS[:2]), sink, "copy", mode=TableMode.UPSERT)
    twice = policy.Plan("public", "people", (Column("变更", "changed", Kind.TIMESTAMP),), unique=("changed",))
    with pytest.raises(Refusal):
        moved(provider, twice, sink, "times", mode=TableMode.UPSERT)
    assert leftovers(sink) == []
