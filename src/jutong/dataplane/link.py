"""The signed internal calls between a node and the control plane, and the proof both sides check."""

from __future__ import annotations

import asyncio
import base64
import hmac
import secrets
import time
from collections.abc import AsyncGenerator, Generator, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import TypeVar

import httpx
import msgspec

from jutong.crypto import sm3
from jutong.dataplane import priorities
from jutong.dataplane.errors import Unauthenticated, Unavailable
from jutong.dataplane.identity import Identity
from jutong.wire.alive import Alive
from jutong.wire.envelope import Envelope, NodeProof
from jutong.wire.handover import Handover
from jutong.wire.nodes import Heartbeat, HeartbeatAnswer
from jutong.wire.transfers import DirtyRows, Order, Progress
from jutong.wire.usage import UsageBatch

TOLERANCE_MS = 300_000
Message = TypeVar("Message")


class Orders(msgspec.Struct, frozen=True):
    """New, retried and cancelled orders for this node since a serial."""

    serial: int
    orders: tuple[Order, ...] = ()


def proof_signature(secret: bytes, *, method: str, target: str, at_ms: int, nonce: str, body: bytes) -> str:
    """Return the signature of `wire.NodeProof`: hex HMAC-SM3 over method, path?query, time, nonce and SM3 of the body."""
    lines = "\n".join([method, target, str(at_ms), nonce, sm3.hexdigest(body)])
    return sm3.hmac_sm3(secret, lines.encode()).hex()


def proof_headers(node: str, secret: bytes, *, method: str, target: str, at_ms: int, body: bytes) -> dict[str, str]:
    """Return the four headers of an internal call, with a new nonce."""
    nonce = secrets.token_hex(16)
    signature = proof_signature(secret, method=method, target=target, at_ms=at_ms, nonce=nonce, body=body)
    return {
        "X-Jutong-Node": node,
        "X-Jutong-Time": str(at_ms),
        "X-Jutong-Nonce": nonce,
        "X-Jutong-Signature": signature,
    }


def check_proof(
    headers: Mapping[str, str], secret: bytes, *, node: str, method: str, target: str, body: bytes, at_ms: int
) -> NodeProof:
    """Return the proof of an internal call from `node`, or raise `Unauthenticated`. The caller remembers the nonce."""
    given = headers.get("x-jutong-time", "")
    if not (given.isascii() and given.isdigit()) or abs(int(given[:16]) - at_ms) > TOLERANCE_MS:
        raise Unauthenticated("内部调用的时间缺失或相差超过 5 分钟，请校准两端时钟。")
    proof = NodeProof(
        node=headers.get("x-jutong-node", ""),
        time=int(given),
        nonce=headers.get("x-jutong-nonce", ""),
        signature=headers.get("x-jutong-signature", ""),
    )
    expected = proof_signature(secret, method=method, target=target, at_ms=proof.time, nonce=proof.nonce, body=body)
    if proof.node != node or not proof.nonce or not hmac.compare_digest(expected.encode(), proof.signature.encode()):
        raise Unauthenticated("内部调用的节点签名无效，请检查节点名称与密钥是否已登记。")
    return proof


