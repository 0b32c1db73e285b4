"""The probe service: only the control plane may ask, every question has an answer, nothing secret comes back."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from typing import Any, Self

import httpx
import msgspec
import pytest

from jutong.dataplane.link import proof_headers
from jutong.dataplane.probe import create
from jutong.wire.grants import Column, Masking, Operator
from jutong.wire.probe import Filter, ProbeAnswer, ProbeRequest
from transferworld import World, world


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("town"), people=20) as made:
        yield made


class Client:
    """Asks the application in one event loop, within its life."""

    def __init__(self) -> None:
        self._app = create()
        self._runner = asyncio.Runner()
        self._life = self._app.router.lifespan_context(self._app)

    def __enter__(self) -> Self:
        self._runner.run(self._life.__aenter__())
        return self

    def __exit__(self, *_: object) -> None:
        self._runner.run(self._life.__aexit__(None, None, None))
        self._runner.close()

    def post(self, path: str, *, content: bytes, headers: dict[str, str] | None = None) -> httpx.Response:
        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(self._app)
            async with httpx.AsyncClient(transport=transport, base_url="http://probe") as client:
                return await client.post(path, content=content, headers=headers)

        return self._runner.run(send())


@pytest.fixture
def client(town: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    monkeypatch.setenv("JUTONG_HOME", str(town.settings.home))
    monkeypatch.setenv("JUTONG_NODE", "mover")
    with Client() as found:
        yield found


def proof(town: World, body: bytes, *, node: str = "control", secret: bytes = b"", ago: int = 0) -> dict[str, str]:
    at = time.time_ns() // 1_000_000 - ago
    return proof_headers(node, secret or town.me.secret, method="POST", target="/probe", body=body, at_ms=at)


def asked(town: World, client: Client, what: str, **changes: Any) -> ProbeAnswer:
    request = ProbeRequest(**({"what": what, "engine": "postgresql", "sealed": town.sealed(town.provider)} | changes))
    body = msgspec.json.encode(request)
    answer = client.post("/probe", content=body, headers=proof(town, body))
    assert answer.status_code == 200, answer.text
    return msgspec.json.decode(answer.content, type=ProbeAnswer)


def test_each_question_has_its_answer(town: World, client: Client) -> None:
    assert asked(town, client, "test").version.startswith("PostgreSQL")
    assert "people" in [table.name for table in asked(town, client, "tables", schema="public").tables]
    found = asked(town, client, "schema", schema="public", table="people").tables[0]
    assert [column.name for column in found.columns if column.primary_key] == ["id_no"]
    columns = (Column("身份证号", "id_no", masking=Masking.IDENTITY),)
    rows = asked(town, client, "preview", schema="public", table="people", columns=columns, limit=3).rows
    assert len(rows) == 3
    assert {row[0][6:14] for row in rows} == {"********"}


def test_a_preview_shows_only_the_rows_that_its_conditions_let_through(town: World, client: Client) -> None:
    plain, masked = Column("身份证号", "id_no"), Column("身份证号", "id_no", masking=Masking.IDENTITY)
    known = asked(town, client, "preview", schema="public", table="people", columns=(plain,), limit=5).rows[-1][0]
    wanted = (Filter(plain, Operator.EQ, (known,)),)
    rows = asked(town, client, "preview", schema="public", table="people", columns=(masked,), filters=wanted).rows
    assert [(row[0][:6], row[0][6:14]) for row in rows] == [(known[:6], "********")]


@pytest.mark.parametrize(
    ("what", "changes", "word"),
    [
        ("guess", {}, "不支持的探测方式"),
        ("schema", {"table": "nothing", "schema": "public"}, "没有表"),
        ("preview", {"table": "people", "schema": "public"}, "至少选择一个"),
        ("test", {"sealed": b"garbage"}, "无法打开数据源的访问凭据"),
        ("test", {"engine": "db2"}, "不支持的数据源类型"),
        ("test", {"engine": "oracle"}, "没有安装该类数据库的驱动"),
    ],
)
def test_what_cannot_be_answered_is_said_in_one_sentence(
    town: World, client: Client, what: str, changes: dict[str, Any], word: str
) -> None:
    answer = asked(town, client, what, **changes)
    assert not answer.ok
    assert word in answer.message


def test_only_the_control_plane_may_ask_and_only_once(town: World, client: Client) -> None:
    body = msgspec.json.encode(ProbeRequest("test", "postgresql", town.sealed(town.provider)))
    headers = proof(town, body)
    assert client.post("/probe", content=body, headers=headers).status_code == 200
    assert client.post("/probe", content=body, headers=headers).status_code == 401
    for wrong in (
        {},
        proof(town, body, node="gateway"),
        proof(town, body, secret=b"x"),
        proof(town, body, ago=400_000),
    ):
        assert client.post("/probe", content=body, headers=wrong).status_code == 401
    assert client.post("/probe", content=body + b" ", headers=proof(town, body)).status_code == 401
    assert client.post("/probe", content=b"{", headers=proof(town, b"{")).status_code == 422
    assert client.post("/probe", content=b"x" * 300_000).status_code == 413
