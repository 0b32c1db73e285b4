"""The Chromium of this machine, for tests of pages."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connections
from django.test import Client, override_settings
from playwright.sync_api import Browser, BrowserContext, sync_playwright
from pytest_django.live_server_helper import LiveServer

PROGRAM = shutil.which("chromium") or shutil.which("chromium-browser") or ""
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip


@contextmanager
def browsing(untried: str) -> Iterator[Browser]:
    """Yield a browser; skip, saying what stays untried, where there is none."""
    if not PROGRAM:
        pytest.skip(f"no chromium on this machine: {untried} not tried in a browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=PROGRAM, args=QUIET)
        yield browser
        browser.close()


@contextmanager
def browsing_here(untried: str) -> Iterator[Browser]:
    """Yield a browser to a test that also asks the database: playwright's event loop would forbid it."""
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with browsing(untried) as browser:
        yield browser
        connections.close_all()  # under the browser's loop Django keeps sessions apart, and nobody else would find these
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@contextmanager
def site_here() -> Iterator[str]:
    """Serve the site beside a test that asks the same database; yield its address."""
    with override_settings(ALLOWED_HOSTS=["localhost"]):
        server = LiveServer("localhost")
        yield server.url
        server.stop()


def known(context: BrowserContext, client: Client, address: str) -> BrowserContext:
    """Return a window in which somebody is signed in. client: of that person."""
    cookies = client.cookies.items()
    context.add_cookies([{"name": name, "value": morsel.value, "url": address} for name, morsel in cookies])
    return context
