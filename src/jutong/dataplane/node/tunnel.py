"""The node's own outbound long-lived connection to the gateway, through which online queries come in."""

from __future__ import annotations

import asyncio
import logging
import random
import secrets
import time
from collections.abc import Callable
from contextlib import suppress

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from jutong.dataplane.gateway.tunnels import PATH, tunnel_words
from jutong.dataplane.identity import Identity
from jutong.dataplane.node.answering import Answering
from jutong.wire.nodes import NodeConfig, Question

log = logging.getLogger(__name__)

FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 60.0
KEEP_ALIVE_SECONDS = 20.0
LARGEST_MESSAGE = 64 << 20
SWITCHED_OFF_SECONDS = 5.0
AT_ONCE = 64


class Tunnel:
    """Dials out, stays, and dials again with growing pauses; `connected` says whether it stands now."""

    def __init__(self, me: Identity, config: Callable[[], NodeConfig], answering: Answering) -> None:
        self._me = me
        self._config = config
        self._answering = answering
        self._room = asyncio.Semaphore(AT_ONCE)
        self.connected = False

    async def hold(self) -> None:
        """Keep the tunnel until cancelled."""
        pause, trouble = FIRST_PAUSE_SECONDS, ""
        while True:
            config = self._config()
            if not config.tunnel or not config.gateway:
                await asyncio.sleep(SWITCHED_OFF_SECONDS)
                continue
            began = time.monotonic()
            try:
                await self._once(config.gateway)
                said = "通道已由对方关闭"
            except (OSError, TimeoutError, WebSocketException) as error:
                said = f"通道未接通（{type(error).__name__}：{error}）"
            if said != trouble:
                log.warning("%s，稍后重新连接", said)
                trouble = said
            if time.monotonic() - began > LONGEST_PAUSE_SECONDS:
                pause, trouble = FIRST_PAUSE_SECONDS, ""
            await asyncio.sleep(pause * random.uniform(0.8, 1.2))  # noqa: S311 - spreads nodes, guards nothing
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    async def _once(self, gateway: str) -> None:
        url = "ws" + gateway.rstrip("/").removeprefix("http") + PATH
        async with connect(
            url,
            additional_headers=self._proof(),
            ping_interval=KEEP_ALIVE_SECONDS,
            ping_timeout=KEEP_ALIVE_SECONDS,
            max_size=LARGEST_MESSAGE,
            proxy=None,
        ) as line:
            log.info("联机通道已接通：%s", gateway)
            self.connected = True
            try:
                async with asyncio.TaskGroup() as group:
                    with suppress(ConnectionClosed):
                        async for raw in line:
                            await self._room.acquire()
                            group.create_task(self._reply(line, raw))
            finally:
                self.connected = False

    async def _reply(self, line: ClientConnection, raw: str | bytes) -> None:
        try:
            try:
                question = msgspec.json.decode(raw, type=Question)
            except ValueError:
                log.warning("通道中的问题无法解读，请检查两端版本")
                return
            reply = await self._answering.answer(question)
            await line.send(msgspec.json.encode(reply))
        except WebSocketException:
            log.info("通道在应答前断开")
        finally:
            self._room.release()

    def _proof(self) -> dict[str, str]:
        """Return the headers that prove this node: an SM2 signature over its name, the time and a new nonce."""
        at_ms, nonce = str(time.time_ns() // 1_000_000), secrets.token_hex(16)
        return {
            "X-Jutong-Node": self._me.name,
            "X-Jutong-Time": at_ms,
            "X-Jutong-Nonce": nonce,
            "X-Jutong-Signature": self._me.signer.sign(tunnel_words(self._me.name, at_ms, nonce)).hex(),
        }
