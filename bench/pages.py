"""`catalogue_list`, `catalogue_detail`: server time of the catalogue's pages through all middlewares, and the web's memory."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from types import ModuleType
from typing import TYPE_CHECKING
from urllib.parse import quote

import psutil

import multiplying
import report
import searching
from ground import Ground

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse
    from django.test import Client

PAGES = 300
WARMING = 40
"""Each of the five ways through the list eight times, each question once: the lines before have left other pages in the cache."""
EMPTY = "/bench-empty/"
GOAL_MS = 30.0
MOST_MIB = 300.0
READY_SECONDS = 60.0


def run_list(ground: Ground) -> None:
    """Ask for the list, whole and by facets, and for the directory tree; then for the list with a question."""
    ways = itertools.cycle(
        [
            "/catalogue/",
            "/catalogue/?share_type=unconditional&page=2",
            "/catalogue/?update_cycle=yearly",
            "/catalogue/tree/?by=department",
            "/catalogue/tree/",
        ]
    )
    _run(ground, "catalogue_list", lambda: next(ways))
    texts = itertools.cycle(searching.QUERIES)
    _run(
        ground,
        "catalogue_search_page",
        lambda: f"/catalogue/?q={quote(next(texts))}",
        share=0.99,
        goal=searching.GOAL_MS,
    )
    _run(ground, "catalogue_supervision", lambda: "/catalogue/supervision/", who="authority.officer", goal=50.0)


def run_detail(ground: Ground) -> None:
    """Ask for entries one after another, then for everything of a web process of its own to see what it holds."""
    ids = _ids(ground)
    turn = itertools.cycle(ids)
    _run(ground, "catalogue_detail", lambda: f"/catalogue/{next(turn)}/")
    _memory(ground, ids)


def _ids(ground: Ground) -> list[int]:
    multiplying.multiplied(ground)
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("select entry_id from catalogue_listing where in_force and entry_id %% 97 = 0 limit %s", [PAGES])
        return [row[0] for row in cursor.fetchall()]


def _run(
    ground: Ground,
    name: str,
    address: Callable[[], str],
    *,
    who: str = "market.clerk",
    share: float = 0.95,
    goal: float = GOAL_MS,
) -> None:
    """Ask for page and empty view in turn; the latter once behind all middlewares, signed in, and once without any."""
    entries = multiplying.multiplied(ground)
    from django.test import Client, override_settings

    from jutong.site.loading import settle

    client, count = ground.city.client(who), ground.sized(PAGES, least=20)
    with override_settings(ROOT_URLCONF=_urls()):
        with override_settings(MIDDLEWARE=[]):
            bare = Client()
            _timed(bare, EMPTY)
        for _warming in range(WARMING):
            _timed(client, address())
        settle()
        times = [(_timed(client, address()), _timed(client, EMPTY), _timed(bare, EMPTY)) for _turn in range(count)]
    mine, empty, least = (report.middle(column) * 1000 for column in zip(*times, strict=True))
    pages = [page for page, _empty, _bare in times]
    report.note(f"{name}: {count} pages at {entries} entries, the slowest took {max(pages) * 1000:.1f} ms")
    report.line(name, mine, "ms_p50", ratio=empty / mine, against="empty_view_signed_in")
    report.line(name, mine, "ms_p50", ratio=least / mine, against="empty_view_without_middleware")
    slow = report.middle(pages, share) * 1000
    report.line(name, slow, f"ms_p{share * 100:.0f}", ratio=goal / slow, against=f"goal_{goal:.0f}_ms")


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


def _memory(ground: Ground, ids: list[int]) -> None:
    """Start the website as it is served, ask it for pages of every kind, and tell the most that one process holds."""
    from free_ports import free_ports
    from jutong.cli import roles, serve

    client = ground.city.client("market.clerk")
    cookie = "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())
    (port,) = free_ports(1)
    command = serve.granian(
        "jutong.site.wsgi:application", f"127.0.0.1:{port}", "--interface", "wsgi", "--blocking-threads", "16"
    )
    with (ground.scratch / "catalogue-web.log").open("ab") as log:
        environment = {**os.environ, **ground.ours.environment(roles.WEB)}
        web = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
    try:
        end = time.monotonic() + READY_SECONDS
        targets = [f"/catalogue/?q={quote(text)}" for text in searching.QUERIES]
        targets += [
            "/catalogue/",
            "/catalogue/tree/?by=department",
            "/catalogue/map/",
            *(f"/catalogue/{pk}/" for pk in ids),
        ]
        for target in targets:
            _fetched(f"http://127.0.0.1:{port}{target}", cookie, end)
        parent = psutil.Process(web.pid)
        held = max(one.memory_info().rss for one in (parent, *parent.children(recursive=True))) / 2**20
    finally:
        os.killpg(web.pid, signal.SIGKILL)
        web.wait()
    report.line("catalogue_memory", held, "MiB", ratio=MOST_MIB / held, against="goal_300_MiB")


def _fetched(address: str, cookie: str, end: float) -> None:
    """Ask for a page as its reader, waiting until the website is there."""
    while True:
        try:
            with urllib.request.urlopen(
                urllib.request.Request(address, headers={"Cookie": cookie}), timeout=60
            ) as answer:
                report.same(f"address after {address}", answer.url, address)
                answer.read()
                return
        except (ConnectionError, urllib.error.URLError):
            if time.monotonic() > end:
                raise
            time.sleep(0.2)
