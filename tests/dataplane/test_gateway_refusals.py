"""The gateway says no by default: who is not proven, not granted, too late, too much or malformed."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from covers import covers
from gateway_world import World, person, refused
from jutong.client import Refused
from jutong.client.signing import CallAuth
from jutong.wire.grants import Mode, Quota


@covers(partly=["R-EXC-016", "R-CAT-015"])
def test_what_is_marked_classified_is_refused_here_and_the_refusal_is_in_the_chain(story: Callable[..., None]) -> None:
    async def deed(world: World) -> None:
        world.grant("g-secret", classified=True)
        await world.caught_up()
        async with world.client() as client:
            code, sentence = await refused(client.query("g-secret", {"身份证号": person(1)}))
            assert (code, "涉密标记" in sentence) == (403, True)
            assert (await client.query("g1", {"身份证号": person(1)})).count == 1
        (line,) = [one for one in world.lines() if one.grant == "g-secret"]
        assert (line.outcome, line.rows, "涉密标记" in line.reason) == ("refused", 0, True)

    story(deed)


@covers(partly=["R-EXC-005", "R-SEC-001"])
def test_whoever_is_not_proven_gets_the_same_answer(story: Callable[..., None]) -> None:
    async def deed(world: World) -> None:
        world.register("s3", "民政", active=False)
        await world.caught_up()
        answers = set()
        for client in (
            world.client(key_id=""),
            world.client(key=b"wrong" * 8),
            world.client("s3"),
        ):
            async with client:
                answers.add(await refused(client.query("g1", {"身份证号": person(1)})))
        assert answers == {(401, "调用密钥或签名不正确，请核对 X-Jutong-Key 与签名算法。")}

    story(deed)


async def raw(world: World, headers: dict[str, str], *, body: bytes | None = None, **signed: Any) -> tuple[int, Any]:
    """Send one call signed properly and then changed by `headers`."""
    body = json.dumps({"grant": "g1", "keys": {"身份证号": person(1)}}).encode() if body is None else body
    request = httpx.Request("POST", f"http://gateway{signed.get('path', '/v1/query')}", content=body)
    request.headers.update(signed.get("before", {}))
    next(CallAuth("k-s1", world.keys["k-s1"], "verification").auth_flow(request))
    for name, value in headers.items():
        request.headers[name] = value
    transport = httpx.ASGITransport(app=world.gateway, client=("10.1.2.3", 1))
    async with httpx.AsyncClient(transport=transport) as client:
        response = await client.send(request)
    return response.status_code, response.json()


def test_everything_signed_is_bound_and_time_and_nonce_are_checked(story: Callable[..., None]) -> None:
    async def deed(world: World) -> None:
        now = int(time.time() * 1000)
        assert (await raw(world, {}))[0] == 200
        for changed in (
            {"X-Jutong-Purpose": "other"},
            {"X-Jutong-Nonce": "a-different-nonce-1"},
            {"X-Jutong-Time": str(now + 5)},
            {"X-Jutong-Person": "someone"},
            {"X-Jutong-Service-Item": "item"},
            {"X-Jutong-Signature": ""},
        ):
            status, problem = await raw(world, changed)
            assert (status, problem["code"]) == (401, "unauthenticated"), changed
        assert "时钟" in (await raw(world, {"X-Jutong-Time": str(now - 301_000)}))[1]["detail"]
        assert "时钟" in (await raw(world, {"X-Jutong-Time": str(now + 301_000)}))[1]["detail"]
        assert "毫秒" in (await raw(world, {"X-Jutong-Time": "now"}))[1]["detail"]
        assert "16 至 64" in (await raw(world, {"X-Jutong-Nonce": "short"}))[1]["detail"]
        assert "16 至 64" in (await raw(world, {"X-Jutong-Nonce": "x" * 65}))[1]["detail"]

    story(deed)


@covers(partly=["R-SEC-001"])
def test_a_call_sent_twice_is_refused_the_second_time_also_after_a_restart(story: Callable[..., None]) -> None:
    async def deed(world: World) -> None:
        request = httpx.Request(
            "POST", "http://gateway/v1/query", json={"grant": "g1", "keys": {"身份证号": person(1)}}
        )
        next(CallAuth("k-s1", world.keys["k-s1"], "verification").auth_flow(request))
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=world.gateway)) as client:
            both = await asyncio.gather(client.send(request), client.send(request))
            assert sorted(one.status_code for one in both) == [200, 401]
            await world.gateway.stop()
            await world.gateway.start()
            again = await client.send(request)
        assert again.status_code == 401
        assert "已经用过" in again.json()["detail"]
        assert [one.outcome for one in world.lines()].count("ok") == 1

    story(deed)


@covers("R-EXC-016", partly=["R-SEC-001"])
def test_addresses_and_zones_hold(story: Callable[..., None]) -> None:
    async def deed(world: World) -> None:
        world.register("s1", "民政", addresses=("10.1.0.0/16", "192.168.7.7"))
        await world.caught_up()
        key = {"身份证号": person(1)}
        for address, good in (("10.1.200.1", True), ("192.168.7.7", True), ("10.2.0.1", False), ("testclient", False)):
            async with world.client(address=address) as client:
                if good:
                    assert (await client.query("g1", key)).count == 1
                else:
                    assert "登记的地址范围" in (await refused(client.query("g1", key)))[1]
        world.register("s1", "民政", zone="政务内网")
        await world.caught_up()
        async with world.client() as client:
            assert await refused(client.query("g1", key)) == (
                403,
                "本业务系统登记在其他网络区域，不能通过本区域的网关调用。",
            )

    story(deed, zone="政务外网")


def test_a_forwarded_address_counts_only_from_a_trusted_proxy(story: Callable[..., None]) -> None:
    async def deed(world: World) -> None:
        world.register("s1", "民政", addresses=("10.9.9.9",))
        await world.caught_up()
        for address, forwarded, status in (
            ("10.0.0.1", "10.9.9.9", 200),
            ("10.0.0.1", "10.9.9.9, 10.5.5.5", 403),
            ("10.5.5.5", "10.9.9.9", 403),
        ):
            async with world.client(address=address) as client:
                client._http.headers["X-Forwarded-For"] = forwarded
                answer = await client._http.post("/v1/query", json={"grant": "g1", "keys": {"身份证号": person(1)}})
                assert answer.status_code == status

    story(deed, trusted_proxies=("10.0.0.0/24",))


@covers(partly=["R-EXC-003", "R-EXC-005", "R-EXC-024"])
def test_default_deny_each_reason_with_its_sentence(story: Callable[..., None]) -> None:
    async def deed(world: World) -> None:
        now = datetime.now(UTC)
        key = {"身份证号": person(1)}
        world.grant("g-other", consumer_id="教育", systems=("s2",))
        world.grant("g-sibling", systems=("s9",))
        world.grant("g-suspended", state="suspended", reason="发现超范围使用")
        world.grant("g-ended", state="ended")
        world.grant("g-past", valid_until=now - timedelta(seconds=1))
        world.grant("g-future", valid_from=now + timedelta(days=1))
        world.grant("g-batch", modes=(Mode.BATCH_DOWNLOAD,))
        world.grant("g-docking", modes=(Mode.SYSTEM_DOCKING,))
        await world.caught_up()
        none = (403, "本业务系统没有这项授权，请核对授权编号，或先在平台申请共享。")
        async with world.client() as client:
            for name in ("g-other", "g-sibling", "nothing"):
                assert await refused(client.query(name, key)) == none
            assert await refused(client.query("g-suspended", key)) == (403, "授权已暂停：发现超范围使用。")
            assert "已终止" in (await refused(client.query("g-ended", key)))[1]
            assert "到期" in (await refused(client.query("g-past", key)))[1]
            assert "尚未生效" in (await refused(client.query("g-future", key)))[1]
            assert "共享方式" in (await refused(client.query("g-batch", key)))[1]
            assert (await client.query("g-docking", key)).count == 1
        async with world.client(purpose="marketing") as client:
            assert "授权的用途：verification" in (await refused(client.query("g1", key)))[1]
        refusals = [one for one in world.lines() if one.outcome == "refused"]
        assert len(refusals) == 9
        assert {one.who for one in refusals} == {"s1"}
        assert [one.grant for one in refusals][:3] == ["", "", ""]  # another's grant is not even named

    story(deed)


def test_a_used_up_quota_is_429_and_a_raised_one_goes_on(story: Callable[..., None]) -> None:
    async def deed(world: World) -> None:
        world.grant("g-quota", quota=Quota(calls_per_day=5))
        await world.caught_up()
        async with world.client() as client:
            calls = (client.query("g-quota", {"身份证号": person(n)}) for n in range(1, 9))
            answers = await asyncio.gather(*calls, return_exceptions=True)
            assert sum(isinstance(one, Refused) and one.problem.status == 429 for one in answers) == 3
            assert (await refused(client.query("g-quota", {"身份证号": person(1)})))[0] == 429
            world.grant("g-quota", version=2, quota=Quota(calls_per_day=6))
            await world.caught_up()
            assert (await client.query("g-quota", {"身份证号": person(1)})).grant_version == 2
            assert (await refused(client.query("g-quota", {"身份证号": person(1)})))[0] == 429

    story(deed)


@pytest.mark.parametrize(
    ("body", "where"),
    [
        (b"", "JSON"),
        (b"\xff\xfe", "JSON"),
        (b"[" * 100_000, "$"),
        (b'{"grant": "g1"}', "$"),
        (b'{"grant": "g1", "keys": {"\xe8\xba\xab": 5}}', "$.keys"),
        (b'{"grant": 5, "keys": {}}', "$.grant"),
        (b'{"grant": "g1", "keys": {}, "more": 1}', "$"),
        (b'{"grant": "g1", "keys": {}}', "keys 为空"),
    ],
)
def test_malformed_bodies_are_422_and_name_the_place(story: Callable[..., None], body: bytes, where: str) -> None:
    async def deed(world: World) -> None:
        status, problem = await raw(world, {}, body=body)
        assert (status, problem["code"]) == (422, "validation_error")
        assert where in problem["detail"]
        assert world.lines()[-1].outcome == "refused"

    story(deed)


def test_too_large_unknown_paths_and_health(story: Callable[..., None]) -> None:
    async def deed(world: World) -> None:
        assert (await raw(world, {}, body=b"x" * 3000))[0] == 413
        assert (await raw(world, {}, path="/v1/nothing"))[0] == 404
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=world.gateway), base_url="http://g") as client:
            assert (await client.get("/v1/query")).status_code == 404
            assert (await client.delete("/v1/grants")).status_code == 404
            health = await client.get("/healthz")
            assert (health.status_code, health.json()) == (200, {"ok": True, "failed": []})
            assert health.headers["cache-control"] == "no-store"

    story(deed, body_limit=2048)


def test_strangers_cannot_fill_the_chain(story: Callable[..., None]) -> None:
    async def deed(world: World) -> None:
        async with world.client(key_id="k-unknown") as client:
            for _ in range(30):
                await refused(client.grants())
        assert len(world.lines()) <= 2

    story(deed)
