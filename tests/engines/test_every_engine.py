"""What every engine answers alike, asked through the port only, each against its real server."""

# ruff: noqa: S608 - the statements are the test's own
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from covers import covers
from engineworld import COLUMNS, REAL, ROWS, Base, ask, fresh, peopled
from jutong.crypto import sm3
from jutong.dataplane import policy, values
from jutong.dataplane.errors import Refusal, RuleBroken, TooLarge, Unavailable
from jutong.dataplane.masking import mask
from jutong.wire.grants import Column, Kind, Masking, Operator

BY_ITEM = {column.item: column for column in COLUMNS}


@pytest.fixture(scope="module", params=REAL)
def base(request: pytest.FixtureRequest) -> Iterator[Base]:
    with fresh(request.param) as made:
        yield peopled(made)


@pytest.fixture(autouse=True)
def _allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUTONG_SOURCE_ADDRESSES", '["127.0.0.0/8", "/tmp", "/var/run"]')


def plan(base: Base, *fields: Column, keys: tuple[tuple[str, ...], ...] = (), **changes: Any) -> policy.Plan:
    chosen = {"key_columns": (COLUMNS[0],) if keys else ()} | changes
    return policy.Plan(base.schema, "people", fields or COLUMNS, keys=keys, **chosen)


async def each(question: Any, plans: list[policy.Plan]) -> list[Any]:
    """Ask one question about many plans."""
    return [await question(one) for one in plans]


def test_a_source_says_who_it_is_and_what_it_has(base: Base) -> None:
    assert ask(base, lambda engine: engine.test()).split()[0] in ("PostgreSQL", "MariaDB", "SQLite")
    assert "people" in [table.name for table in ask(base, lambda engine: engine.tables(base.schema))]
    found = {column.name: column for column in ask(base, lambda engine: engine.describe(base.schema, "people")).columns}
    assert [found[column.column].kind for column in COLUMNS] == [column.kind for column in COLUMNS]
    assert found["id_no"].primary_key
    assert not found["name"].primary_key
    with pytest.raises(RuleBroken, match="没有表"):
        ask(base, lambda engine: engine.describe(base.schema, "nothing"))


def test_a_preview_shows_canonical_texts(base: Base) -> None:
    shown = ask(base, lambda engine: engine.preview(plan(base, limit=20)))
    assert sorted(shown) == sorted(tuple(value or "" for value in row) for row in ROWS)


def test_a_time_with_a_zone_is_shown_in_beijing_time(base: Base) -> None:
    moment = "from_unixtime(1769819400)" if base.engine == "mysql" else "'2026-01-31 08:30:00+08'"
    base.run(f"update people set seen = {moment} where n = 1")
    seen = Column("见于", "seen", Kind.TIMESTAMP)
    few = (policy.Predicate("编号", "n", Kind.INTEGER, Operator.EQ, ("1",)),)
    assert ask(base, lambda engine: engine.preview(plan(base, seen, where=few, limit=9))) == (
        ("2026-01-31 08:30:00+08",),
    )


@covers(partly=["R-EXC-006"])
def test_a_lookup_answers_a_thousand_keys_in_their_order(base: Base) -> None:
    keys = (*((f"9{n:017}",) for n in range(998)), (str(ROWS[5][0]),), (str(ROWS[0][0]),), (str(ROWS[5][0]),))
    found = ask(base, lambda engine: engine.lookup_each(plan(base, keys=keys)))
    items = [column.item for column in COLUMNS]
    assert found[:998] == [[]] * 998
    assert found[998:] == [[dict(zip(items, ROWS[n], strict=True))] for n in (5, 0, 5)]
    assert ask(base, lambda engine: engine.lookup(plan(base, keys=keys[-1:]))) == found[-1]


@pytest.mark.parametrize(("key", "count"), [("a", 1), ("A", 0), ("A ", 1), ("", 1), ("a' or '1'='1", 0), ("\\", 0)])
def test_a_text_key_is_compared_sign_by_sign_and_is_never_sql(base: Base, key: str, count: int) -> None:
    asked = plan(base, keys=((key,),), key_columns=(COLUMNS[1],))
    assert len(ask(base, lambda engine: engine.lookup(asked))) == count


def test_keys_of_several_columns_belong_together(base: Base) -> None:
    columns = (BY_ITEM["编号"], BY_ITEM["金额"])
    asked = plan(base, keys=(("1", "1.5"), ("2", "1.5"), ("7", "7")), key_columns=columns)
    assert [len(rows) for rows in ask(base, lambda engine: engine.lookup_each(asked))] == [1, 0, 1]


def test_a_lookup_keeps_the_row_filter_hashes_by_the_grants_key_and_has_a_limit(base: Base) -> None:
    hashed = Column("姓名", "name", masking=Masking.KEYED_HASH)
    few = (policy.Predicate("金额", "amount", Kind.NUMBER, Operator.LT, ("2",)),)
    asked = plan(base, hashed, keys=((str(ROWS[0][0]),), (str(ROWS[5][0]),)), where=few, hash_key=b"key")
    answer = [[{"姓名": sm3.hmac_sm3(b"key", "张三".encode()).hex()}], []]
    assert ask(base, lambda engine: engine.lookup_each(asked)) == answer
    many = plan(base, keys=tuple((str(row[0]),) for row in ROWS), limit=3)
    with pytest.raises(TooLarge, match="批量下载"):
        ask(base, lambda engine: engine.lookup(many))


