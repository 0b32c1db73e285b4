"""Real input nobody here wrote, in the folder that JUTONG_REALDATA names; skipped aloud where it is unset."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


def realdata(*parts: str) -> Path:
    """Return a path below the real-data folder, or skip the calling test saying why."""
    root = os.environ.get("JUTONG_REALDATA")
    if not root:
        pytest.skip("JUTONG_REALDATA is not set: tests on real input were not run")
    path = Path(root, *parts)
    if not path.exists():
        pytest.skip(f"JUTONG_REALDATA holds no {'/'.join(parts)}")
    return path
