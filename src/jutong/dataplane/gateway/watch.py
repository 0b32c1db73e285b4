"""The gateway seen from outside: which of its parts work, and its figures, added up over its processes on each scrape."""

from __future__ import annotations

import asyncio
import logging
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from itertools import accumulate

import msgspec
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from jutong.dataplane.book import Book
from jutong.dataplane.bundles import BundleCache
from jutong.dataplane.chain import Chain
from jutong.dataplane.errors import Refusal, Unavailable
from jutong.dataplane.settings import Settings
from jutong.dataplane.usage import BOUNDS, UsageCounts

log = logging.getLogger(__name__)

BOOK_SECONDS = 1.0
LEAST_FREE_BYTES = 100 * 1024 * 1024
NOTED_SECONDS = 10.0
FRESH_SECONDS = 60.0
FAMILIES: dict[str, tuple[type[CounterMetricFamily | GaugeMetricFamily], str, Sequence[str]]] = {
    "jutong_gateway_calls": (CounterMetricFamily, "Calls under a grant, by way and outcome", ("mode", "outcome")),
    "jutong_gateway_rows": (CounterMetricFamily, "Rows answered, by way", ("mode",)),
    "jutong_gateway_under_way": (GaugeMetricFamily, "Calls under way", ()),
    "jutong_gateway_chain_lines": (CounterMetricFamily, "Lines of the audit chain", ()),
    "jutong_gateway_segments_waiting": (GaugeMetricFamily, "Sealed audit segments not shipped yet", ()),
    "jutong_gateway_bundle_serial": (GaugeMetricFamily, "Serial of the bundle in force", ()),
    "jutong_gateway_bundle_seconds_left": (GaugeMetricFamily, "Until the bundle is too old to be believed", ()),
}
SECONDS = "jutong_gateway_call_seconds"
Sample = tuple[str, tuple[str, ...], float]


class Watch:
    """Looks at the parts of one gateway process; costs nothing until somebody asks."""

    def __init__(
        self,
        settings: Settings,
        bundles: BundleCache,
        book: Book,
        chain: Chain,
        usage: UsageCounts,
        under_way: Callable[[], int],
    ) -> None:
        self._settings = settings
        self._bundles = bundles
        self._book = book
        self._chain = chain
        self._usage = usage
        self._under_way = under_way

    async def failed(self, at: datetime) -> list[str]:
        """Return the parts that do not work, in Chinese: what a person would look at first."""
        found = []
        try:
            self._bundles.current().check_fresh(at)
        except Refusal:
            found.append("授权包")
        if not self._chain.usable:
            found.append("审计链")
        try:
            async with asyncio.timeout(BOOK_SECONDS):
                await self._book.run("-")
        except (Unavailable, TimeoutError) as error:
            log.warning("运行账本没有应答（%s）", type(error).__name__)
            found.append("运行账本")
        except Exception:
            log.exception("运行账本出错")
            found.append("运行账本")
        if shutil.disk_usage(self._settings.node_folder).free < LEAST_FREE_BYTES:
            found.append("磁盘")
        return found

    async def note(self) -> None:
        """Leave this process's figures where the others find them, now and then, until cancelled."""
        folder = self._settings.node_folder / "figures"
        await asyncio.to_thread(folder.mkdir, mode=0o700, parents=True, exist_ok=True)
        mine = folder / f"{self._chain.writer}.json"
        while True:
            samples = list(self._samples(time.time()))
            partial = mine.with_suffix(".tmp")
            await asyncio.to_thread(partial.write_bytes, msgspec.json.encode(samples))
            partial.replace(mine)
            await asyncio.sleep(NOTED_SECONDS)

    def exposition(self, now: float) -> bytes:
        """Return the figures of all processes of this gateway in Prometheus' text form, each with its own label."""
        found = {self._chain.writer: list(self._samples(now)), **self._others(now)}
        registry = CollectorRegistry()
        registry.register(_Families(found))
        return generate_latest(registry)

    def _others(self, now: float) -> dict[str, list[Sample]]:
        found: dict[str, list[Sample]] = {}
        for path in (self._settings.node_folder / "figures").glob("*.json"):
            if path.stem == self._chain.writer:
                continue
            with suppress(OSError, msgspec.MsgspecError):
                if path.stat().st_mtime > now - FRESH_SECONDS:
                    found[path.stem] = msgspec.json.decode(path.read_bytes(), type=list[Sample])
        return found

    def _samples(self, now: float) -> Iterator[Sample]:
        totals = self._usage.totals()
        for mode, counts in totals.latency.items():
            for bound, count in zip([*map(str, BOUNDS), "+Inf"], accumulate(counts), strict=True):
                yield SECONDS, (mode, bound), count
        for (mode, outcome), (calls, rows) in totals.calls.items():
            yield "jutong_gateway_calls", (mode, outcome), calls
            if outcome == "ok":
                yield "jutong_gateway_rows", (mode,), rows
        yield "jutong_gateway_under_way", (), self._under_way()
        yield "jutong_gateway_chain_lines", (), self._chain.lines
        yield "jutong_gateway_segments_waiting", (), self._chain.waiting()
        with suppress(Refusal):
            snapshot = self._bundles.current()
            yield "jutong_gateway_bundle_serial", (), snapshot.serial
            yield "jutong_gateway_bundle_seconds_left", (), snapshot.valid_until.timestamp() - now


class _Families:
    """Samples by process as Prometheus' collector port wants them."""

    def __init__(self, samples: Mapping[str, Sequence[Sample]]) -> None:
        self._samples = samples

    def collect(self) -> Iterator[Metric]:
        """Yield one family after another."""
        for name, (kind, says, labels) in FAMILIES.items():
            family = kind(name, says, labels=["process", *labels])
            for process, samples in sorted(self._samples.items()):
                for sample, values, figure in samples:
                    if sample == name:
                        family.add_metric([process, *values], figure)
            yield family
        yield self._seconds()

    def _seconds(self) -> Metric:
        family = HistogramMetricFamily(SECONDS, "Time to the answer of calls under a grant", labels=["process", "mode"])
        for process, samples in sorted(self._samples.items()):
            buckets: dict[str, list[tuple[str, float]]] = {}
            for sample, values, figure in samples:
                if sample == SECONDS:
                    buckets.setdefault(values[0], []).append((values[1], figure))
            for mode, found in buckets.items():
                family.add_metric([process, mode], found, None)
        return family
