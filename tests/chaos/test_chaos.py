"""A few rounds of trouble; `make chaos` plays two hundred."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from covers import covers

TESTS = Path(__file__).parents[1]
KINDS = ("postgresql>", "mysql", "batch", "files", "calls", "parcels", "between")


@pytest.mark.slow(seconds=80)
@covers(partly=["R-EXC-004", "R-EXC-007", "R-EXC-019", "R-SEC-007"])
def test_nothing_is_lost_doubled_wrongly_green_or_unrecorded() -> None:
    """As a process of its own, which is what `make chaos` starts: it brings its own Django, servers and environment."""
    for program, package in (("mariadbd", "mariadb-server"), ("sshd", "openssh-server")):
        if not shutil.which(program) and not Path("/usr/sbin", program).exists():
            pytest.skip(f"{program} is not installed (Debian package {package})")
    words = [sys.executable, "-m", "chaos", "10", "20261129"]
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("JUTONG_", "DJANGO_"))}
    done = subprocess.run(words, cwd=TESTS, env=clean, capture_output=True, text=True, check=False)
    assert "rounds" in done.stdout, done.stdout + done.stderr
    *_, modes, _faults, _rate, last = done.stdout.splitlines()
    assert last == "chaos: 10 rounds, 0 lost, 0 doubled, 0 wrongly green, 0 unrecorded", done.stdout + done.stderr
    assert all(kind in modes for kind in KINDS), modes
    assert "Task was destroyed" not in done.stderr
