"""One call of a business system: reading it from ASGI, and proving who calls (HMAC-SM3 over everything that matters)."""

from __future__ import annotations

import dataclasses
import hmac
import ipaddress
import os
import re
import time
from collections.abc import Awaitable, Callable, Iterator, MutableMapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from urllib.parse import unquote

from jutong.crypto import sm3
from jutong.dataplane.errors import NotAllowed, TooLarge, Unauthenticated, Unregistered
from jutong.wire.bundle import Caller
from jutong.wire.grants import Grant

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

NONCE = re.compile(rb"[A-Za-z0-9_-]{16,64}")
TRACE_BYTES = 8
UNKNOWN = "调用密钥或签名不正确，请核对 X-Jutong-Key 与签名算法。"
"""One sentence for a stopped system and a wrong signature: nobody learns which keys are good."""


def _traces() -> Iterator[str]:
    """Yield names for calls, 16 random hex signs each; the system is asked for many at once."""
    while True:
        drawn = os.urandom(512 * TRACE_BYTES).hex()
        for start in range(0, len(drawn), 2 * TRACE_BYTES):
            yield drawn[start : start + 2 * TRACE_BYTES]


_TRACES = _traces()


@dataclass(slots=True)
class Call:
    """A request as it came in, and what is known of it so far.

    at: when it came, UTC; began: the same on the process's own clock, seconds. trace: its name in the chain. purpose: the
    named purpose (code), or nothing. once, service, foreign: of a call signed in another platform's way, what no second call may carry,
    the grant that its signature covers, and the names of the signature's own parameters.
    """

    method: str
    path: str
    target: bytes
    headers: dict[bytes, bytes]
    address: str
    at: datetime
    query: bytes = b""
    purpose: str = ""
    once: str = ""
    service: str = ""
    foreign: tuple[str, ...] = ()
    body: bytes = b""
    began: float = field(default_factory=time.perf_counter)
    trace: str = field(default_factory=_TRACES.__next__)
    caller: Caller | None = None
    grant: Grant | None = None
    act: str = "call"
    mode: str = ""
    key: str = ""
    who: str = ""
    department: str = ""

    async def read(self, receive: Receive, *, limit: int) -> None:
        """Read the body, at most `limit` bytes; `TooLarge` as soon as there is more."""
        given = self.headers.get(b"content-length", b"")
        length = int(given[:20]) if given.isdigit() else -1
        body, more = b"", self.method != "GET" and length != 0
        while more and max(length, len(body)) <= limit:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False) and len(body) != length  # what is announced and there needs no end
        if max(length, len(body)) > limit:
            raise TooLarge(f"请求体超过 {limit} 字节的上限，请分批查询。")
        self.body = body

    def text(self, name: bytes) -> str:
        """Return a header as text, or nothing."""
        return self.headers.get(name, b"").decode("utf-8", "replace")[:200]

    def named(self, name: bytes) -> str:
        """Return a percent-encoded header as text, or nothing."""
        return unquote(self.text(name)) if name in self.headers else ""

    def part(self, grant_id: str) -> Call:
        """Return one of several questions in this call, with a name of its own in the chain."""
        part = dataclasses.replace(self, trace=f"{self.trace}.{grant_id[:40]}", body=b"")
        part.grant = None
        return part

    @property
    def nonce(self) -> str:
        """Return the call's nonce; checked by `prove`."""
        return self.once or self.headers[b"x-jutong-nonce"].decode("ascii")


@lru_cache(maxsize=4096)
def within(address: str, networks: Sequence[str]) -> bool:
    """Tell whether an address lies in one of the networks (addresses or CIDR); False for what is no address."""
    try:
        given = ipaddress.ip_address(address)
        return any(given in ipaddress.ip_network(network, strict=False) for network in networks)
    except ValueError:
        return False


def address_of(scope: Scope, headers: dict[bytes, bytes], proxies: tuple[str, ...]) -> str:
    """Return the caller's address; what X-Forwarded-For says counts only from a trusted proxy, and only its last hop."""
    client = scope.get("client")
    address = str(client[0]) if client else ""
    if proxies and within(address, proxies):
        hops = [hop.strip() for hop in headers.get(b"x-forwarded-for", b"").decode("latin-1").split(",")]
        while hops and address and within(address, proxies):
            address = hops.pop() or address
    return address


def read_call(scope: Scope, proxies: tuple[str, ...]) -> Call:
    """Take in what the request line and headers say; the body is read by `Call.read`."""
    headers = dict(scope["headers"])
    raw = (scope.get("raw_path") or scope["path"].encode()).partition(b"?")[0]
    query = scope.get("query_string", b"")
    return Call(
        method=scope["method"],
        path=scope["path"],
        target=raw + b"?" + query if query else raw,
        headers=headers,
        address=address_of(scope, headers, proxies),
        at=datetime.now(UTC),
        query=query,
        purpose=headers.get(b"x-jutong-purpose", b"").decode("utf-8", "replace")[:200],
    )


def signed_lines(call: Call) -> bytes:
    """Return what the caller signed: method, path?query, SM3 of the body, time, nonce, purpose, person, service item."""
    header = call.headers.get
    return b"\n".join(
        (
            call.method.encode(),
            call.target,
            sm3.hexdigest(call.body).encode(),
            header(b"x-jutong-time", b""),
            header(b"x-jutong-nonce", b""),
            header(b"x-jutong-purpose", b""),
            header(b"x-jutong-person", b""),
            header(b"x-jutong-service-item", b""),
        )
    )


def prove(call: Call, caller: Caller | None, key: sm3.Keyed, *, tolerance_seconds: int) -> Caller:
    """Return the caller when time, nonce form and signature are right, else raise `Unauthenticated`.

    caller: whoever the named key belongs to, None when nobody (`Unregistered` where one is named); key: its call key.
    All answers take the same work.
    """
    given = call.headers.get(b"x-jutong-time", b"")
    if not given.isdigit() or len(given) > 15:  # noqa: PLR2004 - milliseconds have 13 digits for centuries
        raise Unauthenticated("缺少 X-Jutong-Time 或不是毫秒时间戳，请按接口说明填写。")
    if abs(int(given) / 1000 - call.at.timestamp()) > tolerance_seconds:
        raise Unauthenticated(f"调用时间与平台时间相差超过 {tolerance_seconds} 秒，请校准系统时钟后重试。")
    if not NONCE.fullmatch(call.headers.get(b"x-jutong-nonce", b"")):
        raise Unauthenticated("X-Jutong-Nonce 应为 16 至 64 位字母、数字、下划线或连字符，且每次调用都不同。")
    expected = key.hexdigest(signed_lines(call)).encode()
    good = hmac.compare_digest(expected, call.headers.get(b"x-jutong-signature", b""))
    if caller is None and call.headers.get(b"x-jutong-key"):
        raise Unregistered
    if caller is None or not good or not caller.active or caller.scheme:
        raise Unauthenticated(UNKNOWN)
    return caller


def check_place(call: Call, caller: Caller, zone: str) -> None:
    """Refuse a caller from an address or a network zone that it is not registered for (R-EXC-016)."""
    if zone and caller.zone != zone:
        raise NotAllowed("本业务系统登记在其他网络区域，不能通过本区域的网关调用。")
    if caller.addresses and not within(call.address, caller.addresses):
        raise NotAllowed(f"调用地址 {call.address or '未知'} 不在本业务系统登记的地址范围内，请在平台更新登记。")
