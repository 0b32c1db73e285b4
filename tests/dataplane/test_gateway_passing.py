"""Interface exchange: a department's HTTP interface called through the gateway, and systems that sign as others want it."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import httpx
import pytest

from covers import covers
from gateway_world import World, refused
from interface_server import Interface
from jutong.client import AsyncClient
from jutong.dataplane.engines.http import calls
from jutong.dataplane.signatures import Scheme, presented, sign, verify
from jutong.wire.grants import Condition, Operator, Quota
from passing_world import GRANTED, PERSON, publish


def at_home(interface: Interface, city: str = "南昌") -> None:
    """Let the interface tell of each person's home too."""
    usual = interface.found

    def answer(path: str, params: dict[str, str], headers: dict[str, str]) -> tuple[int, Any]:
        status, content = usual(path, params, headers)
        if status == 200:
            told = [each | {"home": {"city": city, "road": "never"}} for each in content["data"]["list"]]
            content = {"data": {"list": told, "total": 25}, "debug": "never"}
        return status, content

    interface.answer = answer


async def call(client: AsyncClient, method: str, target: str, **more: Any) -> httpx.Response:
    """Make one signed call of any kind."""
    return await client._http.request(method, target, **more)


@covers(partly=["R-EXC-005", "R-EXC-024"])
def test_an_answer_passed_through_holds_granted_items_only_masked_signed_for_and_audited(
    story: Callable[..., None], interface: Interface
) -> None:
    at_home(interface)

    async def deed(world: World) -> None:
        publish(world, interface)
        await world.caught_up()
        async with world.client() as client:
            answer = await client.through("g3", "person", {"id": PERSON})
            assert answer.rows == [{"姓名": "张*", "年龄": "7", "城市": "南昌"}]
            found = await client.through("g3", "search", {"page": 2, "size": 3}, method="POST")
            assert [row["年龄"] for row in found.rows] == ["3", "4", "5"]
            raw = await call(client, "GET", f"/v1/services/g3/person?id={PERSON}", headers={"Accept": "text/csv"})
            assert raw.text == "姓名,年龄,城市\r\n张*,7,南昌\r\n"
            assert (await client.through("g3", "person", {"id": "0"})).rows == []
        path, params, headers = interface.asked[0]
        assert (path, params) == ("/api/people", {"id": PERSON})
        claim = presented(headers, params)
        assert claim
        verify(claim, "s3cret", at=datetime.now(UTC))
        assert not [name for name in headers if name.startswith("x-jutong")]  # the caller's own headers go no further
        lines = [line for line in world.lines() if line.act == "through"]
        assert [(line.outcome, line.rows, line.reason) for line in lines][:2] == [
            ("ok", 1, "person"),
            ("ok", 3, "search"),
        ]
        assert lines[0].trace == answer.trace
        assert PERSON not in "".join(map(str, lines))

    story(deed)


@covers(partly=["R-SHR-008", "R-SHR-032"])
def test_a_grant_opens_the_endpoints_it_names_with_registered_parameters_and_rows_within_its_scope(
    story: Callable[..., None], interface: Interface
) -> None:
    async def deed(world: World) -> None:
        publish(world, interface, conditions=(Condition("年龄", Operator.LT, ("2",)),), columns=GRANTED[:2])
        publish(world, interface, "g4", columns=GRANTED[:2], quota=Quota(calls_per_day=1))
        publish(world, interface, "g5", endpoints=())
        await world.caught_up()
        async with world.client() as client:
            rows = (await client.through("g3", "search", {"size": 9}, method="POST")).rows
            assert [row["年龄"] for row in rows] == ["0", "1"]
            asked = len(interface.asked)
            for name in ("secret", "nothing"):
                status, sentence = await refused(client.through("g3", name, {}))
                assert (status, "不在授权范围内" in sentence, "person、search" in sentence) == (403, True, True)
            status, sentence = await refused(client.through("g3", "person", {"id": "1", "admin": "1"}))
            assert (status, "“admin”" in sentence) == (422, True)
            for target in ("/v1/services/g3/person/../secret", "/v1/services/g3/http:%2F%2Fevil", "/v1/services/g3/"):
                assert (await call(client, "GET", target)).status_code in {403, 404}
            assert (await call(client, "POST", "/v1/services/g3/person", json={"id": PERSON})).status_code == 404
            assert (await call(client, "GET", "/v1/services/g3/person?id=1&id=2")).status_code == 422
            assert (await call(client, "POST", "/v1/services/g3/search", content=b"[1]")).status_code == 422
            assert (await refused(client.through("g5", "person", {"id": "1"})))[0] == 403
            assert (await refused(client.through("g1", "person", {"id": "1"})))[0] == 403
            assert len(interface.asked) == asked
            await client.through("g4", "person", {"id": "1"})
            assert (await refused(client.through("g4", "person", {"id": "1"})))[0] == 429

    story(deed)


