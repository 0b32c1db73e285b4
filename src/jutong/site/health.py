"""/healthz, /readyz and /metrics: answered before sessions, rate limits and database, for they must work without them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import translation

from jutong.kernel import clock, health
from jutong.kernel.faces.addresses import client_address, is_within, networks
from jutong.kernel.settings import settings
from jutong.site import metrics

Answer = Callable[[HttpRequest], HttpResponse]
KEPT_SECONDS: Final = 2.0
"""For so long one look at the parts answers everybody: nobody unknown may make us look more often."""
_looking = threading.Lock()
_last: tuple[float, tuple[health.Part, ...]] = (float("-inf"), ())


def answered_first(answer: Answer) -> Answer:
    """Answer the machine's own addresses (GET and HEAD) before anything else is touched."""
    views: dict[str, Answer] = {"/healthz": alive, "/readyz": ready, "/metrics": figures}

    def answered(request: HttpRequest) -> HttpResponse:
        view = views.get(request.path) if request.method in {"GET", "HEAD"} else None
        return view(request) if view else answer(request)

    return answered


def alive(request: HttpRequest) -> HttpResponse:
    """Answer 200 as long as this process answers at all."""
    del request
    return JsonResponse({"ok": True})


def ready(request: HttpRequest) -> HttpResponse:
    """Answer 200, or 503 naming the failed parts; no detail, for anybody may ask.

    {"ok": …, "failed": [names in Chinese], "parts": {name: true | false | null}}; null: not known.
    """
    del request
    found = _parts()
    failed = [part.label for part in found if not part.ok]
    states = {part.name: part.ok if part.known else None for part in found}
    body = {"ok": not failed, "failed": failed, "parts": states}
    return JsonResponse(body, status=503 if failed else 200, json_dumps_params={"ensure_ascii": False})


def _parts() -> tuple[health.Part, ...]:
    global _last  # noqa: PLW0603 - one look for all threads of this process
    with _looking:
        when, found = _last
        if time.monotonic() - when > KEPT_SECONDS:
            with translation.override("zh-hans"):
                found = health.parts(clock.now())
            _last = (time.monotonic(), found)
        return found


def figures(request: HttpRequest) -> HttpResponse:
    """Answer the figures in Prometheus' text form to addresses of the setting `metrics_addresses`, 404 to others."""
    if not is_within(client_address(request), networks(tuple(settings().metrics_addresses))):
        return HttpResponse(status=404)
    return HttpResponse(metrics.exposition(clock.now()), content_type=metrics.CONTENT_TYPE)
