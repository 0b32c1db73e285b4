"""Long polls of the data plane's nodes: only so many wait in a web process, and the others are told when to ask again.

A waiting call holds one of the process's 16 threads, which people's pages need. Without a bound, six front-end nodes with
three calls each would hold them all. Whoever finds no seat is answered at once, with `Retry-After`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final, TypeVar

from jutong.kernel import nodes

LONGEST_WAIT: Final = 25.0
LOOK_EVERY: Final = 0.25
Found = TypeVar("Found")


class Seats:
    """The seats of one kind of node. again: seconds after which a node that found none asks again."""

    def __init__(self, seats: int, *, again: int) -> None:
        self.again = again
        self._free = threading.BoundedSemaphore(seats)

    def wait_for(self, look: Callable[[], Found], *, wait: float) -> tuple[Found, int]:
        """Look until something is found, at most `wait` seconds. Returns it, and when to ask again (0: at once)."""
        found = look()
        if found or wait <= 0:
            return found, 0
        if not self._free.acquire(blocking=False):
            return found, self.again
        try:
            end = time.monotonic() + min(wait, LONGEST_WAIT)
            while not found and time.monotonic() < end:
                time.sleep(LOOK_EVERY)
                found = look()
        finally:
            self._free.release()
        return found, 0


BESIDE: Final = Seats(6, again=1)
"""For gateways and runners beside us: a revocation reaches them within two seconds, with a seat or without."""
ELSEWHERE: Final = Seats(3, again=2)
"""For front-end nodes, however many there are."""


def seats_of(node: str) -> Seats:
    """Return the seats among which a node's call may wait."""
    return ELSEWHERE if nodes.elsewhere(node) else BESIDE
