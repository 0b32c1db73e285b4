"""What one run of the tests makes only once, by whichever of its workers needs it first: a folder of the run, a lock for each thing."""

from __future__ import annotations

import atexit
import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

SETTING = "JUTONG_TESTS_FOLDER"


def folder() -> Path:
    """Return the folder of this run, thrown away with the process that first asked for it; its workers inherit the name."""
    if SETTING not in os.environ:
        made = tempfile.mkdtemp(prefix="jutong-run-", dir="/tmp")
        Path(made).chmod(0o711)  # the database's own user passes through
        os.environ[SETTING] = made
        atexit.register(shutil.rmtree, made, ignore_errors=True)
    return Path(os.environ[SETTING])


def made(name: str, make: Callable[[Path], None]) -> Path:
    """Return the folder of that name, which `make` filled when somebody of this run first asked for it; for reading only."""
    place = folder() / name
    with place.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not place.exists():
            partial = place.with_suffix(".new")
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir()
            make(partial)
            partial.rename(place)
    return place
