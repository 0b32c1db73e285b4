"""The node's heartbeat: what it says of itself, and taking over what the centre answers."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime

from jutong.dataplane.errors import Refusal
from jutong.dataplane.link import Link
from jutong.dataplane.node.configuration import Standing
from jutong.wire.nodes import Heartbeat

log = logging.getLogger(__name__)

LINES = 50


class RecentLines(logging.Handler):
    """The newest log lines of this process, for the status page and the centre; personal data never stands in logs."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.lines: deque[str] = deque(maxlen=LINES)
        self.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one line."""
        self.lines.append(self.format(record).split("\n", 1)[0])


class Pulse:
    """Sends heartbeats; `last_contact` is when the centre last answered one, `trouble` why it last did not."""

    def __init__(self, link: Link, standing: Standing, said: Callable[[], Heartbeat]) -> None:
        self._link = link
        self._standing = standing
        self._said = said
        self.last_contact: datetime | None = None
        self.trouble = ""

    async def beat(self) -> None:
        """Send heartbeats until cancelled, as often as the configuration says."""
        while True:
            try:
                await self.once()
            except Refusal as refusal:
                if refusal.sentence != self.trouble:
                    log.warning("心跳未送达：%s", refusal.sentence)
                self.trouble = refusal.sentence
            await asyncio.sleep(self._standing.config.heartbeat_seconds)

    async def once(self) -> None:
        """Send one heartbeat and take over a newer configuration or certificate."""
        answer = await self._link.post_heartbeat(self._said())
        self.last_contact, self.trouble = datetime.now(UTC), ""
        if answer.config and self._standing.take_config(answer.config):
            log.info("已采用第 %d 版配置", self._standing.config.revision)
        if answer.certificate and self._standing.take_certificate(answer.certificate):
            log.info("已换用第 %d 号证书", self._standing.certificate.serial)
