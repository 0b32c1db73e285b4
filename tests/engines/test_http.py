"""A department's HTTP interface as a source: a real server, pages and cursors, signatures checked, answers narrowed."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from covers import covers
from engineworld import Base, ask, fresh, moved
from interface_server import PEOPLE, Interface
from jutong.dataplane.errors import RuleBroken, TooLarge, Unavailable
from jutong.dataplane.policy import Plan, Predicate
from jutong.dataplane.signatures import presented, verify
from jutong.wire.bundle import Access
from jutong.wire.grants import Column, Kind, Masking, Operator

FIELDS = (
    Column("身份证号", "idCard"),
    Column("姓名", "xm", masking=Masking.NAME),
    Column("年龄", "age", Kind.INTEGER),
)


def base(interface: Interface, **options: str) -> Base:
    told = {"path": "/api/people", "rows": "/data/list", "key.idCard": "id"} | options
    access = Access("127.0.0.1", interface.server.server_port, "", "app", "s3cret", "disable", told)
    return Base("http", access, ".", lambda _: [])


def plan(*fields: Column, **changes: Any) -> Plan:
    return Plan(".", "people", fields or FIELDS, **changes)


@covers(partly=["R-EXC-006"])
def test_a_lookup_shows_granted_items_only_masked_and_filtered(interface: Interface) -> None:
    keys = (("110105194912310007",), ("0",), ("110105194912310002",))
    young = (Predicate("年龄", "age", Kind.INTEGER, Operator.GE, ("3",)),)
    asked = plan(key_columns=FIELDS[:1], keys=keys, where=young, limit=10)
    assert ask(base(interface), lambda engine: engine.lookup_each(asked)) == [
        [{"身份证号": "110105194912310007", "姓名": "张*", "年龄": "7"}],
        [],
        [],
    ]
    many = plan(key_columns=FIELDS[:1], keys=keys * 20)
    with pytest.raises(TooLarge, match="最多 50"):
        ask(base(interface), lambda engine: engine.lookup_each(many))


def test_an_interface_that_answers_another_record_than_asked_for_shows_nothing(interface: Interface) -> None:
    interface.answer = lambda *_: (200, {"data": {"list": PEOPLE}})
    asked = plan(key_columns=FIELDS[:1], keys=(("110105194912310007",),))
    assert [row["年龄"] for row in ask(base(interface), lambda engine: engine.lookup(asked))] == ["7"]


@covers(partly=["R-EXC-008"])
@pytest.mark.parametrize(
    ("key", "age", "answer"), [("0007", "7", (True, True)), ("0007", "8", (True, False)), ("9999", "7", (False, False))]
)
def test_a_confirmation_is_compared_here(interface: Interface, key: str, age: str, answer: tuple[bool, bool]) -> None:
    fact = Predicate("年龄", "age", Kind.INTEGER, Operator.EQ, (age,))
    asked = Plan(".", "people", (), key_columns=FIELDS[:1], keys=((f"11010519491231{key}",),), facts=(fact,))
    assert ask(base(interface), lambda engine: engine.confirm(asked)) == answer


@pytest.mark.parametrize(
    "options",
    [
        {"paging": "page", "rows_per_page": "10"},
        {"paging": "page", "rows_per_page": "5"},
        {"paging": "cursor", "cursor": "from", "next": "/data/next", "rows_per_page": "7", "method": "POST"},
        {},
    ],
)
def test_all_pages_arrive_in_a_database(interface: Interface, options: dict[str, str]) -> None:
    with fresh("postgresql") as database:
        tally = moved(base(interface, **options), plan(), database, "copy")
        assert tally is not None
        assert tally.rows == 25
        assert database.run("select xm, age from copy order by age") == [
            ("张*" if n < 10 else "张**", n) for n in range(25)
        ]


def test_a_source_describes_and_previews_itself(interface: Interface) -> None:
    source = base(interface)
    assert ask(source, lambda engine: engine.test())
    [table] = ask(source, lambda engine: engine.tables(""))
    assert (table.schema, table.name) == (".", "people")
    kinds = {column.name: column.kind for column in ask(source, lambda engine: engine.describe(".", "people")).columns}
    assert kinds == {
        "idCard": Kind.TEXT, "xm": Kind.TEXT, "age": Kind.INTEGER, "income": Kind.NUMBER, "secret": Kind.TEXT,
    }  # fmt: skip
    assert ask(source, lambda engine: engine.preview(plan(limit=1))) == (("110105194912310000", "张*", "0"),)


@pytest.mark.parametrize("auth", ["national", "guangdong", "zhejiang"])
def test_calls_are_signed_as_the_platform_wants(interface: Interface, auth: str) -> None:
    ask(base(interface, auth=auth, service="svc-1"), lambda engine: engine.test())
    _, params, headers = interface.asked[0]
    call = presented(headers, params)
    assert call is not None
    assert (call.scheme, call.app_key) == (auth, "app")
    verify(call, "s3cret", at=datetime.now(UTC))


def test_basic_and_bearer_are_sent(interface: Interface) -> None:
    for auth in ("basic", "bearer"):
        ask(base(interface, auth=auth), lambda engine: engine.test())
    sent = [headers["authorization"] for _, _, headers in interface.asked]
    assert sent == ["Basic " + base64.b64encode(b"app:s3cret").decode(), "Bearer s3cret"]


@pytest.mark.parametrize(
    ("status", "content", "word"),
    [
        (500, {}, "应答异常（500）"),
        (302, {}, "应答异常（302）"),
        (401, {}, "拒绝了我们的身份"),
        (200, b"<html>", "不是 JSON"),
        (200, {"data": {"list": "x"}}, "不是数组"),
        (200, {"data": {"list": [1]}}, "不符合登记的结构"),
        (200, {"data": {"list": [{"age": "old"}]}}, "不符合登记的结构"),
    ],
)
def test_a_bad_answer_is_told_in_words_without_secrets(
    interface: Interface, status: int, content: Any, word: str
) -> None:
    interface.answer = lambda *_: (status, content)
    with pytest.raises(Unavailable, match=word) as refusal:
        ask(base(interface, auth="bearer"), lambda engine: engine.preview(plan(limit=5)))
    assert "s3cret" not in str(refusal.value)
    assert "127.0.0.1" not in str(refusal.value)


def test_what_never_ends_is_ended(interface: Interface, monkeypatch: pytest.MonkeyPatch) -> None:
    from jutong.dataplane.engines.http import calls

    interface.answer = lambda *_: (200, {"data": {"list": [PEOPLE[0]], "next": "again"}})
    source = base(interface, paging="cursor", next="/data/next")
    with fresh("postgresql") as database, pytest.raises(Unavailable, match="同一游标"):
        moved(source, plan(), database, "copy")
    monkeypatch.setattr(calls, "MOST_BYTES", 10)
    with pytest.raises(TooLarge, match="一次应答超过"):
        ask(base(interface), lambda engine: engine.test())


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"path": "http://elsewhere/"}, "接口路径"),
        ({"path": "/a?b=c"}, "接口路径"),
        ({"method": "DELETE"}, "请求方式"),
        ({"auth": "ntlm"}, "认证方式"),
        ({"paging": "cursor"}, "游标位置"),
        ({"rows": "data"}, "数据位置"),
        ({"key.idCard": "id&admin=1"}, "参数名"),
        ({"rows_per_page": "0"}, "每页行数"),
    ],
)
def test_options_that_mean_nothing_are_refused_by_name(
    interface: Interface, options: dict[str, str], word: str
) -> None:
    with pytest.raises(RuleBroken, match=word):
        ask(base(interface, **options), lambda engine: engine.test())


def test_addresses_that_are_not_allowed_are_not_called(interface: Interface, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUTONG_SOURCE_ADDRESSES", '["10.0.0.0/8"]')
    source = base(interface)
    for host in ("127.0.0.1", "localhost"):
        other = Base("http", msgspec.structs.replace(source.access, host=host), ".", source.run)
        with pytest.raises(RuleBroken, match="网段"):
            ask(other, lambda engine: engine.test())
    assert interface.asked == []


def test_an_interface_is_no_target(interface: Interface) -> None:
    with fresh("postgresql") as database:
        database.run("create table people (xm text)")
        with pytest.raises(RuleBroken, match="不能作为目标"):
            moved(database, Plan("public", "people", (Column("xm", "xm"),)), base(interface), "t")
