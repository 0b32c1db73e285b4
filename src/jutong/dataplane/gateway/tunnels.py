"""Tunnels of front-end nodes: each node dials in, proves itself with its SM2 key, and answers questions until it leaves."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

import msgspec

from jutong.crypto import CryptoRefused, sm2
from jutong.dataplane.errors import NotAllowed, Refusal, Unauthenticated, Unavailable
from jutong.dataplane.gateway.calls import Receive, Scope, Send
from jutong.dataplane.link import TOLERANCE_MS
from jutong.dataplane.settings import Settings
from jutong.dataplane.snapshots import Snapshot
from jutong.wire.nodes import NodePass, Question, Reply

log = logging.getLogger(__name__)

PATH = "/v1/tunnel"
NONCE = re.compile(r"[A-Za-z0-9_-]{16,64}")
LOOK_SECONDS = 0.5
REFUSED = 1008
"""The closing code for a node that may not, or no longer, be here (RFC 6455: policy violation)."""


def tunnel_words(node: str, at_ms: str, nonce: str) -> bytes:
    """Return what a node signs to open its tunnel."""
    return f"tunnel\n{node}\n{at_ms}\n{nonce}".encode()


@dataclass
class _Line:
    """One open tunnel: questions that wait for their replies by number."""

    node: NodePass
    send: Send
    waiting: dict[int, asyncio.Future[Reply]] = field(default_factory=dict)
    asked: int = 0

    def hang_up(self) -> None:
        """Tell everybody who waits that no reply will come."""
        for future in self.waiting.values():
            if not future.done():
                future.set_exception(Unavailable(f"与前置机“{self.node.title}”的通道已断开，请稍后重试。"))


class Tunnels:
    """The tunnels of one gateway process, by node; a second one of the same node takes the first one's place."""

    def __init__(self, settings: Settings, current: Callable[[], Snapshot]) -> None:
        self._settings = settings
        self._current = current
        self._lines: dict[str, _Line] = {}
        self._nonces: dict[str, int] = {}

    async def ask(self, node: str, question: Question) -> Reply:
        """Put a question through a node's tunnel and wait for its reply; the caller bounds the time.

        Unavailable without a tunnel, or when too many questions wait in it already.
        """
        line = self._lines.get(node)
        known = self._current().nodes.get(node)
        if known is None or not known.active:
            raise Unavailable("数据源所在的前置机未签收、已暂停或已停用，请联系数据提供部门。")
        if not known.tunnel:
            raise Unavailable(f"前置机“{known.title}”不设联机通道，其后的数据源不能联机查询，请改用前置机共享。")
        if line is None:
            raise Unavailable(f"前置机“{known.title}”当前没有联机通道，暂不能联机查询，请稍后重试。")
        if len(line.waiting) >= self._settings.tunnel_questions:
            raise Unavailable(f"前置机“{known.title}”的联机通道繁忙，请稍后重试。")
        line.asked += 1
        number = line.asked
        future: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        line.waiting[number] = future
        body = msgspec.json.encode(msgspec.structs.replace(question, id=number))
        try:
            await line.send({"type": "websocket.send", "bytes": body})
            return await future
        finally:
            line.waiting.pop(number, None)

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Speak ASGI's websocket with one node until it leaves or may no longer be here."""
        await receive()
        try:
            node = self._proven(scope)
        except Refusal as refusal:
            log.warning("前置机通道被拒绝：%s", refusal.sentence)
            await send({"type": "websocket.close", "code": REFUSED})
            return
        await send({"type": "websocket.accept"})
        line = _Line(node, send)
        before = self._lines.get(node.name)
        self._lines[node.name] = line
        if before:
            before.hang_up()
        log.info("前置机 %s 的通道已接通", node.name)
        try:
            await self._hold(line, receive, send)
        finally:
            if self._lines.get(node.name) is line:
                del self._lines[node.name]
            line.hang_up()
            log.info("前置机 %s 的通道已断开", node.name)

    async def _hold(self, line: _Line, receive: Receive, send: Send) -> None:
        listening = asyncio.ensure_future(self._listen(line, receive))
        welcome = True
        try:
            while welcome and not listening.done():
                await asyncio.wait([listening], timeout=LOOK_SECONDS)
                known = self._current().nodes.get(line.node.name)
                welcome = (
                    known is not None and known.active and known.tunnel and self._lines.get(line.node.name) is line
                )
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
        if not welcome:  # only now that nobody listens: the server closes no connection that is being read
            with suppress(Exception):
                await send({"type": "websocket.close", "code": REFUSED})

    async def _listen(self, line: _Line, receive: Receive) -> None:
        while True:
            message = await receive()
            if message["type"] != "websocket.receive":
                return
            raw = message.get("bytes") or (message.get("text") or "").encode()
            try:
                reply = msgspec.json.decode(raw, type=Reply)
            except ValueError:
                log.warning("前置机 %s 的应答无法解读，断开通道", line.node.name)
                return
            future = line.waiting.get(reply.id)
            if future and not future.done():
                future.set_result(reply)

    def _proven(self, scope: Scope) -> NodePass:
        """Return the node that opens a tunnel: known, active, of our zone, proven by its key, each nonce once."""
        head = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        name, at, nonce = (head.get(f"x-jutong-{part}", "") for part in ("node", "time", "nonce"))
        now = time.time_ns() // 1_000_000
        known = self._current().nodes.get(name)
        fresh = at.isascii() and at.isdigit() and abs(int(at[:16]) - now) <= TOLERANCE_MS
        if scope["path"] != PATH or known is None or not known.active or not fresh or not NONCE.fullmatch(nonce):
            raise Unauthenticated(f"前置机 {name[:40]} 未登记、已停用或时钟偏差过大。")
        try:
            signature = bytes.fromhex(head.get("x-jutong-signature", ""))
            good = sm2.verify(bytes.fromhex(known.public), tunnel_words(name, at, nonce), signature)
        except (ValueError, CryptoRefused):
            good = False
        self._nonces = {seen: when for seen, when in self._nonces.items() if when > now - 2 * TOLERANCE_MS}
        if not good or nonce in self._nonces:
            raise Unauthenticated(f"前置机 {name} 的通道签名无效或被重放。")
        self._nonces[nonce] = now
        if not known.tunnel:
            raise NotAllowed(f"前置机 {name} 的配置不设联机通道，请由平台运维人员在其远程配置中开通。")
        if self._settings.zone and known.zone != self._settings.zone:
            raise NotAllowed(f"前置机 {name} 属于另一网络区域，内外网之间不设通路。")
        return known
