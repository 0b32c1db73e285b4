"""The policy compiler: what a grant lets through, what it refuses, and filters alike in Python and SQL."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from covers import covers
from jutong.dataplane import policy, values
from jutong.dataplane.engines.postgresql import sql
from jutong.dataplane.engines.postgresql.connect import SESSION
from jutong.dataplane.errors import NotAllowed, RuleBroken, Unavailable
from jutong.wire.bundle import Mount
from jutong.wire.grants import Column, Condition, Grant, Kind, Masking, Mode, Operator
from postgres import database_url

COLUMNS = (
    Column("身份证号", "id_no"),
    Column("姓名", "name"),
    Column("出生日期", "born", Kind.DATE),
    Column("金额", "amount", Kind.NUMBER),
    Column("秘密", "secret"),
)
MOUNT = Mount("people", "source", "public", "people", COLUMNS, ("id_no",))
NOW = datetime(2026, 11, 21, tzinfo=UTC)
GRANT = Grant(
    id="g",
    version=1,
    resource_id="people",
    resource_title="人口",
    entry_code="",
    provider_id="p",
    consumer_id="c",
    systems=(),
    columns=(Column("身份证号", "", masking=Masking.IDENTITY), Column("出生日期", "")),
    key_items=("身份证号", "姓名"),
    conditions=(Condition("金额", Operator.GT, ("100",)),),
    modes=(Mode.ONLINE_QUERY,),
    purposes=(),
    basis="",
    valid_from=NOW,
    valid_until=NOW + timedelta(days=1),
    confirm_items=("姓名",),
)
KEYS = [{"身份证号": "11010519491231002X"}]


@covers(partly=["R-EXC-006"])
def test_a_lookup_shows_granted_items_with_the_grants_masking_and_row_filter() -> None:
    plan = policy.compile_lookup(GRANT, MOUNT, KEYS)
    assert [(field.column, field.masking) for field in plan.fields] == [
        ("id_no", Masking.IDENTITY),
        ("born", Masking.NONE),
    ]
    assert [(test.column, test.values) for test in plan.where] == [("amount", ("100",))]
    assert plan.keys == (("11010519491231002X",),)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"items": ["秘密"]}, "秘密"),
        ({"filters": [Condition("秘密", Operator.EQ, ("x",))]}, "秘密"),
        ({"filters": [Condition("身份证号", Operator.PREFIX, ("1101",))]}, "已脱敏"),
        ({"keys": [{"出生日期": "2000-01-01"}]}, "不是本授权的查询标识"),
    ],
)
def test_what_is_not_granted_is_not_allowed(change: dict[str, Any], word: str) -> None:
    keys = change.pop("keys", KEYS)
    with pytest.raises(NotAllowed, match=word):
        policy.compile_lookup(GRANT, MOUNT, keys, **change)


@pytest.mark.parametrize(
    "keys",
    [
        [],
        [{}],
        [{"身份证号": "1"}, {"姓名": "2"}],
        [{"身份证号": 1}],
        [{"身份证号": "a\0b"}],
        [{"身份证号": "\ud800"}],
        [{"身份证号": "x" * 4001}],
    ],
)
def test_malformed_keys_break_a_rule(keys: list[dict[str, Any]]) -> None:
    with pytest.raises(RuleBroken):
        policy.compile_lookup(GRANT, MOUNT, keys)


def test_a_confirmation_takes_confirmable_items_only_and_shows_nothing() -> None:
    plan = policy.compile_confirm(GRANT, MOUNT, KEYS[0], {"姓名": "张三"})
    assert plan.fields == ()
    assert plan.facts[0].column == "name"
    with pytest.raises(NotAllowed, match="不可核对"):
        policy.compile_confirm(GRANT, MOUNT, KEYS[0], {"秘密": "x"})
    with pytest.raises(RuleBroken):
        policy.compile_confirm(GRANT, MOUNT, KEYS[0], {})


def test_a_broken_mount_and_a_missing_hash_key_are_refused() -> None:
    with pytest.raises(Unavailable, match="没有对应的列"):
        policy.compile_copy(GRANT, msgspec.structs.replace(MOUNT, columns=COLUMNS[:2]))
    hashed = msgspec.structs.replace(GRANT, columns=(Column("姓名", "", masking=Masking.KEYED_HASH),))
    with pytest.raises(Unavailable, match="散列密钥"):
        policy.compile_copy(hashed, MOUNT)
    twice = msgspec.structs.replace(MOUNT, columns=tuple(Column(c.item, "id_no", c.kind) for c in COLUMNS))
    with pytest.raises(Unavailable, match="同一列"):
        policy.compile_copy(GRANT, twice)


@pytest.mark.parametrize(
    ("kind", "given_", "text"),
    [
        (Kind.INTEGER, "+007", "7"),
        (Kind.DATE, "20260131", "2026-01-31"),
        (Kind.TIMESTAMP, "2026-01-31T00:00:00Z", "2026-01-31 08:00:00"),
        (Kind.BOOLEAN, "TRUE", "true"),
        (Kind.BINARY, "00FF", "00ff"),
        (Kind.NUMBER, "-3.14", "-3.14"),
    ],
)
def test_a_value_is_brought_into_its_canonical_text(kind: Kind, given_: str, text: str) -> None:
    assert values.check("项", kind, given_) == text


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (Kind.INTEGER, "9223372036854775808"),
        (Kind.INTEGER, "１２"),
        (Kind.NUMBER, "1e5"),
        (Kind.NUMBER, "NaN"),
        (Kind.DATE, "2026-02-30"),
        (Kind.TIMESTAMP, "昨天"),
        (Kind.BOOLEAN, "是"),
        (Kind.BINARY, "abc"),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused_naming_the_item(kind: Kind, text: str) -> None:
    with pytest.raises(RuleBroken, match="数据项“项”"):
        values.check("项", kind, text)


# Filters in Python and in SQL -----------------------------------------------------------------------------------------

NATIVES = {
    Kind.TEXT: "text",
    Kind.INTEGER: "bigint",
    Kind.NUMBER: "numeric",
    Kind.DATE: "date",
    Kind.TIMESTAMP: "timestamp with time zone",
    Kind.BOOLEAN: "boolean",
    Kind.BINARY: "bytea",
}
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6) | st.sampled_from(
    ["a", "ab"]
)
VALUES: dict[Kind, st.SearchStrategy[str]] = {
    Kind.TEXT: TEXTS,
    Kind.INTEGER: st.integers(-5, 5).map(str) | st.integers(-(2**63), 2**63 - 1).map(str),
    Kind.NUMBER: st.decimals(-5, 5, places=1).map(lambda number: f"{number:f}"),
    Kind.DATE: st.dates().map(str),
    Kind.TIMESTAMP: st.datetimes().map(str) | st.sampled_from(["1991-05-01 00:00:00", "1900-01-01 00:00:00.500000"]),
    Kind.BOOLEAN: st.sampled_from(["true", "false"]),
    Kind.BINARY: st.binary(max_size=3).map(bytes.hex),
}
STORED = VALUES | {
    Kind.NUMBER: VALUES[Kind.NUMBER] | st.just("NaN"),
    Kind.DATE: VALUES[Kind.DATE] | st.sampled_from(["infinity", "-infinity", "0044-03-15 BC", "0001-01-01"]),
    Kind.TIMESTAMP: VALUES[Kind.TIMESTAMP]
    | st.sampled_from(["infinity", "-infinity", "2026-01-01 00:00:00+00", "0044-03-15 10:00:00 BC"]),
}


@pytest.fixture(scope="module")
def database() -> Iterator[Any]:
    import asyncpg

    with database_url() as url:
        runner = asyncio.Runner()

        async def connect() -> Any:
            return await asyncpg.connect(url, server_settings=SESSION)

        connection = runner.run(connect())
        yield lambda text, *given: runner.run(connection.fetch(text, *given))
        runner.run(connection.close())
        runner.close()


@settings(max_examples=250, deadline=None)
@given(data=st.data(), kind=st.sampled_from(list(Kind)), operator=st.sampled_from(list(Operator)))
def test_a_filter_passes_the_same_rows_in_python_and_in_sql(
    database: Any, data: st.DataObject, kind: Kind, operator: Operator
) -> None:
    stored = data.draw(st.lists(st.none() | STORED[kind], min_size=1, max_size=8))
    count = {Operator.IN: st.integers(1, 3), Operator.IS_NULL: st.just(0), Operator.NOT_NULL: st.just(0)}
    several = data.draw(count.get(operator, st.just(1)))
    asked = [data.draw(VALUES[kind] | st.sampled_from([v for v in stored if v] or ["0"])) for _ in range(several)]
    try:
        checked = values.check_condition("项", kind, operator, asked)
    except RuleBroken:
        assume(False)
    native = NATIVES[kind]
    test = policy.Predicate("项", "v", kind, operator, checked)
    where, bound = sql.parametrised(sql.predicate(test, {"v": sql.Native(native, native)}))
    stored_as = "decode(u.v, 'hex')" if kind is Kind.BINARY else f"u.v::{native}"
    number = f"${len(bound) + 1}::text[]"
    text = sql.canonical("t.v", native)
    rows = database(
        f"select {text} as v, {where} as passes from (select {stored_as} as v, u.n"  # noqa: S608
        f" from unnest({number}) with ordinality u(v, n)) t order by t.n",
        *bound,
        stored,
    )
    assert [bool(row["passes"]) for row in rows] == [values.passes(row["v"], kind, operator, checked) for row in rows]


def test_rows_are_shaped_in_python_as_the_plan_says() -> None:
    plan = policy.compile_copy(GRANT, MOUNT)
    row = {"id_no": "11010519491231002X", "born": "1949-12-31", "amount": "100.5"}
    assert policy.admits(plan, row)
    assert not policy.admits(plan, row | {"amount": "100"})
    assert policy.shape(plan, row) == ("110105********002X", "1949-12-31")


def test_a_name_with_quotes_and_dollars_stays_a_name(database: Any) -> None:
    evil = 'a"; drop table x; --$1'
    database(f"create temp table evil ({sql.quoted(evil)} text)")
    database("insert into evil values ('x')")
    plan = policy.Plan(
        "pg_temp", "evil", (Column("项", evil),), (policy.Predicate("项", evil, Kind.TEXT, Operator.EQ, ("x",)),)
    )
    text, bound = sql.parametrised(sql.select_text(plan, {evil: sql.Native("text", "text")}))
    assert [row[0] for row in database(text, *bound)] == ["x"]
    assert sql.inlined(sql.select_text(plan, {evil: sql.Native("text", "text")}), ["'x'"]).count("'x'::text") == 1


def test_texts_are_ordered_by_code_point_whatever_the_database_prefers() -> None:
    test = policy.Predicate("项", "v", Kind.TEXT, Operator.LT, ("a",))
    text, _ = sql.parametrised(sql.predicate(test, {"v": sql.Native("text", "text")}))
    assert text == 't."v"::text collate "C" < $1::text'
