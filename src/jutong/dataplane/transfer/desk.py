"""The runner's desk: which orders are known, which wait for when, which come first, which were cancelled."""

from __future__ import annotations

import asyncio
import heapq
import time
from collections import Counter
from datetime import UTC, datetime

from jutong.wire.transfers import Order


class Desk:
    """Orders of one runner, in memory: the control plane lists them again to a runner that starts anew."""

    def __init__(self) -> None:
        self._orders: dict[str, Order] = {}
        self._waiting: list[tuple[float, str]] = []
        self._ready: list[tuple[int, datetime, str]] = []
        self._news = asyncio.Event()
        self._tries: Counter[str] = Counter()
        self._waited: set[str] = set()

    def take(self, order: Order) -> None:
        """Enter a new, retried or cancelled order; it is due at once, or when its window opens."""
        self._orders[order.id] = order
        self._tries.pop(order.id, None)
        self.again(order.id, seconds=0)

    def again(self, order_id: str, *, seconds: float) -> None:
        """Let an order be due again after some seconds, but not before its window."""
        order = self._orders.get(order_id)
        if order is not None and order.not_before is not None and not order.cancelled:
            seconds = max(seconds, (order.not_before - datetime.now(UTC)).total_seconds())
        heapq.heappush(self._waiting, (time.monotonic() + seconds, order_id))
        self._news.set()

    def tried(self, order_id: str) -> int:
        """Count one more attempt since the order was last asked for, and return how many there were."""
        self._tries[order_id] += 1
        return self._tries[order_id]

    def first_wait(self, order_id: str) -> bool:
        """Tell whether an order is found waiting for its parcel for the first time."""
        new = order_id not in self._waited
        self._waited.add(order_id)
        return new

    def done(self, order_id: str) -> None:
        """Forget an order that ended."""
        self._orders.pop(order_id, None)
        self._tries.pop(order_id, None)
        self._waited.discard(order_id)

    def cancelled(self, order_id: str) -> bool:
        """Tell whether the order was cancelled."""
        order = self._orders.get(order_id)
        return order is not None and order.cancelled

    async def due(self) -> Order:
        """Wait for the next order that is due: the most urgent of them, the oldest among equals."""
        while True:
            self._news.clear()
            pause = self._sorted()
            while self._ready:
                order = self._orders.get(heapq.heappop(self._ready)[2])
                if order is not None:
                    return order
            try:
                await asyncio.wait_for(self._news.wait(), pause)
            except TimeoutError:
                continue

    def _sorted(self) -> float | None:
        """Move what has become due to the ready ones and return the seconds until the next becomes due."""
        while self._waiting:
            when, order_id = self._waiting[0]
            pause = when - time.monotonic()
            if pause > 0:
                return pause
            heapq.heappop(self._waiting)
            if order_id in self._orders:
                order = self._orders[order_id]
                heapq.heappush(self._ready, (order.priority, order.ordered_at, order_id))
        return None
