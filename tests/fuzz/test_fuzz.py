"""Every parser for a few seconds; `make fuzz` gives each a minute, or as long as one likes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from covers import covers
from fuzz.targets import TARGETS


@pytest.mark.slow(seconds=37)
@covers(partly=["R-EXC-018"])
def test_no_parser_crashes_on_bytes_that_nobody_meant() -> None:
    words = [sys.executable, "-m", "fuzz", "2"]
    done = subprocess.run(words, cwd=Path(__file__).parents[1], capture_output=True, text=True, check=False)
    assert done.stdout.splitlines()[-1] == f"fuzz: {len(TARGETS)} targets, 0 with findings", done.stdout + done.stderr


@pytest.mark.parametrize("name", TARGETS)
def test_what_fuzzing_starts_from_is_taken_by_its_parser(name: str) -> None:
    for content in TARGETS[name].seeds():
        TARGETS[name](content)
        TARGETS[name](content[: len(content) // 2])
