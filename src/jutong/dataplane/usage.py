"""Counts of calls by minute, handed to the control plane now and then."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from jutong.dataplane.errors import Refusal
from jutong.dataplane.link import Link
from jutong.wire.usage import Usage

MOST = 100_000
"""Different counters kept while the control plane is away; beyond it the oldest are left to the audit chain."""
Name = tuple[str, str, datetime, str, str]


@dataclass(slots=True)
class _Count:
    calls: int = 0
    refused: int = 0
    rows: int = 0


class UsageCounts:
    """Calls by grant, system, minute, mode and purpose; the chain is the proof, this is the figure."""

    def __init__(self) -> None:
        self._counts: dict[Name, _Count] = {}

    def add(
        self, grant: str, system: str, *, at: datetime, mode: str, purpose: str, rows: int = 0, refused: bool = False
    ) -> None:
        """Count one call."""
        name = (grant, system, at.replace(second=0, microsecond=0), mode, purpose)
        count = self._counts.get(name)
        if count is None:
            count = self._counts[name] = _Count()
            if len(self._counts) > MOST:
                del self._counts[next(iter(self._counts))]
        count.calls += 1
        count.refused += refused
        count.rows += rows

    async def flush(self, link: Link) -> None:
        """Hand over everything counted so far; kept for the next time when the control plane is away."""
        taken, self._counts = self._counts, {}
        if not taken:
            return
        try:
            await link.post_usage(
                [Usage(*name, count.calls, count.refused, count.rows) for name, count in taken.items()]
            )
        except Refusal:
            for name, count in taken.items():
                self._merge(name, count)
            raise

    def _merge(self, name: Name, count: _Count) -> None:
        known = self._counts.setdefault(name, _Count())
        known.calls += count.calls
        known.refused += count.refused
        known.rows += count.rows
