"""Counts of calls by minute, handed to the control plane now and then."""

from __future__ import annotations

import secrets
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from jutong.dataplane.link import Link
from jutong.wire.usage import LATENCY_MS, Evidence, Usage, UsageBatch

MOST = 100_000
"""Different counters kept while the control plane is away; beyond it the oldest are left to the audit chain."""
MOST_EVIDENCE = 20
"""Refused calls told one by one for each counter; the chain has them all."""
BOUNDS = tuple(bound / 1000 for bound in LATENCY_MS)
Name = tuple[str, str, int, str, str]


@dataclass(slots=True)
class _Count:
    calls: int = 0
    refused: int = 0
    rows: int = 0
    failed: int = 0
    latency: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS) + 1))
    evidence: list[Evidence] = field(default_factory=list)


class UsageCounts:
    """Calls by grant, system, minute, mode and purpose; the chain is the proof, this is the figure."""

    def __init__(self) -> None:
        self._counts: dict[Name, _Count] = {}
        self._handed = Totals()
        self._writer = secrets.token_hex(12)
        self._number = 0
        self._pending: UsageBatch | None = None

    def answered(
        self, grant: str, system: str, *, at: datetime, mode: str, purpose: str, rows: int, seconds: float
    ) -> None:
        """Count one answered call and the seconds it took."""
        count = self._count(grant, system, at, mode, purpose)
        count.calls += 1
        count.rows += rows
        count.latency[bisect_left(BOUNDS, seconds)] += 1

    def refused(
        self,
        grant: str,
        system: str,
        *,
        at: datetime,
        mode: str,
        purpose: str,
        failed: bool = False,
        evidence: Evidence | None = None,
    ) -> None:
        """Count one refused call. failed: for a reason on our side. evidence: when it looks like misuse."""
        count = self._count(grant, system, at, mode, purpose)
        count.calls += 1
        count.refused += 1
        count.failed += failed
        if evidence and len(count.evidence) < MOST_EVIDENCE:
            count.evidence.append(evidence)

    def _count(self, grant: str, system: str, at: datetime, mode: str, purpose: str) -> _Count:
        name = (grant, system, int(at.timestamp()) // 60, mode, purpose)
        count = self._counts.get(name)
        if count is None:
            count = self._counts[name] = _Count()
            if len(self._counts) > MOST:
                del self._counts[next(iter(self._counts))]
        return count

    async def flush(self, link: Link) -> None:
        """Hand over everything counted so far.

        A batch whose answer was lost is sent again as it was, so that it counts once; what is counted meanwhile waits.
        """
        while self._pending or self._counts:
            if self._pending is None:
                taken, self._counts = self._counts, {}
                self._handed.add(taken)
                self._number += 1
                told = tuple(_told(name, count) for name, count in taken.items())
                self._pending = UsageBatch(self._writer, self._number, told)
            await link.post_usage(self._pending)
            self._pending = None

    def totals(self) -> Totals:
        """Return everything counted since the start, handed over or not."""
        found = Totals()
        found.calls, found.latency = dict(self._handed.calls), dict(self._handed.latency)
        found.add(self._counts)
        return found


def _told(name: Name, count: _Count) -> Usage:
    grant, system, minute, mode, purpose = name
    return Usage(
        grant_id=grant,
        system_id=system,
        minute=datetime.fromtimestamp(minute * 60, UTC),
        mode=mode,
        purpose=purpose,
        calls=count.calls,
        refused=count.refused,
        rows=count.rows,
        failed=count.failed,
        latency=tuple(count.latency) if any(count.latency) else (),
        evidence=tuple(count.evidence),
    )


class Totals:
    """Calls since the start: (calls, rows) by (mode, "ok", "refused" or "failed"), and answers by mode and time taken."""

    def __init__(self) -> None:
        self.calls: dict[tuple[str, str], tuple[int, int]] = {}
        self.latency: dict[str, list[int]] = {}

    def add(self, counts: Mapping[Name, _Count]) -> None:
        """Add counted calls; done when they are handed over or looked at, never per call."""
        for (_grant, _system, _minute, mode, _purpose), count in counts.items():
            refused = count.refused - count.failed
            for outcome, calls, rows in (
                ("ok", count.calls - count.refused, count.rows),
                ("refused", refused, 0),
                ("failed", count.failed, 0),
            ):
                before = self.calls.get((mode, outcome), (0, 0))
                self.calls[mode, outcome] = (before[0] + calls, before[1] + rows)
            known = self.latency.get(mode, [0] * len(count.latency))
            self.latency[mode] = [mine + theirs for mine, theirs in zip(known, count.latency, strict=True)]