@covers(partly=["R-EXC-008"])
@pytest.mark.parametrize(
    ("key", "facts", "answer"),
    [
        (0, {"姓名": "张三", "出生日期": "1949-12-31", "金额": "1.5"}, (True, True)),
        (0, {"姓名": "张三", "出生日期": "1949-12-30"}, (True, False)),
        (2, {"姓名": "A"}, (True, False)),
        (4, {"姓名": ""}, (True, False)),
        (None, {"姓名": "张三"}, (False, False)),
    ],
)
def test_a_confirmation_answers_match_no_match_and_not_found(
    base: Base, key: int | None, facts: dict[str, str], answer: tuple[bool, bool]
) -> None:
    claimed = tuple(
        policy.Predicate(item, BY_ITEM[item].column, BY_ITEM[item].kind, Operator.EQ, (value,))
        for item, value in facts.items()
    )
    asked = plan(base, COLUMNS[0], keys=(("9" * 18 if key is None else str(ROWS[key][0]),),), facts=claimed)
    assert ask(base, lambda engine: engine.confirm(asked)) == answer


FILTERS = [
    (item, operator, given)
    for item, given in [
        ("姓名", "a"),
        ("姓名", "A "),
        ("姓名", ""),
        ("姓名", "𠮷野\t家\\N\n\r\"';--"),
        ("编号", "7"),
        ("编号", "-3"),
        ("金额", "7"),
        ("比率", "0.1"),
        ("比率", "1000"),
        ("出生日期", "1949-12-31"),
        ("更新时间", "2026-01-31 08:30:00"),
        ("更新时间", "2026-01-31 08:30:00.500000"),
        ("照片", "27"),
    ]
    for operator in (Operator.EQ, Operator.NE, Operator.LT, Operator.LE, Operator.GT, Operator.GE, Operator.IN)
    if item != "照片" or operator in (Operator.EQ, Operator.NE, Operator.IN)
]
FILTERS += [(item, operator, "") for item in BY_ITEM for operator in (Operator.IS_NULL, Operator.NOT_NULL)]
FILTERS += [("姓名", Operator.PREFIX, start) for start in ("a", "A", "", "𠮷", "%", "_", "zhang@")]


def test_every_filter_lets_the_same_rows_through_as_in_python(base: Base) -> None:
    names = [column.column for column in COLUMNS]
    records = [dict(zip(names, row, strict=True)) for row in ROWS]
    plans = []
    for item, operator, given in FILTERS:
        column = BY_ITEM[item]
        wanted = () if operator in (Operator.IS_NULL, Operator.NOT_NULL) else (given,)
        wanted += ("b", "李") if operator is Operator.PREFIX and given else ()
        test = policy.Predicate(
            item, column.column, column.kind, operator, values.check_condition(item, column.kind, operator, wanted)
        )
        plans.append(plan(base, COLUMNS[0], where=(test,), limit=50))
    answers = ask(base, lambda engine: each(engine.preview, plans))
    for where, rows in zip(plans, answers, strict=True):
        assert {row[0] for row in rows} == {row["id_no"] for row in records if policy.admits(where, row)}, where.where


def test_every_masking_gives_the_same_bytes_as_in_python(base: Base) -> None:
    for masking in Masking:
        if masking is Masking.KEYED_HASH:
            continue
        shown = [
            msgspec.structs.replace(column, masking=masking) for column in COLUMNS if column.kind is not Kind.BINARY
        ]
        keys = tuple((str(row[0]),) for row in ROWS)
        found = ask(base, lambda engine, shown=shown, keys=keys: engine.lookup(plan(base, *shown, keys=keys)))
        expected = [
            {
                column.item: mask(masking, value)
                for column, value in zip(COLUMNS, row, strict=True)
                if column.kind is not Kind.BINARY
            }
            for row in ROWS
        ]
        assert found == expected, masking


def test_a_column_or_a_table_that_vanished_is_told_by_name(base: Base) -> None:
    with pytest.raises(Unavailable, match="没有列 height"):
        ask(base, lambda engine: engine.lookup(plan(base, Column("身高", "height"), keys=(("1",),))))
    gone = policy.Plan(base.schema, "nothing", COLUMNS, limit=1)
    with pytest.raises(Unavailable, match="没有表 nothing"):
        ask(base, lambda engine: engine.preview(gone))


def test_a_value_that_is_none_of_its_column_is_refused(base: Base) -> None:
    column = Column("编号", "n", Kind.TEXT)
    with pytest.raises(RuleBroken):
        ask(base, lambda engine: engine.lookup(plan(base, keys=(("十",),), key_columns=(column,))))


@pytest.mark.parametrize("change", [{"port": 1}, {"password": "wrong-secret-word"}, {"database": "nowhere"}])
def test_an_absent_source_is_refused_without_its_password(base: Base, change: dict[str, Any]) -> None:
    if base.engine == "sqlite" and "database" not in change:
        change = {"database": base.access.database + ".gone"}
    if base.engine == "postgresql" and "password" in change and not base.access.password:
        pytest.skip("this server asks for no password")
    other = Base(base.engine, msgspec.structs.replace(base.access, **change), base.schema, base.run)
    with pytest.raises(Refusal, match=r"数据源|数据库") as refused:
        ask(other, lambda engine: engine.test())
    assert "secret-word" not in str(refused.value)
