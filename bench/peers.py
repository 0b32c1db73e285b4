"""The limits the gateway is held against, served the same way: a hello, and one pooled point query a call."""

from __future__ import annotations

import os
from typing import Any

import asyncpg
import orjson

PATH = "/v1/query"


class _Peer:
    """A bare ASGI application that answers every request with what `content` gives."""

    async def open(self) -> None:
        """Get ready."""

    async def close(self) -> None:
        """Give everything back."""

    async def content(self, body: bytes) -> bytes:
        """Return the answer to a body."""
        raise NotImplementedError

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Speak ASGI."""
        if scope["type"] == "lifespan":
            await receive()
            await self.open()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await self.close()
            await send({"type": "lifespan.shutdown.complete"})
            return
        body = (await receive()).get("body", b"")
        answer = await self.content(body)
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(answer))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": answer})


class _Hello(_Peer):
    async def content(self, body: bytes) -> bytes:
        """Say hello."""
        del body
        return b'{"count":1,"hello":"world"}'


class _Direct(_Peer):
    async def open(self) -> None:
        """Open the pool."""
        self.pool = await asyncpg.create_pool(os.environ["BENCH_DATABASE_URL"], min_size=8, max_size=8)

    async def close(self) -> None:
        """Close the pool."""
        await self.pool.close()

    async def content(self, body: bytes) -> bytes:
        """Ask for one person, without any check, and answer."""
        key = orjson.loads(body)["keys"]["身份证号"]
        row = await self.pool.fetchrow("select id, name, born from people where id = $1", key)
        return orjson.dumps({"rows": [dict(row)], "count": 1})


hello = _Hello()
direct = _Direct()