def test_an_interface_that_is_slow_large_broken_or_redirects_is_refused_in_words(
    story: Callable[..., None], interface: Interface, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls, "PASSED_BYTES", 1000)

    async def deed(world: World) -> None:
        publish(world, interface, columns=GRANTED[:2])
        await world.caught_up()
        async with world.client() as client:

            async def said(answer: Callable[..., tuple[int, Any]]) -> tuple[int, str]:
                interface.answer = answer
                return await refused(client.through("g3", "person", {"id": "1"}))

            assert "超过" in (await said(lambda *_: (200, b'{"x": "' + b"a" * 2000 + b'"}')))[1]
            assert "不是 JSON" in (await said(lambda *_: (200, b"<html>")))[1]
            assert (await said(lambda *_: (302, b"")))[0] == 503
            assert (await said(lambda *_: (500, b"stack trace")))[0] == 503
            assert "不是数组" in (await said(lambda *_: (200, {"data": {"list": 3}})))[1]
            slept = time.perf_counter()
            assert "1 秒内没有应答" in (await said(lambda *_: (time.sleep(1.5), (200, {}))[1]))[1]
            assert time.perf_counter() - slept < 1.4

    story(deed, lookup_seconds=1.0)


def test_a_grant_that_ends_while_the_department_thinks_hands_nothing_over(
    story: Callable[..., None], interface: Interface
) -> None:
    async def deed(world: World) -> None:
        publish(world, interface, columns=GRANTED[:2])
        await world.caught_up()
        usual, loop = interface.found, asyncio.get_running_loop()

        def answer(*asked: Any) -> tuple[int, Any]:
            loop.call_soon_threadsafe(partial(world.grant, "g3", resource_id="r3", state="ended", reason="撤销"))
            time.sleep(0.4)
            return usual(*asked)

        interface.answer = answer
        async with world.client() as client:
            assert await refused(client.through("g3", "person", {"id": PERSON})) == (403, "授权已终止：撤销。")

    story(deed)


@pytest.mark.parametrize("scheme", list(Scheme))
def test_a_system_registered_for_anothers_pattern_is_known_by_it_once_and_for_its_grant_only(
    story: Callable[..., None], interface: Interface, scheme: Scheme
) -> None:
    async def deed(world: World) -> None:
        publish(world, interface, columns=GRANTED[:2])
        world.register("s1", "民政", scheme=str(scheme), addresses=("10.1.2.0/24",))
        await world.caught_up()

        async def tried(address: str = "10.1.2.3", **changes: Any) -> httpx.Response:
            given = {"app_key": "k-s1", "secret": world.keys["k-s1"].hex(), "at": datetime.now(UTC), "service": "g3",
                     "nonce": secrets.token_hex(8)} | changes  # fmt: skip
            signed = given.pop("signed", None) or sign(scheme, **given)
            transport = httpx.ASGITransport(app=world.gateway, client=(address, 4711))
            async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
                params = {"id": PERSON} | signed.params
                return await client.get("/v1/services/g3/person", params=params, headers=signed.headers)

        now = datetime.now(UTC)
        good = sign(scheme, app_key="k-s1", secret=world.keys["k-s1"].hex(), at=now, service="g3", nonce="abcdefgh")
        answer = await tried(signed=good)
        assert answer.json()["rows"] == [{"姓名": "张*", "年龄": "7"}]
        assert interface.asked[-1][1] == {"id": PERSON}  # the signature's own parameters go no further
        assert (await tried(signed=good)).status_code == 401  # once only
        assert (await tried(secret="0" * 64)).status_code == 401
        assert (await tried(app_key="k-s9")).status_code == 403
        assert (await tried(at=now - timedelta(minutes=6))).status_code == 401
        assert (await tried(address="10.9.9.9")).status_code == 403
        if scheme is not Scheme.ZHEJIANG:
            assert "服务标识" in (await tried(service="g1")).json()["detail"]
        async with world.client() as own:  # and it is not known by our own pattern any more
            assert (await refused(own.grants()))[0] == 401

    story(deed)


def test_a_system_of_our_own_pattern_is_not_known_by_anothers(story: Callable[..., None]) -> None:
    async def deed(world: World) -> None:
        signed = sign(
            Scheme.NATIONAL, app_key="k-s1", secret=world.keys["k-s1"].hex(), at=datetime.now(UTC), service="g1"
        )
        transport = httpx.ASGITransport(app=world.gateway)
        async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
            assert (await client.get("/v1/grants", headers=signed.headers)).status_code == 401

    story(deed)


def test_the_callers_openapi_names_the_endpoints_its_grants_open_and_no_others(
    story: Callable[..., None], interface: Interface
) -> None:
    async def deed(world: World) -> None:
        publish(world, interface)
        await world.caught_up()
        async with world.client() as client:
            paths = (await call(client, "GET", "/v1/openapi.json")).json()["paths"]
        assert {path for path in paths if "/services/" in path} == {"/v1/services/g3/person", "/v1/services/g3/search"}
        assert [one["name"] for one in paths["/v1/services/g3/person"]["get"]["parameters"]] == ["id"]
        assert "127.0.0.1" not in str(paths)

    story(deed)
