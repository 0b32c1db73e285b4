"""Questions beyond one record: pages, several bodies at once, CSV, service items, and what looks like misuse."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from typing import Any

import httpx
import msgspec

from covers import covers
from gateway_world import SECRET_COLUMNS, World, person, refused, until
from jutong.client.signing import CallAuth
from jutong.wire.grants import Column, Condition, Operator, Quota
from jutong.wire.usage import LATENCY_MS

KEY = {"身份证号": person(1)}
REGION = (*SECRET_COLUMNS, Column("区划", "region"))
EVEN = (Condition("区划", Operator.EQ, ("360100",)),)


async def post(world: World, path: str, body: Any, **headers: str) -> httpx.Response:
    """Send one signed call with further headers."""
    request = httpx.Request("POST", f"http://gateway{path}", content=json.dumps(body).encode(), headers=headers)
    next(CallAuth("k-s1", world.keys["k-s1"], "verification").auth_flow(request))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=world.gateway)) as client:
        return await client.send(request)


def test_a_listing_gives_every_granted_record_once_in_the_order_of_the_key(story: Callable[..., None]) -> None:
    async def deed(world: World) -> None:
        world.grant("g1", listing=True, columns=REGION, conditions=EVEN)
        await world.caught_up()
        async with world.client() as client:
            first = await client.page("g1", limit=3)
            assert [row["姓名"] for row in first.rows] == ["张2", "张4", "张6"]
            assert first.rows[0]["身份证号"] == "110101********0002"
            assert person(6) not in first.after
            rows = [row async for row in client.rows("g1", size=170)]
            filters = [Condition("出生日期", Operator.GE, ("1982-09-20",))]
            late = [row["姓名"] async for row in client.rows("g1", size=2, items=["姓名"], filters=filters)]
        assert [row["姓名"] for row in rows] == [f"张{n}" for n in range(2, 1001, 2)]
        assert late == ["张994", "张996", "张998", "张1000"]
        assert next(one.rows for one in world.lines() if one.act == "list") == 3

    story(deed)


def test_a_listing_needs_the_grants_leave_a_cursor_of_its_own_and_a_sensible_size(story: Callable[..., None]) -> None:
    async def deed(world: World) -> None:
        world.grant("g2", listing=True)
        world.grant("g3", listing=True)
        await world.caught_up()
        async with world.client() as client:
            assert await refused(client.page("g1")) == (
                403, "授权不包括逐页列出，请按查询标识查询，或由提供部门在接口规则中开放。",
            )  # fmt: skip
            assert "limit" in (await refused(client.page("g2", limit=0)))[1]
            assert "limit" in (await refused(client.page("g2", limit=1001)))[1]
            after = (await client.page("g2", limit=1)).after
            assert (await client.page("g2", limit=1, after=after)).rows[0]["姓名"] == "张2"
            for wrong in ((await client.page("g3", limit=1)).after, after[:-4] + "AAAA", "x", "游标"):
                assert "游标" in (await refused(client.page("g2", after=wrong)))[1]
            masked = [Condition("身份证号", Operator.EQ, (person(1),))]
            assert "不能作为筛选条件" in (await refused(client.page("g2", filters=masked)))[1]

    story(deed)


def test_a_key_that_is_not_unique_cannot_be_paged_without_loss_and_is_refused(story: Callable[..., None]) -> None:
    async def deed(world: World) -> None:
        mount = world.control.entries["mounts"]["r1"]
        world.control.say("mounts", "r1", msgspec.structs.replace(mount, key_columns=("region",)))
        world.grant("g1", listing=True)
        await world.caught_up()
        async with world.client() as client:
            assert "主键有重复" in (await refused(client.page("g1", limit=2)))[1]

    story(deed)


@covers("R-EXC-020")
def test_a_unified_query_answers_for_every_body_the_caller_may_see_and_for_no_other(story: Callable[..., None]) -> None:
    async def deed(world: World) -> None:
        world.grant("central", provider_id="部本级", resource_title="全国人口")
        world.grant("local", provider_id="市局", conditions=EVEN, quota=Quota(calls_per_day=2))
        world.grant("theirs", consumer_id="教育", systems=("s2",))
        world.grant("other", purposes=("statistics",))
        await world.caught_up()
        async with world.client() as client:
            found = {part.grant: part for part in await client.across({"身份证号": person(2)})}
            assert found.keys() == {"g1", "central", "local"}
            assert {part.provider for part in found.values()} == {"公安", "部本级", "市局"}
            assert all(part.count == 1 and part.problem is None for part in found.values())
            named = await client.across(KEY, ["central", "theirs", "unknown"])
            assert [part.count for part in named] == [1, 0, 0]
            assert [part.problem.status if part.problem else 200 for part in named] == [200, 403, 403]
            assert (await refused(client.across({})))[0] == 422
            assert (await refused(client.across({"电话": "1"}))) == (
                403, "本业务系统没有可按该标识查询的授权，请核对标识与用途，或先在平台申请共享。",
            )  # fmt: skip
            assert (await refused(client.across(KEY, ["g1", "g1"])))[0] == 422
            await client.across({"身份证号": person(2)}, ["local"])
            spent = await client.across({"身份证号": person(2)}, ["local", "g1"])
            assert [part.problem.status if part.problem else 200 for part in spent] == [429, 200]
        lines = [one for one in world.lines() if one.act == "query"]
        assert [one.outcome for one in lines if one.trace.endswith(".theirs")] == ["refused"]
        assert len({one.trace for one in lines}) == len(lines)

    story(deed)


def test_a_caller_that_accepts_csv_only_gets_rows_as_csv_with_the_rest_beside(story: Callable[..., None]) -> None:
    async def deed(world: World) -> None:
        world.grant("g1", listing=True)
        await world.caught_up()
        answer = await post(world, "/v1/query", {"grant": "g1", "keys": KEY}, Accept="text/csv")
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
        rows = list(csv.reader(io.StringIO(answer.text)))
        assert rows == [["身份证号", "姓名", "出生日期"], ["110101********0001", "张1", "1980-01-02"]]
        assert answer.headers["x-jutong-count"] == "1"
        assert answer.headers["x-jutong-trace"] == world.lines()[-1].trace
        body = {"grant": "g1", "items": ["姓名"], "limit": 2}
        page = await post(world, "/v1/list", body, Accept="text/csv;q=1")
        assert page.text.splitlines() == ["姓名", "张1", "张2"]
        again = await post(world, "/v1/list", body | {"after": page.headers["x-jutong-after"]})
        assert [row["姓名"] for row in again.json()["rows"]] == ["张3", "张4"]
        nothing = await post(world, "/v1/query", {"grant": "g1", "keys": {"身份证号": "0"}}, Accept="text/csv")
        assert nothing.text.splitlines() == ["身份证号,姓名,出生日期"]

    story(deed)


@covers("R-EXC-021")
def test_under_a_grant_of_the_service_portal_each_call_names_its_service_item(story: Callable[..., None]) -> None:
    async def deed(world: World) -> None:
        world.grant("g1", portal=True)
        await world.caught_up()
        async with world.client() as client:
            assert await refused(client.query("g1", KEY)) == (
                422, "本授权用于政务服务事项办理，请在 X-Jutong-Service-Item 中填写事项编号。",
            )  # fmt: skip
            assert (await client.query("g1", KEY, service_item="社会救助-11000012")).count == 1
        assert [(one.outcome, one.service_item) for one in world.lines()][-2:] == [
            ("refused", ""), ("ok", "社会救助-11000012"),
        ]  # fmt: skip

    story(deed)


@covers("R-SHR-008", partly=["R-SHR-010", "R-SHR-017", "R-SHR-032"])
def test_what_looks_like_misuse_is_refused_and_told_with_the_place_of_its_proof(story: Callable[..., None]) -> None:
    async def deed(world: World) -> None:
        world.register("s4", "民政")
        world.grant("g1", columns=REGION, conditions=EVEN)
        await world.caught_up()
        async with world.client() as client, world.client("s4") as stranger:
            assert (await client.query("g1", {"身份证号": person(2)})).count == 1
            elsewhere = [Condition("区划", Operator.IN, ("360100", "360200"))]
            assert await refused(client.query("g1", {"身份证号": person(2)}, filters=elsewhere)) == (
                403, "所问的“区划”超出授权的记录范围，请只查询授权范围内的记录。",
            )  # fmt: skip
            assert (await refused(client.query("g1", KEY, items=["电话"])))[0] == 403
            assert (await refused(stranger.query("g1", KEY)))[0] == 403
        async with world.client(purpose="statistics") as client:
            assert "授权的用途：verification" in (await refused(client.query("g1", KEY)))[1]
        await until(lambda: sum(one.calls for one in world.control.usage) == 5)
        told = {(one.system_id, found.kind): found.trace for one in world.control.usage for found in one.evidence}
        assert told.keys() == {("s1", "scope"), ("s1", "item"), ("s4", "system"), ("s1", "purpose")}
        refusals = {one.trace for one in world.lines() if one.outcome == "refused"}
        assert set(told.values()) == refusals
        answered = [one for one in world.control.usage if one.calls > one.refused]
        assert sum(answered[0].latency) == 1
        assert len(answered[0].latency) == len(LATENCY_MS) + 1
        world.grant("g1", columns=REGION, state="suspended", reason="超范围使用")
        await world.caught_up()
        async with world.client() as client:
            assert (await refused(client.query("g1", KEY))) == (403, "授权已暂停：超范围使用。")
        await until(lambda: world.control.usage[-1].evidence[0].kind == "ended")

    story(deed, usage_seconds=0.1)


@covers("R-SHR-009", partly=["R-EXC-005"])
def test_a_grant_is_for_the_named_consumer_alone_and_ends_at_the_next_call(story: Callable[..., None]) -> None:
    async def deed(world: World) -> None:
        await world.caught_up()
        async with world.client() as named, world.client("s2") as other, world.client(key_id="k-nobody") as unknown:
            assert (await named.query("g1", KEY)).count == 1
            assert (await refused(other.query("g1", KEY)))[0] == 403
            assert (await refused(unknown.query("g1", KEY)))[0] == 403
            world.keys["k-s2"] = world.keys["k-s1"]  # even with A's own key, B stays B
            world.register("s2", "教育")
            await world.caught_up()
            async with world.client("s2") as borrowed:
                assert (await refused(borrowed.query("g1", KEY)))[0] == 403
            world.grant("g1", state="ended", reason="授权已撤销")
            await world.caught_up()
            assert await refused(named.query("g1", KEY)) == (403, "授权已终止：授权已撤销。")
        told = [(one.who, one.outcome) for one in world.lines()]
        assert [outcome for who, outcome in told if who == "s1"] == ["ok", "refused"]
        assert [outcome for who, outcome in told if who == "s2"] == ["refused", "refused"]

    story(deed)


@covers("R-EXC-023")
def test_an_external_library_is_asked_like_an_own_resource_and_never_answered_for_from_memory(
    story: Callable[..., None],
) -> None:
    async def deed(world: World) -> None:
        world.grant("g1", provider_id="国家人口基础库", resource_title="国家人口基础信息")
        world.mount(title="国家人口基础库", department_id="国家人口基础库")
        await world.caught_up()
        async with world.client() as client:
            assert (await client.query("g1", KEY)).rows[0]["姓名"] == "张1"
            gone = msgspec.structs.replace(world.access(), port=1)
            world.mount(title="国家人口基础库", sealed=world.seal(msgspec.json.encode(gone)))
            await world.caught_up()
            status, sentence = await refused(client.query("g1", KEY))
            assert status == 503
            assert "国家人口基础库" in sentence
            assert (await refused(client.confirm("g1", KEY, {"姓名": "张1"})))[0] == 503
        assert [(one.act, one.outcome) for one in world.lines()] == [
            ("query", "ok"), ("query", "refused"), ("confirm", "refused"),
        ]  # fmt: skip

    story(deed)
