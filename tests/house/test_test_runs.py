"""The test run itself: in CI a skip is a failure, and passed tests leave a record of the requirements they name."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import checkout

TESTS = '''"""Three tests."""
import pytest
from covers import covers

@covers("R-SHR-001", partly=["R-SHR-002"])
def test_that_passes():
    pass

@covers("R-SHR-003")
def test_that_fails():
    raise AssertionError

@covers("R-SHR-004")
def test_that_is_skipped():
    pytest.skip("not here")
'''


def run(folder: Path, **more: str) -> subprocess.CompletedProcess[str]:
    (folder / "pytest.ini").write_text("[pytest]\nmarkers = covers\n")
    (folder / "test_three.py").write_text(TESTS)
    environment = {**os.environ, "PYTHONPATH": str(checkout.ROOT / "tests"), **more}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:django", "-p", "no:cacheprovider", "-p", "conftest", "."],
        cwd=folder, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_a_skip_is_a_skip_on_a_desk(tmp_path: Path) -> None:
    assert "1 failed, 1 passed, 1 skipped" in run(tmp_path, JUTONG_REQUIRE_ALL="0").stdout


def test_a_skip_is_a_failure_where_everything_is_required(tmp_path: Path) -> None:
    assert "2 failed, 1 passed" in run(tmp_path, JUTONG_REQUIRE_ALL="1").stdout


def test_only_passed_tests_cover_their_requirements(tmp_path: Path) -> None:
    run(tmp_path, JUTONG_REQUIRE_ALL="0")
    record = json.loads((tmp_path / "build" / "coverage-of-requirements.json").read_text())
    assert list(record.values()) == [{"wholly": ["R-SHR-001"], "partly": ["R-SHR-002"]}]
