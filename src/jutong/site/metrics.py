"""The web processes' own figures (all of them together), beside what the database knows, in Prometheus' text form."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Final

from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.multiprocess import MultiProcessCollector

from jutong.kernel import figures
from jutong.slices.exchange import queries as exchange

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST
SHARED: Final = "PROMETHEUS_MULTIPROC_DIR"
"""prometheus-client's own variable: the folder in which the processes of one web server add up; set by `serve`."""
_OWN: Final = CollectorRegistry()
REQUESTS: Final = Counter("jutong_web_requests", "Answered requests", ["kind", "status"], registry=_OWN)
SECONDS: Final = Histogram(
    "jutong_web_request_seconds",
    "Time to the answer, without the nodes' long polls",
    ["kind"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
    registry=_OWN,
)


def counted(answer: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Count each answer by kind (page, api, internal, static) and status; time all but the long polls."""

    def answered(request: HttpRequest) -> HttpResponse:
        kind, began = _kind(request.path), time.perf_counter()
        response = answer(request)
        REQUESTS.labels(kind, str(response.status_code)).inc()
        if kind != "internal":
            SECONDS.labels(kind).observe(time.perf_counter() - began)
        return response

    return answered


def _kind(path: str) -> str:
    first = path.split("/", 2)[1]
    return first if first in {"api", "internal", "static"} else "page"


class _State:
    """What the database knows, asked anew by each scrape; `jutong_up` 0 when it does not answer."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def collect(self) -> Iterator[Metric]:
        """Yield the families."""
        try:
            found = [*figures.state(self.at), _runs()]
        except (DatabaseError, InterfaceError):
            found = []
        yield GaugeMetricFamily("jutong_database_up", "Whether the database answered this scrape", value=bool(found))
        yield from found


def _runs() -> Metric:
    family = GaugeMetricFamily("jutong_runs", "Deliveries by state", labels=["state"])
    for state, count in exchange.counted_by_state():
        family.add_metric([state], count)
    return family


def exposition(at: datetime) -> bytes:
    """Return everything as one text."""
    registry = CollectorRegistry()
    if SHARED in os.environ:
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    registry.register(_State(at))
    own = b"" if SHARED in os.environ else generate_latest(_OWN)
    return own + generate_latest(registry)
