"""The PostgreSQL engine: lookups, confirmations, descriptions, addresses and refusals, against a real server."""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from covers import covers
from jutong.crypto import sm3
from jutong.dataplane import engines, policy
from jutong.dataplane.engines.addresses import check_address, check_socket
from jutong.dataplane.engines.tls import NamedContext, tls_context
from jutong.dataplane.errors import RuleBroken, TooLarge, Unavailable
from jutong.wire.bundle import Access, Source
from jutong.wire.grants import Column, Kind, Masking, Operator
from postgres import database_url
from transferworld import opened

TABLE = """
create type mood as enum ('好', '坏');
create table people (id_no char(18) primary key, name text, born date, amount numeric(10,2), vip boolean,
                     face bytea, token uuid default gen_random_uuid(), mood mood default '好', n integer);
comment on table people is '人口基本信息'; comment on column people.name is '姓名';
insert into people (id_no, name, born, amount, vip, face, n)
select lpad(i::text, 18, '0'), '张' || i, date '2000-01-01' + i, i / 4.0, i % 2 = 0, decode(md5(i::text), 'hex'), i % 10
from generate_series(1, 100) i;
update people set name = null where n = 3;
create view seen as select name from people;
analyze people
"""
FIELDS = (
    Column("身份证号", "id_no"),
    Column("姓名", "name", masking=Masking.NAME),
    Column("出生日期", "born", Kind.DATE),
    Column("照片", "face", Kind.BINARY),
    Column("是否", "vip", Kind.BOOLEAN),
)
ID = Column("身份证号", "id_no")


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with database_url() as made, psycopg.connect(made, autocommit=True) as connection:
        connection.execute(TABLE)
        yield made


@pytest.fixture(autouse=True)
def _allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUTONG_SOURCE_ADDRESSES", '["127.0.0.0/8", "/tmp", "/var/run"]')


def ask(url: str, question: Callable[[Any], Coroutine[Any, Any, Any]]) -> Any:
    async def main() -> Any:
        async with opened(url) as engine:
            return await question(engine)

    return asyncio.run(main())


def plan(*keys: str, fields: tuple[Column, ...] = FIELDS, **changes: Any) -> policy.Plan:
    return policy.Plan(
        "public", "people", fields, key_columns=(ID,), keys=tuple((key.zfill(18),) for key in keys), **changes
    )


@covers(partly=["R-EXC-006"])
def test_a_lookup_answers_each_key_in_turn_masked_and_in_canonical_text(url: str) -> None:
    found = ask(url, lambda engine: engine.lookup_each(plan("7", "999", "3", "7")))
    assert [len(rows) for rows in found] == [1, 0, 1, 1]
    assert found[0] == found[3]
    assert found[0][0] | {"照片": ""} == {
        "身份证号": "7".zfill(18),
        "姓名": "张*",
        "出生日期": "2000-01-08",
        "照片": "",
        "是否": "false",
    }
    assert found[0][0]["照片"] == "8f14e45fceea167a5a36dedd4bea2543"
    assert found[2][0]["姓名"] is None


def test_a_lookup_keeps_the_row_filter_and_hashes_by_the_grants_key(url: str) -> None:
    hashed = (Column("姓名", "name", masking=Masking.KEYED_HASH),)
    few = (policy.Predicate("金额", "amount", Kind.NUMBER, Operator.LT, ("2",)),)
    found = ask(url, lambda engine: engine.lookup_each(plan("7", "8", fields=hashed, where=few, hash_key=b"key")))
    assert found == [[{"姓名": sm3.hmac_sm3(b"key", "张7".encode()).hex()}], []]


def test_a_lookup_of_too_many_rows_is_refused(url: str) -> None:
    many = policy.Plan(
        "public", "people", (ID,), key_columns=(Column("n", "n", Kind.INTEGER),), keys=(("1",),), limit=9
    )
    with pytest.raises(TooLarge, match="批量下载"):
        ask(url, lambda engine: engine.lookup(many))
    assert len(ask(url, lambda engine: engine.lookup(policy.with_keys(many, [("99",)])))) == 0


