"""Answers of the gateway: JSON, problem+json, and streams of a file; none may be cached or sniffed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass

import msgspec

from jutong.dataplane.errors import Refusal
from jutong.dataplane.gateway.calls import Send

SAFE = [(b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff")]
JSON = [(b"content-type", b"application/json"), *SAFE]
PROBLEM = [(b"content-type", b"application/problem+json"), *SAFE]
RETRY_LATER = (429, 503)


@dataclass(slots=True)
class Answer:
    """What goes back: either `body`, or a `stream` whose length the headers already tell."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes = b""
    stream: AsyncIterator[bytes] | None = None


def as_json(content: object) -> Answer:
    """Answer 200 with JSON."""
    return raw_json(msgspec.json.encode(content))


def raw_json(body: bytes) -> Answer:
    """Answer 200 with ready JSON."""
    return Answer(200, [*JSON, (b"content-length", b"%d" % len(body))], body)


def refused(refusal: Refusal, trace: str) -> Answer:
    """Answer a refusal as problem+json with its sentence."""
    body = msgspec.json.encode(refusal.problem(trace))
    headers = [*PROBLEM, (b"content-length", b"%d" % len(body))]
    if refusal.status in RETRY_LATER:
        headers.append((b"retry-after", b"1"))
    if refusal.status == 401:  # noqa: PLR2004
        headers.append((b"www-authenticate", b"Jutong-HMAC-SM3"))
    return Answer(refusal.status, headers, body)


async def send_answer(answer: Answer, send: Send) -> None:
    """Send an answer; a stream that is stopped (its grant ended) leaves the answer short, which the client notices."""
    await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
    if answer.stream is None:
        await send({"type": "http.response.body", "body": answer.body})
        return
    async with aclosing(answer.stream) as stream:  # type: ignore[type-var]
        async for chunk in stream:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
    await send({"type": "http.response.body", "body": b""})
