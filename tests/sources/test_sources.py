"""Registering, changing, testing and reading data sources; the password goes in and never comes out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import httpx
import msgspec
import pytest

from covers import covers
from jutong.kernel import keys
from jutong.kernel.errors import Conflict, NotAllowed, NotThere, RuleBroken, Unavailable, WrongState
from jutong.kernel.models import AuditEntry, OutboxEvent
from jutong.kernel.settings import settings
from jutong.slices.sources import actions, queries
from jutong.slices.sources.models import DataSource
from jutong.slices.sources.queries import probing
from jutong.slices.sources.rules import Details
from jutong.wire.bundle import Access
from sourceworld import details, register
from world import World

FAR = Details(
    title="业务库", host="10.20.3.4", port=5432, database="biz", user="reader", password="s3cret-Word", zone="outer"
)


def registered(world: World, **changes: Any) -> DataSource:
    return actions.register(
        by=world.actor("civil.engineer"),
        at=world.at,
        department_id=world.department("civil"),
        details=replace(FAR, **changes),
    )


def test_the_password_is_stored_encrypted_and_never_shown(world: World, node: Any) -> None:
    source = registered(world)
    stored = DataSource.objects.get(pk=source.pk)
    assert b"s3cret-Word" not in bytes(stored.secret)
    assert keys.reveal(stored.secret) == b"s3cret-Word"
    row = queries.source(source.pk, world.actor("civil.engineer"))
    assert "s3cret-Word" not in repr(row)
    assert "s3cret-Word" not in repr(replace(FAR))
    page = world.client("civil.engineer").get(f"/sources/{source.pk}/")
    assert page.status_code == 200
    assert "s3cret-Word" not in page.content.decode()
    change = world.client("civil.engineer").get(f"/sources/{source.pk}/change/").content.decode()
    assert "s3cret-Word" not in change
    api = world.client("civil.engineer").get(f"/api/v1/sources/{source.pk}")
    assert api.status_code == 200
    assert "password" not in api.json()
    assert not AuditEntry.objects.filter(detail__icontains="s3cret").exists()


def test_changing_anything_else_keeps_the_password(world: World) -> None:
    source = registered(world)
    by = world.actor("civil.engineer")
    actions.change(source.pk, by=by, at=world.at, details=replace(FAR, title="新业务库", password=""))
    stored = DataSource.objects.get(pk=source.pk)
    assert (stored.title, keys.reveal(stored.secret)) == ("新业务库", b"s3cret-Word")
    actions.change(source.pk, by=by, at=world.at, details=replace(FAR, password="another"))
    assert keys.reveal(DataSource.objects.get(pk=source.pk).secret) == b"another"


@pytest.mark.parametrize("elsewhere", [{"host": "10.20.3.5"}, {"port": 5433}, {"database": "other"}, {"user": "root"}])
def test_a_stored_password_never_travels_to_another_place(world: World, node: Any, elsewhere: dict[str, Any]) -> None:
    by = world.actor("civil.engineer")
    source = actions.register(by=by, at=world.at, department_id=world.department("civil"), details=FAR)
    with pytest.raises(RuleBroken, match="重新填写口令"):
        actions.change(source.pk, by=by, at=world.at, details=replace(FAR, password="", **elsewhere))
    actions.change(source.pk, by=by, at=world.at, details=replace(FAR, password="typed-Again", **elsewhere))


def test_only_the_data_plane_can_open_what_goes_to_it(world: World, node: Any) -> None:
    source = registered(world)
    (sent,) = queries.wire_sources([source.pk])
    assert b"s3cret-Word" not in sent.sealed
    access = msgspec.json.decode(node.signer.unseal(sent.sealed), type=Access)
    assert (access.host, access.password, access.tls) == ("10.20.3.4", "s3cret-Word", "verify-full")
    assert sent.department_id == str(world.department("civil"))


def test_a_change_is_told_to_the_data_plane_by_an_event(world: World) -> None:
    source = registered(world)
    actions.disable(source.pk, by=world.actor("civil.engineer"), at=world.at)
    told = OutboxEvent.objects.filter(name="sources.source_changed", subject=f"source:{source.pk}").order_by("id")
    assert [event.payload["active"] for event in told] == [True, False]
    with pytest.raises(WrongState):
        actions.disable(source.pk, by=world.actor("civil.engineer"), at=world.at)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"host": "localhost"}, "host"),
        ({"host": "db.localhost"}, "host"),
        ({"host": "127.0.0.1"}, "host"),
        ({"host": "::1"}, "host"),
        ({"host": "::ffff:127.0.0.1"}, "host"),
        ({"host": "169.254.169.254"}, "host"),
        ({"host": "0.0.0.0"}, "host"),  # noqa: S104 - refused
        ({"host": "2130706433"}, "host"),
        ({"host": "0x7f.1"}, "host"),
        ({"host": "127.1"}, "host"),
        ({"host": "/run/postgresql"}, "host"),
        ({"host": "http://10.1.2.3"}, "host"),
        ({"host": "10.1.2.3:5432"}, "host"),
        ({"host": "10.1.2.3,10.1.2.4"}, "host"),
        ({"host": ""}, "host"),
        ({"host": "a" * 300}, "host"),
        ({"port": 0}, "port"),
        ({"port": 70000}, "port"),
        ({"title": ""}, "title"),
        ({"title": "库" * 81}, "title"),
        ({"title": "库\x07"}, "title"),
        ({"database": "b\x00z"}, "database"),
        ({"database": "库" * 22}, "database"),
        ({"user": ""}, "user"),
        ({"password": ""}, "password"),
        ({"password": "x" * 257}, "password"),
        ({"engine": "access"}, "engine"),
        ({"zone": "internet"}, "zone"),
        ({"tls": "disable"}, "tls"),
        ({"tls": "maybe"}, "tls"),
        ({"ca": "not a certificate"}, "ca"),
        ({"provides": False, "receives": False}, "provides"),
    ],
)
def test_a_bad_registration_is_refused_with_a_sentence_at_its_field(
    world: World, changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(RuleBroken) as refused:
        registered(world, **changes)
    assert list(refused.value.remarks) == [field]
    assert not DataSource.objects.exists()


FILE = replace(
    FAR, engine="sqlite", host="", port=0, database="/srv/shared/people.db", user="", password="", tls="disable"
)


def test_a_file_is_registered_by_its_path_alone(world: World, node: Any) -> None:
    by = world.actor("civil.engineer")
    source = actions.register(by=by, at=world.at, department_id=world.department("civil"), details=FILE)
    row = queries.source(source.pk, by)
    assert (row.engine_label, row.address, row.database) == ("SQLite 文件", "", "/srv/shared/people.db")
    assert world.client("civil.engineer").get(f"/sources/{source.pk}/").status_code == 200
    assert world.client("civil.engineer").get("/sources/").status_code == 200
    for changes, field in (({"database": "people.db"}, "database"), ({"host": "10.1.2.3"}, "host")):
        with pytest.raises(RuleBroken) as refused:
            actions.change(source.pk, by=by, at=world.at, details=replace(FILE, **changes))  # type: ignore[arg-type]
        assert list(refused.value.remarks) == [field]


def test_the_usual_port_of_an_engine_is_taken_where_none_is_stated(world: World, node: Any) -> None:
    client = world.client("civil.engineer")
    form = {
        "title": "业务库", "engine": "mysql", "host": "10.1.2.3", "port": "", "database": "yw", "user": "share",
        "password": "s3cret", "zone": "outer", "tls": "verify-full", "provides": "on",
    }  # fmt: skip
    assert client.post("/sources/new/", form).status_code == 303
    assert DataSource.objects.get().port == 3306


def test_a_schema_is_what_the_database_calls_one() -> None:
    assert [queries.place(engine, "") for engine in ("postgresql", "mysql", "sqlite")] == ["public", "", ""]
    assert queries.place("mysql", "city") == "city"
    with pytest.raises(RuleBroken, match="SQLite 没有模式"):
        queries.place("sqlite", "main")


def test_an_unencrypted_connection_is_possible_in_the_inner_network_only(world: World) -> None:
    assert registered(world, tls="disable", zone="inner").pk


def test_our_own_database_is_never_a_data_source(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db import connection

    own = connection.settings_dict
    monkeypatch.setattr(settings(), "demo", True)
    with pytest.raises(RuleBroken) as refused:
        registered(
            world, host=str(own["HOST"]), port=int(own["PORT"] or 5432), database=str(own["NAME"]), tls="disable"
        )
    assert "平台自身" in refused.value.sentence


def test_two_sources_of_a_department_cannot_share_a_title(world: World) -> None:
    registered(world)
    with pytest.raises(Conflict):
        registered(world)


def test_only_the_departments_own_engineer_registers_and_changes(world: World) -> None:
    for who in ("civil.officer", "civil.head", "hr.engineer", "admin.system", "authority.operator"):
        with pytest.raises(NotAllowed):
            actions.register(by=world.actor(who), at=world.at, department_id=world.department("civil"), details=FAR)
    source = registered(world)
    with pytest.raises(NotThere):
        actions.change(source.pk, by=world.actor("hr.engineer"), at=world.at, details=FAR)
    with pytest.raises(NotAllowed):
        actions.change(source.pk, by=world.actor("authority.operator"), at=world.at, details=FAR)
    refused = AuditEntry.objects.filter(verb="sources.change", outcome="refused")
    assert {entry.code for entry in refused} == {"not_found", "forbidden"}


def test_other_departments_do_not_learn_that_a_source_exists(world: World) -> None:
    source = registered(world)
    assert queries.sources(world.actor("hr.engineer"))[0] == []
    assert [row.id for row in queries.sources(world.actor("civil.officer"))[0]] == [source.pk]
    assert [row.id for row in queries.sources(world.actor("authority.operator"))[0]] == [source.pk]
    assert world.client("hr.engineer").get(f"/sources/{source.pk}/").status_code == 404
    assert world.client("hr.engineer").get(f"/api/v1/sources/{source.pk}").status_code == 404


def test_a_connection_test_says_what_the_source_is(world: World, probe: Any, civil_db: str) -> None:
    source = register(world, "civil", civil_db)
    actions.test_connection(source.pk, by=world.actor("civil.engineer"), at=world.at)
    row = queries.source(source.pk, world.actor("civil.engineer"))
    assert row.tested_ok is True
    assert "PostgreSQL" in row.product
    actions.test_connection(source.pk, by=world.actor("civil.engineer"), at=world.at)
    assert "连接测试的应答时间" in world.client("civil.engineer").get(f"/sources/{source.pk}/").content.decode()
    assert [check.ok for check in queries.checks(source.pk)] == [True, True]
    assert probe.calls[0].headers["X-Jutong-Node"] == "control"


def test_a_failed_test_is_a_result_and_names_the_reason(world: World, probe: Any, civil_db: str) -> None:
    source = register(world, "civil", civil_db, database="nowhere_at_all")
    actions.test_connection(source.pk, by=world.actor("civil.engineer"), at=world.at)
    row = queries.source(source.pk, world.actor("civil.engineer"))
    assert row.tested_ok is False
    assert row.tested_message


def test_a_data_plane_that_is_away_is_unavailable_and_nothing_is_noted(
    world: World, node: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = registered(world)

    def gone(_request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    monkeypatch.setattr(
        probing, "client", lambda: httpx.Client(base_url="http://probe", transport=httpx.MockTransport(gone))
    )
    with pytest.raises(Unavailable):
        actions.test_connection(source.pk, by=world.actor("civil.engineer"), at=world.at)
    assert DataSource.objects.get(pk=source.pk).tested_ok is None


def test_a_call_with_another_secret_is_refused_by_the_data_plane(
    world: World, probe: Any, civil_db: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = register(world, "civil", civil_db)
    monkeypatch.setattr(probing.nodes, "secret", lambda _name: b"\x00" * 32)
    with pytest.raises(Unavailable):
        actions.test_connection(source.pk, by=world.actor("civil.engineer"), at=world.at)


def test_tables_and_columns_come_with_their_comments(world: World, probe: Any, civil_db: str) -> None:
    source = register(world, "civil", civil_db)
    officer = world.actor("civil.officer")
    (table,) = queries.tables(source.pk, officer)
    assert (table.schema, table.name, table.comment) == ("public", "people", "低保对象")
    found = queries.schema(source.pk, officer, schema="public", table="people")
    first = found.columns[0]
    assert (first.name, first.comment, first.primary_key) == ("id_number", "公民身份号码", True)
    with pytest.raises(RuleBroken):
        queries.schema(source.pk, officer, schema="public", table="none")
    with pytest.raises(NotAllowed):
        queries.tables(source.pk, world.actor("civil.clerk"))
    with pytest.raises(NotThere):
        queries.tables(source.pk, world.actor("hr.officer"))


@covers(partly=["R-EXC-023"])
def test_the_pages_lead_from_registration_to_the_columns(world: World, probe: Any, civil_db: str) -> None:
    engineer = world.client("civil.engineer")
    given = details(civil_db)
    form = {
        "title": given.title, "engine": "postgresql", "host": given.host, "port": "５４３２" if given.port == 5432 else given.port,
        "database": given.database, "user": given.user, "password": given.password, "zone": "outer", "tls": "disable",
        "provides": "on",
    }  # fmt: skip
    answer = engineer.post("/sources/new/", form)
    assert answer.status_code == 303, answer.content.decode()
    source = DataSource.objects.get()
    assert engineer.post(f"/sources/{source.pk}/test/").status_code == 303
    page = engineer.get(f"/sources/{source.pk}/").content.decode()
    assert "连接成功" in page and "可以捕获变更" in page  # noqa: PT018
    assert "people" in engineer.get(f"/sources/{source.pk}/tables/").content.decode()
    columns = engineer.get(f"/sources/{source.pk}/columns/?schema=public&table=people")
    assert "公民身份号码" in columns.content.decode()
    assert "业务库" in engineer.get("/sources/?q=业务").content.decode()
    assert engineer.get("/sources/?q=%00&page=999999999999999999999").status_code == 200
    assert engineer.post(f"/sources/{source.pk}/disable/", {"note": "迁移"}).status_code == 303
    assert engineer.post(f"/sources/{source.pk}/disable/").status_code == 409
    assert engineer.post(f"/sources/{source.pk}/enable/").status_code == 303


def test_a_wrong_form_is_shown_again_with_its_sentences(world: World) -> None:
    answer = world.client("civil.engineer").post("/sources/new/", {"title": "库", "host": "localhost", "port": "abc"})
    assert answer.status_code == 422
    assert "“端口”应为整数" in answer.content.decode()
    assert world.client("civil.clerk").get("/sources/99999999999999999999/").status_code == 404


def test_the_api_registers_changes_and_refuses(world: World, probe: Any, civil_db: str) -> None:
    client = world.client("civil.engineer")
    given = details(civil_db)
    body = {
        "title": "接口库", "host": given.host, "port": given.port, "database": given.database, "user": given.user,
        "password": given.password, "tls": "disable",
    }  # fmt: skip
    made = client.post("/api/v1/sources/", body, content_type="application/json")
    assert made.status_code == 201, made.content.decode()
    key = made.json()["id"]
    assert client.post(f"/api/v1/sources/{key}/test").json()["tested_ok"] is True
    assert client.get(f"/api/v1/sources/{key}/tables").json()[0]["name"] == "people"
    found = client.get(f"/api/v1/sources/{key}/columns?schema=public&table=people").json()
    assert found["schema"] == "public"
    assert found["columns"][0]["name"] == "id_number"
    changed = client.put(
        f"/api/v1/sources/{key}", body | {"title": "改名", "password": ""}, content_type="application/json"
    )
    assert changed.json()["title"] == "改名"
    for bad in ({**body, "port": 70000}, {**body, "title": "a\u0000"}, {**body, "host": "x" * 400}, []):
        assert client.post("/api/v1/sources/", bad, content_type="application/json").status_code == 422
    assert world.signed_out().get("/api/v1/sources/").status_code == 401
    assert client.post(f"/api/v1/sources/{key}/disable").status_code == 204
    assert client.get(f"/api/v1/sources/{key}/tables").status_code == 409


SFTP = {
    "engine": "files", "port": 22, "database": "/交换", "user": "jutong", "password": "s3cret-Word",
    "options": {"store": "sftp", "host_key": "ssh-ed25519 AAAA", "encoding": "gb18030"},
}  # fmt: skip
API = {
    "engine": "http", "port": 443, "database": "", "user": "app", "password": "s3cret-Word",
    "options": {"path": "/api/people", "rows": "/data", "auth": "national", "service": "s1", "key.id_no": "id"},
}  # fmt: skip
LOCAL = {"engine": "files", "host": "", "port": 0, "database": "/srv/exchange", "user": "", "password": ""}


@pytest.mark.parametrize("changes", [SFTP, API, LOCAL], ids=["sftp", "api", "local"])
def test_file_stores_and_interfaces_are_registered_with_their_options(world: World, changes: dict[str, Any]) -> None:
    by = world.actor("civil.engineer")
    source = actions.register(
        by=by, at=world.at, department_id=world.department("civil"), details=replace(FAR, **changes)
    )
    row = queries.source(source.pk, by)
    assert (row.engine, row.options) == (changes["engine"], changes.get("options", {}))


@pytest.mark.parametrize(
    ("base", "changes", "field", "word"),
    [
        (SFTP, {"options": {"store": "sftp"}}, "options", "host_key"),
        (SFTP, {"options": {"store": "ftp"}}, "options", "local、sftp、s3"),
        (SFTP, {"options": SFTP["options"] | {"path": "/x"}}, "options", "不适用"),
        (SFTP, {"database": "/a/../b"}, "database", "文件夹"),
        (SFTP, {"password": ""}, "password", "口令"),
        (SFTP, {"host": "127.0.0.1"}, "host", "本机"),
        (API, {"options": {}}, "options", "path"),
        (API, {"options": {"path": "/a", "auth": "digest"}}, "options", "认证方式"),
        (API, {"options": {"path": "/a\nb"}}, "options", "控制字符"),
        (API, {"options": {"path": "/a", "endpoint.x": "DELETE /a"}}, "options", "endpoint.x"),
        (API, {"options": {"path": "/a", "endpoint.x": "GET http://10.0.0.1/a"}}, "options", "endpoint.x"),
        (API, {"options": {"path": "/a", "endpoint.a b": "GET /a"}}, "options", "不适用"),
        (LOCAL, {"database": "exchange"}, "database", "绝对路径"),
        (LOCAL, {"host": "10.1.2.3"}, "host", "留空"),
        ({}, {"options": {"store": "local"}}, "options", "不适用"),
    ],
)
def test_a_registration_that_breaks_a_rule_of_its_kind_is_refused_by_field(
    world: World, base: dict[str, Any], changes: dict[str, Any], field: str, word: str
) -> None:
    by = world.actor("civil.engineer")
    with pytest.raises(RuleBroken) as refusal:
        actions.register(
            by=by, at=world.at, department_id=world.department("civil"), details=replace(FAR, **base | changes)
        )
    assert word in refusal.value.remarks[field]


def test_options_are_stated_on_the_page_one_a_line(world: World) -> None:
    page = world.client("civil.engineer")
    given = {"title": "接口", "engine": "http", "host": "api.example.gov.cn", "zone": "outer", "tls": "verify-full",
             "provides": "on", "options": "path=/api/people\nkey.id_no=id\n"}  # fmt: skip
    answer = page.post("/sources/new/", given, follow=True)
    assert "path=/api/people；key.id_no=id" in answer.content.decode()
    assert DataSource.objects.get(title="接口").options == {"path": "/api/people", "key.id_no": "id"}
    again = page.post("/sources/new/", given | {"title": "另", "options": "nonsense"})
    assert "形如“名称=值”" in again.content.decode()
