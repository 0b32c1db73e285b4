"""The gateway: what it gives, and what it writes down before it answers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable

from covers import covers
from gateway_world import World, person, refused
from jutong.client import Refused
from jutong.crypto import sm3
from jutong.wire.bundle import Mark
from jutong.wire.grants import Condition, Masking, Operator


@covers("R-EXC-006", partly=["R-EXC-005", "R-SEC-001", "R-SEC-007"])
def test_a_query_gives_the_granted_items_masked_and_is_written_down_before(story: Callable[..., None]) -> None:
    async def deed(world: World) -> None:
        async with world.client() as client:
            answer = await client.query("g1", {"身份证号": person(7)}, person="李四", service_item="临时救助")
            assert answer.rows == [{"身份证号": "110101********0007", "姓名": "张7", "出生日期": "1980-01-08"}]
            assert (answer.count, answer.grant_version, answer.marks) == (1, 1, [])
            nothing = await client.query("g1", {"身份证号": "000"})
            assert nothing.rows == []
            assert await refused(client.query("g1", {"姓名": "张7"})) == (
                403,
                "数据项“姓名”不是本授权的查询标识，可用的标识：身份证号。",
            )
        lines = world.lines()
        assert [(one.act, one.outcome, one.rows) for one in lines] == [
            ("query", "ok", 1),
            ("query", "not_found", 0),
            ("query", "refused", 0),
        ]
        first = lines[0]
        assert (first.who, first.department, first.grant, first.purpose) == ("s1", "民政", "g1", "verification")
        assert (first.trace, first.address, first.person, first.service_item) == (
            answer.trace,
            "10.1.2.3",
            "李四",
            "临时救助",
        )
        asked = f"身份证号={person(7)}".encode()
        assert first.key == sm3.hmac_sm3(world.control.node.secret, asked).hex()
        assert person(7) not in "".join(map(str, lines))

    story(deed)


def test_many_concurrent_queries_are_gathered_and_each_gets_its_own_rows(story: Callable[..., None]) -> None:
    async def deed(world: World) -> None:
        async with world.client() as client:
            numbers = list(range(1, 301))
            answers = await asyncio.gather(*(client.query("g1", {"身份证号": person(n)}) for n in numbers))
            assert [one.rows[0]["姓名"] for one in answers] == [f"张{n}" for n in numbers]
            assert len({one.trace for one in answers}) == 300
        assert len(world.lines()) == 300

    story(deed)


def test_one_bad_key_among_gathered_calls_hurts_nobody_else(story: Callable[..., None]) -> None:
    async def deed(world: World) -> None:
        world.grant("g-region", key_items=("区划", "身份证号"))
        world.service._lookups._most = 50
        await world.caught_up()
        async with world.client() as client:
            calls = [client.query("g-region", {"身份证号": person(n)}) for n in range(1, 20)]
            odd = client.query("g-region", {"身份证号": "a\0b"})
            *good, bad = await asyncio.gather(*calls, odd, return_exceptions=True)
        assert all(len(one.rows) == 1 for one in good)
        assert isinstance(bad, Refused)
        assert bad.problem.status == 422

    story(deed)


def test_several_keys_fewer_items_and_filters_narrow_one_query(story: Callable[..., None]) -> None:
    async def deed(world: World) -> None:
        async with world.client() as client:
            keys = [{"身份证号": person(n)} for n in (1, 2, 3, 5000)]
            answer = await client.query("g1", keys, items=["姓名"])
            assert sorted(str(row["姓名"]) for row in answer.rows) == ["张1", "张2", "张3"]
            filters = [Condition("姓名", Operator.EQ, ("张2",))]
            assert (await client.query("g1", keys, filters=filters)).count == 1
            assert (await refused(client.query("g1", keys, items=["电话"])))[0] == 403
            assert (await refused(client.query("g1", keys, filters=[Condition("电话", Operator.EQ, ("1",))])))[0] == 403
            assert (await refused(client.query("g1", [*keys, {"姓名": "张1"}])))[0] == 422
            assert (await refused(client.query("g1", [])))[0] == 422
            assert (await refused(client.query("g1", [{"身份证号": person(n)} for n in range(1001)])))[0] == 422
        assert world.lines()[0].key.count(",") == 3

    story(deed)


def test_rows_outside_the_granted_condition_do_not_exist(story: Callable[..., None]) -> None:
    async def deed(world: World) -> None:
        world.grant("g2", conditions=(Condition("区划", Operator.EQ, ("360100",)),))
        await world.caught_up()
        async with world.client() as client:
            assert (await client.query("g2", {"身份证号": person(2)})).count == 1
            assert (await client.query("g2", {"身份证号": person(3)})).count == 0

    story(deed)


@covers("R-EXC-008")
def test_a_confirmation_says_match_or_not_and_nothing_else(story: Callable[..., None]) -> None:
    async def deed(world: World) -> None:
        async with world.client() as client:
            key = {"身份证号": person(7)}
            yes = await client.confirm("g1", key, {"姓名": "张7", "电话": "13800000007"})
            no = await client.confirm("g1", key, {"姓名": "张八"})
            nobody = await client.confirm("g1", {"身份证号": "x"}, {"姓名": "张7"})
            assert [(one.match, one.found) for one in (yes, no, nobody)] == [
                (True, True),
                (False, True),
                (False, False),
            ]
            assert (await refused(client.confirm("g1", key, {"出生日期": "1980-01-08"})))[0] == 403
            raw = await client._http.post("/v1/confirm", json={"grant": "g1", "keys": key, "facts": {"姓名": "张7"}})
            assert raw.json().keys() == {"match", "found", "trace", "grant_version"}
        assert [one.outcome for one in world.lines()] == ["match", "no_match", "not_found", "refused", "match"]
        assert {one.purpose for one in world.lines()} == {"verification"}

    story(deed)


def test_marks_travel_with_the_data(story: Callable[..., None]) -> None:
    async def deed(world: World) -> None:
        world.control.say("marks", "r1/verification/", Mark("r1", "verification", "正在核校"))
        world.control.say("marks", f"r1/objection/{person(3)}", Mark("r1", "objection", "当事人有异议", person(3)))
        await world.caught_up()
        async with world.client() as client:
            assert [one.kind for one in (await client.query("g1", {"身份证号": person(3)})).marks] == [
                "verification",
                "objection",
            ]
            assert [one.text for one in (await client.query("g1", {"身份证号": person(4)})).marks] == ["正在核校"]
            world.control.say("marks", "r1/verification/", None)
            await world.caught_up()
            assert (await client.query("g1", {"身份证号": person(4)})).marks == []

    story(deed)


def test_grants_and_openapi_show_only_what_is_the_callers_own(story: Callable[..., None]) -> None:
    async def deed(world: World) -> None:
        world.grant("g-other", consumer_id="教育", systems=("s2",))
        world.grant("g-ended", state="ended")
        await world.caught_up()
        await world.artefact("a1", b"x\n")
        async with world.client() as client:
            grants = await client.grants()
            assert [(one.grant, one.active) for one in grants] == [("g1", True), ("g-ended", False)]
            assert [one.masking for one in grants[0].items] == [Masking.IDENTITY, Masking.NONE, Masking.NONE]
            assert [one.artefact_id for one in grants[0].artefacts] == ["a1"]
            described = (await client._http.get("/v1/openapi.json")).json()
            assert described["openapi"] == "3.1.0"
            assert {"Query-g1", "Row-g1", "Confirm-g1"} <= described["components"]["schemas"].keys()
            assert "g-other" not in json.dumps(described)
            assert "g-ended" not in json.dumps(described)

    story(deed)


def test_calls_are_counted_by_minute_and_handed_to_the_control_plane(story: Callable[..., None]) -> None:
    async def deed(world: World) -> None:
        async with world.client() as client:
            for n in (1, 2):
                await client.query("g1", {"身份证号": person(n)})
            await refused(client.query("g1", {"姓名": "张1"}))
        world.control.away = True
        await asyncio.sleep(0.3)
        world.control.away = False
        await world.gateway.stop()
        counts = [(one.calls, one.refused, one.rows) for one in world.control.usage]
        assert tuple(map(sum, zip(*counts, strict=True))) == (3, 1, 2)
        assert {(one.grant_id, one.system_id, one.mode, one.purpose) for one in world.control.usage} == {
            ("g1", "s1", "online_query", "verification")
        }
        await world.gateway.start()

    story(deed, usage_seconds=0.1)
