"""Whatever a caller writes: no crash, no item that is not granted, and no word of it in a statement's text."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import asyncpg
import httpx
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from covers import covers
from gateway_world import COLUMNS, SECRET_COLUMNS, World, person
from interface_server import Interface
from jutong.client.signing import CallAuth
from jutong.dataplane import policy
from jutong.dataplane.engines.postgresql import catalogue, paging, sql
from jutong.dataplane.errors import Refusal
from jutong.wire.bundle import Mount
from jutong.wire.grants import Condition, Grant, Operator
from passing_world import GRANTED as GRANTED_THERE
from passing_world import publish

HOSTILE = (
    "' or '1'='1", "'; drop table people; --", '"); select pg_sleep(9); --', "\\'; delete from people", "$1", "$$", "%s", "\u202e",
    "1 union select phone from people", "\x00", "\ud800", "身份证号", "phone", "people", "{}", "*", "a" * 5000,
)  # fmt: skip
WORDS = st.sampled_from([*HOSTILE, person(1), "身份证号", "姓名", "电话", "区划", "1980-01-02", ""]) | st.text(
    max_size=20
)
ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=8,
)
CONDITION = st.fixed_dictionaries(
    {"item": WORDS, "operator": st.sampled_from([*Operator]) | WORDS, "values": st.lists(WORDS, max_size=3) | ANY}
)
BODY = st.fixed_dictionaries(
    {"grant": st.sampled_from(["g1", "g2"]) | WORDS},
    optional={
        "keys": st.just({"身份证号": person(1)}) | st.dictionaries(WORDS, WORDS, max_size=3) | ANY,
        "items": st.lists(WORDS, max_size=3) | ANY,
        "filters": st.lists(CONDITION, max_size=2) | ANY,
        "facts": st.dictionaries(WORDS, WORDS, max_size=2),
        "after": WORDS,
        "limit": st.integers(-2, 1500) | ANY,
        "grants": st.lists(WORDS, max_size=3),
    },
)
GRANTED = {column.item for column in SECRET_COLUMNS}
PHONES = "1380000"


@covers(partly=["R-EXC-005", "R-EXC-006", "R-SHR-008"])
def test_no_body_breaks_the_gateway_or_gets_out_what_is_not_granted(story: Callable[..., None]) -> None:
    async def deed(world: World) -> None:
        world.grant("g2", listing=True)
        await world.caught_up()
        loop = asyncio.get_running_loop()
        statuses: set[int] = set()

        async def ask(path: str, body: Any) -> None:
            content = json.dumps(body).encode()
            request = httpx.Request("POST", f"http://gateway{path}", content=content)
            next(CallAuth("k-s1", world.keys["k-s1"], "verification").auth_flow(request))
            async with httpx.AsyncClient(transport=httpx.ASGITransport(app=world.gateway)) as client:
                answer = await client.send(request)
            statuses.add(answer.status_code)
            assert answer.status_code in {200, 403, 413, 422}, answer.text
            assert PHONES not in answer.text
            told = answer.json()
            rows = [*told.get("rows", ()), *(row for part in told.get("answers", ()) for row in part.get("rows", ()))]
            assert all(row.keys() <= GRANTED for row in rows)

        def tried() -> None:
            @settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck), database=None)
            @given(st.sampled_from(["/v1/query", "/v1/list", "/v1/queries", "/v1/confirm"]), BODY)
            @example("/v1/query", {"grant": "g1", "keys": {"身份证号": person(1)}})
            @example("/v1/query", {"grant": "nobody's", "keys": {"身份证号": person(1)}})
            @example("/v1/query", {"grant": 1})
            def each(path: str, body: Any) -> None:
                asyncio.run_coroutine_threadsafe(ask(path, body), loop).result(30)

            each()

        await asyncio.to_thread(tried)
        assert {200, 403, 422} <= statuses
        assert not [
            one for one in world.lines() if one.outcome not in {"ok", "not_found", "match", "no_match", "refused"}
        ]

    story(deed)


def escaped(word: str) -> str:
    """Return a word as it may stand in an address, broken characters too."""
    return quote(word, safe="", errors="surrogatepass")


TARGETS = st.one_of(
    st.sampled_from(["/v1/artefacts/f1", "/v1/artefacts/f1/manifest", "/v1/grants", "/v1/openapi.json", "/v1/tickets"]),
    st.sampled_from(
        ["/v1/services/g3/person", "/v1/services/g3/search", "/v1/services/g3/secret", "/v1/services/g1/person"]
    ),
    WORDS.map(lambda word: f"/v1/artefacts/{escaped(word)}"),
    WORDS.map(lambda word: f"/v1/services/g3/{escaped(word)}"),
    st.tuples(WORDS, WORDS).map(lambda two: f"/v1/services/g3/person?{escaped(two[0])}={escaped(two[1])}"),
    WORDS.map(lambda word: f"/v1/services/g3/person?id={escaped(word)}"),
)
HEADERS = st.dictionaries(
    st.sampled_from(
        ["Range", "If-Range", "Accept", "Content-Type", "X-Jutong-Person", "X-Jutong-Service-Item", "X-Jutong-Time",
         "X-Jutong-Nonce", "X-Jutong-Key", "X-Jutong-Signature", "X-Forwarded-For", "gjgxjhpt_sign", "gjgxjhpt_rid",
         "x-tif-signature", "x-tif-paasid", "x-tif-timestamp", "Content-Length"]
    ),
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40)
    | st.sampled_from(["bytes=0-", "bytes=5-2", "bytes=-0", "bytes=0-0,2-3", "text/csv", "9" * 30, "-1", "%ff%00", "*/*"]),
    max_size=4,
)  # fmt: skip


@covers(partly=["R-EXC-005", "R-EXC-007"])
def test_no_address_parameter_or_header_breaks_the_gateway_or_gets_out_what_is_not_granted(
    story: Callable[..., None], interface: Interface
) -> None:
    async def deed(world: World) -> None:
        publish(world, interface, columns=GRANTED_THERE[:2])
        await world.artefact("f1", "身份证号,姓名\n".encode() * 50)
        await world.caught_up()
        loop = asyncio.get_running_loop()
        statuses: set[int] = set()

        async def ask(method: str, target: str, headers: dict[str, str], body: bytes) -> None:
            request = httpx.Request(method, f"http://gateway{target}", content=body)
            next(CallAuth("k-s1", world.keys["k-s1"], "verification").auth_flow(request))
            for name, value in headers.items():
                request.headers[name] = value
            async with httpx.AsyncClient(transport=httpx.ASGITransport(app=world.gateway)) as client:
                answer = await client.send(request)
            statuses.add(answer.status_code)
            assert answer.status_code in {200, 206, 401, 403, 404, 413, 416, 422}, answer.text
            for secret in ("never", "income", PHONES):
                assert secret not in answer.text

        def tried() -> None:
            @settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck), database=None)
            @given(
                st.sampled_from(["GET", "POST", "PUT", "HEAD"]),
                TARGETS,
                HEADERS,
                ANY.map(json.dumps) | st.text(max_size=30),
            )
            @example("GET", "/v1/grants", {}, "")
            @example("GET", "/v1/grants", {"X-Jutong-Signature": "x"}, "")
            @example("GET", "/v1/grants", {"X-Jutong-Key": "bs0"}, "")
            @example("GET", "/v1/nothing", {}, "")
            def each(method: str, target: str, headers: dict[str, str], body: str) -> None:
                deed = ask(method, target, headers, body.encode("utf-8", "surrogatepass"))
                asyncio.run_coroutine_threadsafe(deed, loop).result(30)

            each()

        await asyncio.to_thread(tried)
        assert {200, 401, 403, 404} <= statuses
        assert {path for path, _params, _headers in interface.asked} <= {"/api/people"}
        assert all(params.keys() <= {"id", "page", "size"} for _path, params, _headers in interface.asked)

    story(deed)


@covers(partly=["R-EXC-006"])
def test_the_department_sees_hostile_values_as_parameters_of_one_statement(
    story: Callable[..., None], department: Callable[[Callable[[Any], Any]], None]
) -> None:
    async def asked(world: World) -> None:
        async with world.client() as client:
            for value in ("x' or '1'='1", "'; drop table people; --", person(3)):
                await client.query("g1", {"身份证号": value}, filters=[Condition("姓名", Operator.NE, (value,))])
        for opened in world.service._lookups._sources._open.values():
            pool = await (await opened[1])._pooled()
            statements = await pool.fetch("select statement from pg_prepared_statements")
            assert statements
            texts = "\n".join(row[0] for row in statements)
            assert "$1" in texts
            assert "drop table" not in texts
            assert "'1'='1" not in texts
            assert person(3) not in texts

    story(asked)

    async def whole(connection: Any) -> None:
        assert await connection.fetchval("select count(*) from people") == 1000

    department(whole)


@pytest.fixture
def department(databases: tuple[str, str]) -> Callable[[Callable[[Any], Any]], None]:
    """Give a way to run a deed on a connection to the department's database, people included."""

    def on(deed: Callable[[Any], Any]) -> None:
        async def run() -> None:
            connection = await asyncpg.connect(databases[1])
            try:
                await deed(connection)
            finally:
                await connection.close()

        asyncio.run(run())

    return on


