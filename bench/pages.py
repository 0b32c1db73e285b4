"""`page_list` and `page_detail`: server time of the catalogue's pages through all middlewares, against an empty view."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import TYPE_CHECKING
from urllib.parse import quote

import report
import searching
from ground import Ground

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse
    from django.test import Client

PAGES = 300


def run_list(ground: Ground) -> None:
    """Ask for the list with a query, as departments do."""
    texts = itertools.cycle(searching.QUERIES)
    _run(ground, "page_list", lambda: f"/catalogue/?q={quote(next(texts))}")


def run_detail(ground: Ground) -> None:
    """Ask for entries one after another."""
    ids = itertools.cycle(_ids(ground))
    _run(ground, "page_detail", lambda: f"/catalogue/{next(ids)}/")


def _ids(ground: Ground) -> list[int]:
    from django.db import connection

    searching.in_force(ground)
    with connection.cursor() as cursor:
        cursor.execute("select entry_id from catalogue_listing order by md5(entry_id::text) limit %s", [PAGES])
        return [row[0] for row in cursor.fetchall()]


def _run(ground: Ground, name: str, address: Callable[[], str]) -> None:
    from django.test import override_settings

    entries = searching.in_force(ground)
    client = ground.city.client("market.clerk")
    count = ground.sized(PAGES, least=20)
    with override_settings(ROOT_URLCONF=_urls()):
        list(_timed(client, address, 5))
        pairs = [
            (page, empty)
            for _turn in range(count)
            for page in _timed(client, address, 1)
            for empty in _timed(client, lambda: "/bench-empty/", 1)
        ]
    mine = report.middle([page for page, _empty in pairs]) * 1000
    limit = report.middle([empty for _page, empty in pairs]) * 1000
    slowest = report.middle([page for page, _empty in pairs], 0.99) * 1000
    report.note(f"{name}: {count} pages at {entries} entries, p99 {slowest:.1f} ms")
    report.line(name, mine, "ms_p50", ratio=limit / mine, against="empty_view")


def _timed(client: Client, address: Callable[[], str], count: int) -> Iterator[float]:
    for _ in range(count):
        target = address()
        began = time.perf_counter()
        answer = client.get(target)
        took = time.perf_counter() - began
        report.same(f"status of {target}", answer.status_code, 200)
        yield took


def _urls() -> ModuleType:
    """Return the site's addresses and an empty one beside them."""
    from django.http import HttpResponse
    from django.urls import path

    from jutong.site import urls

    def empty(request: HttpRequest) -> HttpResponse:
        del request
        return HttpResponse(b"")

    module = ModuleType("bench_urls")
    module.__dict__.update({name: getattr(urls, name) for name in dir(urls) if name.startswith("handler")})
    module.urlpatterns = [path("bench-empty/", empty), *urls.urlpatterns]  # type: ignore[attr-defined]
    return module
