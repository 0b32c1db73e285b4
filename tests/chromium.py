"""The Chromium of this machine, for tests of pages."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, sync_playwright

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
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]