@pytest.mark.parametrize(
    ("column", "kind", "value", "count"),
    [("token", Kind.TEXT, "not-a-uuid", None), ("mood", Kind.TEXT, "好", 100), ("n", Kind.INTEGER, str(2**40), 0)],
)
def test_keys_of_any_native_type_are_compared_in_that_type(
    url: str, column: str, kind: Kind, value: str, count: int | None
) -> None:
    asked = policy.Plan("public", "people", (ID,), key_columns=(Column(column, column, kind),), keys=((value,),))
    if count is None:
        with pytest.raises(RuleBroken, match="类型不符"):
            ask(url, lambda engine: engine.lookup(asked))
    else:
        assert len(ask(url, lambda engine: engine.lookup(asked))) == count


@covers(partly=["R-EXC-008"])
@pytest.mark.parametrize(
    ("key", "facts", "answer"),
    [
        ("7", {"姓名": "张7", "出生日期": "2000-01-08"}, (True, True)),
        ("7", {"姓名": "张7", "出生日期": "2000-01-09"}, (True, False)),
        ("3", {"姓名": "张3"}, (True, False)),
        ("999", {"姓名": "张7"}, (False, False)),
    ],
)
def test_a_confirmation_answers_match_no_match_and_not_found(
    url: str, key: str, facts: dict[str, str], answer: tuple[bool, bool]
) -> None:
    kinds = {field.item: field for field in FIELDS}
    claimed = tuple(
        policy.Predicate(item, kinds[item].column, kinds[item].kind, Operator.EQ, (value,))
        for item, value in facts.items()
    )
    assert ask(url, lambda engine: engine.confirm(plan(key, fields=(), facts=claimed))) == answer


def test_a_source_describes_itself(url: str) -> None:
    assert ask(url, lambda engine: engine.test()).startswith("PostgreSQL ")
    tables = ask(url, lambda engine: engine.tables("public"))
    assert [(table.name, table.comment, table.rows) for table in tables] == [
        ("people", "人口基本信息", 100),
        ("seen", "", 0),
    ]
    columns = {found.name: found for found in ask(url, lambda engine: engine.describe("public", "people")).columns}
    assert columns["name"].comment == "姓名"
    assert columns["id_no"].primary_key
    assert not columns["id_no"].nullable
    assert [columns[name].kind for name in ("born", "amount", "vip", "face", "n")] == [
        Kind.DATE,
        Kind.NUMBER,
        Kind.BOOLEAN,
        Kind.BINARY,
        Kind.INTEGER,
    ]
    assert columns["amount"].native == "numeric(10,2)"
    with pytest.raises(RuleBroken, match="没有表"):
        ask(url, lambda engine: engine.describe("public", "nothing"))


def test_a_preview_is_masked(url: str) -> None:
    shown = policy.compile_preview("public", "people", [Column("姓名", "name", masking=Masking.KEYED_HASH), ID], 2)
    rows = ask(url, lambda engine: engine.preview(shown))
    assert len(rows) == 2
    assert {row[0] for row in rows} == {""}


def test_a_lookup_session_can_write_nothing(url: str) -> None:
    async def write(engine: Any) -> None:
        async with engine._connection() as connection:
            await connection.execute("delete from public.people")

    with pytest.raises(Unavailable, match="只允许读取"):
        ask(url, write)


def test_a_column_that_vanished_is_told_by_name(url: str) -> None:
    gone = plan("7", fields=(Column("身高", "height"),))
    with pytest.raises(Unavailable, match="没有列 height"):
        ask(url, lambda engine: engine.lookup(gone))


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"port": 1}, "无法连接"),
        ({"database": "nowhere"}, "没有所填的数据库"),
        ({"password": "wrong-secret-word"}, "用户名或密码不正确"),
        ({"host": "no-such-host.invalid"}, "无法解析"),
        ({"tls": "verify-full"}, "数据源"),
    ],
)
def test_a_source_that_cannot_be_reached_is_refused_without_its_password(
    url: str, change: dict[str, Any], word: str, caplog: pytest.LogCaptureFixture
) -> None:
    found = conninfo_to_dict(url)
    given = {"host": found["host"], "port": int(str(found["port"])), "database": found["dbname"], "user": found["user"]}
    access = Access(**(given | {"password": str(found.get("password") or ""), "tls": "disable"} | change))  # type: ignore[arg-type]

    async def main() -> None:
        engine = await engines.open(Source("s", "d", "postgresql", "测试库", b""), access)
        try:
            await engine.test()
        finally:
            await engine.close()

    if "password" in change and not found.get("password"):
        pytest.skip("this server asks for no password")
    with pytest.raises((Unavailable, RuleBroken), match=word) as refused:
        asyncio.run(main())
    assert "secret-word" not in str(refused.value) + caplog.text


