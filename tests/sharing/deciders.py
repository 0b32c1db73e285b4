"""Processes that decide requests beside a test, in the test's own database."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from django.db import connection

from jutong.kernel.settings import settings

HERE = Path(__file__).parents[1]


def environment() -> dict[str, str]:
    """Return the environment in which a process works on the test's own database."""
    at = connection.settings_dict
    url = f"postgresql://{at['USER']}:{quote(at['PASSWORD'])}@{at['HOST'] or 'localhost'}:{at['PORT'] or 5432}/{at['NAME']}"
    if str(at["HOST"]).startswith("/"):
        url = f"postgresql://{at['USER']}:{quote(at['PASSWORD'])}@:{at['PORT'] or 5432}/{at['NAME']}?host={at['HOST']}"
    return {
        **os.environ,
        "JUTONG_TEST_HOME": str(settings().home),
        "JUTONG_TEST_DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": "settings_for_tests",
        "PYTHONPATH": f"{HERE}:{HERE.parent / 'src'}",
    }


def decider(account: int, ids: Sequence[int], *, seed: int, together: int) -> subprocess.Popen[str]:
    """Start a process that decides these requests, so many at a time, in an order of its own, when it is told to go."""
    words = [str(HERE / "decider.py"), *map(str, [account, seed, together, *ids])]
    return subprocess.Popen(
        [sys.executable, *words], env=environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def go(*deciders: subprocess.Popen[str]) -> None:
    """Let them begin at the same moment."""
    for one in deciders:
        assert one.stdout is not None
        assert one.stdout.readline().strip() == "ready"
    for one in deciders:
        assert one.stdin is not None
        one.stdin.write("go\n")
        one.stdin.flush()


def answers(*deciders: subprocess.Popen[str]) -> Counter[str]:
    """Return how often each answer was given to all of them."""
    told: Counter[str] = Counter()
    for one in deciders:
        out, _err = one.communicate(timeout=300)
        told.update(json.loads(out))
    return told
