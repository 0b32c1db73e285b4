"""Carries parcels between this node and the centre: resumable, within the configured bandwidth and hours, oldest first."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Final

import msgspec

from jutong.dataplane.errors import Conflict, Refusal, Unavailable
from jutong.dataplane.node.configuration import Standing
from jutong.dataplane.node.mail import Mail
from jutong.dataplane.node.parcels import Parcels
from jutong.wire.envelope import Envelope
from jutong.wire.nodes import Slip

log = logging.getLogger(__name__)

PIECE: Final = 1 << 20
"""Each thread of the centre's web processes keeps room for the largest piece it has seen, several times over."""
LOOK_SECONDS: Final = 1.0
PAUSE_SECONDS: Final = 2.0
LONGEST_PAUSE_SECONDS: Final = 15.0
WAIT_SECONDS: Final = 20


class Allowance:
    """Bytes that may travel in one direction: at most so many a second, with a second's worth at once."""

    def __init__(self, standing: Standing) -> None:
        self._standing = standing
        self._until = 0.0

    async def spend(self, size: int) -> None:
        """Wait until these bytes may go."""
        rate = self._standing.config.bytes_per_second
        while not self._standing.may_travel(datetime.now(UTC)):  # noqa: ASYNC110 - the clock tells, no event does
            await asyncio.sleep(LOOK_SECONDS)
        if not rate:
            return
        now = time.monotonic()
        self._until = max(self._until, now) + size / rate
        await asyncio.sleep(max(0.0, self._until - now - 1))


class Courier:
    """Three loops that run beside each other: packing, sending, receiving."""

    def __init__(self, link: Mail, parcels: Parcels, standing: Standing) -> None:
        self._link = link
        self._parcels = parcels
        self._up = Allowance(standing)
        self._down = Allowance(standing)
        self.waiting = 0
        self.trouble = ""

    async def pack(self) -> None:
        """Pack what people drop into the outboxes, until cancelled."""
        await self._again("打包", self._pack)

    async def send(self) -> None:
        """Send what is packed, and take receipts, until cancelled."""
        await self._again("发送", self._send)

    async def receive(self) -> None:
        """Fetch and land what waits for this node, until cancelled."""
        await self._again("接收", self._receive)

    async def _again(self, name: str, deed: Callable[[], Awaitable[None]]) -> None:
        pause = PAUSE_SECONDS
        while True:
            try:
                await deed()
                pause = PAUSE_SECONDS
                self.trouble = ""
                await asyncio.sleep(LOOK_SECONDS)
            except Refusal as refusal:
                if refusal.sentence != self.trouble:
                    log.warning("%s包裹受阻：%s", name, refusal.sentence)
                self.trouble = refusal.sentence
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
            except OSError as error:
                self.trouble = f"{name}包裹时磁盘出错（{error.strerror}），请检查磁盘空间与权限。"
                log.warning("%s", self.trouble)
                await asyncio.sleep(LONGEST_PAUSE_SECONDS)

    async def _pack(self) -> None:
        await asyncio.to_thread(self._parcels.pack_what_was_dropped)

    async def _send(self) -> None:
        for receipt in await self._link.get_receipts():
            if await asyncio.to_thread(self._parcels.take_receipt, receipt.id, receipt.receipt):
                await self._link.post_collected(receipt.id)
        for parcel in self._parcels.boxes.queue():
            try:
                await self._send_one(parcel)
            except FileNotFoundError:
                continue  # its receipt came meanwhile
            except (Unavailable, Conflict):
                raise
            except Refusal as refusal:  # this one may not go; those behind it may
                self.trouble = refusal.sentence
                log.warning("包裹 %s 未被接受：%s", parcel, refusal.sentence)

    async def _send_one(self, parcel: str) -> None:
        envelope, slip = self._parcels.queued_slip(parcel)
        state = await self._link.post_slip(envelope)
        body = self._parcels.boxes.body("out", parcel)
        with body.open("rb") as file:
            while not state.done:
                file.seek(state.received)
                piece = file.read(PIECE)
                if not piece:
                    raise Unavailable(f"包裹 {parcel} 在中心的进度与本机不符，稍后重试。")
                await self._up.spend(len(piece))
                before, state = state, await self._link.post_piece(slip.id, state.received, piece)
                if state.received <= before.received and not state.done:
                    raise Unavailable(f"包裹 {parcel} 没有进展，稍后从第 {state.received} 字节继续。")

    async def _receive(self) -> None:
        found = await self._link.get_waiting(wait=WAIT_SECONDS)
        self.waiting = len(found)
        for envelope in found:
            try:
                await self._receive_one(envelope)
            except Unavailable:
                raise
            except Refusal as refusal:
                self.trouble = refusal.sentence
                log.warning("拒收包裹：%s", refusal.sentence)
                await asyncio.sleep(LOOK_SECONDS)
            else:
                self.waiting -= 1

    async def _receive_one(self, envelope: Envelope) -> None:
        slip = self._parcels.checked(envelope)
        body = self._parcels.boxes.body("in", slip.id)
        if not self._parcels.landed(slip):
            await self._fetch(slip)
        try:
            receipt = await asyncio.to_thread(self._parcels.land, envelope, slip, body)
        except Refusal:
            body.unlink(missing_ok=True)  # what is damaged is fetched anew
            raise
        await self._link.post_parcel_receipt(msgspec.json.decode(receipt, type=Envelope))
        body.unlink(missing_ok=True)

    async def _fetch(self, slip: Slip) -> None:
        """Fetch a body, going on at the byte where the last attempt ended."""
        body = self._parcels.boxes.body("in", slip.id)
        with body.open("ab") as file:
            if file.tell() > slip.size:
                file.truncate(0)
            while (at := file.tell()) < slip.size:
                await self._down.spend(min(PIECE, slip.size - at))
                piece = await self._link.get_piece(slip.id, at, PIECE)
                if not piece:
                    raise Unavailable(f"包裹 {slip.id} 在中心不完整，稍后重试。")
                file.write(piece)
                file.flush()
