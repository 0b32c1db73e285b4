"""A slot's name is one for a whole server: tests that open one on the shared server wait for each other."""

from __future__ import annotations

import fcntl
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def one_slot() -> Iterator[None]:
    """Hold the lock of the one slot, across the workers of a run."""
    with (Path(tempfile.gettempdir()) / "jutong-tests-slot.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
