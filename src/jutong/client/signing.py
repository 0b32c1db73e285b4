"""Signing calls to a gateway with HMAC-SM3, for httpx clients of both kinds."""

from __future__ import annotations

import secrets
import time
from collections.abc import AsyncGenerator, Generator
from urllib.parse import quote

import httpx

from jutong.crypto import sm3


def signature(key: bytes, *, method: str, target: str, body: bytes, headers: httpx.Headers) -> str:
    """Return hex HMAC-SM3 over eight lines: method, path?query, SM3 of the body, time, nonce, purpose, person, item."""
    lines = [method, target, sm3.hexdigest(body)]
    named = ("Time", "Nonce", "Purpose", "Person", "Service-Item")
    lines += [headers.get(f"X-Jutong-{name}", "") for name in named]
    return sm3.hmac_sm3(key, "\n".join(lines).encode()).hex()


class CallAuth(httpx.Auth):
    """Gives each request a time, a new nonce, the purpose and the signature; a retry is signed anew."""

    requires_request_body = True

    def __init__(self, key_id: str, key: bytes, purpose: str) -> None:
        self._key_id = key_id
        self._key = key
        self._purpose = purpose

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Sign one request."""
        request.headers["X-Jutong-Key"] = self._key_id
        request.headers["X-Jutong-Time"] = str(time.time_ns() // 1_000_000)
        request.headers["X-Jutong-Nonce"] = secrets.token_hex(16)
        request.headers.setdefault("X-Jutong-Purpose", self._purpose)
        target = request.url.raw_path.decode("ascii")
        request.headers["X-Jutong-Signature"] = signature(
            self._key, method=request.method, target=target, body=request.content, headers=request.headers
        )
        yield request

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Sign one request of an asynchronous client."""
        await request.aread()
        for signed in self.auth_flow(request):
            yield signed


def named(person: str, service_item: str) -> dict[str, str]:
    """Return the optional headers that say for whom and for which service item (事项) a call is made, percent-encoded."""
    given = {"X-Jutong-Person": person, "X-Jutong-Service-Item": service_item}
    return {name: quote(value) for name, value in given.items() if value}
