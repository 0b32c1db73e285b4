"""`page_list` and `page_detail`: server time of the catalogue's pages through all middlewares, against an empty view."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
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
EMPTY = "/bench-empty/"


def run_list(ground: Ground) -> None:
    """Ask for the list with a query, as departments do."""
    texts = itertools.cycle(searching.QUERIES)
    _run(ground, "page_list", lambda: f"/catalogue/?q={quote(next(texts))}")


def run_detail(ground: Ground) -> None:
    """Ask for entries one after another."""
    ids = itertools.cycle(_ids(ground))
    _run(ground, "page_detail", lambda: f"/catalogue/{next(ids)}/")


def _ids(ground: Ground) -> list[int]:
    searching.in_force(ground)
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("select entry_id from catalogue_listing order by md5(entry_id::text) limit %s", [PAGES])
        return [row[0] for row in cursor.fetchall()]


def _run(ground: Ground, name: str, address: Callable[[], str]) -> None:
    """Ask for page and empty view in turn; the latter once behind all middlewares, signed in, and once without any."""
    entries = searching.in_force(ground)
    from django.test import Client, override_settings

    client, count = ground.city.client("market.clerk"), ground.sized(PAGES, least=20)
    with override_settings(ROOT_URLCONF=_urls()):
        with override_settings(MIDDLEWARE=[]):
            bare = Client()
            _timed(bare, EMPTY)
        for _warming in range(5):
            _timed(client, address())
        times = [(_timed(client, address()), _timed(client, EMPTY), _timed(bare, EMPTY)) for _turn in range(count)]
    mine, empty, least = (report.middle(column) * 1000 for column in zip(*times, strict=True))
    slowest = report.middle([page for page, _empty, _bare in times], 0.99) * 1000
    report.note(f"{name}: {count} pages at {entries} entries, p99 {slowest:.1f} ms")
    report.line(name, mine, "ms_p50", ratio=empty / mine, against="empty_view_signed_in")
    report.line(name, mine, "ms_p50", ratio=least / mine, against="empty_view_without_middleware")


def _timed(client: Client, target: str) -> float:
    """Return the seconds that one answer took; it must be 200."""
    began = time.perf_counter()
    answer = client.get(target)
    took = time.perf_counter() - began
    report.same(f"status of {target}", answer.status_code, 200)
    return took


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
    module.urlpatterns = [path(EMPTY[1:], empty), *urls.urlpatterns]  # type: ignore[attr-defined]
    return module