def test_an_unknown_engine_is_refused_by_name() -> None:
    with pytest.raises(RuleBroken, match="不支持的数据源类型“access”"):
        asyncio.run(engines.open(Source("s", "d", "access", "库", b""), Access()))


@pytest.mark.parametrize(
    ("address", "allowed", "fits"),
    [
        ("10.1.2.3", (), True),
        ("59.255.1.1", (), True),
        ("127.0.0.1", (), False),
        ("::1", (), False),
        ("::ffff:127.0.0.1", (), False),
        ("169.254.169.254", (), False),
        ("fe80::1", (), False),
        ("0.0.0.0", (), False),  # noqa: S104
        ("224.0.0.1", (), False),
        ("10.1.2.3", ("10.0.0.0/8",), True),
        ("11.1.2.3", ("10.0.0.0/8",), False),
        ("127.0.0.1", ("127.0.0.0/8",), True),
    ],
)
def test_addresses_are_decided_by_the_allow_list(address: str, allowed: tuple[str, ...], fits: bool) -> None:
    if fits:
        check_address(ipaddress.ip_address(address), allowed)
    else:
        with pytest.raises(RuleBroken, match="不在允许连接的网段内"):
            check_address(ipaddress.ip_address(address), allowed)


def test_the_platforms_own_database_is_no_data_source(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUTONG_DATABASE_URL", url)
    with pytest.raises(RuleBroken, match="平台自身的数据库"):
        ask(url, lambda engine: engine.test())


@pytest.mark.parametrize("schema", ["pg_catalog", "information_schema"])
def test_a_system_schema_is_no_resource(url: str, schema: str) -> None:
    asked = policy.Plan(schema, "tables", (Column("x", "x"),), key_columns=(ID,), keys=(("1",),))
    with pytest.raises(Unavailable, match="系统模式"):
        ask(url, lambda engine: engine.lookup(asked))


def test_sockets_are_denied_unless_their_folder_is_listed() -> None:
    check_socket("/run/pg/one", ("/run/pg",))
    for folder in ("/run/pg/../secret", "/run/pgx", "/other"):
        with pytest.raises(RuleBroken):
            check_socket(folder, ("/run/pg",))
    with pytest.raises(RuleBroken):
        check_socket("/run/pg", ())


def test_a_name_that_resolves_to_a_forbidden_address_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUTONG_SOURCE_ADDRESSES", "[]")
    access = Access(host="localhost", database="x", user="x")
    with pytest.raises(RuleBroken, match="不在允许连接的网段内"):
        asyncio.run(engines.open(Source("s", "d", "postgresql", "库", b""), access))


def test_tls_is_verified_against_the_asked_name_unless_the_zone_says_otherwise() -> None:
    context = tls_context(Access(host="db.example.gov.cn"))
    assert isinstance(context, NamedContext)
    assert (context.name, context.check_hostname, context.verify_mode) == ("db.example.gov.cn", True, ssl.CERT_REQUIRED)
    assert (
        context.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), server_hostname="10.0.0.1").server_hostname == context.name
    )
    assert tls_context(Access(tls="disable")) is False
    with pytest.raises(RuleBroken, match="TLS 方式"):
        tls_context(Access(host="x", tls="prefer"))
    with pytest.raises(RuleBroken, match="CA 证书"):
        tls_context(Access(host="x", options={"ca": "not a certificate"}))
