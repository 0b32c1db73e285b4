"""Online queries to a source behind a front-end node: gateway and node are processes, the tunnel is a real connection."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import msgspec
import pytest

from covers import covers
from frontend_world import NODE, front_end
from gateway_world import person, refused, two_databases, until
from interface_server import Interface
from jutong.client import Refused
from jutong.crypto import sm2
from jutong.dataplane.errors import RuleBroken
from jutong.dataplane.node import status
from jutong.wire.bundle import Access
from jutong.wire.usage import ChainRecord
from passing_world import GRANTED, PERSON, publish


@covers(partly=["R-EXC-004"])
def test_a_query_reaches_a_source_behind_a_node_that_opened_no_port(tmp_path: Path, interface: Interface) -> None:
    async def story() -> None:
        with two_databases() as databases:
            async with front_end(tmp_path, databases, chain_segment_seconds=1) as city, city.caller() as caller:
                answer = await caller.query("g1", {"身份证号": person(7)})
                assert answer.rows == [{"身份证号": "110101********0007", "姓名": "张7", "出生日期": "1980-01-08"}]
                many = await asyncio.gather(*(caller.query("g1", {"身份证号": person(n)}) for n in range(1, 41)))
                assert [found.rows[0]["姓名"] for found in many] == [f"张{n}" for n in range(1, 41)]
                said = await caller.confirm("g1", {"身份证号": person(7)}, {"姓名": "张7"})
                assert said.match
                lines = [
                    msgspec.json.decode(line, type=ChainRecord)
                    for path in (city.front.folder / "chain" / NODE).rglob("0*")
                    if path.suffix in {".open", ".jsonl"}
                    for line in path.read_bytes().splitlines()
                ]
                assert {line.act for line in lines} == {"query", "confirm"}
                assert all(person(7) not in msgspec.json.encode(line).decode() for line in lines)
                assert city.front.beats, "it says how it is"
                await _a_call_is_passed_through_by_the_node(city, caller, interface)
                await _the_node_decides_by_its_own_bundle(city, caller)
                await _what_is_marked_classified_is_refused_by_the_node_itself(city, caller)
                await _a_stopped_node_is_named_and_a_new_one_serves(city, caller)
                await _a_node_that_is_to_keep_no_tunnel_is_let_in_no_more(city, caller)
                await _a_revoked_node_is_cut_off_within_two_seconds(city, caller)

    asyncio.run(story())


async def _a_call_is_passed_through_by_the_node(city, caller, interface: Interface) -> None:  # type: ignore[no-untyped-def]
    publish(city, interface, columns=GRANTED[:2], endpoints=("person",))
    source = city.control.entries["sources"]["api"]
    access = msgspec.json.decode(city.control.node.signer.unseal(source.sealed), type=Access)
    sealed = sm2.seal(city.front.me.signer.public, msgspec.json.encode(access))
    city.control.say("sources", "api", msgspec.structs.replace(source, sealed=sealed, node=NODE))
    for kind, name in (("grants", "g3"), ("mounts", "r3"), ("sources", "api")):
        city.front.told[kind][name] = city.control.entries[kind][name]
    city.front.serial += 1

    async def there() -> bool:
        try:
            return (await caller.through("g3", "person", {"id": PERSON})).rows == [{"姓名": "张*", "年龄": "7"}]
        except Refused:
            return False

    await until(there, seconds=5)
    assert (await refused(caller.through("g3", "person", {"id": PERSON, "all": "1"})))[0] == 422
    assert (await refused(caller.through("g3", "secret", {})))[0] == 403


async def _the_node_decides_by_its_own_bundle(city, caller) -> None:  # type: ignore[no-untyped-def]
    kept = city.front.told["grants"].pop("g1")
    city.front.serial += 1

    async def gone() -> bool:
        try:
            await caller.query("g1", {"身份证号": person(8)})
        except Exception as refusal:  # noqa: BLE001 - looked at below
            return "前置机的授权包中没有这项授权" in str(refusal)
        return False

    await until(gone, seconds=5)
    city.front.told["grants"]["g1"] = kept
    city.front.serial += 1

    async def back() -> bool:
        try:
            return bool((await caller.query("g1", {"身份证号": person(8)})).rows)
        except Exception:  # noqa: BLE001 - not yet
            return False

    await until(back, seconds=5)


async def _what_is_marked_classified_is_refused_by_the_node_itself(city, caller) -> None:  # type: ignore[no-untyped-def]
    kept = city.front.told["grants"]["g1"]
    city.front.told["grants"]["g1"] = msgspec.structs.replace(kept, classified=True)
    city.front.serial += 1

    async def barred() -> bool:
        try:
            await caller.query("g1", {"身份证号": person(8)})
        except Refused as refusal:
            return "涉密标记" in str(refusal)
        return False

    await until(barred, seconds=5)
    chain = b"".join(path.read_bytes() for path in (city.front.folder / "chain").rglob("*.open"))
    assert "涉密标记" in chain.decode()
    city.front.told["grants"]["g1"] = kept
    city.front.serial += 1

    async def back() -> bool:
        try:
            return bool((await caller.query("g1", {"身份证号": person(8)})).rows)
        except Refused:
            return False

    await until(back, seconds=5)


async def _a_stopped_node_is_named_and_a_new_one_serves(city, caller) -> None:  # type: ignore[no-untyped-def]
    assert await city.front.end(signal.SIGTERM) == 0
    code, sentence = await refused(caller.query("g1", {"身份证号": person(9)}))
    assert code == 503
    assert "公安前置机" in sentence
    await city.front.begin()
    await until(city.connected, seconds=20)
    assert (await caller.query("g1", {"身份证号": person(9)})).rows[0]["姓名"] == "张9"


async def _a_node_that_is_to_keep_no_tunnel_is_let_in_no_more(city, caller) -> None:  # type: ignore[no-untyped-def]
    city.control.say("nodes", NODE, city.front.passport(tunnel=False))

    async def shut() -> bool:
        try:
            await caller.query("g1", {"身份证号": person(9)})
        except Refused as refusal:
            return "不设联机通道" in refusal.problem.detail
        return False

    async def out() -> bool:
        return not await city.connected()

    await until(shut, seconds=5)
    await until(out, seconds=5)
    city.control.say("nodes", NODE, city.front.passport())
    await until(city.connected, seconds=20)


async def _a_revoked_node_is_cut_off_within_two_seconds(city, caller) -> None:  # type: ignore[no-untyped-def]
    city.control.say("nodes", NODE, city.front.passport(active=False))

    async def cut() -> bool:
        try:
            await caller.query("g1", {"身份证号": person(9)})
        except Exception as refusal:  # noqa: BLE001 - looked at below
            return "未签收、已暂停或已停用" in str(refusal)
        return False

    await until(cut, seconds=2)

    async def closed() -> bool:
        return not await city.connected()

    await until(closed, seconds=3)


def test_the_status_page_is_for_the_machine_itself() -> None:
    for bind in ("0.0.0.0:8031", "10.1.2.3:80", "localhost:x", "::"):
        with pytest.raises(RuleBroken, match="回环地址"):
            status.check_bind(bind)
    assert status.check_bind("[::1]:8031") == ("::1", 8031)


def test_a_node_that_does_not_run_says_so(tmp_path: Path) -> None:
    environment = os.environ | {"JUTONG_HOME": str(tmp_path), "JUTONG_STATUS_BIND": "127.0.0.1:1"}
    done = subprocess.run(
        [sys.executable, "-m", "jutong", "node", "status"], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "前置机没有运行" in done.stderr


def test_a_page_elsewhere_cannot_read_the_status() -> None:
    async def story() -> None:
        async def nothing() -> status.Status:
            raise AssertionError("a stranger was answered")

        server = await status.serve("127.0.0.1:0", nothing)
        port = server.sockets[0].getsockname()[1]
        async with httpx.AsyncClient(trust_env=False) as client:
            answer = await client.get(f"http://127.0.0.1:{port}/", headers={"Host": "evil.example"})
        assert answer.status_code == 421
        server.close()

    asyncio.run(story())
