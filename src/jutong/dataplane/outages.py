"""A part that is down while calls keep coming: one line a second at most says so, one says that it is back."""

from __future__ import annotations

import logging
import time

log = logging.getLogger(__name__)

EVERY_SECONDS = 1.0


class Outage:
    """What is said of one part of this process's surroundings. part: its name for people."""

    def __init__(self, part: str) -> None:
        self._part = part
        self._began = 0.0
        self._said = 0.0
        self._hit = 0

    def note(self, why: str, hit: int = 1) -> None:
        """Take down that the part did not answer. why: a sentence without secrets; hit: calls that had to be refused."""
        now = time.monotonic()
        self._began = self._began or now
        self._hit += hit
        if now - self._said >= EVERY_SECONDS:
            self._said = now
            log.warning("%s不可用，已影响 %d 次调用：%s", self._part, self._hit, why)

    def over(self) -> None:
        """Take down that the part answers."""
        if self._began:
            lasted = time.monotonic() - self._began
            log.warning("%s已恢复，中断 %.1f 秒，影响 %d 次调用", self._part, lasted, self._hit)
            self._began, self._said, self._hit = 0.0, 0.0, 0
