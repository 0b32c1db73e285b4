"""Answers of the gateway: JSON, problem+json, and streams of a file; none may be cached or sniffed."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from urllib.parse import quote

import msgspec

from jutong.crypto import sm3
from jutong.dataplane.errors import Refusal
from jutong.dataplane.gateway.calls import Call, Receive, Send
from jutong.dataplane.transfer.files import neutral

SAFE = [(b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff")]
JSON = [(b"content-type", b"application/json"), *SAFE]
CSV = [(b"content-type", b"text/csv; charset=utf-8"), *SAFE]
PROBLEM = [(b"content-type", b"application/problem+json"), *SAFE]
RETRY_LATER = (429, 503)
Prove = Callable[..., str]
"""Returns the proof code of `records`, or of a `file` by its SM3."""


@dataclass(slots=True)
class Answer:
    """What goes back: either `body`, or a `stream` whose length the headers already tell; `finished` is told the end."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes = b""
    stream: AsyncIterator[bytes] | None = None
    finished: Callable[[], None] | None = None


def as_json(content: object, *, status: int = 200) -> Answer:
    """Answer with JSON."""
    return raw_json(msgspec.json.encode(content), status=status)


class Found(msgspec.Struct, frozen=True):
    """What a query found: rows of granted items, marks on them, and (of a listing) the cursor of the next page."""

    rows: Sequence[Mapping[str, str | None]]
    marks: Sequence[Mapping[str, str]]
    trace: str
    grant_version: int
    after: str | None = None


def as_found(call: Call, found: Found, items: Sequence[str], prove: Prove | None = None) -> Answer:
    """Answer rows as JSON, or as CSV for a caller that accepts text/csv and not application/json.

    prove: of a document; its proof stands beside the rows, and in a header beside CSV.
    """
    accept = call.headers.get(b"accept", b"")
    if b"text/csv" in accept and b"application/json" not in accept:
        return _csv(found, items, prove)
    told: dict[str, object] = {
        "rows": found.rows,
        "count": len(found.rows),
        "marks": found.marks,
        "trace": found.trace,
        "grant_version": found.grant_version,
    }
    if found.after is not None:
        told["after"] = found.after
    if prove:
        told["proof"] = prove(records=found.rows)
    return as_json(told)


def _csv(found: Found, items: Sequence[str], prove: Prove | None) -> Answer:
    """Write UTF-8 with a header; a missing value is empty, what a spreadsheet would run is led by an apostrophe."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow([neutral(item) for item in items])
    writer.writerows([neutral(row[item] or "") for item in items] for row in found.rows)
    body = text.getvalue().encode()
    beside = {"Trace": found.trace, "Count": str(len(found.rows)), "Grant-Version": str(found.grant_version)}
    if found.after is not None:
        beside["After"] = found.after
    if prove:
        beside["Proof"] = prove(file=sm3.hexdigest(body))
    named = [(f"x-jutong-{name.lower()}".encode(), value.encode()) for name, value in beside.items()]
    return Answer(200, [*CSV, (b"content-length", b"%d" % len(body)), *named, *marked(found.marks)], body)


def marked(marks: Sequence[Mapping[str, str]]) -> list[tuple[bytes, bytes]]:
    """Return the header that carries marks where the body has no place for them: JSON, percent-encoded."""
    return [(b"x-jutong-marks", quote(msgspec.json.encode(marks)).encode())] if marks else []


def raw_json(body: bytes, *, status: int = 200) -> Answer:
    """Answer with ready JSON."""
    return Answer(status, [*JSON, (b"content-length", b"%d" % len(body))], body)


def refused(refusal: Refusal, trace: str) -> Answer:
    """Answer a refusal as problem+json with its sentence."""
    body = msgspec.json.encode(refusal.problem(trace))
    headers = [*PROBLEM, (b"content-length", b"%d" % len(body))]
    if refusal.status in RETRY_LATER:
        headers.append((b"retry-after", b"1"))
    if refusal.status == 401:  # noqa: PLR2004
        headers.append((b"www-authenticate", b"Jutong-HMAC-SM3"))
    return Answer(refusal.status, headers, body)


async def send_answer(answer: Answer, send: Send, receive: Receive | None = None) -> None:
    """Send an answer; a stream that is stopped (its grant ended) leaves the answer short, which the client notices.

    receive: tells when the client is gone; nothing more is made for it then.
    """
    try:
        await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
        if answer.stream is None:
            await send({"type": "http.response.body", "body": answer.body})
        else:
            await _streamed(answer.stream, send, receive)
    finally:
        if answer.finished:
            answer.finished()


async def _streamed(pieces: AsyncIterator[bytes], send: Send, receive: Receive | None) -> None:
    gone = asyncio.ensure_future(_gone(receive)) if receive else None
    try:
        async with aclosing(pieces) as stream:  # type: ignore[type-var]
            async for chunk in stream:
                if gone and gone.done():
                    return
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
    finally:
        if gone:
            gone.cancel()


async def _gone(receive: Receive) -> None:
    """Return when the client is gone."""
    while (await receive())["type"] != "http.disconnect":
        pass
