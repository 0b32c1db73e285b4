"""A server of their own for tests that open replication slots: making one waits for every transaction of its server."""

from __future__ import annotations

from functools import cache

import psycopg
import pytest

import transferworld
from postgres import started


@cache
def _three() -> tuple[str, str, str]:
    """Return three databases on a server that this process alone uses."""
    url = started("")
    with psycopg.connect(f"{url}postgres", autocommit=True) as admin:
        for name in ("provider", "consumer", "book"):
            admin.execute(f"create database {name}")
    return f"{url}provider", f"{url}consumer", f"{url}book"


@pytest.fixture(autouse=True)
def one_slot(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the tests' worlds stand on that server: on the shared one a slot waits for another worker's long test."""
    monkeypatch.setattr(transferworld, "databases", _three)
