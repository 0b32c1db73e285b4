"""The gateway in trouble: sources away or slow, a full disk, no control plane, too many calls, faults of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway_world import World, person, refused
from jutong.client import Refused


def test_a_source_that_is_away_is_503_and_works_again_when_it_is_back(story: Callable[..., None]) -> None:
    async def deed(world: World) -> None:
        key = {"身份证号": person(1)}
        world.mount(
            sealed=world.seal(b'{"host": "127.0.0.1", "port": 1, "database": "x", "user": "x", "tls": "disable"}')
        )
        await world.caught_up()
        async with world.client() as client:
            status, sentence = await refused(client.query("g1", key))
            assert (status, "公安人口库" in sentence) == (503, True)
            world.mount(active=False)
            await world.caught_up()
            assert "停用" in (await refused(client.query("g1", key)))[1]
            world.mount()
            await world.caught_up()
            assert (await client.query("g1", key)).count == 1
        assert [one.outcome for one in world.lines()] == ["refused", "refused", "ok"]

    story(deed)


def test_nothing_leaves_when_the_chain_cannot_be_written(
    story: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def deed(world: World) -> None:
        async with world.client() as client:
            await client.query("g1", {"身份证号": person(1)})

            def full(_: int) -> None:
                raise OSError(28, "No space left on device")

            with monkeypatch.context() as broken:
                broken.setattr("os.fdatasync", full)
                assert await refused(client.query("g1", {"身份证号": person(2)})) == (
                    503,
                    "审计记录无法写入磁盘，已停止对外应答，请检查磁盘空间与权限。",
                )
            await client.query("g1", {"身份证号": person(3)})
        assert [(one.n, one.outcome) for one in world.lines()] == [(1, "ok"), (2, "ok")]

    story(deed)


def test_what_is_revoked_while_a_slow_source_answers_is_not_handed_over(story: Callable[..., None]) -> None:
    async def deed(world: World) -> None:
        engine = await world.service._lookups._sources._opener(
            *(world.control.entries["sources"]["src1"], world.access())
        )
        asked, go = asyncio.Event(), asyncio.Event()

        class Slow:
            async def lookup_each(self, plan: Any) -> Any:
                rows = await engine.lookup_each(plan)
                asked.set()
                await go.wait()
                return rows

        async def opened(*_: Any) -> Any:
            return Slow()

        world.service._lookups._sources._opener = opened
        async with world.client() as client:
            call = asyncio.create_task(client.query("g1", {"身份证号": person(1)}))
            await asyncio.wait_for(asked.wait(), 5)
            world.grant("g1", state="ended", reason="用途已改变")
            await world.caught_up()
            go.set()
            assert await refused(call) == (403, "授权已终止：用途已改变。")
        assert [one.outcome for one in world.lines()] == ["refused"]
        await engine.close()
        world.service._lookups._sources._open.clear()

    story(deed)


def test_a_source_that_does_not_answer_in_time_is_503(story: Callable[..., None]) -> None:
    async def deed(world: World) -> None:
        class Asleep:
            async def lookup_each(self, plan: Any) -> Any:
                await asyncio.sleep(60)

            async def close(self) -> None:
                pass

        async def opened(*_: Any) -> Any:
            return Asleep()

        world.service._lookups._sources._opener = opened
        async with world.client() as client:
            assert await refused(client.query("g1", {"身份证号": person(1)})) == (
                503,
                "数据源“公安人口库”在 0.2 秒内没有应答，请稍后重试。",
            )

    story(deed, lookup_seconds=0.2)


def test_cut_off_from_the_control_plane_it_serves_until_the_bundle_is_too_old(
    tmp_path: Path, databases: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUTONG_SOURCE_ADDRESSES", '["127.0.0.0/8"]')

    async def story() -> None:
        world = World(tmp_path, databases)
        world.control.life = timedelta(seconds=3)
        async with world, world.client() as client:
            world.control.away = True
            assert (await client.query("g1", {"身份证号": person(1)})).count == 1
            await asyncio.sleep(3.1)
            status, sentence = await refused(client.query("g1", {"身份证号": person(1)}))
            assert (status, "失去联系" in sentence) == (503, True)
            world.control.away = False
            world.control.life = timedelta(minutes=15)
            async with asyncio.timeout(2):
                while True:
                    with suppress(Refused):
                        await client.query("g1", {"身份证号": person(1)})
                        break
                    await asyncio.sleep(0.05)

    asyncio.run(story())


def test_more_calls_at_once_than_it_takes_are_asked_to_come_again(story: Callable[..., None]) -> None:
    async def deed(world: World) -> None:
        async with world.client() as client:
            calls = (client.query("g1", {"身份证号": person(n)}) for n in range(1, 30))
            answers = await asyncio.gather(*calls, return_exceptions=True)
        statuses = {one.problem.status for one in answers if isinstance(one, Refused)}
        assert statuses == {503}
        assert sum(not isinstance(one, Exception) for one in answers) >= 5

    story(deed, waiting_calls=5)


def test_a_fault_of_ours_is_500_with_its_trace_and_written_down(story: Callable[..., None]) -> None:
    async def deed(world: World) -> None:
        def broken(*_: Any) -> None:
            raise ZeroDivisionError

        world.service._lookups.query = broken
        async with world.client() as client:
            with pytest.raises(Refused) as caught:
                await client.query("g1", {"身份证号": person(1)})
        assert caught.value.problem.status == 500
        assert world.lines()[-1].trace == caught.value.trace
        assert caught.value.trace in caught.value.problem.detail

    story(deed)


def test_a_book_that_is_away_is_told_of_in_one_line_however_many_ask(
    story: Callable[..., None], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def deed(world: World) -> None:
        async def gone(*_: Any) -> Any:
            raise ConnectionRefusedError

        async with world.client() as client:
            with monkeypatch.context() as broken:
                broken.setattr("asyncpg.Pool.fetch", gone)
                for n in range(1, 6):
                    status, sentence = await refused(client.query("g1", {"身份证号": person(n)}))
                    assert (status, "运行账本" in sentence) == (503, True)
            assert (await client.query("g1", {"身份证号": person(1)})).count == 1
        assert [one.outcome for one in world.lines()] == ["refused"] * 5 + ["ok"]

    story(deed)
    told = [record for record in caplog.records if record.name == "jutong.dataplane.outages"]
    assert [record.levelname for record in told] == ["WARNING", "WARNING"]
    assert "运行账本不可用" in told[0].message
    assert "运行账本已恢复" in told[1].message
    assert "影响 5 次调用" in told[1].message
    assert not any(record.exc_info for record in caplog.records)
