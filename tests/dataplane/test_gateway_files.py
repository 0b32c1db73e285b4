"""Batch files at the gateway: manifest, ranges, tickets, and the end of the grant in the middle of a download."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import httpx
import msgspec
import pytest

from covers import covers
from gateway_world import World, refused
from jutong.client.signing import CallAuth
from jutong.crypto import SoftwareSigner, sm2
from jutong.dataplane.envelopes import seal
from jutong.dataplane.gateway.files import span
from jutong.wire.bundle import Mark
from jutong.wire.grants import Mode

CONTENT = b"".join(b"%07d,row\n" % n for n in range(250_000))  # 3 MB, three chunks


@pytest.fixture
def story(story: Callable[..., None]) -> Callable[..., None]:
    def play(deed: Callable[[World], Awaitable[None]]) -> None:
        async def with_file(world: World) -> None:
            await world.artefact("a1", CONTENT)
            await deed(world)

        story(with_file)

    return play


@covers("R-EXC-007")
def test_a_file_comes_with_its_manifest_and_only_to_its_department_and_in_time(
    story: Callable[..., None], tmp_path: Path
) -> None:
    async def deed(world: World) -> None:
        await world.artefact("a-old", b"1\n", hours=-1)
        async with world.client() as client:
            manifest = await client.download("a1", tmp_path / "out.csv")
            assert (tmp_path / "out.csv").read_bytes() == CONTENT
            assert (manifest.rows, manifest.bytes) == (250_000, len(CONTENT))
            assert await refused(client.manifest("a-old")) == (403, "批量文件已过期，请重新发起批量下载。")
            assert (await refused(client.manifest("nothing")))[0] == 403
        async with world.client("s2") as other:
            assert await refused(other.manifest("a1")) == await refused(other.manifest("nothing"))
        assert b"0000007,row" not in (world.settings.artefact_folder / "a1.sm4").read_bytes()
        downloads = [one for one in world.lines() if one.act == "download"]
        assert [(one.outcome, one.rows, one.grant) for one in downloads] == [("ok", 250_000, "g1")]

    story(deed)


def test_a_file_says_what_is_in_doubt_of_its_resource_at_the_moment_it_is_fetched(story: Callable[..., None]) -> None:
    async def deed(world: World) -> None:
        async with world.client() as client:
            assert "x-jutong-marks" not in (await client._http.get("/v1/artefacts/a1")).headers
            world.control.say("marks", "r1/objection/7", Mark("r1", "objection", "存在异议", "7"))
            await world.caught_up()
            told = (await client._http.get("/v1/artefacts/a1")).headers["x-jutong-marks"]
        assert json.loads(unquote(told)) == [{"kind": "objection", "text": "存在异议", "key": "7"}]

    story(deed)


def test_a_download_goes_on_where_it_broke_off(story: Callable[..., None], tmp_path: Path) -> None:
    async def deed(world: World) -> None:
        (tmp_path / "out.csv.a1.part").write_bytes(CONTENT[:1_234_567])
        async with world.client() as client:
            await client.download("a1", tmp_path / "out.csv")
            assert (tmp_path / "out.csv").read_bytes() == CONTENT
            (tmp_path / "two.csv.a1.part").write_bytes(b"damaged")
            assert "SM3" in (await refused(client.download("a1", tmp_path / "two.csv")))[1]
        assert next(one.reason for one in world.lines() if one.act == "download") == "bytes=1234567-"

    story(deed)
    assert not list(tmp_path.glob("two.csv*"))


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, None),
        (b"bytes=0-0", (0, 1)),
        (b"bytes=5-", (5, 10)),
        (b"bytes=-3", (7, 10)),
        (b"bytes=-30", (0, 10)),
        (b"bytes=2-900", (2, 10)),
        (b"bytes=-", None),
        (b"bytes=1-2,4-5", None),
        (b"rows=1-2", None),
    ],
)
def test_byte_ranges_are_read_as_the_standard_says(header: bytes | None, expected: tuple[int, int] | None) -> None:
    assert span(header, 10) == expected


def test_ranges_outside_are_416_and_every_range_is_the_files_own_bytes(story: Callable[..., None]) -> None:
    async def deed(world: World) -> None:
        for header in (b"bytes=10-", b"bytes=7-3", b"bytes=-0"):
            with pytest.raises(ValueError):  # noqa: PT011 - it has no words
                span(header, 10)
        async with world.client() as client:
            for start, end in ((0, 0), (1_048_570, 1_048_590), (len(CONTENT) - 5, len(CONTENT) + 5)):
                answer = await client._http.get("/v1/artefacts/a1", headers={"Range": f"bytes={start}-{end}"})
                assert answer.status_code == 206
                assert answer.content == CONTENT[start : end + 1]
            answer = await client._http.get("/v1/artefacts/a1", headers={"Range": f"bytes={len(CONTENT)}-"})
            assert (answer.status_code, answer.headers["content-range"]) == (416, f"bytes */{len(CONTENT)}")

    story(deed)


def test_a_file_is_bound_to_its_grants_state_mode_and_purpose(story: Callable[..., None]) -> None:
    async def deed(world: World) -> None:
        async with world.client(purpose="other") as client:
            assert "用途" in (await refused(client.manifest("a1")))[1]
        world.grant("g1", modes=(Mode.ONLINE_QUERY,))
        await world.caught_up()
        async with world.client() as client:
            assert "共享方式" in (await refused(client.manifest("a1")))[1]
            world.grant("g1", state="ended")
            await world.caught_up()
            assert "已终止" in (await client._http.get("/v1/artefacts/a1")).json()["detail"]

    story(deed)


def test_damaged_or_missing_bytes_are_unavailable_and_never_served(story: Callable[..., None]) -> None:
    async def deed(world: World) -> None:
        path = world.settings.artefact_folder / "a1.sm4"
        sealed = bytearray(path.read_bytes())
        path.write_bytes(sealed[:-20])
        async with world.client() as client:
            answer = await client._http.get("/v1/artefacts/a1")
            assert (answer.status_code, "重新发起" in answer.json()["detail"]) == (503, True)
            path.unlink()
            assert (await client._http.get("/v1/artefacts/a1")).status_code == 503

    story(deed)


def test_ending_the_grant_stops_a_download_in_the_middle(story: Callable[..., None]) -> None:
    async def deed(world: World) -> None:
        service = world.service
        async with world.client() as client:
            request = client._http.build_request("GET", "/v1/artefacts/a1")
            next(client._http.auth.auth_flow(request))  # type: ignore[union-attr]
        from jutong.dataplane.gateway.calls import read_call

        headers = [(name.lower(), value) for name, value in request.headers.raw]
        scope = {"type": "http", "method": "GET", "path": "/v1/artefacts/a1", "headers": headers, "query_string": b""}
        answer = await service.download(read_call(scope, ()), "a1")
        assert answer.stream is not None
        first = await anext(answer.stream)
        assert len(first) == 1 << 13
        world.grant("g1", state="suspended", reason="核查中")
        await world.caught_up()
        with pytest.raises(Exception, match="核查中"):
            await anext(answer.stream)

    story(deed)


def ticket(world: World, *, signer: SoftwareSigner | None = None, **changes: Any) -> dict[str, str]:
    given = {
        "artefact": "a1",
        "person": "p7",
        "department": "民政",
        "nonce": "ticket-nonce-0001",
        "expires": datetime.now(UTC) + timedelta(seconds=50),
        "purpose": "verification",
    } | changes
    envelope = seal("ticket", msgspec.json.encode(given), signer or world.control.signer)
    return {"ticket": base64.urlsafe_b64encode(msgspec.json.encode(envelope)).decode().rstrip("=")}


def test_a_person_uses_a_ticket_once_and_only_a_good_one(story: Callable[..., None]) -> None:
    async def deed(world: World) -> None:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=world.gateway), base_url="http://g") as browser:

            async def post(form: dict[str, str]) -> httpx.Response:
                return await browser.post("/v1/tickets", data=form)

            forged = SoftwareSigner.of(sm2.generate())
            late = datetime.now(UTC) - timedelta(seconds=1)
            far = datetime.now(UTC) + timedelta(hours=1)
            for form, status in (
                ({}, 422),
                ({"ticket": "%%%"}, 422),
                ({"ticket": "e30"}, 422),
                (ticket(world, signer=forged), 401),
                (ticket(world, expires=late), 403),
                (ticket(world, expires=far), 403),
                (ticket(world, department="教育"), 403),
                (ticket(world, artefact="../../etc/passwd"), 403),
            ):
                answer = await post(form)
                assert answer.status_code == status, answer.text
            good = ticket(world)
            answer = await post(good)
            assert (answer.status_code, answer.content) == (200, CONTENT)
            assert answer.headers["content-disposition"].startswith("attachment; filename*=UTF-8''%E4%BA%BA")
            assert "使用过" in (await post(good)).json()["detail"]
            world.grant("g1", state="ended", reason="合同到期")
            await world.caught_up()
            assert "合同到期" in (await post(ticket(world, nonce="ticket-nonce-0002"))).json()["detail"]
        written = [one for one in world.lines() if one.outcome == "ok"]
        assert [(one.who, one.act, one.purpose) for one in written] == [("person:p7", "download", "verification")]

    story(deed)


def test_a_resumed_range_counts_only_for_the_very_file_it_began_with(story: Callable[..., None]) -> None:
    async def deed(world: World) -> None:
        content = bytes(range(256)) * 8
        manifest = await world.artefact("a2", content)
        for tag, status, got in ((f'"{manifest.sm3}"', 206, content[100:]), ('"another"', 200, content)):
            request = httpx.Request("GET", "http://gateway/v1/artefacts/a2", headers={"Range": "bytes=100-"})
            request.headers["If-Range"] = tag
            next(CallAuth("k-s1", world.keys["k-s1"], "verification").auth_flow(request))
            async with httpx.AsyncClient(transport=httpx.ASGITransport(app=world.gateway)) as client:
                answer = await client.send(request)
            assert (answer.status_code, answer.content) == (status, got)

    story(deed)


def test_a_system_fetches_only_so_many_files_at_once_and_slow_readers_do_not_keep_queries_out(
    tmp_path: Path, databases: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUTONG_SOURCE_ADDRESSES", '["127.0.0.0/8"]')

    async def deed() -> None:
        async with World(tmp_path, databases, downloads_per_system=2, waiting_calls=1) as world:
            await world.artefact("a3", CONTENT)
            stopped, going = asyncio.Event(), asyncio.Event()

            async def slow() -> list[int]:
                """Read a file no further than its head until told to go on."""
                call = httpx.Request("GET", "http://gateway/v1/artefacts/a3")
                next(CallAuth("k-s1", world.keys["k-s1"], "verification").auth_flow(call))
                headers = [(name.lower(), value) for name, value in call.headers.raw]
                scope = {
                    "type": "http",
                    "method": "GET",
                    "path": "/v1/artefacts/a3",
                    "headers": headers,
                    "client": ("10.1.2.3", 1),
                }
                seen: list[int] = []

                async def receive() -> dict[str, Any]:
                    return await asyncio.Event().wait()  # type: ignore[return-value]

                async def send(message: Any) -> None:
                    seen.append(message.get("status", 0))
                    stopped.set()
                    await going.wait()

                await world.gateway(scope, receive, send)
                return seen

            reading = [asyncio.create_task(slow())]
            await stopped.wait()
            stopped.clear()
            reading.append(asyncio.create_task(slow()))
            await stopped.wait()
            async with world.client() as client:
                assert (await client.query("g1", {"身份证号": "11010119800101" + "0001"})).count == 1
                status, sentence = await refused(client.download("a3", tmp_path / "third"))
                assert (status, "2 个的上限" in sentence) == (429, True)
                going.set()
                assert [seen[0] for seen in await asyncio.gather(*reading)] == [200, 200]
                assert (await client.download("a3", tmp_path / "third")).rows == CONTENT.count(b"\n")

    asyncio.run(deed())


def test_nothing_more_is_decrypted_for_a_client_that_is_gone(story: Callable[..., None]) -> None:
    async def deed(world: World) -> None:
        call = httpx.Request("GET", "http://gateway/v1/artefacts/a1")
        next(CallAuth("k-s1", world.keys["k-s1"], "verification").auth_flow(call))
        headers = [(name.lower(), value) for name, value in call.headers.raw]
        scope = {
            "type": "http",
            "method": "GET",
            "path": "/v1/artefacts/a1",
            "headers": headers,
            "client": ("10.1.2.3", 1),
        }
        left, sent = asyncio.Event(), 0

        async def receive() -> dict[str, Any]:
            await left.wait()
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            nonlocal sent
            sent += len(message.get("body", b""))
            if sent > 100_000:
                left.set()
            await asyncio.sleep(0)

        await world.gateway(scope, receive, send)
        assert 100_000 < sent < 200_000
        assert not world.service._fetching

    story(deed)
