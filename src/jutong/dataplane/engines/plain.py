"""What an engine inherits that reads and lands whole tables and increments, but cannot go row by row."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from typing import NoReturn

from jutong.dataplane.engines.base import Changes, Key, Sink
from jutong.dataplane.errors import RuleBroken
from jutong.wire.transfers import Tally


def _refused() -> NoReturn:
    raise RuleBroken("该类型的数据库不支持逐行比对和变更写入，请改用全量或增量读取。")


class PlainReading:
    """Refuses what only some sources can be asked, and has no stream that another engine takes."""

    async def sees(self, changes: Changes) -> bool:  # noqa: ARG002
        """See `Reading.sees`: no log of such a source is read, and another's changes are not its own."""
        _refused()

    async def logged(self) -> str:
        """See `Reading.logged`."""
        _refused()

    def digests(self, method: str) -> AsyncIterator[list[tuple[Key, str]]]:  # noqa: ARG002
        """See `Reading.digests`."""
        _refused()

    def cast(self, casts: Sequence[str]) -> None:
        """See `Reading.cast`: nothing is relayed from here."""

    async def relay(self, sink: Sink) -> int:  # noqa: ARG002 - the port asks for it
        """See `Reading.relay`: this engine has no stream that another takes, so nobody asks (`Capabilities.relay`)."""
        raise TypeError("this engine relays to no other")

    def counter(self) -> Callable[[bytes], int]:
        """See `Reading.counter`: there is no relay to count in, so nobody asks."""
        raise TypeError("this engine relays to no other")


class PlainLanding:
    """Refuses what only some targets can do."""

    existing = False

    async def give_way(self, keys: Sequence[Key]) -> None:  # noqa: ARG002
        """See `Landing.give_way`."""
        _refused()

    def digests(self, method: str) -> AsyncIterator[list[tuple[Key, str]]]:  # noqa: ARG002
        """See `Landing.digests`."""
        _refused()

    async def whole(self, method: str) -> Tally:  # noqa: ARG002
        """See `Landing.whole`."""
        _refused()