@pytest.mark.parametrize(
    "hostile", [text for text in HOSTILE if text not in {"$1", "*", "{}", "phone", "people", "身份证号"}]
)
def test_a_hostile_value_is_a_parameter_of_the_statement_and_never_its_text(
    story: Callable[..., None], department: Callable[[Callable[[Any], Any]], None], hostile: str
) -> None:
    async def world_made(world: World) -> None:
        grants.append(world.grant("g1"))

    grants: list[Grant] = []
    story(world_made)
    mount = Mount("r1", "src1", "public", "people", COLUMNS, ("id",))

    async def deed(connection: Any) -> None:
        for shape in (_lookup, _listing):
            try:
                plan = shape(grants[0], mount, hostile)
            except Refusal:
                continue  # refused before there was any statement
            natives = await catalogue.natives_of(connection, plan, "库")
            make = paging.select_page if shape is _listing else sql.select_keys
            text, values = sql.parametrised(make(plan, natives))
            assert hostile not in text
            assert any(hostile == value or hostile in value for value in values)
            explained = await connection.fetch(f"explain (verbose) {text}", *values)
            assert "people" in "\n".join(row[0] for row in explained)
            await connection.fetch(text, *values)
        assert await connection.fetchval("select count(*) from people") == 1000

    department(deed)


def _lookup(grant: Grant, mount: Mount, hostile: str) -> policy.Plan:
    filters = [Condition("姓名", Operator.PREFIX, (hostile,)), Condition("姓名", Operator.IN, (hostile, "张1"))]
    return policy.compile_lookup(grant, mount, [{"身份证号": hostile}], filters=filters)


def _listing(grant: Grant, mount: Mount, hostile: str) -> policy.Plan:
    filters = [Condition("姓名", Operator.NE, (hostile,))]
    return policy.compile_page(grant, mount, items=(), filters=filters, after=(hostile,), limit=5)
