"""The SDK: it signs as the gateway checks, says what the gateway said, and brings files home whole."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_world import SECRET_COLUMNS
from jutong.client import AsyncClient, Client, Refused
from jutong.client.downloads import ATTEMPTS
from jutong.client.signing import CallAuth, named
from jutong.crypto import sm3
from jutong.dataplane.errors import Unauthenticated
from jutong.dataplane.gateway.calls import prove, read_call
from jutong.wire.bundle import Caller
from jutong.wire.transfers import Manifest

KEY = b"k" * 32
CALLER = Caller("s1", "民政业务系统", "民政", "k1", b"", "政务外网")
AT = datetime(2026, 11, 20, tzinfo=UTC)


def scope(request: httpx.Request) -> dict[str, Any]:
    path, _, query = request.url.raw_path.partition(b"?")
    headers = [(name.lower(), value) for name, value in request.headers.raw]
    return {
        "method": request.method,
        "path": path.decode(),
        "raw_path": path,
        "query_string": query,
        "headers": headers,
    }


@given(st.binary(max_size=200), st.text(max_size=30), st.text(max_size=30), st.text(max_size=20))
def test_whatever_the_sdk_signs_the_gateway_proves_and_any_change_breaks_it(
    body: bytes, person: str, item: str, query: str
) -> None:
    request = httpx.Request("POST", "http://g/v1/query", params={"q": query}, content=body, headers=named(person, item))
    next(CallAuth("k1", KEY, "verification").auth_flow(request))
    call = read_call(scope(request), ())
    call.body = body
    assert prove(call, CALLER, sm3.Keyed(KEY), tolerance_seconds=300) is CALLER
    call.body = body + b" "
    with pytest.raises(Unauthenticated):
        prove(call, CALLER, sm3.Keyed(KEY), tolerance_seconds=300)


def test_two_calls_never_share_a_nonce() -> None:
    seen = set()
    for _ in range(50):
        request = httpx.Request("GET", "http://g/v1/grants")
        next(CallAuth("k1", KEY, "v").auth_flow(request))
        seen.add(request.headers["X-Jutong-Nonce"])
    assert len(seen) == 50


def test_a_refusal_carries_the_sentence_and_an_answer_from_elsewhere_says_so() -> None:
    said = (
        b'{"title": "t", "status": 403, "code": "forbidden", "detail": "\xe4\xb8\x8d\xe8\xa1\x8c", "instance": "abc"}'
    )
    for content, status, detail in ((said, 403, "不行"), (b"<html>", 502, "网关返回 502")):
        transport = httpx.MockTransport(lambda _, c=content, s=status: httpx.Response(s, content=c))
        with Client("http://g", key_id="k1", key=KEY, purpose="v", transport=transport) as client:
            with pytest.raises(Refused, match=detail) as caught:
                client.query("g1", {"a": "b"})
            assert caught.value.problem.status == status


CONTENT = bytes(range(256)) * 4000


class Flaky(httpx.SyncByteStream, httpx.AsyncByteStream):
    """Bytes whose connection breaks after some of them."""

    def __init__(self, content: bytes, whole: bool) -> None:
        self._content, self._whole = content, whole

    def __iter__(self) -> Iterator[bytes]:
        for start in range(0, len(self._content), 50_000):
            yield self._content[start : start + 50_000]
        if not self._whole:
            raise httpx.ReadError("cut")

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self:
            yield chunk


def shop(step: int, *, ranges: bool = True, sm3_hex: str = "") -> tuple[httpx.MockTransport, list[str]]:
    """A gateway that sends at most `step` bytes before each break."""
    digest = sm3_hex or sm3.hexdigest(CONTENT)
    manifest = Manifest(
        "a1",
        "o",
        "g",
        "t",
        "c",
        "d",
        1,
        len(CONTENT),
        digest,
        "",
        "",
        "csv",
        "utf-8",
        SECRET_COLUMNS,
        "v",
        AT,
        AT + timedelta(1),
    )
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/manifest"):
            return httpx.Response(200, content=msgspec.json.encode(manifest))
        given = request.headers.get("Range", "bytes=0-")
        asked.append(given)
        start = int(given[6:-1]) if ranges else 0
        part = CONTENT[start : start + step]
        stream = Flaky(part, whole=start + step >= len(CONTENT))
        return httpx.Response(206 if ranges and start else 200, stream=stream)

    return httpx.MockTransport(answer), asked


def test_a_download_over_a_breaking_line_arrives_whole(tmp_path: Path) -> None:
    transport, asked = shop(300_000)
    with Client("http://g", key_id="k1", key=KEY, purpose="v", transport=transport) as client:
        client.download("a1", tmp_path / "out")
    assert (tmp_path / "out").read_bytes() == CONTENT
    assert asked == ["bytes=0-", "bytes=300000-", "bytes=600000-", "bytes=900000-"]

    async def fetch() -> None:
        transport, _ = shop(300_000)
        async with AsyncClient("http://g", key_id="k1", key=KEY, purpose="v", transport=transport) as client:
            await client.download("a1", tmp_path / "two")

    asyncio.run(fetch())
    assert (tmp_path / "two").read_bytes() == CONTENT
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "two"]


def test_a_line_that_never_brings_a_byte_is_given_up_and_the_part_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    transport, asked = shop(0)
    (tmp_path / "out.a1.part").write_bytes(CONTENT[:10])
    with (
        Client("http://g", key_id="k1", key=KEY, purpose="v", transport=transport) as client,
        pytest.raises(httpx.TransportError),
    ):
        client.download("a1", tmp_path / "out")
    assert asked == ["bytes=10-"] * ATTEMPTS
    assert (tmp_path / "out.a1.part").read_bytes() == CONTENT[:10]


def test_a_gateway_without_ranges_starts_over_and_wrong_bytes_never_get_the_name(tmp_path: Path) -> None:
    transport, _ = shop(len(CONTENT), ranges=False)
    (tmp_path / "out.a1.part").write_bytes(b"something old")
    with Client("http://g", key_id="k1", key=KEY, purpose="v", transport=transport) as client:
        client.download("a1", tmp_path / "out")
        assert (tmp_path / "out").read_bytes() == CONTENT
    transport, _ = shop(len(CONTENT), sm3_hex="0" * 64)
    with (
        Client("http://g", key_id="k1", key=KEY, purpose="v", transport=transport) as client,
        pytest.raises(Refused, match="SM3"),
    ):
        client.download("a1", tmp_path / "bad")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_the_sdk_brings_neither_django_nor_the_data_plane() -> None:
    code = (
        "import sys, jutong.client; print([m for m in sys.modules if m.startswith(('django', 'jutong.d', 'jutong.k'))])"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONPATH": "src"}
    )
    assert found.stdout.strip() == "[]"