class NodeAuth(httpx.Auth):
    """Signs each request of an httpx client in a node's name. aside: where an asynchronous client's loop is not to wait."""

    requires_request_body = True

    def __init__(self, node: str, secret: bytes, aside: Executor | None = None) -> None:
        self._node = node
        self._secret = secret
        self._aside = aside

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add the proof's headers; the body is already read."""
        target = request.url.raw_path.decode("ascii")
        at_ms = time.time_ns() // 1_000_000
        body = request.content
        request.headers.update(
            proof_headers(self._node, self._secret, method=request.method, target=target, at_ms=at_ms, body=body)
        )
        yield request

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Do the same for an asynchronous client."""
        await request.aread()
        yield await asyncio.get_running_loop().run_in_executor(self._aside, next, self.auth_flow(request))


class Link:
    """The internal client of one node; every call raises `Unavailable` when the control plane is away or refuses.

    What is large is put into words and signed in a thread that gives way to calls: megabytes take tens of milliseconds.
    """

    def __init__(self, url: str, identity: Identity, *, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._aside = ThreadPoolExecutor(1, thread_name_prefix="link", initializer=priorities.behind)
        self._client = httpx.AsyncClient(
            base_url=url,
            auth=NodeAuth(identity.name, identity.secret, self._aside),
            transport=transport,
            timeout=10,
            trust_env=False,
        )

    async def get_bundle(self, *, since: int, wait: int) -> Envelope | None:
        """Wait up to `wait` seconds for a bundle newer than serial `since`; None when there is none."""
        answer = await self._call("GET", f"/internal/bundle?since={since}&wait={wait}", wait=wait)
        return _decoded(answer, Envelope)

    async def get_orders(self, *, since: int, wait: int) -> Orders | None:
        """Wait up to `wait` seconds for orders after serial `since`; None when there are none."""
        answer = await self._call("GET", f"/internal/orders?since={since}&wait={wait}", wait=wait)
        return _decoded(answer, Orders)

    async def post_progress(self, reports: Sequence[Progress]) -> None:
        """Report progress of runs; the same report twice is the same as once."""
        await self._call("POST", "/internal/progress", body=msgspec.json.encode(reports))

    async def post_dirty(self, parcel: DirtyRows) -> None:
        """Report rows that a run set aside; the same parcel twice is the same as once."""
        await self._call("POST", "/internal/dirty", body=msgspec.json.encode(parcel))

    async def post_usage(self, batch: UsageBatch) -> None:
        """Report counted calls."""
        await self._call("POST", "/internal/usage", body=msgspec.json.encode(batch))

    async def post_segment(self, envelope: Envelope, lines: bytes) -> None:
        """Ship one sealed segment of a chain with its lines."""

        def body() -> bytes:
            return msgspec.json.encode({"envelope": envelope, "lines": base64.b64encode(lines).decode("ascii")})

        worded = await asyncio.get_running_loop().run_in_executor(self._aside, body)
        await self._call("POST", "/internal/segments", body=worded)

    async def get_handovers(self) -> list[Handover]:
        """Return how the control plane's key followed another, oldest first."""
        return _decoded(await self._call("GET", "/internal/handovers"), list[Handover]) or []

    async def post_alive(self, said: Alive) -> None:
        """Say that a process of this node lives, or ends."""
        await self._call("POST", "/internal/alive", body=msgspec.json.encode(said))

    async def post_heartbeat(self, said: Heartbeat) -> HeartbeatAnswer:
        """Say how this node is; the centre answers what it has to know."""
        answer = await self._call("POST", "/internal/heartbeat", body=msgspec.json.encode(said))
        found = _decoded(answer, HeartbeatAnswer)
        if found is None:
            raise Unavailable("控制面没有应答心跳，请检查两端版本是否一致。")
        return found

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()
        self._aside.shutdown()

    async def _call(self, method: str, target: str, *, body: bytes = b"", wait: int = 0) -> bytes | None:
        headers = {"Content-Type": "application/json"} if body else {}
        try:
            answer = await self._client.request(method, target, content=body, headers=headers, timeout=wait + 10)
        except httpx.HTTPError as error:
            raise Unavailable(
                f"控制面没有应答（{type(error).__name__}），请检查 JUTONG_CONTROL_URL 与网络。"
            ) from error
        if answer.status_code == httpx.codes.NO_CONTENT:
            await rest(answer, wait)
            return None
        if answer.status_code != httpx.codes.OK:
            raise Unavailable(f"控制面拒绝了内部调用 {target.partition('?')[0]}（{answer.status_code}）。")
        return answer.content


async def rest(answer: httpx.Response, wait: int) -> None:
    """Pause as long as a centre asks for in whose web processes too many calls wait already; never beyond our own wait."""
    asked = answer.headers.get("Retry-After", "")
    if asked.isascii() and asked.isdigit():
        await asyncio.sleep(min(int(asked[:4]), wait))


def _decoded(raw: bytes | None, kind: type[Message]) -> Message | None:
    try:
        return None if raw is None else msgspec.json.decode(raw, type=kind)
    except ValueError as error:
        raise Unavailable("控制面的应答无法解读，请检查两端版本是否一致。") from error
