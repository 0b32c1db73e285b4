"""Progress on its way to the control plane: in order, kept until taken, running figures folded into the newest."""

from __future__ import annotations

import asyncio
import logging

import msgspec

from jutong.dataplane.errors import Unavailable
from jutong.dataplane.link import Link
from jutong.dataplane.pulse import ENDED, ROWS
from jutong.wire.transfers import DirtyRows, Progress, RunState

log = logging.getLogger(__name__)

PAUSE_SECONDS = 1.0
UNDER_WAY = (RunState.QUEUED, RunState.SENT, RunState.RECEIVED, RunState.VALIDATED)
AT_ONCE = 200


class Reports:
    """The outgoing reports of one runner; what the control plane did not take is sent again."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._waiting: list[Progress] = []
        self._news = asyncio.Event()

    def put(self, report: Progress) -> None:
        """Add a report; one that only moves the figures of a running order replaces the one before it, no alarm does."""
        if report.alarm:
            self._waiting.append(report)
            self._news.set()
            return
        if report.state not in UNDER_WAY:
            ENDED.labels(report.state).inc()
            ROWS.inc(report.rows_done)
        places = reversed(range(len(self._waiting)))
        mine = (n for n in places if self._waiting[n].order_id == report.order_id and not self._waiting[n].alarm)
        last = next(mine, -1)
        running = last >= 0 and self._waiting[last].state is report.state is RunState.SENT
        if running and self._waiting[last].attempt == report.attempt:
            self._waiting[last] = msgspec.structs.replace(report, drift=report.drift or self._waiting[last].drift)
        else:
            self._waiting.append(report)
        self._news.set()

    async def set_aside(self, parcel: DirtyRows) -> None:
        """Report rows set aside at once; Unavailable when they are not taken."""
        await self._link.post_dirty(parcel)

    async def send(self) -> None:
        """Send until cancelled."""
        while True:
            await self._news.wait()
            self._news.clear()
            await self.flush()

    async def flush(self) -> None:
        """Send what waits, once; what is not taken stays, and is tried again after a pause."""
        while self._waiting:
            batch = self._waiting[:AT_ONCE]
            try:
                await self._link.post_progress(batch)
            except Unavailable as refusal:
                log.warning("运行进度未能上报，稍后重试：%s", refusal.sentence)
                await asyncio.sleep(PAUSE_SECONDS)
                self._news.set()
                return
            taken = {id(report) for report in batch}
            self._waiting = [report for report in self._waiting if id(report) not in taken]
